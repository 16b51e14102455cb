"""What a model does not know of a corpus: its tokens that are out of the vocabulary."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from seqlab.errors import ConfigError, DataError

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


def unknown_to(run: Path, corpora: Sequence[str], encoding: str) -> list[Unknown]:
    """Count the tokens of corpora that a model does not know; of a translator those of either side.

    The corpora are read as those that it was trained on, or as running text where they are of another form.

    Raises:
        ModelError: no model directory. ConfigError: a mixture. DataError: the corpora cannot be read.
    """
    from seqlab import modeldir

    directory = modeldir.open_directory(run)
    vocabularies = _vocabularies(directory)
    counts: list[Counter[str]] = [Counter() for _ in vocabularies]
    n_read, whole = 0, True
    for texts in _texts(directory.config, corpora, encoding):
        for count, vocabulary, text in zip(counts, vocabularies, texts, strict=False):
            for piece in [text] if isinstance(text, str) else text:
                count.update(vocabulary.tokens(piece))
        n_read += sum(len(text) if isinstance(text, str) else sum(map(len, text)) for text in texts)
        if n_read >= READ:
            whole = False
            break
    rows = zip(counts, vocabularies, strict=True)
    return [_unknown(str(run), vocabulary, count, whole) for count, vocabulary in rows if count]


def _vocabularies(directory: Any) -> list[_Vocabulary]:
    config, path = directory.config, directory.path
    if config.model == "mixture":
        raise ConfigError(f"--run {path}: a mixture has no vocabulary of its own; name the model of one of its parts")
    if config.task in ("segment", "tag"):
        from seqlab.tasks.sentences_kept import kept_words
        from seqlab.text.width import to_half

        words, fold = kept_words(path), to_half if config.text.width == "half" else str
        return [_Vocabulary("words", lambda word: [word], lambda word: fold(word) in words)]
    if config.task == "translate":
        return [_of_pipeline(path / "text" / side, f" of the {side}") for side in ("source", "target")]
    return [_of_pipeline(path / "text", "")]


def _of_pipeline(folder: Path, side: str) -> _Vocabulary:
    from seqlab.text.pipeline import TextPipeline

    pipeline = TextPipeline.load(folder)
    return _Vocabulary(f"{pipeline.unit}s{side}", pipeline.tokens, lambda token: token in pipeline.vocab)


def _texts(config: Any, corpora: Sequence[str], encoding: str) -> Iterator[tuple[str | Sequence[str], ...]]:
    """The texts of records, one for each vocabulary; a text is one string, or words."""
    from seqlab.cli.corpus import reader
    from seqlab.corpora import open_text

    begun = False
    try:
        for record in reader(config, corpora, encoding):
            begun = True
            yield _of_record(config.task, record)
    except (ConfigError, DataError):
        if begun or config.task == "lm":
            raise
        for text in open_text(corpora, encoding):
            yield (text.text.split(),) if config.task in ("segment", "tag") else (text.text,)


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
