"""Model directories: everything that is needed to use a model, and nothing that runs.

seqlab.json            format, package version, task, scores, sha256 of each file below
config.json            every setting, defaults written out
text/                  the text pipeline
weights.safetensors    what was learned: the weights of a network, or n-grams
parts/                 the models of a mixture, each a model directory that seals its own files
README.md              the model card, which one may edit
train/                 log.jsonl, and the checkpoint from which training can go on, where there are steps to log
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqlab import __version__, beside
from seqlab.config import NETWORKS, SCHEMAS, Experiment
from seqlab.errors import ConfigError, ModelError, unknown
from seqlab.resolve import resolve

FORMAT = 1
MANIFEST, CONFIG, WEIGHTS, CARD, PARTS = "seqlab.json", "config.json", "weights.safetensors", "README.md", "parts"
DATA, COUNTS, BEST = "data", "counts", "best.safetensors"
"""Needed while a model is trained: the indexed text, counts larger than memory, the best weights so far."""
UNSEALED = (CARD, "train", DATA, COUNTS, BEST)


@dataclass(frozen=True)
class ModelDirectory:
    """A model directory whose files have been found whole."""

    path: Path
    config: Experiment
    manifest: dict[str, Any]

    @property
    def scores(self) -> dict[str, Any]:
        """The figures reached in training."""
        return dict(self.manifest["scores"])


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """A path beside `path` to write a file to; it takes the place of `path` when the block ends without an error.

    Raises:
        ModelError: the disk is full, or the place cannot be written; what was at `path` stays.
    """
    with beside.written_beside(path, ModelError, unwritten) as place:
        yield place


def unwritten(path: Path, error: OSError) -> str:
    """One sentence on a file that could not be written."""
    advice = "free some space, then try again; " if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return f"{path}: {error.strerror or error}; {advice}what stood there before is unchanged"


def write_json(path: Path, value: object) -> None:
    """Write a value as JSON, atomically."""
    with written_beside(path) as beside:
        beside.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8", newline="")


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Failures of the disk within this context name the folder and say what to do."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ModelError(unwritten(folder, error)) from None


def fingerprint(folder: Path) -> dict[str, str]:
    """The sha256 of each file directly in a folder, by name."""
    return {path.name: _sha256(path) for path in sorted(folder.iterdir())}


def seal(folder: Path, task: str, scores: dict[str, Any], training: dict[str, Any]) -> None:
    """Write `seqlab.json` over the files in a folder; from then on it is a model directory.

    Args:
        folder: with everything else in place.
        task: the task's name. scores: the figures reached, by name. training: what it took, by name.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    names = [path.relative_to(folder).as_posix() for path in paths]
    sealed = [name for name in names if name.split("/")[0] not in (*UNSEALED, MANIFEST, PARTS) or _is_part(name)]
    manifest = {
        "format": FORMAT,
        "seqlab": __version__,
        "task": task,
        "scores": scores,
        "training": training,
        "files": {name: _sha256(folder / name) for name in sealed},
    }
    write_json(folder / MANIFEST, manifest)


def _is_part(name: str) -> bool:
    """Whether a file is the manifest of a part, which seals all the part holds."""
    return name.startswith(f"{PARTS}/") and name.count("/") == 2 and name.endswith(f"/{MANIFEST}")


def copy(directory: ModelDirectory, target: Path) -> None:
    """Copy a model directory to a folder that is not there yet, without what only training needs."""
    for name in (*directory.manifest["files"], MANIFEST, CARD):
        if (directory.path / name).is_file():  # a card may have been removed
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(directory.path / name, target / name)
    for name in filter(_is_part, directory.manifest["files"]):
        copy(open_directory((directory.path / name).parent), (target / name).parent)


@contextmanager
def figures_read(folder: Path) -> Iterator[None]:
    """Within this context a manifest whose figures are missing, or are none, is refused.

    Raises:
        ModelError: with what to do.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{folder / MANIFEST}: altered, its figures cannot be read ({error}); copy it again") from None


def refuse_taken(output: Path, overwrite: bool) -> None:
    """Refuse an output where a model directory stands that is not to be replaced, or where anything else does.

    Raises:
        ModelError: with what to do.
    """
    refuse_other(output, MANIFEST)
    if (output / MANIFEST).exists() and not overwrite:
        raise ModelError(f"{output}: holds a model already; give --overwrite to replace it, or another output")


def refuse_other(path: Path, mark: str) -> None:
    """Refuse a path where something stands that lacks the `mark` of a model: a file or a folder in it.

    Raises:
        ModelError: with what to do.
    """
    if path.exists() and not (path / mark).exists() and (not path.is_dir() or any(path.iterdir())):
        raise ModelError(f"{path}: is there and holds something other than a model; choose another output")


@contextmanager
def grown(output: Path) -> Iterator[Path]:
    """A folder beside `output` to put a model directory together in; afterwards it is gone, unless it was renamed.

    Raises:
        ModelError: the disk is full, or the place cannot be written. ConfigError: `output` has no name of its own.
    """
    beside = training_folder(output)
    folder = beside.with_name(f".{beside.name}.new")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with writing(folder):
            folder.mkdir(parents=True)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def move_into_place(folder: Path, path: Path) -> None:
    """Rename a finished folder to `path`; a model directory that stands there steps aside and is then removed, and so is
    what was needed for training alone.

    Where `path` is a link, what it points to is replaced.
    """
    path = path.resolve() if path.is_symlink() else path
    old = path.with_name(f".{path.name}.old.{os.getpid()}")
    try:
        if path.exists():
            path.rename(old)
        folder.rename(path)
    except BaseException as error:  # Ctrl-C too
        if old.exists() and not path.exists():
            old.rename(path)
        if isinstance(error, OSError):
            raise ModelError(f"{path}: {error.strerror}; the new model is in {folder}") from None
        raise
    shutil.rmtree(old, ignore_errors=True)
    (path / BEST).unlink(missing_ok=True)
    for name in (DATA, COUNTS):  # until here a failure leaves all that --resume needs
        shutil.rmtree(path / name, ignore_errors=True)


def open_directory(path: str | Path) -> ModelDirectory:
    """Check a model directory and read its settings.

    Raises:
        ModelError: it is none, is incomplete (all missing files are named), altered, or from a newer format.
    """
    path = Path(path)
    if not path.is_dir():
        reason = "a file, not a folder" if path.exists() else "no such folder"
        raise ModelError(f"{path}: {reason}; a model directory is what `seqlab train -o` leaves{_unfinished(path)}")
    if not (path / MANIFEST).is_file():
        raise ModelError(f"{path}: no model directory, it has no {MANIFEST}; name one that `seqlab train -o` has left")
    manifest = read_json(path / MANIFEST)
    version = manifest.get("format")
    if not isinstance(version, int) or version < 1:
        raise ModelError(f"{path / MANIFEST}: does not say its format; copy the folder again or train anew")
    if version > FORMAT:
        raise ModelError(
            f"{path}: format {version} of model directories, written by seqlab {manifest.get('seqlab')}; this is seqlab "
            f"{__version__}, which reads formats up to {FORMAT}: install a newer seqlab"
        )
    _check_files(path, manifest)
    if (task := str(manifest["task"])) not in SCHEMAS:
        raise ModelError(f"{path / MANIFEST}: {unknown('task', task, SCHEMAS)}")
    try:
        config = resolve(task, read_json(path / CONFIG), {})
    except ConfigError as error:
        raise ModelError(f"{path / CONFIG}: {error}") from None
    return ModelDirectory(path, config, manifest)


def _check_files(path: Path, manifest: dict[str, Any]) -> None:
    if "task" not in manifest or any(
        not isinstance(manifest.get(name), dict) for name in ("files", "scores", "training")
    ):
        raise ModelError(
            f"{path / MANIFEST}: does not list the files, the task, the scores and the training of a model; "
            "copy the folder again or train anew"
        )
    files: dict[str, Any] = manifest["files"]
    if outside := sorted(name for name in files if name.startswith("/") or ".." in name.split("/")):
        raise ModelError(f"{path / MANIFEST}: names files outside the folder: {', '.join(outside)}; do not use it")
    wanted = {CONFIG, *files} | {name for name in (WEIGHTS,) if (path / name).exists()}
    missing = sorted(name for name in wanted if not (path / name).is_file())
    if missing:
        raise ModelError(f"{path}: incomplete, without {', '.join(missing)}; copy the whole folder again")
    altered = sorted(name for name in wanted if _sha256(path / name) != files.get(name))
    if altered:
        raise ModelError(
            f"{path}: altered since it was saved: {', '.join(altered)}; copy the folder again or train anew"
        )


def _unfinished(path: Path) -> str:
    training = training_folder(path)
    if not training.is_dir():
        return ""
    if not has_steps(training):
        return "; its training was broken off: train it anew, with --overwrite"
    task = read_json(training / CONFIG).get("task", "lm") if (training / CONFIG).is_file() else "lm"
    return f"; its training is not finished: `seqlab train {task} -o {path} --resume`"


def has_steps(training: Path) -> bool:
    """Whether an unfinished training is one of a network, which goes step by step and can be gone on with."""
    return not (training / CONFIG).exists() or is_network(training / CONFIG)


def is_network(config: Path) -> bool:
    """Whether settings in a file are those of a network."""
    return read_json(config).get("model", "rnn") in NETWORKS


def training_folder(path: Path) -> Path:
    """Where a model directory grows until it is finished: beside its final place, or beside what a link there points to.

    Raises:
        ConfigError: the path names no folder of its own, or is no UTF-8.
    """
    if path.name in ("", ".."):
        raise ConfigError(f"output '{path}': give the model directory a name of its own, such as runs/mine")
    if any("\ud800" <= character <= "\udfff" for character in str(path)):
        raise ConfigError(f"output {str(path)!r}: is not UTF-8; give another name")
    path = path.resolve() if path.is_symlink() else path
    return path.with_name(f"{path.name}.training")


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        ModelError: it cannot be read, or holds no JSON object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: no JSON: {error}") from None
    if not isinstance(value, dict):
        raise ModelError(f"{path}: holds no JSON object")
    return value


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
