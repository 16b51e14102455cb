"""Lines that do not look like the text of the others, and why."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.corpora.inspection import mojibake
from seqlab.corpora.inspection.blocks import Block
from seqlab.corpora.inspection.places import Place
from seqlab.corpora.inspection.scripts import OTHER, SCRIPTS, ScriptTable
from seqlab.text.codepoints import SIGN, STOP, kinds

SHOWN = 10
REASONS = (
    "not decodable",
    "mojibake",
    "control characters",
    "lost characters",
    "HTML",
    "repeated character",
    "mostly symbols",
    "very long",
)
"""Why a line is suspicious; besides there is "letters of another script"."""

_TAGS = (
    "a|abbr|article|b|blockquote|body|br|button|center|code|dd|div|dl|dt|em|font|footer|form|h[1-6]|head|header|hr|html|i|"
    "iframe|img|input|label|li|link|main|meta|nav|object|ol|option|p|pre|script|section|select|small|span|strong|style|sub|"
    "sup|table|tbody|td|textarea|th|thead|title|tr|u|ul|video"
)
_HTML = re.compile(
    rf"[<&](?:(?<=<)(?:/?(?:{_TAGS})(?:\s[^<>\n]*)?/?>|!--)|(?<=&)(?:[a-z]{{2,6}}|#\d{{2,6}}|#x[0-9a-f]{{2,6}});)",
    re.IGNORECASE,
)
_RUN = 20
_RARE = 0.02  # share of all letters below which a script is another one than that of the text
_EXCERPT = 160
_TRIED = 1000  # lines of a block for one reason, among which are some that differ
_BEFORE = 24  # characters shown before the reason


class Suspect(NamedTuple):
    """A suspicious line."""

    place: Place
    reason: str
    excerpt: str
    """The part of it that tells, or its beginning; 160 characters at most."""


@dataclass
class _Found:
    """Lines found for one reason: how many, and the first ones."""

    n: int
    first: list[Suspect]


class Suspicions:
    """Finds suspicious lines block by block; which scripts are other ones is known in the end."""

    def __init__(self, scripts: ScriptTable) -> None:
        self._scripts = scripts
        self._found = {reason: _Found(0, []) for reason in REASONS}
        self._of_script: dict[str, _Found] = {}
        self._longest: list[tuple[int, int, Suspect]] = []
        self._n_seen = 0
        self.mojibake: Counter[tuple[str, str]] = Counter()
        """How often signs of mojibake were seen, and what they were."""
        self.mojibake_at: dict[tuple[str, str], Place] = {}

    def add(self, block: Block, distinct: NDArray[np.int64]) -> None:
        """Look at a block, of which these are the distinct code points."""
        if not len(block.codes):
            return
        self._add_marked(block, distinct)
        self._add_mojibake(block)
        if "<" in block.text or "&" in block.text:
            self._at(block, "HTML", [match.start() for match in _HTML.finditer(block.text)])
        self._at(block, "repeated character", _runs(block.codes))
        self._add_symbols(block)
        self._add_scripts(block, distinct)
        self._add_long(block)

    def _add_marked(self, block: Block, distinct: NDArray[np.int64]) -> None:
        surrogates = (distinct >= 0xD800) & (distinct <= 0xDFFF)
        if surrogates.any():
            self._at(block, "not decodable", np.flatnonzero((block.codes & ~np.uint32(0x7FF)) == 0xD800))
        if 0xFFFD in distinct:
            self._at(block, "lost characters", np.flatnonzero(block.codes == 0xFFFD))
        controls = distinct[_is_control(distinct)]
        if len(controls):
            self._at(block, "control characters", np.flatnonzero(np.isin(block.codes, controls)))

    def _add_mojibake(self, block: Block) -> None:
        found = mojibake.find(block.text, block.codes)
        self._at(block, "mojibake", [at for at, _, _ in found])
        for at, looks, was in found:
            self.mojibake[looks, was] += 1
            if (looks, was) not in self.mojibake_at:
                self.mojibake_at[looks, was] = block.place.down(block.line_at(at))

    def _add_symbols(self, block: Block) -> None:
        visible = (block.codes > 0x20) & (block.codes != 0x3000)
        symbols = visible & ((kinds()[block.codes] & (STOP | SIGN)) > 0)
        n_symbols = np.add.reduceat(symbols, block.starts, dtype=np.int32)
        n_visible = np.add.reduceat(visible, block.starts, dtype=np.int32)
        self._lines(block, "mostly symbols", np.flatnonzero((n_visible >= 8) & (n_symbols > 0.7 * n_visible)))

    def _add_scripts(self, block: Block, distinct: NDArray[np.int64]) -> None:
        table = self._scripts.learn(distinct)
        there = np.unique(table[distinct])
        numbers = table[block.codes]
        n_letters = np.add.reduceat(numbers > 0, block.starts, dtype=np.int32)
        for number in there[there > 0].tolist():
            of_script = (
                np.add.reduceat(numbers == number, block.starts, dtype=np.int32) if len(there) > 2 else n_letters
            )
            rows = np.flatnonzero((of_script >= 8) & (of_script > 0.9 * n_letters))
            name = "another" if number == OTHER else SCRIPTS[number - 1]
            found = self._of_script.setdefault(name, _Found(0, []))
            _take(found, block, name, rows, None)

    def _add_long(self, block: Block) -> None:
        least = self._longest[-1][0] if len(self._longest) == SHOWN else 0
        for row in np.flatnonzero(block.lengths > max(least, 1000))[: 10 * SHOWN].tolist():
            suspect = Suspect(block.place.down(row), "very long", _excerpt(block, row, None))
            self._n_seen += 1
            self._longest.append((int(block.lengths[row]), -self._n_seen, suspect))
        self._longest = sorted(self._longest, reverse=True)[:SHOWN]

    def _at(self, block: Block, reason: str, at: list[int] | NDArray[np.int64]) -> None:
        """Take the lines in which characters stand."""
        if len(at):
            at = np.asarray(at)
            rows, first = np.unique(np.searchsorted(block.starts, at, side="right") - 1, return_index=True)
            _take(self._found[reason], block, reason, rows, at[first])

    def _lines(self, block: Block, reason: str, rows: NDArray[np.int64]) -> None:
        _take(self._found[reason], block, reason, rows, None)

    def counts(self, script_shares: dict[str, float], n_lines: int, n_long: int) -> dict[str, int]:
        """Give how many lines are suspicious, by reason.

        Args:
            script_shares: of all letters, by script. n_lines: lines in all. n_long: how many of them are very long.
        """
        counts = {reason: found.n for reason, found in self._found.items()}
        counts["very long"] = n_long
        others = self._others(script_shares, n_lines)
        counts["letters of another script"] = sum(found.n for _, found in others)
        return {reason: n for reason, n in counts.items() if n}

    def first(self, script_shares: dict[str, float], n_lines: int, long: int) -> list[Suspect]:
        """Give ten suspicious lines: of each reason the first one, then the first ones of all, in order."""
        by_reason = [found.first for found in self._found.values()]
        by_reason.append(sorted(suspect for n, _, suspect in self._longest if n > long))
        for name, found in self._others(script_shares, n_lines):
            by_reason.append(
                [suspect._replace(reason=f"letters of another script ({name})") for suspect in found.first]
            )
        ordered = [suspect for suspects in by_reason for suspect in suspects[:1]]
        ordered += sorted((suspect for suspects in by_reason for suspect in suspects[1:]), key=_order)
        chosen: dict[Place, Suspect] = {}
        for suspect in ordered:
            if len(chosen) == SHOWN and suspect.place not in chosen:
                continue
            before = chosen.get(suspect.place)
            if before is None:
                chosen[suspect.place] = suspect
            elif suspect.reason not in before.reason:
                chosen[suspect.place] = before._replace(reason=f"{before.reason}, {suspect.reason}")
        return sorted(chosen.values(), key=_order)

    def _others(self, script_shares: dict[str, float], n_lines: int) -> list[tuple[str, _Found]]:
        """Give the scripts of few letters and of few lines."""
        found = self._of_script.items()
        return [
            (name, rows) for name, rows in found if script_shares.get(name, 0) < _RARE and 0 < rows.n < 0.05 * n_lines
        ]


def _order(suspect: Suspect) -> tuple[str, int, int]:
    return suspect.place.file, suspect.place.byte, suspect.place.line


def _take(found: _Found, block: Block, reason: str, rows: NDArray[np.int64], at: NDArray[np.int64] | None) -> None:
    found.n += len(rows)
    seen = {suspect.excerpt for suspect in found.first}
    for index, row in enumerate(rows[:_TRIED].tolist()):
        if len(found.first) == SHOWN:
            break
        excerpt = _excerpt(block, row, None if at is None else int(at[index]))
        if excerpt not in seen:
            seen.add(excerpt)
            found.first.append(Suspect(block.place.down(row), reason, excerpt))


def _excerpt(block: Block, row: int, at: int | None) -> str:
    start = int(block.starts[row])
    end = start + int(block.lengths[row])
    first = start if at is None else max(start, at - _BEFORE)
    return ("…" if first > start else "") + block.text[first : min(end, first + _EXCERPT)]


def _runs(codes: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Give where a visible character begins that stands there 20 times in a row or more."""
    changes = np.concatenate([[0], np.flatnonzero(codes[1:] != codes[:-1]) + 1, [len(codes)]])
    starts = changes[:-1][np.diff(changes) >= _RUN]
    visible = (codes[starts] > 0x20) & (codes[starts] != 0x3000)
    return np.asarray(starts[visible], np.int64)


def _is_control(codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say which are control characters, or no characters."""
    low = (codes < 0x20) & ~np.isin(codes, (0x09, 0x0A, 0x0D))
    high = (codes >= 0x7F) & (codes < 0xA0) & (codes != 0x85)
    none = ((codes & 0xFFFE) == 0xFFFE) | ((codes >= 0xFDD0) & (codes <= 0xFDEF))
    return np.asarray(low | high | none, np.bool_)
