"""Translation: BLEU, chrF and TER of a corpus, computed by sacrebleu and always with its signatures.

A figure means something only beside its signature: how the text was cut, whether case counts, which version of sacrebleu
(Post 2018, "A call for clarity in reporting BLEU scores"). Translations and references are detokenized text, with one
reference a sentence.

>>> scores = corpus_scores(["The ferry is late today."], ["The ferry is late again today."])
>>> print(scores.brief())
BLEU 51.15, chrF2 68.94
>>> scores.signatures["BLEU"].split("|version")[0]
'nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp'
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import ConfigError, DataError, unknown

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.ter import TER

TOKENIZERS = ("13a", "intl", "zh", "char", "none", "ja-mecab", "ko-mecab", "flores101", "flores200")
"""How sacrebleu can cut text for BLEU. The two with mecab need an extra of it, those of Flores fetch a model at first."""

_CHARACTERS = ("zh", "char", "ja-mecab", "ko-mecab")  # for text whose words blanks do not show
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]")
_HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")
_LETTER = re.compile(r"[^\W\d_]")
_MOST = 100_000  # letters after which the language is known
_SHARE = 0.2  # of all letters, from which a text is East Asian: names that a European one quotes are far fewer
_KANA_SHARE = 0.1  # of ideographs and kana: Japanese has about half, Chinese next to none


def bleu_tokenizer(texts: Iterable[str]) -> str:
    """Give how sacrebleu is to cut texts of this language for BLEU, by the letters they are written with.

    Chinese gives "zh": each ideograph by itself, all else as in "13a". Japanese and Korean give "char", each character by
    itself, since sacrebleu's own ways ("ja-mecab", "ko-mecab") need an extra install, and those of Flores a download;
    name these if you have them. All others give "13a", the usual one.
    """
    n_letters = n_han = n_kana = n_hangul = 0
    for text in texts:
        n_letters += len(_LETTER.findall(text))
        n_han += len(_HAN.findall(text))
        n_kana += len(_KANA.findall(text))
        n_hangul += len(_HANGUL.findall(text))
        if n_letters > _MOST:
            break
    if n_han + n_kana + n_hangul <= _SHARE * n_letters:
        return "13a"
    return "char" if n_hangul > n_han + n_kana or n_kana > _KANA_SHARE * (n_han + n_kana) else "zh"


@dataclass(frozen=True)
class TranslationScores:
    """How near S translations are to their references, by three measures."""

    bleu: float
    """0 to 100: n-grams of one to four tokens that are right, and a penalty for brevity (Papineni et al. 2002, "BLEU: a
    method for automatic evaluation of machine translation")."""
    chrf: float
    """0 to 100: F2 of n-grams of one to six characters (Popovic 2015, "chrF: character n-gram F-score for automatic MT
    evaluation", with recall counted twice)."""
    ter: float
    """Edits, moved phrases among them, for 100 tokens of the references; the smaller, the better, and it may pass 100
    (Snover et al. 2006, "A study of translation edit rate with targeted human annotation")."""
    precisions: tuple[float, float, float, float]
    """Of BLEU: how many of 100 n-grams are right, for n from 1 to 4."""
    brevity_penalty: float
    """Of BLEU: 1 where the translations are at least as long as the references, smaller where they are shorter."""
    length_ratio: float
    """Tokens of the translations for each of the references; 0 where these have none."""
    n_sentences: int
    signatures: dict[str, str]
    """sacrebleu's signatures of "BLEU", "chrF2" and "TER"."""

    @property
    def figure(self) -> float:
        """What is to be small: 1 - BLEU / 100."""
        return 1.0 - self.bleu / 100

    def brief(self) -> str:
        """The figures that matter most, in a few words."""
        return f"BLEU {self.bleu:.2f}, chrF2 {self.chrf:.2f}"

    def to_dict(self) -> dict[str, Any]:
        """All figures by name, for JSON."""
        names = ("bleu", "chrf", "ter", "brevity_penalty", "length_ratio", "n_sentences")
        return {
            **{name: getattr(self, name) for name in names},
            "precisions": list(self.precisions),
            "signatures": dict(self.signatures),
        }

    def __str__(self) -> str:
        precisions = "/".join(f"{precision:.1f}" for precision in self.precisions)
        return (
            f"BLEU {self.bleu:.2f} ({precisions}, brevity penalty {self.brevity_penalty:.3f}, length ratio "
            f"{self.length_ratio:.3f}), chrF2 {self.chrf:.2f}, TER {self.ter:.2f} ({self.n_sentences:,} sentences)\n"
            + "\n".join(f"{name}|{signature}" for name, signature in self.signatures.items())
        )


def corpus_scores(hypotheses: Sequence[str], references: Sequence[str], *, tokenize: str = "13a") -> TranslationScores:
    """Score translations against one reference each, both detokenized.

    `tokenize` is one of `TOKENIZERS`, for BLEU; `bleu_tokenizer` chooses it. Where it is one for Chinese, Japanese or
    Korean, TER takes each ideograph for a word, as its signature says, since there are no blanks to go by.

    Raises DataError where there are none, or not equally many; ConfigError for a tokenizer that there is not, or whose
    parts are not installed.
    """
    from sacrebleu.metrics.chrf import CHRF

    _check(hypotheses, references)
    bleu, chrf, ter = _bleu(tokenize), CHRF(), _ter(tokenize)
    found, chrf_found, ter_found = (measure.corpus_score(hypotheses, [references]) for measure in (bleu, chrf, ter))
    first, second, third, fourth = found.precisions
    return TranslationScores(
        bleu=found.score,
        chrf=chrf_found.score,
        ter=ter_found.score,
        precisions=(first, second, third, fourth),
        brevity_penalty=found.bp,
        length_ratio=found.ratio,
        n_sentences=len(hypotheses),
        signatures={
            "BLEU": f"{bleu.get_signature()}",
            "chrF2": f"{chrf.get_signature()}",
            "TER": f"{ter.get_signature()}",
        },
    )


class SentenceCounts(NamedTuple):
    """What each of S sentences adds to BLEU and chrF: for the bootstrap, with `bleu_of` and `chrf_of`."""

    bleu: NDArray[np.int64]
    """(S, 10) tokens of the translation and of the reference, right n-grams of 1 to 4 tokens, all of the translation."""
    chrf: NDArray[np.int64]
    """(S, 18) for n from 1 to 6: n-grams of characters of the translation, of the reference, of both."""


def sentence_counts(hypotheses: Sequence[str], references: Sequence[str], *, tokenize: str = "13a") -> SentenceCounts:
    """Count what `corpus_scores` counts, sentence by sentence; the figures of the sums are its figures.

    Raises what `corpus_scores` does.
    """
    from sacrebleu.metrics.chrf import CHRF

    _check(hypotheses, references)
    bleu, chrf = (
        np.array(measure._extract_corpus_statistics(hypotheses, [references]), dtype=np.int64)
        for measure in (_bleu(tokenize), CHRF())
    )
    return SentenceCounts(bleu, chrf)


def bleu_of(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give BLEU `(R,)`, 0 to 100, of sums `(R, 10)` of the counts of `SentenceCounts`."""
    from sacrebleu.metrics.bleu import BLEU

    rows = counts.tolist()
    return np.array([BLEU.compute_bleu(row[2:6], row[6:], row[0], row[1], smooth_method="exp").score for row in rows])


def chrf_of(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give chrF2 `(R,)`, 0 to 100, of sums `(R, 18)` of the counts of `SentenceCounts`."""
    from sacrebleu.metrics.chrf import CHRF

    chrf = CHRF()
    return np.array([chrf._compute_score_from_stats(row).score for row in counts.tolist()])


def _check(hypotheses: Sequence[str], references: Sequence[str]) -> None:
    if len(hypotheses) != len(references) or not references:
        raise DataError(
            f"{len(hypotheses):,} translations and {len(references):,} references: give one reference for each "
            "translation, and at least one"
        )


def _bleu(tokenize: str) -> "BLEU":
    """Give sacrebleu's BLEU. Text that looks tokenized is taken as it is, without a warning for every validation."""
    from sacrebleu.metrics.bleu import BLEU

    if tokenize not in TOKENIZERS:
        raise ConfigError(unknown("tokenizer of BLEU", tokenize, TOKENIZERS))
    try:
        return BLEU(tokenize=tokenize, force=True)
    except (ImportError, RuntimeError, OSError) as error:
        reason = " ".join(f"{error}".split())
        raise ConfigError(f"sacrebleu cannot cut text by '{tokenize}': {reason}") from error


def _ter(tokenize: str) -> "TER":
    from sacrebleu.metrics.ter import TER

    by_character = tokenize in _CHARACTERS
    return TER(normalized=by_character, asian_support=by_character)
