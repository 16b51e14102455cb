"""The folder that a preparation works in, beside its place, and what in it says how far it is.

plan.json         what is read, in which shards, and every setting
shards/000000/    the records of a shard, cleaned, with a row of keys for each
marks             what becomes of each record: the part it is in, or why it is in none
counts.json       what became of what was read; written when the parts are whole
indexing/         the text parts while they are fitted
whole/            what is renamed to the place in the end
"""

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqlab.beside import cannot_be_written, written_beside
from seqlab.corpora.preparation import manifest
from seqlab.corpora.preparation.shard import is_done
from seqlab.errors import ConfigError, DataError

_BEGIN_ANEW = "give --overwrite to begin anew"


@dataclass(frozen=True)
class Folder:
    """The folder of the preparation of `output`."""

    output: Path
    path: Path

    @classmethod
    def begun(cls, output: Path, *, resume: bool, overwrite: bool) -> "Folder | None":
        """Make the folder, or with `resume` open that of a preparation that was stopped; None where nothing is left to do.

        Raises ConfigError where the output has no name, DataError where something is in the way.
        """
        if output.name in ("", ".."):
            raise ConfigError(f"output '{output}': give the directory a name of its own, such as corpora/mine")
        folder = cls(output, output.with_name(f"{output.name}.preparing"))
        there, begun = (output / manifest.NAME).is_file(), folder.path.is_dir()
        if output.exists() and not there and (not output.is_dir() or any(output.iterdir())):
            raise DataError(
                f"{output}: is there and holds something other than a prepared corpus; choose another output"
            )
        if resume and there and (not begun or (folder.parted.is_file() and not folder.whole.is_dir())):
            folder.clear_away()
            return None
        if not resume and not overwrite:
            if there:
                raise DataError(f"{output}: holds a prepared corpus already; give --overwrite to replace it")
            if begun:
                raise DataError(
                    f"{folder.path}: an unfinished preparation; give --resume to go on with it, or --overwrite"
                )
        with folder.writing():
            if not resume:
                folder.clear_away()
            for path in (folder.shards, folder.whole):
                path.mkdir(parents=True, exist_ok=True)
            for left in folder.shards.glob(".*"):  # of workers that were killed
                shutil.rmtree(left, ignore_errors=True)
        return folder

    @property
    def shards(self) -> Path:
        """Where the shards are."""
        return self.path / "shards"

    @property
    def whole(self) -> Path:
        """What becomes the output."""
        return self.path / "whole"

    @property
    def parted(self) -> Path:
        """The file that is there when the parts are whole."""
        return self.path / "counts.json"

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Failures of the disk within this context name the file, and say what to do."""
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            path = Path(error.filename) if isinstance(error.filename, str) else self.path
            raise DataError(f"{cannot_be_written(path, error)}, then go on with --resume") from None

    def check_plan(self, wanted: Mapping[str, Any]) -> None:
        """Write down what is to be done, or hold what was written down against it.

        Raises DataError where the corpora or the settings are others than when it was begun.
        """
        text = json.dumps(wanted, indent=1, sort_keys=True)
        path = self.path / "plan.json"
        if not path.is_file():
            with written_beside(path, DataError) as beside:
                beside.write_text(text, encoding="utf-8", newline="")
        elif (before := path.read_text(encoding="utf-8")) != text:
            raise DataError(
                f"{self.path}: was begun with {_others(json.loads(before), json.loads(text))}; {_BEGIN_ANEW}"
            )

    def given_up(self) -> None:
        """Remove the folder of a preparation that failed before anything was done that one could go on with."""
        if not any(is_done(path) for path in self.shards.glob("*")):
            shutil.rmtree(self.path, ignore_errors=True)

    def keep_counts(self, counts: Mapping[str, Any]) -> None:
        """Write down what became of what was read; the parts are whole."""
        with written_beside(self.parted, DataError) as beside:
            beside.write_text(json.dumps(counts), encoding="utf-8", newline="")

    def counts(self) -> dict[str, Any]:
        """What became of what was read."""
        found: dict[str, Any] = json.loads(self.parted.read_text(encoding="utf-8"))
        return found

    def index(self, index: Callable[[Path], None]) -> None:
        """Have the text parts fitted, if they are not, by a function that is given a folder for them."""
        if (self.whole / "text").is_dir():
            return
        place = self.path / "indexing"
        shutil.rmtree(place, ignore_errors=True)
        shutil.rmtree(self.whole / "data", ignore_errors=True)
        place.mkdir()
        index(place)
        for name in ("data", "text"):  # the last one says that all is there
            (place / name).rename(self.whole / name)

    def move_into_place(self) -> None:
        """Rename what is whole to the output; what was prepared there before steps aside and is then removed."""
        old = _aside(self.output)
        if self.output.exists():
            shutil.rmtree(old, ignore_errors=True)
            self.output.rename(old)
        self.whole.rename(self.output)
        self.clear_away()

    def clear_away(self) -> None:
        """Remove the folder and what stepped aside; renamed first, so that what is half removed is never gone on with."""
        aside = _aside(self.path)
        shutil.rmtree(aside, ignore_errors=True)
        if self.path.is_dir():
            self.path.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)
        if self.output.exists():
            shutil.rmtree(_aside(self.output), ignore_errors=True)


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.old")


def _others(before: Any, now: Any) -> str:
    """Say in a few words what was otherwise."""
    if before["plan"]["sources"] != now["plan"]["sources"]:
        return "other corpora"
    for part in ("options", "settings"):
        for path, value in _leaves(before[part]):
            if dict(_leaves(now[part])).get(path) != value:
                return f"{path} {value!r}"
    return "other settings"


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    else:
        yield path, value
