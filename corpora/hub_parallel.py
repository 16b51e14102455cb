"""Pairs of the `datasets` library: a column of texts for each side, or one with the texts of two languages."""

from collections.abc import Iterator, Sequence
from typing import Any

from seqlab.corpora.hub import HubDataset, HubReader, nothing_in_datasets, open_dataset
from seqlab.corpora.json_objects import string_under
from seqlab.corpora.parallel_columns import NESTED, Keys, pair_columns, pair_keys
from seqlab.errors import DataError
from seqlab.records import Pair

_STRINGS = ("string", "large_string", "string_view")


class HubParallel(HubReader):
    """Sentences with their translations, a row each: from two columns of strings, or the column `translation`.

    In this each row has a text for each of several languages, of which two are named as source and target. A side without
    a value is an empty one. Every kind of line end becomes "\\n". Raises what `open_dataset` does, DataError where columns
    or languages are missing or of another kind, and while it is read where there is no row.
    """

    def __init__(
        self, corpora: Sequence[str], *, source_column: str | None = None, target_column: str | None = None
    ) -> None:
        """Take corpora as `hf:...`, to be read one after another, and which columns or languages are the two sides.

        Where these are not named, the usual names are looked for (`parallel_columns`).
        """
        columns = pair_columns(source_column, target_column)
        self.datasets = [open_dataset(corpus) for corpus in corpora]
        self._keys = [
            pair_keys(columns, dataset.data.features, _languages(dataset), dataset.name) for dataset in self.datasets
        ]
        for dataset, keys in zip(self.datasets, self._keys, strict=True):
            if keys.nested:
                _check_strings(dataset, keys)
            else:
                dataset.column([keys.source], "sources", lists=False)
                dataset.column([keys.target], "targets", lists=False)

    def __iter__(self) -> Iterator[Pair]:
        empty = True
        for dataset, keys in zip(self.datasets, self._keys, strict=True):
            both = (keys.source, keys.target)
            for where, row in dataset.rows(*((NESTED,) if keys.nested else both)):
                empty = False
                values = (row[0] or dict.fromkeys(both)) if keys.nested else dict(zip(both, row, strict=True))
                source = string_under(values, keys.source, "source", where)
                yield Pair(source, string_under(values, keys.target, "target", where), where)
        if empty:
            raise nothing_in_datasets(self.datasets, "pair of sentences")


def _languages(dataset: HubDataset) -> Any:
    """Give the languages of the column `translation`; None where there is no such column of objects."""
    feature = dataset.data.features.get(NESTED)
    if type(feature).__name__ == "Translation":  # the library's own kind, of one text a language
        return feature.languages
    return feature if isinstance(feature, dict) else None


def _check_strings(dataset: HubDataset, keys: Keys) -> None:
    feature = dataset.data.features[NESTED]
    if not isinstance(feature, dict):
        return  # of the kind Translation, which holds strings
    for key in (keys.source, keys.target):
        if getattr(feature[key], "dtype", None) not in _STRINGS:
            found = " ".join(str(feature[key]).split())
            raise DataError(
                f"{dataset.name}: '{key}' in column '{NESTED}' is {found}, and translations are read from strings"
            )
