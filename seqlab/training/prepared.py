"""Corpora that are prepared already: what `seqlab prepare` has left is trained on as it stands, and not read again."""

import functools
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqlab.config import Experiment
from seqlab.errors import ConfigError, DataError
from seqlab.modeldir import DATA
from seqlab.resolve import resolve
from seqlab.tasks import TASKS

MANIFEST, FORMAT = "corpus.json", 1
OFFSETS = "train.offsets.npy"
"""Where each line begins among the ids of running text; training does not need it."""


@dataclass(frozen=True)
class PreparedCorpus:
    """A directory that `seqlab prepare` has left, whose files are there."""

    path: Path
    task: str
    settings: dict[str, Any]
    """Those of the experiment that it was prepared for, in sections, on which its text parts depend."""

    def experiment(self, task: str, tables: Mapping[str, Any], changes: Mapping[str, Any]) -> Experiment:
        """The experiment that is described, with the settings of the corpus below it; see `seqlab.resolve.resolve`.

        Raises:
            ConfigError: the corpus is for another task, or was prepared with other settings than those given.
        """
        if task != self.task:
            raise ConfigError(
                f"{self.path}: is prepared for the task {self.task}; train with: seqlab train {self.task}"
            )
        config = resolve(task, _laid_over(self.settings, tables), changes)
        values = config.model_dump(mode="json")
        for path, value in _leaves(self.settings):
            found = functools.reduce(lambda table, name: table[name], path.split("."), values)
            if found != value:
                raise ConfigError(
                    f"{path}: {self.path} was prepared with {value!r}, not {found!r}; leave it out, prepare the corpus so, "
                    f"or train on its files, {self.path / 'train.*'}"
                )
        if config.training.model_dump().get("from_run") is not None:
            raise ConfigError(
                f"training.from_run: reads texts as that run does, and {self.path} has text parts of its own; train on its "
                f"files, {self.path / 'train.*'}"
            )
        return config

    def copy_to(self, folder: Path) -> None:
        """Put the indexed data and the text parts into a folder that is there; the data are linked where that can be."""
        (folder / DATA).mkdir()
        for path in sorted((self.path / DATA).iterdir()):
            if path.name != OFFSETS:
                _link(path, folder / DATA / path.name)
        shutil.copytree(self.path / "text", folder / "text")


def prepare(config: Experiment, records: Any, validation: Iterable[Any] | None, folder: Path) -> None:
    """Prepare the data of an experiment in a folder, by its task; those of a `PreparedCorpus` are taken as they are.

    Raises:
        DataError: what the task's own `prepare` raises, and data to validate on beside a prepared corpus.
    """
    if not isinstance(records, PreparedCorpus):
        TASKS[config.task].prepare(config, records, validation, folder)
    elif validation is not None:
        raise DataError(f"{records.path}: what to validate on is in it; give no other, or prepare it with --validation")
    else:
        records.copy_to(folder)


def is_prepared(path: str | Path) -> bool:
    """Whether `seqlab prepare` has left a directory there."""
    return Path(path, MANIFEST).is_file()


def open_prepared(path: str | Path) -> PreparedCorpus:
    """Open a directory that `seqlab prepare` has left, in no time, whatever its size.

    Raises:
        DataError: it is none, is incomplete, or of a newer format.
    """
    path = Path(path)
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        version, task, settings = manifest["format"], str(manifest["task"]), dict(manifest["settings"])
        files = {str(name): int(facts["bytes"]) for name, facts in manifest["files"].items()}
    except OSError as error:
        raise DataError(
            f"{path}: no prepared corpus ({error.strerror}); name what `seqlab prepare -o` has left"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path / MANIFEST}: altered, it cannot be read ({error}); prepare the corpus again") from None
    if version != FORMAT:
        raise DataError(
            f"{path}: format {version} of prepared corpora, and this seqlab reads {FORMAT}; prepare it again"
        )
    needed = {name: size for name, size in files.items() if name.split("/")[0] in (DATA, "text")}
    others = [name for name, size in sorted(needed.items()) if _size(path / name) != size]
    if others or task not in TASKS:
        what = ", ".join(others) or f"task {task}"
        raise DataError(f"{path}: incomplete or altered ({what}); copy it whole, or prepare the corpus again")
    return PreparedCorpus(path, task, settings)


def prepared_among(corpora: Iterable[str]) -> PreparedCorpus | None:
    """The prepared corpus that is named; None where files are.

    Raises:
        ConfigError: there is one beside other corpora. DataError: see `open_prepared`.
    """
    corpora = list(corpora)
    found = [corpus for corpus in corpora if is_prepared(corpus)]
    if found and len(corpora) > 1:
        raise ConfigError(f"{found[0]}: is a prepared corpus, and is trained on alone; prepare all corpora as one")
    return open_prepared(found[0]) if found else None


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(path, target)


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    laid = dict(below)
    for name, value in above.items():
        old = laid.get(name)
        laid[name] = _laid_over(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return laid


def _leaves(settings: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value
