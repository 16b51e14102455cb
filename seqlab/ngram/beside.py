"""Files that are whole or not there: written under another name beside their place, then renamed."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seqlab.errors import SeqlabError


@contextmanager
def written_beside(path: Path, refuse: type[SeqlabError]) -> Iterator[Path]:
    """A path beside `path` to write a file to; it takes the place of `path` when the block ends without an error.

    Args:
        path: where the file shall stand. refuse: what to raise where the disk is full, or the place cannot be written;
            what was at `path` stays.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield beside
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        advice = "free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "name a place you may write to"
        raise refuse(f"{path}: cannot be written ({error.strerror or error}); {advice}") from None
    finally:
        beside.unlink(missing_ok=True)
