r"""ARPA files from top to bottom: sections, and n-grams as columns, many lines at once.

    \data\
    ngram 1=11                          how many n-grams of each order there are
    ngram 2=15

    \1-grams:
    -1.2009149<tab>cat<tab>-0.30103     log10 of the probability, the words with one space between, log10 of the weight
    ...                                 for backing off from them, which may be left out

    \2-grams:
    ...

    \end\
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import DataError
from seqlab.ngram.arpa.decimals import decimals
from seqlab.ngram.arpa.lines_ahead import LinesAhead

NATS = float(np.log(10.0))
"""Nats in a factor of ten."""
NEVER = -99.0
"""What stands in an ARPA file for log10 of zero."""

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
_TAB, _NEWLINE, _SPACE = b"\t\n "
_SEPARATES = np.isin(np.arange(256), (_TAB, _NEWLINE, _SPACE))
_TO_NEWLINES = bytes.maketrans(b"\t ", b"\n\n")
_COUNT_LINE = re.compile(rb"ngram\s+(\d{1,4})\s*=\s*(\d{1,18})")
_TOO_LARGE = 1e30
_SHOWN = 60


class Block(NamedTuple):
    """Successive n-grams of one order, N of them."""

    first_line: int
    """The line of the first one; each has a line of its own."""
    words: list[list[bytes]]
    """For each place in the n-gram, the N words there, as they are written."""
    log_probs: NDArray[np.float32]
    """(N,) nats."""
    backoffs: NDArray[np.float32]
    """(N,) nats; 0 where none is given."""


class ArpaFile:
    """An ARPA file that is being read; whatever is wrong with it is a DataError that names the section and the line."""

    def __init__(self, path: Path, lines: LinesAhead) -> None:
        r"""Read the section `\data\` and the header of the next; `counts` says how many n-grams there are of each order."""
        self.path = path
        self.section = "\\data\\"
        self.counts: list[int] = []
        self._lines = lines
        while (line := lines.next()) != b"\\data\\":
            if line is None or b"\0" in line:
                why = lines.broken or ("no line \\data\\ up to here" if lines.number else "the file is empty")
                raise self.wrong(f"{why}; name an ARPA file, plain or compressed by gzip")
        while (line := lines.next()) is not None and not line.startswith(b"\\"):
            match, order = _COUNT_LINE.fullmatch(line), len(self.counts) + 1
            if match is None or int(match[1]) != order:
                raise self.wrong(f"'ngram {order}=' and a number belong here, not {shown(line)}; correct the line")
            self.counts.append(int(match[2]))
        if line is not None and not (self.counts and self.counts[0]):
            raise self.wrong("no 1-grams are counted; put 'ngram 1=' and their number above this line")
        self._begin(line, "\\1-grams:")

    def wrong(self, what: str, line: int | None = None) -> DataError:
        """Give the error that says where it is: in a line, or else in the last one that was read."""
        return DataError(f"{self.path}:{self._lines.number if line is None else line}: in {self.section}: {what}")

    def ngrams(self, order: int) -> Iterator[Block]:
        """Read the n-grams of a section."""
        count = left = self.counts[order - 1]
        self._lines.skip_blank()
        while left:
            first = self._lines.number + 1
            text = self._lines.take(left)
            if not text:
                raise self._cut_short(f"after {count - left} of {count} n-grams")
            block = self._block(text, order, first, count - left)
            yield block
            left -= len(block.log_probs)

    def next_section(self, order: int) -> None:
        """Read the header of the section behind the n-grams of an order, or the end of the file behind the highest."""
        line = self._lines.next()
        if line is not None and not line.startswith(b"\\"):
            count = self.counts[order - 1]
            raise self.wrong(
                f"there are more n-grams than the {count} counted in \\data\\; correct 'ngram {order}={count}'"
            )
        last = order == len(self.counts)
        self._begin(line, "\\end\\" if last else f"\\{order + 1}-grams:")
        if last and (line := self._lines.next()) is not None:
            raise self.wrong(f"{shown(line)} stands behind the end; remove what follows the line \\end\\")
        if last and self._lines.broken:
            raise self._cut_short("behind the line \\end\\")

    def _begin(self, line: bytes | None, header: str) -> None:
        if line is None:
            raise self._cut_short(f"before {header}")
        if line != header.encode():
            raise self.wrong(
                f"{header} belongs here, not {shown(line)}; add that section, or correct the counts in \\data\\"
            )
        self.section = header.rstrip(":")

    def _cut_short(self, where: str) -> DataError:
        return self.wrong(f"{self._lines.broken or 'the file ends'} {where}; copy it again whole, or write it again")

    def _block(self, text: bytes, order: int, first_line: int, done: int) -> Block:
        data = np.frombuffer(text, np.uint8)
        places, starts, n_fields = self._shape(data, text, order, first_line, done)
        lines = first_line + np.arange(len(starts))
        log_probs = self._numbers("log-probability", data, places, starts, lines)
        if log_probs.max() > 0:
            at = int(np.argmax(log_probs > 0))
            raise self.wrong(
                f"the log-probability {log_probs[at]:g} is above 0; have the model estimated again", lines[at]
            )
        backoffs = np.zeros(len(starts))
        given = np.flatnonzero(n_fields == order + 2)
        if len(given):
            backoffs[given] = self._numbers("backoff", data, places, starts[given] + order + 1, lines[given])
        if order == len(self.counts) and backoffs.any():
            at = int(np.argmax(backoffs != 0))
            raise self.wrong(f"the backoff {backoffs[at]:g} is one too many in the highest order; remove it", lines[at])
        fields = text.translate(_TO_NEWLINES).split(b"\n")
        if len(given) in (0, len(starts)):
            words = [fields[place : -1 : n_fields[0]] for place in range(1, order + 1)]
        else:
            table = np.array(fields, object)
            words = [table[starts + place].tolist() for place in range(1, order + 1)]
        return Block(first_line, words, _nats(log_probs), _nats(backoffs))

    def _shape(
        self, data: NDArray[np.uint8], text: bytes, order: int, first_line: int, done: int
    ) -> tuple[Places, Places, Places]:
        """Find the fields of lines, and check that they are number, tab, words with a space between, maybe tab, number.

        Returns:
            where each field ends; (N,) which field is the first of each line; (N,) how many fields it has.
        """
        places = np.flatnonzero(_SEPARATES[data])
        separators = data[places]
        ends = np.flatnonzero(separators == _NEWLINE)
        n_fields = np.diff(ends, prepend=-1)
        starts = ends - n_fields + 1
        wrong = (n_fields != order + 1) & (n_fields != order + 2)
        wrong[np.searchsorted(ends, np.flatnonzero(np.diff(places, prepend=-1) == 1))] = True  # an empty field
        if not wrong.any():
            wrong |= (separators[starts] != _TAB) | (separators[starts + order] == _SPACE)
            for place in range(1, order):
                wrong |= separators[starts + place] != _SPACE
        if wrong.any():
            at = int(np.argmax(wrong))
            raise self._malformed(text.split(b"\n", at + 1)[at], order, first_line + at, done + at)
        return places, starts, n_fields

    def _malformed(self, line: bytes, order: int, number: int, done: int) -> DataError:
        count = self.counts[order - 1]
        if not line.strip() or line.startswith(b"\\"):
            what = f"ends after {done} of the {count} n-grams counted in \\data\\; correct 'ngram {order}={count}'"
        elif len(line.split()) in (order + 1, order + 2):
            what = (
                f"tabs and spaces are mixed up in {shown(line)}; put one tab behind the log-probability and before the "
                "backoff, and one space between words"
            )
        else:
            what = f"{shown(line)} is not log-probability, tab, {order} words, tab, backoff; correct or remove the line"
        return self.wrong(what, number)

    def _numbers(self, what: str, data: NDArray[np.uint8], places: Places, fields: Places, lines: Places) -> Floats:
        """(N,) the numbers in fields, whose lines are given; minus infinity is one, what is near plus infinity is not."""
        first = np.where(fields > 0, places[fields - 1] + 1, 0)
        numbers = decimals(data, first, places[fields])
        if not (right := numbers < _TOO_LARGE).all():
            at = int(np.argmin(right))
            text = data[first[at] : places[fields[at]]].tobytes()
            raise self.wrong(f"the {what} {shown(text)} is no number; correct the line", lines[at])
        return numbers


def shown(text: bytes) -> str:
    """Text from a file for a message: cut to a line, with what cannot be printed written out."""
    line = text.decode("utf-8", "backslashreplace")
    line = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in line[: _SHOWN + 1])
    return f"'{line}'" if len(line) <= _SHOWN else f"'{line[:_SHOWN]}...'"


def _nats(log10: Floats) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):  # what is lower than float32 can be is minus infinity
        return np.where(log10 == NEVER, -np.inf, log10 * NATS).astype(np.float32)
