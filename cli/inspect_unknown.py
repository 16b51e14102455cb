"""What a model does not know of a corpus: its tokens that are out of the vocabulary."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from seqlab.corpora.inspection.forms import Form
from seqlab.errors import ConfigError

READ = 16_000_000
"""Characters of the corpus, from its start, of which tokens are counted."""
_FREQUENT = 10


@dataclass
class Unknown:
    """Tokens of a corpus that are not in a vocabulary."""

    run: str
    what: str
    """What the tokens are: characters, words, pieces, ..."""
    n_tokens: int
    n_unknown: int
    n_types: int
    n_unknown_types: int
    most_frequent: list[tuple[str, int]]
    """Of those that are unknown."""
    whole: bool
    """Whether all of the corpus was counted, and not only the first 16 million characters."""


class _Vocabulary(NamedTuple):
    what: str
    tokens: Callable[[str], Iterable[str]]
    """The tokens of a text; of one that is cut into words a word at a time."""
    knows: Callable[[str], bool]


def unknown_to(run: Path, corpora: Sequence[str], encoding: str, forms: Sequence[Form]) -> list[Unknown]:
    """Count the tokens of corpora that a model does not know; of a translator those of either side.

    Args:
        run: a model directory. corpora, encoding: what is read.
        forms: of the files. Where all are for the task of the model, they are read as their form says, and else as
            running text.

    Raises:
        ModelError: no model directory. ConfigError: a mixture. DataError: the corpora cannot be read.
    """
    from seqlab import modeldir

    directory = modeldir.open_directory(run)
    as_records = directory.config.task == "lm" or all(form.task == directory.config.task for form in forms)
    config = _as_laid_out(directory.config, forms)
    vocabularies = _vocabularies(directory, as_records)
    counts: list[Counter[str]] = [Counter() for _ in vocabularies]
    n_read, whole = 0, True
    for texts in _texts(config, corpora, encoding, as_records):
        for count, vocabulary, text in zip(counts, vocabularies, texts, strict=False):
            for piece in [text] if isinstance(text, str) else text:
                count.update(vocabulary.tokens(piece))
        n_read += sum(len(text) if isinstance(text, str) else sum(map(len, text)) for text in texts)
        if n_read >= READ:
            whole = False
            break
    rows = zip(counts, vocabularies, strict=True)
    return [_unknown(str(run), vocabulary, count, whole) for count, vocabulary in rows if count]


def _as_laid_out(config: Any, forms: Sequence[Form]) -> Any:
    """The settings of a model, with those of the forms that say where texts stand, and undecodable bytes replaced."""
    from seqlab.cli.corpus import LAYOUTS, laid_out

    layout = {name: value for form in forms for name, value in form.layout.items() if name in LAYOUTS[config.task]}
    return laid_out(config, layout | {"encoding_errors": "replace"})


def _vocabularies(directory: Any, as_records: bool) -> list[_Vocabulary]:
    config, path = directory.config, directory.path
    if config.model == "mixture":
        raise ConfigError(f"--run {path}: a mixture has no vocabulary of its own; name the model of one of its parts")
    if config.task in ("segment", "tag"):
        from seqlab.tasks.sentences_kept import kept_words
        from seqlab.text.width import to_half

        words, fold = kept_words(path), to_half if config.text.width == "half" else str
        if as_records:
            return [_Vocabulary("words", lambda word: [word], lambda word: fold(word) in words)]
        characters = {character for word in words for character in word}
        return [_Vocabulary("characters", lambda text: "".join(text.split()), lambda sign: fold(sign) in characters)]
    if config.task == "translate":
        sides = ("source", "target") if as_records else ("source",)
        return [_of_pipeline(path / "text" / side, f" of the {side}") for side in sides]
    return [_of_pipeline(path / "text", "")]


def _of_pipeline(folder: Path, side: str) -> _Vocabulary:
    from seqlab.text.pipeline import TextPipeline

    pipeline = TextPipeline.load(folder)
    return _Vocabulary(f"{pipeline.unit}s{side}", pipeline.tokens, lambda token: token in pipeline.vocab)


def _texts(
    config: Any, corpora: Sequence[str], encoding: str, as_records: bool
) -> Iterator[tuple[str | Sequence[str], ...]]:
    """The texts of records, one for each vocabulary; a text is one string, or words."""
    from seqlab.cli.corpus import reader
    from seqlab.corpora import open_text

    if as_records:
        for record in reader(config, corpora, encoding):
            yield _of_record(config.task, record)
    else:
        for text in open_text(corpora, encoding, errors="replace"):
            yield (text.text,)


def _of_record(task: str, record: Any) -> tuple[str | Sequence[str], ...]:
    if task == "translate":
        return record.source, record.target
    if task in ("segment", "tag"):
        return (record.words if task == "segment" else record.tokens,)
    return (record.text,)


def _unknown(run: str, vocabulary: _Vocabulary, counts: Counter[str], whole: bool) -> Unknown:
    unknown = Counter({token: n for token, n in counts.items() if not vocabulary.knows(token)})
    return Unknown(
        run=run,
        what=vocabulary.what,
        n_tokens=counts.total(),
        n_unknown=unknown.total(),
        n_types=len(counts),
        n_unknown_types=len(unknown),
        most_frequent=unknown.most_common(_FREQUENT),
        whole=whole,
    )
