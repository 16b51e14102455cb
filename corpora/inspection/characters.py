"""How often each character stands in a text, and where odd ones stand first."""

import unicodedata
from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.corpora.inspection.blocks import Block
from seqlab.corpora.inspection.odd import KINDS, kind_of, name_of
from seqlab.corpora.inspection.places import Place

_NEW, _ORDINARY, _ODD, _MARK = range(4)
_LONE = "lone combining mark"
_BLANKS = (0x20, 0x0A, 0x09, 0x3000)


class Odd(NamedTuple):
    """An odd character."""

    kind: str
    code: int
    name: str
    """What Unicode calls it, which may be nothing."""
    n: int
    first: Place
    """Of the first line it stands in."""


class Characters:
    """Counts of all code points, line ends among them."""

    def __init__(self) -> None:
        self.counts = np.zeros(0x110000, np.int64)
        """`(0x110000,)` how often each code point was seen."""
        self._kinds = np.zeros(0x110000, np.uint8)
        self._odd: dict[int, Place] = {}
        self._lone: dict[int, Place] = {}
        self._n_lone: Counter[int] = Counter()

    def add(self, block: Block) -> NDArray[np.int64]:
        """Count those of a block; give the distinct ones, sorted."""
        here = np.bincount(block.codes, minlength=0x110000)
        self.counts += here
        distinct = np.flatnonzero(here)
        self._learn(distinct)
        kinds = self._kinds[distinct]
        for code in distinct[kinds == _ODD].tolist():
            if code not in self._odd:
                self._odd[code] = _first(block, int(np.argmax(block.codes == code)))
        if (kinds == _MARK).any():
            self._add_lone(block)
        return distinct

    def odd(self) -> list[Odd]:
        """Give the odd characters, by kind and then the most frequent first."""
        bytes_ = [code for code in self._odd if 0xD800 <= code <= 0xDFFF]
        found = [
            Odd(kind_of(code), code, name_of(code), int(self.counts[code]), at)
            for code, at in self._odd.items()
            if code not in bytes_
        ]
        found += [Odd(_LONE, code, name_of(code), self._n_lone[code], at) for code, at in self._lone.items()]
        if bytes_:
            found.append(self._undecodable(bytes_))
        return sorted(found, key=lambda odd: (KINDS.index(odd.kind), -odd.n, odd.code))

    def _undecodable(self, codes: list[int]) -> Odd:
        """Put the undecodable bytes into one: which there are, and how many."""
        first = min((self._odd[code] for code in codes), key=lambda place: place[1:])
        codes = sorted(codes, key=lambda code: -self.counts[code])
        names = ", ".join(name_of(code).removeprefix("byte ") for code in codes[:4])
        more = f" and {len(codes) - 4} others" if len(codes) > 4 else ""
        return Odd(kind_of(codes[0]), codes[0], f"{names}{more}", int(self.counts[codes].sum()), first)

    def _learn(self, distinct: NDArray[np.int64]) -> None:
        for code in distinct[self._kinds[distinct] == _NEW].tolist():
            if kind_of(code):
                self._kinds[code] = _ODD
            else:
                self._kinds[code] = _MARK if unicodedata.category(chr(code))[0] == "M" else _ORDINARY

    def _add_lone(self, block: Block) -> None:
        """Count combining marks that have nothing to combine with: behind a blank, or where a line begins."""
        marks = np.flatnonzero(self._kinds[block.codes] == _MARK)
        before = np.where(marks > 0, block.codes[marks - 1], 0x0A if block.begins else 0x61)
        for index in marks[np.isin(before, _BLANKS)].tolist():
            code = int(block.codes[index])
            self._n_lone[code] += 1
            if code not in self._lone:
                self._lone[code] = _first(block, index)


def _first(block: Block, index: int) -> Place:
    return block.place.down(block.line_at(index))
