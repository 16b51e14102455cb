"""Holding out a part of a text that is too long to keep in memory."""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

N_STRETCHES = 100
_BLANK = re.compile(r"\s")
Ranges = tuple[tuple[int, int], ...]


def ranges(n_characters: int, share: float, how: str, seed: int) -> Ranges:
    """Which characters are held out, as (start, end) in ascending order.

    Args:
        n_characters: length of the whole text.
        share: of it that is held out, from 0 to below 1.
        how: "end" takes the last characters; "random" draws stretches of a hundredth of the text.
        seed: of the draw.
    """
    if share == 0:
        return ()
    if how == "end":
        kept = 1 - Fraction(str(share))  # exact: 100 * (1 - 0.9) is below 10 in floating point
        return ((int(n_characters * kept), n_characters),)
    return stretches(n_characters, [share], seed)[0]


def stretches(n_characters: int, shares: Sequence[float], seed: int) -> list[Ranges]:
    """Which characters of a text of this length are held out for each of several parts, in hundredths of the text drawn by
    the seed; those of the first are the same whatever the others are. There is one left at least.
    """
    drawn = np.random.default_rng([seed, 1]).permutation(N_STRETCHES)
    bounds = np.linspace(0, n_characters, N_STRETCHES + 1).astype(int).tolist()
    found: list[Ranges] = []
    for share in shares:
        n_held = min(max(1, round(share * N_STRETCHES)), len(drawn) - 1) if share else 0
        chosen, drawn = np.sort(drawn[:n_held]), drawn[n_held:]
        found.append(tuple((bounds[i], bounds[i + 1]) for i in chosen))
    return found


def parted(texts: Iterable[str], parts: Mapping[int, Ranges]) -> Iterator[tuple[int | None, str]]:
    """Give all of a text in pieces, each behind the number of the part whose ranges it is in, or None; a cut moves as those
    of `Part` do with `whole_lines`.
    """
    of_all = tuple(sorted((start, end, number) for number, ranges in parts.items() for start, end in ranges))
    cutter = Part((), tuple((start, end) for start, end, _ in of_all), True, True)
    at = 0
    for text in texts:
        for start, end in itertools.pairwise(cutter.borders(text, at)):
            if start < end:
                yield next((number for a, b, number in of_all if a <= at + start < b), None), text[start:end]
        at += len(text)


@dataclass(frozen=True)
class Part:
    """The characters of a text inside the ranges, or those outside them; can be iterated more than once.

    With `whole_lines` a cut moves to the end of the line it falls in, where that is near: less than half a range away; else
    behind a blank that is as near, so that no word is cut in two.
    """

    texts: Iterable[str]
    ranges: Ranges
    inside: bool
    whole_lines: bool

    def __iter__(self) -> Iterator[str]:
        at = 0
        for text in self.texts:
            for start, end in itertools.pairwise(self.borders(text, at)):
                if start < end and self._holds(at + start) == self.inside:
                    yield text[start:end]
            at += len(text)

    def borders(self, text: str, at: int) -> list[int]:
        """Where to cut a piece of the text that begins at character `at`, its own ends with it."""
        cuts = sorted({border - at for pair in self.ranges for border in pair if at < border < at + len(text)})
        if self.whole_lines:
            near = min((end - start for start, end in self.ranges), default=0) // 2
            cuts = [_at_an_end(text, cut, near) for cut in cuts]
        return [0, *cuts, len(text)]

    def _holds(self, position: int) -> bool:
        return any(start <= position < end for start, end in self.ranges)


def _at_an_end(text: str, cut: int, near: int) -> int:
    """The first end of a line, else of a word, from a cut on, where there is one that is near."""
    line_end = text.find("\n", cut - 1, cut + near) + 1
    if line_end:
        return line_end
    blank = _BLANK.search(text, cut - 1, cut + near)
    return blank.end() if blank else cut


@dataclass(frozen=True)
class Limited:
    """The first characters of a text; can be iterated more than once."""

    texts: Iterable[str]
    limit: int

    def __iter__(self) -> Iterator[str]:
        left = self.limit
        for text in self.texts:
            yield text[:left]
            left -= len(text)
            if left <= 0:
                return
