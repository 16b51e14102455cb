"""Whether a file is still the one it was: its size, its time, and the SHA-256 of its bytes."""

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from seqlab.corpora.archives import archive_of
from seqlab.errors import DataError


class State(NamedTuple):
    """What of a file tells, nearly for certain and at no cost, whether it was changed or exchanged."""

    size: int
    """Bytes."""
    changed: int
    """Nanoseconds."""
    inode: int


def state(path: Path) -> State:
    """Give the state of a file, or of the archive that a member is in; DataError where there is none."""
    try:
        return state_of(on_disk(path).stat())
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error


def state_of(found: os.stat_result) -> State:
    """Give the state in what the system says of a file."""
    return State(found.st_size, found.st_mtime_ns, found.st_ino)


def digest(path: str | os.PathLike[str]) -> str:
    """Give the SHA-256 of a file as it lies on disk, compressed or not; of the archive that a member is in.

    Raises DataError where it cannot be read, and where it changes meanwhile.
    """
    given = Path(path)
    before = state(given)
    try:
        with on_disk(given).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    check_unchanged(given, before)
    return found


def check_unchanged(path: Path, before: State, sha256: str | None = None) -> None:
    """Raise DataError where a file is no more in the state it was in, or, where one is given, has another digest."""
    if state(path) != before or (sha256 is not None and digest(path) != sha256):
        raise changed(path)


def changed(path: str | os.PathLike[str]) -> DataError:
    """Give what to raise for a file that is another than when its reading began."""
    return DataError(f"{path}: changed while it was read; wait until it is complete, and begin again")


def on_disk(path: Path) -> Path:
    """Give the file that a path is read from: itself, or the archive it is a member of."""
    return archive_of(path) or path
