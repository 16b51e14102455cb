"""Corpora: readers that turn files into records, and the bundled samples."""

import os
from collections.abc import Sequence

from seqlab.corpora.catalogue import SAMPLES, Sample
from seqlab.corpora.columns import Column
from seqlab.corpora.files import TextFile, entries, is_folder
from seqlab.corpora.hub import PREFIX, HubText
from seqlab.corpora.hub_labelled import HubLabelled
from seqlab.corpora.hub_parallel import HubParallel
from seqlab.corpora.hub_sentences import HubSegmented, HubTagged
from seqlab.corpora.labelled import LabelledText
from seqlab.corpora.parallel import ParallelText
from seqlab.corpora.readers import PlainText
from seqlab.corpora.segmented import SegmentedText
from seqlab.corpora.tagged import TaggedColumns, TaggedLines
from seqlab.corpora.text_columns import TextColumn, has_columns
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
    "TextColumn",
    "TextFile",
    "open_labelled",
    "open_parallel",
    "open_segmented",
    "open_tagged",
    "open_text",
]

Corpora = Sequence[str | os.PathLike[str]] | str | os.PathLike[str]
"""Paths, patterns such as `data/*.txt`, `-` for standard input, or `sample:NAME` for bundled ones; or all `hf:...`,
datasets of the Hugging Face hub (`seqlab.corpora.hub` says how they are named); or one of them.

Wherever they are opened, `encoding` is that of the files, or auto, which finds it out for each; samples and datasets have
their own. `errors` is what is done with bytes that are not in it: strict refuses them with file, line and byte, replace
puts U+FFFD there, skip-line leaves out their lines; what is done is counted in the `tally` of the reader."""


def open_text(
    corpora: Corpora, encoding: str = "utf-8", *, errors: str = "strict", text_column: Column = None
) -> PlainText | TextColumn | HubText:
    """Open corpora of running text, read one after another: paths, `sample:NAME`, or `hf:...`.

    Of tables, JSON and Parquet, as the suffix says, it is `text_column`, a name or a number from 1; without one, the usual
    names are looked for, and in datasets `text`. Raises ConfigError for an unknown sample or encoding and where `hf:` is
    mixed with others, and what `PlainText`, `TextColumn` or `HubText` raises.
    """
    if datasets := _datasets(corpora):
        if isinstance(text_column, int):
            raise ConfigError(f"the columns of {datasets[0]} have names, such as text, not numbers: give the name")
        return HubText(datasets, text_column=text_column)
    paths = _all_resolved(corpora, "text", "segmented")
    named = entries(paths, encoding, errors)
    if text_column is None and not any(is_folder(entry.path) or has_columns(entry) for entry in named):
        return PlainText(paths, encoding, errors=errors)
    columns = TextColumn(paths, encoding, errors=errors, text_column=text_column)
    if any(has_columns(file) for file in columns.files):
        return columns
    return PlainText(paths, encoding, errors=errors)


def open_segmented(
    corpora: Corpora, encoding: str = "utf-8", *, errors: str = "strict", fold_widths: bool = False
) -> SegmentedText | HubSegmented:
    """Open corpora that are cut into words: a sentence a line, or `hf:...` with a list of words a row.

    `fold_widths` makes full-width ASCII ordinary ASCII. Raises ConfigError for an unknown sample or encoding and where
    `hf:` is mixed with others, and what `SegmentedText` or `HubSegmented` raises.
    """
    if datasets := _datasets(corpora):
        return HubSegmented(datasets, fold_widths=fold_widths)
    return SegmentedText(_all_resolved(corpora, "segmented"), encoding, errors=errors, fold_widths=fold_widths)


def open_tagged(
    corpora: Corpora,
    encoding: str = "utf-8",
    *,
    errors: str = "strict",
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
        return TaggedLines(paths, encoding, errors=errors, separator=separator, scheme=scheme, fold_widths=fold_widths)
    token, tag = columns
    if isinstance(token, str) or isinstance(tag, str):
        raise ConfigError(f"the columns of files have numbers, counted from 1, not the names {token} and {tag}")
    return TaggedColumns(
        paths,
        encoding,
        errors=errors,
        token_column=token,
        tag_column=tag,
        scheme=scheme,
        fold_widths=fold_widths,
    )


def open_labelled(
    corpora: Corpora,
    encoding: str = "utf-8",
    *,
    errors: str = "strict",
    form: str = "auto",
    text_column: Column = None,
    label_column: Column = None,
    header: bool | None = None,
    label_separator: str | None = None,
) -> LabelledText | HubLabelled:
    """Open corpora of texts with labels: tables, JSON, Parquet, lines of fastText, folders per class, or `hf:...`.

    `form` is auto, tsv, csv, jsonl, json, parquet, fasttext or folders. Columns are names, or numbers from 1, or from
    -1 backward; where none is named, the usual names are looked for. `header` is whether tables have one (None finds
    out), and a cell with several labels is split at `label_separator`. Raises ConfigError for an unknown sample,
    encoding or form, settings that a form does not have and where `hf:` is mixed with others, and what `LabelledText`
    or `HubLabelled` raises.
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
        errors=errors,
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
    errors: str = "strict",
    form: str = "auto",
    source_column: Column = None,
    target_column: Column = None,
    header: bool | None = None,
) -> ParallelText | HubParallel:
    """Open corpora of sentences with their translations: two files, tables, JSON, Parquet, TMX, or `hf:...`.

    Text files come in pairs, that of the source first: ["train.en", "train.de"]; any other corpus stands alone. `form`
    is auto, text (two files), tsv, csv, moses (`source ||| target`), jsonl, json, parquet or tmx. Columns are names,
    languages among them, or numbers from 1, or from -1 backward; where none is named, the usual names are looked for.
    `header` is whether tables have one (None finds out). Raises ConfigError for an unknown sample, encoding or form,
    settings that a form does not have and where `hf:` is mixed with others, and what `ParallelText` or `HubParallel`
    raises.
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
        errors=errors,
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
