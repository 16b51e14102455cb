"""Corpora: readers that turn files into records, and the bundled samples."""

import os
from collections.abc import Sequence

from seqlab.corpora.catalogue import SAMPLES, Sample
from seqlab.corpora.files import TextFile
from seqlab.corpora.readers import PlainText
from seqlab.corpora.segmented import SegmentedText
from seqlab.corpora.tagged import TaggedColumns, TaggedLines
from seqlab.errors import ConfigError, unknown

__all__ = [
    "SAMPLES",
    "PlainText",
    "Sample",
    "SegmentedText",
    "TaggedColumns",
    "TaggedLines",
    "TextFile",
    "open_segmented",
    "open_tagged",
    "open_text",
]

Corpora = Sequence[str | os.PathLike[str]] | str | os.PathLike[str]
"""Paths, or `sample:NAME` for a bundled one; or one of them."""


def open_text(corpora: Corpora, encoding: str = "utf-8") -> PlainText:
    """Open corpora of running text, read one after another: paths, or `sample:NAME` for a bundled one.

    `encoding` is that of the files; the samples are UTF-8 whatever it is. Raises ConfigError for an unknown sample or
    encoding, and what `PlainText` raises.
    """
    return PlainText(_all_resolved(corpora, "text", "segmented"), encoding)


def open_segmented(corpora: Corpora, encoding: str = "utf-8", *, fold_widths: bool = False) -> SegmentedText:
    """Open corpora that are cut into words, a sentence a line; `fold_widths` makes full-width ASCII ordinary ASCII.

    Raises ConfigError for an unknown sample or encoding, and what `SegmentedText` raises.
    """
    return SegmentedText(_all_resolved(corpora, "segmented"), encoding, fold_widths=fold_widths)


def open_tagged(
    corpora: Corpora,
    encoding: str = "utf-8",
    *,
    columns: tuple[int, int] | None = None,
    separator: str = "/",
    scheme: str | None = None,
    fold_widths: bool = False,
) -> TaggedLines | TaggedColumns:
    """Open corpora with tags: lines of `word/tag`, or, where `columns` says in which token and tag are, a token a line.

    Columns count from 1, or from -1 backward: (1, -1) for a token and its tag, (2, 4) for the universal parts of speech of
    CoNLL-U. Tags are held to `scheme` where one is named. Raises ConfigError for an unknown sample, encoding or scheme, and
    what `TaggedLines` and `TaggedColumns` raise.
    """
    paths = _all_resolved(corpora, "columns")
    if columns is None:
        return TaggedLines(paths, encoding, separator=separator, scheme=scheme, fold_widths=fold_widths)
    if separator != "/":
        raise ConfigError("columns have no separator of word and tag: give one of the two")
    token, tag = columns
    return TaggedColumns(paths, encoding, token_column=token, tag_column=tag, scheme=scheme, fold_widths=fold_widths)


def _all_resolved(corpora: Corpora, *forms: str) -> list[str | os.PathLike[str] | TextFile]:
    if isinstance(corpora, str | os.PathLike):
        corpora = [corpora]
    return [_resolved(corpus, forms) for corpus in corpora]


def _resolved(corpus: str | os.PathLike[str], forms: tuple[str, ...]) -> str | os.PathLike[str] | TextFile:
    if isinstance(corpus, str) and corpus.startswith("sample:"):
        name = corpus.removeprefix("sample:")
        if name not in SAMPLES:
            raise ConfigError(unknown("sample", name, SAMPLES))
        if (form := SAMPLES[name].form) not in forms:
            raise ConfigError(f"{corpus}: its form is {form}, and {' or '.join(forms)} is wanted; see `seqlab corpora`")
        return TextFile(SAMPLES[name].path, "utf-8")
    if isinstance(corpus, str) and corpus.startswith("hf:"):
        raise ConfigError(f"'{corpus}' is not read yet: export its text to a file and give the path of that file")
    return corpus
