"""Labelled texts of the `datasets` library: a column of texts and one of labels."""

from collections.abc import Iterator, Sequence
from typing import Any

from seqlab.corpora import labels
from seqlab.corpora.columns import Columns
from seqlab.corpora.hub import STRINGS, HubDataset, HubReader, nothing_in_datasets, open_dataset
from seqlab.corpora.labelled_columns import ROLES
from seqlab.errors import DataError
from seqlab.records import Labelled


class HubLabelled(HubReader):
    """Texts with labels, a row each: a column of strings, and one of strings, of numbers with names, or of lists of these.

    Numbers have names where the dataset says so (`ClassLabel`). A row whose text has no value has an empty text, and an
    empty list or string is a text without labels. Every kind of line end becomes "\\n". Raises what `open_dataset` does,
    DataError where columns are missing or of another kind, and while it is read, with the row, for a label that is missing.
    """

    def __init__(
        self,
        corpora: Sequence[str],
        *,
        text_column: str | None = None,
        label_column: str | None = None,
        label_separator: str | None = None,
    ) -> None:
        """Take corpora as `hf:...`, to be read one after another, and which columns hold the texts and the labels.

        Where these are not named, the usual names are looked for (`labelled_columns`). A string with several labels is
        split at `label_separator`.
        """
        labels.check_separator(label_separator)
        columns = Columns(ROLES, (text_column, label_column))
        self._separator = label_separator
        self.datasets = [open_dataset(corpus) for corpus in corpora]
        self._columns = [columns.keys(dataset.data.features, dataset.name) for dataset in self.datasets]
        for dataset, (text, label) in zip(self.datasets, self._columns, strict=True):
            dataset.column([text], "texts", lists=False)
            _check_labels(dataset, label)

    def __iter__(self) -> Iterator[Labelled]:
        empty = True
        for dataset, columns in zip(self.datasets, self._columns, strict=True):
            names = getattr(_kind(dataset, columns[1]), "names", None)
            for source, (row, label) in dataset.rows(*columns):
                empty = False
                text = (row or "").replace("\r\n", "\n").replace("\r", "\n")
                value = label if names is None else _named(label, names, source)
                yield Labelled(text, labels.of_value(value, self._separator, source), source)
        if empty:
            raise nothing_in_datasets(self.datasets, "labelled text")


def _kind(dataset: HubDataset, column: str) -> Any:
    """Give the type of a column of labels, or of the elements of its lists."""
    feature = dataset.data.features[column]
    return getattr(feature, "feature", feature)


def _check_labels(dataset: HubDataset, column: str) -> None:
    kind = _kind(dataset, column)
    if getattr(kind, "dtype", None) not in STRINGS and not hasattr(kind, "names"):
        wanted = "strings, from numbers with names (ClassLabel), or from lists of these"
        raise dataset.of_another_kind(column, "labels", wanted, kind)


def _named(label: Any, names: Sequence[str], source: str) -> Any:
    """Give the names in place of the numbers; what has no value stays so."""
    if isinstance(label, list):
        return [_named(element, names, source) for element in label]
    if label is None:
        return None
    if 0 <= label < len(names):
        return names[label]
    raise DataError(
        f"{source}: the label {label} has no name, as in splits whose labels are kept back; name another split"
    )
