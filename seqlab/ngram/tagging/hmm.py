"""A hidden Markov model that tags words: n-grams of tags, and what each tag expects of words."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.decoding.viterbi import best_paths
from seqlab.errors import DataError, unknown
from seqlab.ngram.binary import open_model, save
from seqlab.ngram.content import content_of
from seqlab.ngram.counts import count, smallest
from seqlab.ngram.estimation import estimate
from seqlab.ngram.model import NGramModel
from seqlab.ngram.smoothing import Smoothing
from seqlab.ngram.tagging.chain import chain
from seqlab.ngram.tagging.emissions import Emissions, Mask
from seqlab.ngram.tagging.unknown_words import UnknownWords

Sentence = tuple[Sequence[str], Sequence[str]]
"""The words of a sentence and their tags, one each."""
Lexicon = dict[str, dict[int, int]]
UNK, BOS, EOS, FIRST = 1, 2, 3, 4
"""In the model of tags: ids that are not tags, as everywhere, and the id of the first tag."""
_FORMAT = 1
_TAGGER, _TRANSITIONS = "tagger.json", "transitions.safetensors"


class HMMTagger:
    """Finds the tags of a sentence that are likeliest together with its words:

        p(words, tags) = p(end | the last tags) times, over all i, p(tag_i | the order - 1 tags before) p(word_i | tag_i)

    With order 3 it is the second-order model of Thede & Harper 1999 and of Brants 2000 ("TnT - a statistical part-of-speech
    tagger"). The tags' probabilities are those of any n-gram model (`seqlab.ngram.model`), the words' those of
    `seqlab.ngram.tagging.emissions`, where unknown words go by their form. The best sequence is found exactly, without a
    beam.
    """

    def __init__(self, tags: Sequence[str], lexicon: Lexicon, transitions: NGramModel, options: dict[str, Any]) -> None:
        """Put a tagger together; `fit` and `load` do so.

        Args:
            tags: K tags.
            lexicon: for each word of training how often it had each tag, by the tag's number.
            transitions: over K + 4 ids, tag k having the id k + 4.
            options: of `UnknownWords`.
        """
        self.tags = tuple(tags)
        """The tags, in the order of their numbers."""
        self.transitions = transitions
        """The n-gram model of tags."""
        self._numbers = {tag: number for number, tag in enumerate(self.tags)}
        self._lexicon, self._options = lexicon, options
        self.emissions = Emissions(lexicon, len(tags), UnknownWords(lexicon, len(tags), **options))
        """What each tag expects of words."""
        self._chain = chain(transitions, len(tags), FIRST)

    @classmethod
    def fit(
        cls,
        sentences: Iterable[Sentence],
        order: int = 3,
        smoothing: str | Smoothing = "modified-kneser-ney",
        *,
        rare: int = 10,
        suffix: int = 10,
        prefix: int = 3,
        abstraction: str = "counts",
    ) -> "HMMTagger":
        """Count a tagged corpus.

        Args:
            sentences: pairs of words and tags; read once.
            order: of the n-grams of tags; 3: a tag depends on the two before it.
            smoothing: of these n-grams, as `seqlab.ngram.estimation` takes it.
            rare, suffix, prefix, abstraction: how unknown words are dealt with, see `UnknownWords`.

        Raises:
            DataError: no words at all, or not a tag for each word. ConfigError: an option out of range.
        """
        counts: dict[str, dict[str, int]] = {}
        tagged: list[str] = []
        ends: list[int] = []
        for number, (words, tags) in enumerate(sentences, start=1):
            if len(words) != len(tags):
                raise DataError(
                    f"sentence {number} has {len(words)} words and {len(tags)} tags: give each word one tag"
                )
            for word, tag in zip(words, tags, strict=True):
                own = counts.setdefault(word, {})
                own[tag] = own.get(tag, 0) + 1
            tagged.extend(tags)
            if len(words):
                ends.append(len(tagged))
        if not tagged:
            raise DataError("there is no tagged word to learn from: give at least one sentence")
        tagset = sorted(set(tagged))
        numbers = {tag: number for number, tag in enumerate(tagset)}
        n_types = FIRST + len(tagset)
        ids = np.insert(np.array([numbers[tag] + FIRST for tag in tagged], smallest(n_types)), ends, EOS)
        n_grams = count(ids, order, n_types, start=BOS, end=EOS)
        model = estimate(n_grams, smoothing, unknown_id=UNK, never=(0, UNK, BOS))
        lexicon = {word: {numbers[tag]: n for tag, n in own.items()} for word, own in counts.items()}
        options = {"rare": rare, "suffix": suffix, "prefix": prefix, "abstraction": abstraction}
        return cls(tagset, lexicon, model, options)

    def __contains__(self, word: object) -> bool:
        """Whether training met a word."""
        return word in self.emissions

    def tag(self, words: Sequence[str], allowed: Mask | None = None) -> list[str]:
        """Give the likeliest tags of a sentence, one for each word.

        Args:
            words: N words; none gives no tags.
            allowed: (N, K) True: the tag of that number in `tags` may stand there. For a word that has none of its own tags
                among them, all that are allowed are tried.

        Raises:
            DataError: a mask of another shape, or without any tag for a word.
        """
        return self.tag_many([words], None if allowed is None else [allowed])[0]

    def tag_many(self, sentences: Iterable[Sequence[str]], allowed: Sequence[Mask] | None = None) -> list[list[str]]:
        """Tag sentences side by side, which is faster; each comes out as from `tag`.

        Args:
            sentences: B sentences.
            allowed: a mask for each, see `tag`.

        Raises:
            DataError: see `tag`.
        """
        sentences = list(sentences)
        words = [word for sentence in sentences for word in sentence]
        lengths = np.array([len(sentence) for sentence in sentences], np.int64)
        mask = None if allowed is None else self._mask(allowed, lengths)
        numbers, _ = best_paths(self._chain, self.emissions.candidates(words, mask), lengths)
        tags = [self.tags[number] for number in numbers.tolist()]
        ends = np.cumsum(lengths).tolist()
        return [tags[end - length : end] for end, length in zip(ends, lengths.tolist(), strict=True)]

    def log_prob(self, words: Sequence[str], tags: Sequence[str]) -> float:
        """Give ln p(words, tags) in nats, the end of the sentence included.

        Minus infinity where a word of training has a tag that it never had there. Of an unknown word the probability of all
        unknown words is taken, times how much likelier its form makes the tag (`seqlab.ngram.tagging.emissions`).

        Raises:
            DataError: not a tag for each word, or a tag that training did not have.
        """
        if len(words) != len(tags):
            raise DataError(f"{len(words)} words and {len(tags)} tags: give each word one tag")
        for tag in tags:
            if tag not in self._numbers:
                raise DataError(unknown("tag", tag, self.tags))
        numbers = np.array([self._numbers[tag] for tag in tags], np.int64)
        transitions = self.transitions.score(np.append(numbers + FIRST, EOS)).log_probs
        return float(transitions.sum() + self.emissions.log_probs(words, numbers).sum())

    def save(self, folder: str | Path) -> None:
        """Write the tagger into a folder, which is made where it is missing: `tagger.json`, `transitions.safetensors`."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        save(self.transitions, folder / _TRANSITIONS)
        lexicon = [[_as_json(word), *[n for pair in own.items() for n in pair]] for word, own in self._lexicon.items()]
        content = {"format": _FORMAT, "tags": self.tags, "unknown_words": self._options, "lexicon": lexicon}
        (folder / _TAGGER).write_text(json.dumps(content) + "\n", encoding="utf-8", newline="")

    @classmethod
    def load(cls, folder: str | Path) -> "HMMTagger":
        """Read what `save` wrote.

        Raises:
            ModelError: a file is missing, altered, or of another version.
        """
        folder = Path(folder)
        path = folder / _TAGGER
        with content_of(path, _FORMAT, "a tagger") as content:
            tags, options = [str(tag) for tag in content["tags"]], dict(content["unknown_words"])
            lexicon = {
                _from_json(word): dict(zip(own[::2], own[1::2], strict=True)) for word, *own in content["lexicon"]
            }
            _check(lexicon, len(tags))
            transitions = open_model(folder / _TRANSITIONS)
            if transitions.n_types != FIRST + len(tags) or transitions.end != EOS:
                raise ValueError(f"{len(tags)} tags, and a model of {transitions.n_types - FIRST} beside it")
            return cls(tags, lexicon, transitions, options)

    @staticmethod
    def _check_mask(mask: Mask, shape: tuple[int, int]) -> None:
        if mask.shape != shape:
            raise DataError(
                f"a mask of shape {mask.shape} for {shape[0]} words and {shape[1]} tags: it has to be {shape}"
            )

    def _mask(self, allowed: Sequence[Mask], lengths: NDArray[np.int64]) -> Mask:
        """The masks of all sentences below one another."""
        if len(allowed) != len(lengths):
            raise DataError(f"{len(allowed)} masks for {len(lengths)} sentences: give each sentence one")
        for mask, length in zip(allowed, lengths.tolist(), strict=True):
            self._check_mask(mask, (length, len(self.tags)))
        return np.concatenate([np.asarray(mask, bool) for mask in allowed]) if len(allowed) else np.zeros((0, 0), bool)


def _check(lexicon: Lexicon, n_tags: int) -> None:
    """Refuse, by ValueError, a lexicon that `fit` cannot have made."""
    numbers = [number for own in lexicon.values() for pair in own.items() for number in pair]
    if any(type(number) is not int for number in numbers) or min(numbers[1::2], default=0) < 1:
        raise ValueError("the lexicon does not hold numbers of tags and counts")
    if set(numbers[::2]) != set(range(n_tags)):
        raise ValueError(f"the words of the lexicon do not have just the {n_tags} tags of the list")


def _as_json(word: str) -> str | list[int]:
    """A word as JSON keeps it: halves of a surrogate pair would come back as one character."""
    return [*map(ord, word)] if any("\ud800" <= character <= "\udfff" for character in word) else word


def _from_json(item: object) -> str:
    return "".join(map(chr, item)) if isinstance(item, list) else str(item)
