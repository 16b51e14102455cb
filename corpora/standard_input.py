"""Standard input as a corpus: written to a temporary file, since a corpus is read more than once."""

import atexit
import os
import sys
import tempfile
from pathlib import Path
from typing import IO

from seqlab.errors import DataError

NAME = "-"
"""The corpus that is standard input."""
CALLED = "standard input"
"""What it is called in messages and records."""

_BLOCK = 1 << 20
_kept: list[tuple[IO[str], Path]] = []  # the stream that was read, and the file it was written to


def spooled() -> Path:
    """Give the file that standard input was written to, which is removed when the process ends; it is read just once.

    Raises DataError where there is none, and where the file cannot be written, as on a full disk.
    """
    for stream, path in _kept:
        if stream is sys.stdin:
            return path
    if sys.stdin is None or sys.stdin.closed:
        raise DataError(f"{CALLED}: it is closed; give the name of a file, or send the text to the command")
    handle, name = tempfile.mkstemp(prefix="seqlab-", suffix="-standard-input")
    path = Path(name)
    atexit.register(path.unlink, missing_ok=True)
    try:
        with os.fdopen(handle, "wb") as file:
            while block := sys.stdin.buffer.read(_BLOCK):
                file.write(block)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise DataError(
            f"{CALLED}: cannot be kept in {path.parent} ({error.strerror or error}); name a file"
        ) from error
    _kept.append((sys.stdin, path))
    return path
