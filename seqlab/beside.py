"""Files that are whole or not there: written under another name beside their place, then renamed."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from seqlab.errors import SeqlabError


def cannot_be_written(path: Path, error: OSError) -> str:
    """One sentence on a file that could not be written."""
    advice = "free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "name a place you may write to"
    return f"{path}: cannot be written ({error.strerror or error}); {advice}"


@contextmanager
def written_beside(
    path: Path, refuse: type[SeqlabError], say: Callable[[Path, OSError], str] = cannot_be_written
) -> Iterator[Path]:
    """A path beside `path` to write a file to; it takes the place of `path` when the block ends without an error.

    Args:
        path: where the file shall stand.
        refuse: what to raise where the disk is full, or the place cannot be written; what was at `path` stays.
        say: what it says then.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield beside
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise refuse(say(path, error)) from None
    finally:
        beside.unlink(missing_ok=True)
