"""Lines of a large file, plain or compressed by gzip, one by one or many at once."""

import gzip
import zlib
from pathlib import Path
from types import TracebackType

import numpy as np

from seqlab.errors import DataError

_AHEAD = 1 << 16  # what is made of them then stays in the cache of a processor
_LONGEST = 1 << 24
_NEWLINE = ord("\n")


class LinesAhead:
    r"""A file that is read ahead, a stretch at a time; to be used as a context manager.

    Lines end in "\n" or "\r\n". A file that breaks off gives the lines before that, and then says why in `broken`.
    """

    def __init__(self, path: Path, last: bytes) -> None:
        """Open the file, whose last line may lack a line end if it is `last`; DataError where there is no such file."""
        self.number = 0
        """Of the last line that was given, from 1."""
        self.broken = ""
        """Why the file cannot be read further, though it has not ended well; empty as long as there is no reason."""
        self._lines, self._at = b"", 0  # whole lines; those before _at have been given
        self._tail = b""  # the beginning of the line behind them
        self._ended = False
        self._last = last
        try:
            with path.open("rb") as file:
                compressed = file.read(2) == b"\x1f\x8b"
            self._file = gzip.open(path) if compressed else path.open("rb")  # noqa: SIM115
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror or error}); name another file") from None

    def __enter__(self) -> "LinesAhead":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def next(self) -> bytes | None:
        """Give the next line that is not blank, without the white space around it; None where there is no more."""
        while self._there():
            end = self._lines.index(b"\n", self._at)
            line = self._lines[self._at : end].strip()
            self._at = end + 1
            self.number += 1
            if line:
                return line
        return None

    def skip_blank(self) -> None:
        """Go past empty lines."""
        while self._there() and self._lines[self._at] == _NEWLINE:
            self._at += 1
            self.number += 1

    def take(self, most: int) -> bytes:
        """Give as many lines as there are at hand, up to a number, each with its line end; none where there is no more."""
        if not self._there():
            return b""
        ends = np.flatnonzero(np.frombuffer(self._lines, np.uint8, offset=self._at) == _NEWLINE)[:most]
        text = self._lines[self._at : self._at + int(ends[-1]) + 1]
        self._at += len(text)
        self.number += len(ends)
        return text

    def _there(self) -> bool:
        while self._at == len(self._lines) and not self._ended:
            self._read()
        return self._at < len(self._lines)

    def _read(self) -> None:
        parts, size = [self._tail], 0
        try:
            while size < _AHEAD and (part := self._file.read1(_AHEAD)):
                parts.append(part)
                size += len(part)
        except EOFError:
            self.broken = "the gzip data breaks off without its ending"
        except (OSError, zlib.error) as error:
            self.broken = f"the file cannot be read further ({error})"
        text = b"".join(parts)
        cut = text.rfind(b"\n") + 1
        self._lines, self._tail, self._at = text[:cut].replace(b"\r\n", b"\n"), text[cut:], 0
        self._ended = size < _AHEAD
        if self._ended and self._tail.strip() == self._last and not self.broken:
            self._lines += self._last + b"\n"
        elif self._ended and self._tail:
            self.broken = self.broken or "the file breaks off within a line"
        if len(self._tail) > _LONGEST:
            self.broken, self._ended = "a line of many megabytes follows", True
