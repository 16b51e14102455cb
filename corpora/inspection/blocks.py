"""Bytes of unknown text to blocks of lines. Nothing is refused here: what is not in the encoding is marked and goes on."""

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from seqlab.corpora.inspection.places import Place
from seqlab.errors import DataError
from seqlab.text.codepoints import codes_of

LONGEST = 1 << 20
"""Characters that are waited for until a line ends; longer ones come in several blocks."""
UNDECODABLE = 0xDC00
"""The code point that stands for the undecodable byte 0; that of byte b is b behind it. No encoding has these."""

_MARKED = "seqlab.inspection.marked"
_RETURN = 0x0D


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(UNDECODABLE + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_MARKED, _mark)


@dataclass(frozen=True)
class Stretch:
    """Bytes of a file that follow one another."""

    start: int
    """Where they begin, in bytes from 0; in a compressed file, of what it holds."""
    data: Iterable[bytes]
    begins: bool = True
    """Whether a line begins with them, and not inside of them."""
    ends: bool = True
    """Whether a line ends with them."""


@dataclass
class LineEnds:
    """How often lines end in which way; a return and a line feed are one end."""

    line_feeds: int = 0
    both: int = 0
    returns: int = 0

    def add(self, text: str) -> None:
        """Count those of a text, which is not cut between the two of one."""
        both = text.count("\r\n") if "\r" in text else 0
        self.both += both
        self.line_feeds += text.count("\n") - both
        self.returns += (text.count("\r") - both) if "\r" in text else 0


@dataclass(frozen=True)
class Block:
    """Whole lines, or a part of a line that is very long. Every line end is a line feed."""

    text: str
    place: Place
    """Of its first line."""
    begins: bool = True
    """Whether its first line begins in it."""
    ends: bool = True
    """Whether its last line ends in it."""

    @cached_property
    def codes(self) -> NDArray[np.uint32]:
        """Its code points, `(N,)`."""
        return codes_of(self.text)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where its lines start, `(L,)`."""
        starts = np.concatenate([[0], np.flatnonzero(self.codes == 0x0A) + 1])
        return starts[:-1] if self.text.endswith("\n") else starts

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Characters of its lines without their ends, `(L,)`."""
        after = np.append(self.starts[1:], len(self.text) + (not self.text.endswith("\n")))
        return after - self.starts - 1

    @cached_property
    def lines(self) -> list[str]:
        """Its lines without their ends, L of them."""
        return self.text.removesuffix("\n").split("\n")

    def line_at(self, index: int) -> int:
        """Give the number of the line, from 0 in this block, that a character stands in."""
        return int(np.searchsorted(self.starts, index, side="right")) - 1


def blocks_of(stretch: Stretch, file: str, encoding: str, ends: LineEnds, *, numbered: bool) -> Iterator[Block]:
    """Give the lines of a stretch in blocks and count their ends.

    `numbered` says that the lines before it are known, which means none: else places are told from where it starts.
    Raises DataError for an encoding that cannot go on behind an error.
    """
    rest, begins, line = "", stretch.begins, 1
    start = 0 if numbered else stretch.start
    for decoded, last in _decoded(stretch, file, encoding):
        text = rest + decoded
        cut = len(text) if last else _after_last_end(text)
        if not cut and len(text) > LONGEST:
            cut = len(text) - text.endswith("\r")
        rest = text[cut:]
        if not cut:
            continue
        text = text[:cut]
        ends.add(text)
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        whole = text.endswith("\n") or (last and stretch.ends)
        yield Block(text, Place(file, line, start), begins, whole)
        line += text.count("\n")
        begins = text.endswith("\n")


def _decoded(stretch: Stretch, file: str, encoding: str) -> Iterator[tuple[str, bool]]:
    """Give the text of blocks of bytes, and whether it is the last one, without a byte order mark."""
    decoder = codecs.getincrementaldecoder(encoding)(_MARKED)
    starts, waiting = stretch.start == 0, ""
    try:
        for data in stretch.data:
            text = decoder.decode(data)
            if waiting:
                yield waiting, False
            waiting = text.removeprefix("\ufeff") if starts else text
            starts = starts and not text
        yield waiting + decoder.decode(b"", final=True), True
    except UnicodeError as error:
        raise DataError(f"{file}: cannot be read as {encoding} ({error}); use --encoding NAME") from error


def _after_last_end(text: str) -> int:
    """Give where the last line that is whole ends; a return at the very end may be half of a line end."""
    return max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1
