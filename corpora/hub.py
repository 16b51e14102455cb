"""Corpora of the `datasets` library: datasets of the Hugging Face hub, and those that were saved on disk.

    hf:OWNER/NAME[:CONFIG][@SPLIT]    of the hub; downloaded once, then kept in the library's cache
    hf:OWNER/NAME:CONFIG:SPLIT        the same
    hf:/FOLDER[@SPLIT]                saved with `save_to_disk`; also hf:./FOLDER, hf:../FOLDER and hf:~/FOLDER

Without a split it is `train`, or the only one there is. Rows are read from a memory map, a few at a time. A dataset of more
than `LARGE` bytes, as its description says, is not downloaded but streamed: each reading of it goes over the network.

No code of a dataset is ever run: since its version 4 the library has no way to, and `trust_remote_code` is never passed.
While a dataset is opened, the library is silent and does not report that it is used. It is imported when the first dataset
is opened, since that takes a second and the rest of the package does without.
"""

import logging
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqlab.corpora.readers import PIECE, in_pieces
from seqlab.errors import ConfigError, DataError
from seqlab.records import Text

PREFIX = "hf:"

_SYNTAX = "write hf:OWNER/NAME[:CONFIG][@SPLIT], or hf:./FOLDER[@SPLIT] for one that was saved on disk"
_NAME = re.compile(r"(?P<name>\w[\w.-]*/[\w.-]+)(:(?P<config>[^:@]+))?((?(config)[:@]|@)(?P<split>[^:@]+))?")
_BATCH = 100  # rows that are Python objects at a time
LARGE = 8 << 30
"""Bytes above which a dataset is streamed."""
STRINGS = ("string", "large_string", "string_view")
"""The types of columns of strings."""


class HubReader:
    """A reader of datasets: which these are."""

    datasets: list["HubDataset"]
    """The datasets, in the order in which they are read."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({[dataset.name for dataset in self.datasets]})"

    @property
    def encodings(self) -> dict[str, str]:
        """The encodings of files, of which there are none."""
        return {}

    @property
    def tally(self) -> Counter[str]:
        """What was done with undecodable bytes, of which there are none."""
        return Counter()


class HubText(HubReader):
    """Running text from a column of strings: a row is a line or several, and a line end is added where it has none.

    Rows are put together to records of about a million characters. Every kind of line end becomes "\\n"; a row without a
    value is passed over. Raises what `open_dataset` does, DataError where there is no such column of strings, and while it
    is read where there is no row.
    """

    def __init__(self, corpora: Sequence[str], *, text_column: str | None = None) -> None:
        """Take corpora as `hf:...`, to be read one after another, and the column of the text; without one it is `text`."""
        self.datasets = [open_dataset(corpus) for corpus in corpora]
        self._column = text_column or "text"
        for dataset in self.datasets:
            dataset.column([self._column], "text", lists=False)

    def __iter__(self) -> Iterator[Text]:
        empty = True
        for dataset in self.datasets:
            for record in in_pieces((row for _, (row,) in dataset.rows(self._column)), dataset.name, PIECE):
                yield record
                empty = False
        if empty:
            raise nothing_in_datasets(self.datasets, "text")


@dataclass(frozen=True)
class HubDataset:
    """A split of a dataset, open for reading."""

    name: str
    """As it was given, `hf:...`."""
    data: Any
    """A `datasets.Dataset`."""

    def column(self, names: Sequence[str], what: str, *, lists: bool = True, named: bool = False) -> str:
        """Give the first of these columns that is there; it is of strings, or, where `lists`, of lists of strings.

        Where `named`, the lists may also be of numbers that have names. Raises DataError, with the columns there are.
        """
        features = self.data.features
        column = next((name for name in names if name in features), None)
        if column is None:
            there = f"its columns are {', '.join(features)}" if features else "it has no columns"
            raise DataError(f"{self.name}: no column {' or '.join(names)} to read {what} from; {there}")
        kind = getattr(features[column], "feature", None) if lists else features[column]
        if getattr(kind, "dtype", None) in STRINGS or (named and hasattr(kind, "names")):
            return column
        wanted = f"{'lists of ' if lists else ''}strings{', or of numbers with names (ClassLabel)' if named else ''}"
        raise self.of_another_kind(column, what, wanted, kind if named else None)

    def of_another_kind(self, column: str, what: str, wanted: str, named: Any = None) -> DataError:
        """Give what to raise for a column of another kind than the wanted one.

        `named` is the type of its values where numbers with names will do, too.
        """
        found = " ".join(str(self.data.features[column]).split())
        number = str(getattr(named, "dtype", "")).startswith(("int", "uint"))
        hint = "; cast it with names, save it, and read it as hf:./FOLDER" if number else ""
        return DataError(f"{self.name}: column '{column}' is {found}, and {what} are read from {wanted}{hint}")

    def rows(self, *columns: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Give row by row its source, `hf:..., row N` as the library counts, from 0, and the values of the columns."""
        number = 0
        for batch in self._batches(columns):
            for values in zip(*(batch[column] for column in columns), strict=True):
                yield f"{self.name}, row {number}", values
                number += 1

    def _batches(self, columns: tuple[str, ...]) -> Iterator[Any]:
        batches = iter(self.data.select_columns(list(columns)).with_format(None).iter(_BATCH))
        while True:
            try:
                batch = next(batches, None)
            except Exception as error:  # whatever the library, its parsers and its network raise
                says = " ".join(str(error).split())[:300] or type(error).__name__
                raise DataError(f"{self.name}: cannot be read to its end ({says}); try again") from error
            if batch is None:
                return
            yield batch


def open_dataset(corpus: str) -> HubDataset:
    """Open `hf:...`, downloading it where it is of the hub and not in the cache of the library yet.

    Raises ConfigError for a name that is not of that form and where `datasets` is not installed; DataError for a dataset
    or a split that is not there, and one that cannot be loaded or reached.
    """
    given = corpus.removeprefix(PREFIX)
    local = given.startswith(("/", "./", "../", "~")) or given in (".", "..") or Path(given).is_absolute()
    match = _NAME.fullmatch(given)
    if not local and match is None:
        raise ConfigError(f"'{corpus}': {_SYNTAX}")
    try:
        with _silent() as datasets:
            if local:
                folder, split = _folder_and_split(corpus, given)
                return HubDataset(corpus, _chosen(corpus, datasets.load_from_disk(str(folder)), split))
            assert match is not None
            if Path(match["name"]).exists():  # the library would take it for the dataset
                raise ConfigError(f"'{corpus}': there is a {match['name']} on disk here too: {_SYNTAX}")
            return HubDataset(
                corpus, _chosen(corpus, _loaded(datasets, match["name"], match["config"]), match["split"])
            )
    except (ConfigError, DataError):
        raise
    except ConnectionError as error:
        raise DataError(
            f"{corpus}: the hub cannot be reached, and no copy is in the cache; see to the network, or give hf:./FOLDER, a "
            "copy that was made elsewhere by `save_to_disk`"
        ) from error
    except Exception as error:  # whatever the library, its parsers and its network raise
        says = " ".join(str(error).split())[:300] or type(error).__name__
        raise DataError(f"{corpus}: cannot be loaded ({says})") from error


def _loaded(datasets: Any, name: str, config: str | None) -> Any:
    """Give the splits of a dataset of the hub, streamed where it is large and says what its columns are."""
    about = datasets.load_dataset_builder(name, config).info
    if max(about.dataset_size or 0, about.download_size or 0) > LARGE and about.features is not None:
        return datasets.load_dataset(name, config, streaming=True)
    return datasets.load_dataset(name, config)


def _folder_and_split(corpus: str, given: str) -> tuple[Path, str | None]:
    """Give the folder of a saved dataset and the split that is asked for; the name of the folder may hold an @."""
    folder, split = Path(given).expanduser(), None
    if not folder.exists() and "@" in given:
        start, _, split = given.rpartition("@")
        folder = Path(start).expanduser()
    if not folder.exists():
        raise DataError(f"{corpus}: no such folder; {_SYNTAX}")
    if not any((folder / name).is_file() for name in ("dataset_dict.json", "state.json")):
        raise DataError(
            f"{corpus}: not a dataset that was saved with `save_to_disk`; files of text are read without hf:"
        )
    return folder, split


def _chosen(corpus: str, data: Any, split: str | None) -> Any:
    """Give the split of the name, or without one the only one or `train`."""
    if not isinstance(data, dict):
        if split is not None and split != str(data.split):
            raise DataError(f"{corpus}: it was saved without splits; leave out @{split}")
        return data
    if split is None:
        split = next(iter(data)) if len(data) == 1 else "train"
    if split not in data:
        raise DataError(
            f"{corpus}: no split '{split}'; name one of {', '.join(data)}, as in {PREFIX}...@{next(iter(data))}"
        )
    return data[split]


@contextmanager
def _silent() -> Iterator[Any]:
    """Give the library; inside, it draws no bars, logs and warns of nothing, and does not report that it is used."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import datasets
            import huggingface_hub.constants
            import huggingface_hub.utils
        except ImportError as error:
            raise ConfigError(f"hf: corpora need the package datasets ({error}): pip install datasets") from error
        loggers = [logging.getLogger(name) for name in ("datasets", "huggingface_hub")]
        levels = [logger.level for logger in loggers]
        bars = [module for module in (datasets, huggingface_hub.utils) if not module.are_progress_bars_disabled()]
        reports = datasets.config.HF_UPDATE_DOWNLOAD_COUNTS, huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY
        try:
            for logger in loggers:
                logger.setLevel(logging.CRITICAL)
            for module in bars:
                module.disable_progress_bars()
            datasets.config.HF_UPDATE_DOWNLOAD_COUNTS, huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY = False, True
            yield datasets
        finally:
            datasets.config.HF_UPDATE_DOWNLOAD_COUNTS, huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY = reports
            for module in bars:
                module.enable_progress_bars()
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


def nothing_in_datasets(datasets: Sequence[HubDataset], what: str) -> DataError:
    """Give the error for datasets that were read to their end without finding any `what`."""
    return DataError(f"{', '.join(dataset.name for dataset in datasets)}: empty, there is no {what} to read")
