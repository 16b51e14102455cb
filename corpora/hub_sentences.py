"""Sentences of the `datasets` library: in words, and in tokens with tags."""

from collections.abc import Iterator, Sequence
from typing import Any

from seqlab.corpora.hub import HubReader, nothing_in_datasets, open_dataset
from seqlab.errors import DataError
from seqlab.records import Segmented, Tagged
from seqlab.text.schemes import scheme_by_name
from seqlab.text.width import to_half

TOKENS = ("tokens", "words")
"""The columns of tokens or words that are looked for, in this order."""
TAGS = ("ner_tags", "pos_tags", "upos", "tags")
"""The columns of tags that are looked for where none is named, in this order."""


class HubSegmented(HubReader):
    """Sentences in words, a row each, from the column `tokens` or `words`: a list of strings.

    White space in a word parts it, as it would in a file. Rows without a word are passed over. Raises what `open_dataset`
    does, DataError where there is no such column, and while it is read for a word without a value and for no word at all.
    """

    def __init__(self, corpora: Sequence[str], *, fold_widths: bool = False) -> None:
        """Take corpora as `hf:...`, to be read one after another; `fold_widths` makes full-width ASCII ordinary ASCII."""
        self.datasets = [open_dataset(corpus) for corpus in corpora]
        self._columns = [dataset.column(TOKENS, "words") for dataset in self.datasets]
        self._fold_widths = fold_widths

    def __iter__(self) -> Iterator[Segmented]:
        empty = True
        for dataset, column in zip(self.datasets, self._columns, strict=True):
            for source, (row,) in dataset.rows(column):
                words = [] if row is None else row
                if None in words:
                    raise DataError(
                        f"{source}: word {words.index(None) + 1} in column '{column}' has no value; correct it"
                    )
                text = " ".join(words)
                cut = tuple((to_half(text) if self._fold_widths else text).split())
                if cut:
                    empty = False
                    yield Segmented(cut, source)
        if empty:
            raise nothing_in_datasets(self.datasets, "word")


class HubTagged(HubReader):
    """Sentences in tokens with tags, a row each, from a column of tokens and one of tags: lists of strings, equally long.

    Tags may be numbers where the dataset says what they are called (`ClassLabel`). Rows without a token are passed over.
    Raises what `open_dataset` does, ConfigError for an unknown scheme, DataError where columns are missing or of another
    kind, and while it is read, with the row, for lists of different lengths, a token or a tag that is empty, a number
    without a name, and tags that are not legal in the scheme.
    """

    def __init__(
        self,
        corpora: Sequence[str],
        *,
        columns: tuple[str, str] | None = None,
        scheme: str | None = None,
        fold_widths: bool = False,
    ) -> None:
        """Take corpora as `hf:...`, to be read one after another, and which columns hold the tokens and the tags.

        Where these are not named, the first of `TOKENS` and of `TAGS` that is there. `scheme` is the one that the tags
        have to keep to (`seqlab.text.schemes`); where `fold_widths`, full-width ASCII in tokens becomes ASCII.
        """
        self._scheme = None if scheme is None else scheme_by_name(scheme)
        self._fold_widths = fold_widths
        self.datasets = [open_dataset(corpus) for corpus in corpora]
        token_names, tag_names = (TOKENS, TAGS) if columns is None else ([columns[0]], [columns[1]])
        self._columns = [
            (dataset.column(token_names, "tokens"), dataset.column(tag_names, "tags", named=True))
            for dataset in self.datasets
        ]

    def __iter__(self) -> Iterator[Tagged]:
        empty = True
        for dataset, columns in zip(self.datasets, self._columns, strict=True):
            names = getattr(dataset.data.features[columns[1]].feature, "names", None)
            for source, (tokens, tags) in dataset.rows(*columns):
                if tokens or tags:
                    empty = False
                    yield self._sentence(source, tokens or [], tags or [], names)
        if empty:
            raise nothing_in_datasets(self.datasets, "token")

    def _sentence(self, source: str, tokens: list[Any], tags: list[Any], names: list[str] | None) -> Tagged:
        if len(tokens) != len(tags):
            raise DataError(f"{source}: {len(tokens)} tokens and {len(tags)} tags; each token has one tag")
        if names is not None:
            tags = [names[tag] if tag is not None and 0 <= tag < len(names) else None for tag in tags]
        for number, (token, tag) in enumerate(zip(tokens, tags, strict=True), 1):
            if not token or not tag:
                raise DataError(
                    f"{source}: {'tag' if token else 'token'} {number} is empty; fill it, or name other columns"
                )
        fault = self._scheme.fault(tags) if self._scheme else None
        if fault:
            raise DataError(f"{source}: {fault.says}; correct the tags, or name the scheme they are in")
        if self._fold_widths:
            tokens = [to_half(token) for token in tokens]
        return Tagged(tuple(tokens), tuple(tags), source)
