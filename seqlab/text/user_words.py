"""Words that a user wants to come out as words, wherever they stand."""

import re
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import ConfigError, DataError
from seqlab.text.codepoints import text_of
from seqlab.text.sentences import Sentences

_BITS = 20
_NO_SECOND = 0x110000
"""Stands for the second character where a word has only one."""
_FREQUENCY, _TAG = re.compile("[0-9]+"), re.compile("[A-Za-z]+")
_BLANK = re.compile(r"\s")


class UserWords:
    """Words that are forced: of those that overlap, the one that begins first, and of these the longest.

    Words may be added and removed while other threads cut texts: a text sees a word or not. How many words there are makes
    little difference to the time, but where a text holds the first two characters of many of them.
    """

    def __init__(self, words: Iterable[str] = ()) -> None:
        """Take the words; ConfigError for an empty one, and for one with white space in it."""
        self._lock = threading.Lock()
        self._words: set[str] = set()
        # Which words begin with two characters (or are one character): their lengths, the longest first. What was removed
        # stays here, since only `_words` decides.
        self._lengths: dict[str, tuple[int, ...]] = {}
        # The same as one bit for each of 2 ** 20 classes of beginnings, for all places of a text at once.
        self._begins = np.zeros(1 << _BITS, np.bool_)
        for word in words:
            self.add(word)

    def __len__(self) -> int:
        return len(self._words)

    def __contains__(self, word: object) -> bool:
        return word in self._words

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            return iter(sorted(self._words))

    def add(self, word: str) -> None:
        """Add a word; ConfigError for an empty one, and for one with white space in it."""
        if not isinstance(word, str) or not word:
            raise ConfigError(f"a user word is text of at least one character, not {word!r}")
        if _BLANK.search(word):
            raise ConfigError(f"the user word {word!r} has white space in it, where every word ends: give its parts")
        start = word[:2]
        second = ord(start[1]) if len(start) > 1 else _NO_SECOND
        with self._lock:
            known = self._lengths.get(start, ())
            if len(word) not in known:
                self._lengths[start] = tuple(sorted((*known, len(word)), reverse=True))
            self._begins[_classes(np.array([ord(start[0])], np.uint32), np.array([second], np.uint32))] = True
            self._words.add(word)

    def remove(self, word: str) -> None:
        """Remove a word; ConfigError where it was not added."""
        with self._lock:
            if word not in self._words:
                raise ConfigError(f"{word!r} is no user word: only words that were added can be removed")
            self._words.remove(word)

    def force(self, sentences: Sentences) -> Sentences:
        """Give the sentences with borders of 1 at both ends of each word that is found, and of -1 inside.

        A word is not found across white space or the border of two sentences, nor where it would cut a
        grapheme cluster, a run of Latin letters or a run of digits.
        """
        codes = sentences.codes
        if not self._words or not len(codes):
            return sentences
        following = np.append(codes[1:], np.uint32(_NO_SECOND))
        alone = np.full(1, _NO_SECOND, np.uint32)
        places = np.flatnonzero(self._begins[_classes(codes, following)] | self._begins[_classes(codes, alone)])
        if not len(places):
            return sentences
        found = list(self._matches(codes, sentences.borders, places))
        if not found:
            return sentences
        starts, ends = np.array(found, np.int64).T
        borders = sentences.borders.copy()
        inside = np.zeros(len(codes) + 1, np.int8)  # words do not overlap: +1 where one begins, -1 where it ends
        inside[starts] += 1
        inside[ends] -= 1
        borders[np.cumsum(inside[:-1], dtype=np.int8) == 1] = -1
        borders[starts] = 1
        borders[ends[ends < len(codes)]] = 1
        return sentences._replace(borders=borders)

    def _matches(
        self, codes: NDArray[np.uint32], borders: NDArray[np.int8], places: NDArray[np.int64]
    ) -> Iterator[tuple[int, int]]:
        """Give the words that stand in a text, from left to right, trying these places."""
        text = text_of(codes)
        fixed = borders.tobytes()
        words, lengths, size = self._words, self._lengths, len(text)
        reached = 0
        for start in places.tolist():
            if start < reached or fixed[start] == 255:  # -1
                continue
            for length in lengths.get(text[start : start + 2], ()) + lengths.get(text[start], ()):
                end = start + length
                if (
                    text[start:end] in words
                    and end <= size
                    and fixed.find(1, start + 1, end) < 0
                    and (end == size or fixed[end] != 255)
                ):
                    yield start, end
                    reached = end
                    break


def read_user_words(source: str | Path | IO[str] | IO[bytes]) -> list[str]:
    """Read a user dictionary of jieba's format: a word a line, and behind it, if one likes, a frequency and a tag.

        云计算 5 n
        凱特琳

    Frequency and tag are read over, as words are forced here. UTF-8, with or without a byte order mark; blank lines are
    passed over. Raises DataError, with file and line, for a line of another form.
    """
    if isinstance(source, str | Path):
        try:
            with Path(source).open("rb") as file:
                return _read(file, str(source))
        except OSError as error:
            raise DataError(f"{source}: cannot be read: {error.strerror}; give the path of a user dictionary") from None
    return _read(source, str(getattr(source, "name", "user dictionary")))


def _read(lines: Iterable[str | bytes], name: str) -> list[str]:
    words = []
    for number, line in enumerate(lines, start=1):
        parts = _decoded(line, f"{name}, line {number}").removeprefix("\ufeff" if number == 1 else "").split()
        if parts:
            words.append(_word(parts, f"{name}, line {number}"))
    return words


def _decoded(line: str | bytes, where: str) -> str:
    if isinstance(line, str):
        return line
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: byte {error.start + 1} is not UTF-8: save the dictionary as UTF-8") from None


def _word(parts: list[str], where: str) -> str:
    word, *rest = parts
    if rest and _FREQUENCY.fullmatch(rest[0]) and int(rest.pop(0)) == 0:
        raise DataError(f"{where}: {word!r} has the frequency 0, which makes it no word: take the line out")
    if len(rest) > 1 or (rest and not _TAG.fullmatch(rest[0])):
        raise DataError(
            f"{where}: {' '.join(parts)[:40]!r} is not a word, a frequency and a tag: give each word a line of its own, "
            "without white space in it"
        )
    return word


def _classes(first: NDArray[np.uint32], second: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Give the classes (N,) of pairs of code points: two of the same class need not be equal."""
    mixed: NDArray[np.uint32] = (first * np.uint32(0x9E3779B1) + second * np.uint32(0x85EBCA6B)) >> np.uint32(
        32 - _BITS
    )
    return mixed
