"""Corpora: readers that turn files into records, and the bundled samples."""

import os
from collections.abc import Sequence

from seqlab.corpora.catalogue import SAMPLES, Sample
from seqlab.corpora.columns import Column
from seqlab.corpora.files import TextFile
from seqlab.corpora.hub import PREFIX, HubSegmented, HubTagged, HubText
from seqlab.corpora.hub_labelled import HubLabelled
from seqlab.corpora.hub_parallel import HubParallel
from seqlab.corpora.labelled import LabelledText
from seqlab.corpora.parallel import ParallelText
from seqlab.corpora.readers import PlainText
from seqlab.corpora.segmented import SegmentedText
from seqlab.corpora.tagged import TaggedColumns, TaggedLines
from seqlab.errors import ConfigError, unknown

__all__ = [
    "SAMPLES",
    "HubLabelled",
    "HubParallel",
    "HubSegmented",
    "HubTagged",
    "HubText",
    "LabelledText",
    "ParallelText",
    "PlainText",
    "Sample",
    "SegmentedText",
    "TaggedColumns",
    "TaggedLines",
    "TextFile",
    "open_labelled",
    "open_parallel",
    "open_segmented",
    "open_tagged",
    "open_text",
]

Corpora = Sequence[str | os.PathLike[str]] | str | os.PathLike[str]
"""Paths, or `sample:NAME` for bundled ones; or all `hf:...`, datasets of the Hugging Face hub (`seqlab.corpora.hub` says
how they are named); or one of them."""


def open_text(corpora: Corpora, encoding: str = "utf-8") -> PlainText | HubText:
    """Open corpora of running text, read one after another: paths, `sample:NAME`, or `hf:...` with a column `text`.

    `encoding` is that of the files; samples and datasets have their own. Raises ConfigError for an unknown sample or
    encoding and where `hf:` is mixed with others, and what `PlainText` or `HubText` raises.
    """
    if datasets := _datasets(corpora):
        return HubText(datasets)
    return PlainText(_all_resolved(corpora, "text", "segmented"), encoding)


def open_segmented(
    corpora: Corpora, encoding: str = "utf-8", *, fold_widths: bool = False
) -> SegmentedText | HubSegmented:
    """Open corpora that are cut into words: a sentence a line, or `hf:...` with a list of words a row.

    `fold_widths` makes full-width ASCII ordinary ASCII. Raises ConfigError for an unknown sample or encoding and where
    `hf:` is mixed with others, and what `SegmentedText` or `HubSegmented` raises.
    """
    if datasets := _datasets(corpora):
        return HubSegmented(datasets, fold_widths=fold_widths)
    return SegmentedText(_all_resolved(corpora, "segmented"), encoding, fold_widths=fold_widths)


def open_tagged(
    corpora: Corpora,
    encoding: str = "utf-8",
    *,
    columns: tuple[int, int] | tuple[str, str] | None = None,
    separator: str = "/",
    scheme: str | None = None,
    fold_widths: bool = False,
) -> TaggedLines | TaggedColumns | HubTagged:
    """Open corpora with tags: lines of `word/tag`, or, where `columns` says in which token and tag are, a token a line.

    Columns count from 1, or from -1 backward: (1, -1) for a token and its tag, (2, 4) for the universal parts of speech of
    CoNLL-U. Those of datasets, `hf:...`, have names: ("tokens", "ner_tags"); without them the usual names are looked for.
    Tags are held to `scheme` where one is named. Raises ConfigError for an unknown sample, encoding or scheme, columns of
    the other kind and where `hf:` is mixed with others, and what `TaggedLines`, `TaggedColumns` or `HubTagged` raises.
    """
    if separator != "/" and (columns is not None or _datasets(corpora)):
        raise ConfigError("columns have no separator of word and tag: give one of the two")
    if datasets := _datasets(corpora):
        if columns is None:
            return HubTagged(datasets, scheme=scheme, fold_widths=fold_widths)
        token, tag = columns
        if not (isinstance(token, str) and isinstance(tag, str)):
            raise ConfigError(
                f"the columns of {datasets[0]} have names, such as tokens and ner_tags, not {token} and {tag}"
            )
        return HubTagged(datasets, columns=(token, tag), scheme=scheme, fold_widths=fold_widths)
    paths = _all_resolved(corpora, "columns")
    if columns is None:
        return TaggedLines(paths, encoding, separator=separator, scheme=scheme, fold_widths=fold_widths)
    token, tag = columns
    if isinstance(token, str) or isinstance(tag, str):
        raise ConfigError(f"the columns of files have numbers, counted from 1, not the names {token} and {tag}")
    return TaggedColumns(paths, encoding, token_column=token, tag_column=tag, scheme=scheme, fold_widths=fold_widths)


def open_labelled(
    corpora: Corpora,
    encoding: str = "utf-8",
    *,
    form: str = "auto",
    text_column: Column = None,
    label_column: Column = None,
    header: bool | None = None,
    label_separator: str | None = None,
) -> LabelledText | HubLabelled:
    """Open corpora of texts with labels: tables, JSON lines, lines of fastText, folders per class, or `hf:...`.

    `form` is auto, tsv, csv, jsonl, fasttext or folders. Columns are names, or numbers from 1, or from -1 backward; where
    none is named, the usual names are looked for. `header` is whether tables have one (None finds out), and a cell with
    several labels is split at `label_separator`. Raises ConfigError for an unknown sample, encoding or form, settings
    that a form does not have and where `hf:` is mixed with others, and what `LabelledText` or `HubLabelled` raises.
    """
    if datasets := _datasets(corpora):
        if isinstance(text_column, int) or isinstance(label_column, int):
            raise ConfigError(
                f"the columns of {datasets[0]} have names, such as text and label, not numbers: give the names"
            )
        if form != "auto" or header is not None:
            raise ConfigError(
                f"{datasets[0]} is a dataset, which has no {'header' if form == 'auto' else 'form'}: leave it out"
            )
        return HubLabelled(
            datasets, text_column=text_column, label_column=label_column, label_separator=label_separator
        )
    return LabelledText(
        _all_resolved(corpora, "labelled"),
        encoding,
        form=form,
        text_column=text_column,
        label_column=label_column,
        header=header,
        label_separator=label_separator,
    )


def open_parallel(
    corpora: Corpora,
    encoding: str = "utf-8",
    *,
    form: str = "auto",
    source_column: Column = None,
    target_column: Column = None,
    header: bool | None = None,
) -> ParallelText | HubParallel:
    """Open corpora of sentences with their translations: two files, tables, JSON lines, or `hf:...`.

    Text files come in pairs, that of the source first: ["train.en", "train.de"]; any other corpus stands alone. `form` is
    auto, text (two files), tsv, csv, moses (`source ||| target`) or jsonl. Columns are names, languages among them, or
    numbers from 1, or from -1 backward; where none is named, the usual names are looked for. `header` is whether tables
    have one (None finds out). Raises ConfigError for an unknown sample, encoding or form, settings that a form does not
    have and where `hf:` is mixed with others, and what `ParallelText` or `HubParallel` raises.
    """
    if datasets := _datasets(corpora):
        if isinstance(source_column, int) or isinstance(target_column, int):
            raise ConfigError(
                f"the columns of {datasets[0]} have names, such as source and target, not numbers: give the names"
            )
        if form != "auto" or header is not None:
            raise ConfigError(
                f"{datasets[0]} is a dataset, which has no {'header' if form == 'auto' else 'form'}: leave it out"
            )
        return HubParallel(datasets, source_column=source_column, target_column=target_column)
    return ParallelText(
        _all_resolved(corpora, "parallel"),
        encoding,
        form=form,
        source_column=source_column,
        target_column=target_column,
        header=header,
    )


def _datasets(corpora: Corpora) -> list[str]:
    """Give the corpora if they are datasets, `hf:...`, and nothing if none is."""
    listed = [corpora] if isinstance(corpora, str | os.PathLike) else corpora
    datasets = [corpus for corpus in listed if isinstance(corpus, str) and corpus.startswith(PREFIX)]
    if datasets and len(datasets) < len(listed):
        raise ConfigError(f"'{datasets[0]}' is given beside corpora of another kind: give only hf: corpora, or none")
    return datasets


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
    return corpus
