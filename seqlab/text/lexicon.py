"""A list of words as features: where in a sentence words of the list begin, end and go on.

>>> from seqlab.text.codepoints import codes_of
>>> lexicon = Lexicon(["研究", "研究生", "生命"])
>>> lexicon.flags(codes_of("研究生命"), np.array([0, 4]))[:, :2]  # a word of two begins here, one of three
array([[1., 1.],
       [0., 0.],
       [1., 0.],
       [0., 0.]], dtype=float32)
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import DataError
from seqlab.text import keys as keys_
from seqlab.text.codepoints import codes_of, folds

CLASSES = 4
"""Words of two, of three, of four, and of five characters and more are told apart."""

_LENGTH_BITS = 5
_BLOCK = 1 << 15
_LINE = re.compile(r"(\S+)(?:\s+\d+)?(?:\s+[A-Za-z]+\d*)?\s*")
_SEED, _FACTOR = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)


class Lexicon:
    """The words of two characters and more of a list, as sorted hashes; full width and case make no difference.

    A hash has 59 bits: that a string outside the list is taken for one of it is not to be expected.

    Args:
        words: in any order; those of one character, and of more than `longest`, are passed over.
        longest: how many characters the longest words have that are kept, 2 to 31.
    """

    def __init__(self, words: Iterable[str], longest: int = 12) -> None:
        if not 2 <= longest < 1 << _LENGTH_BITS:
            raise ValueError(f"longest is {longest}; it is 2 to {(1 << _LENGTH_BITS) - 1}")
        self.keys = _keys([word for word in words if 1 < len(word) <= longest])

    @classmethod
    def read(cls, path: str | os.PathLike[str], longest: int = 12) -> "Lexicon":
        """Read a list in jieba's format: a word a line, behind it its frequency and its tag or neither; UTF-8.

        Raises:
            DataError: a file or line that cannot be read.
        """
        return cls(_words(Path(path)), longest)

    @classmethod
    def jieba(cls, longest: int = 12) -> "Lexicon":
        """Take jieba's own dictionary, 350,000 words; jieba itself is not run.

        Raises:
            DataError: jieba is not installed.
        """
        package = find_spec("jieba")
        if package is None or package.origin is None:
            raise DataError(
                "jieba's dictionary is not here; install it with 'pip install jieba', or name a list of words"
            )
        return cls.read(Path(package.origin).with_name("dict.txt"), longest)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Lexicon":
        """Read a file that `to_npy` gave; ModelError, with the name of the file, where it is missing or altered."""
        lexicon = cls([])
        lexicon.keys = keys_.keys_from_npy(Path(path), np.uint64)
        return lexicon

    def to_npy(self) -> bytes:
        """Give the content of the `.npy` file that `load` reads."""
        return keys_.to_npy(self.keys)

    def __contains__(self, word: str) -> bool:
        """Say whether a word is in the list; one of one character is in none."""
        return 1 < len(word) <= self.longest and bool(keys_.find(self.keys, _keys([word]))[0] >= 0)

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def n_flags(self) -> int:
        """How many flags a character has: 4 of words that begin here, 4 of words that end here, 3 of words around it."""
        return 3 * CLASSES - 1  # no character is inside a word of two

    @cached_property
    def longest(self) -> int:
        """The length of the longest word; 0 where there is none."""
        return int((self.keys & _mask()).max(initial=0))

    @cached_property
    def _filter(self) -> NDArray[np.bool_]:
        """True at the low bits of each hash: most strings are turned away here, by one look at a small table."""
        seen = np.zeros(1 << max(len(self.keys) * 16, 1 << 10).bit_length(), np.bool_)
        seen[(self.keys >> np.uint64(_LENGTH_BITS)) & np.uint64(len(seen) - 1)] = True
        return seen

    def flags(self, codes: NDArray[np.uint32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give the flags `(N, n_flags)` of characters: 0 or 1, in the order of `n_flags`, short words first.

        Args:
            codes: `(N,)` code points of sentences one after another.
            starts: `(S + 1,)` sentence s is `codes[starts[s]:starts[s + 1]]`; no word goes over its ends.
        """
        return flags_of([self], codes, starts)

    def _mark(self, hashes: NDArray[np.uint64], fits: NDArray[np.bool_], length: int, found: NDArray[np.bool_]) -> None:
        """Mark the words of one length among strings of which the hashes are known.

        Args:
            hashes: `(M,)` of the string that begins at each character. fits: `(M,)` False where the text ends before it.
            length: of the strings. found: `(n_flags, N)` of the characters from the first string on, N >= M.
        """
        seen = self._filter
        maybe = np.flatnonzero(seen[(hashes >> np.uint64(_LENGTH_BITS)) & np.uint64(len(seen) - 1)] & fits)
        if not len(maybe):  # as for most lengths in a short text
            return
        here = maybe[keys_.find(self.keys, _key(hashes[maybe], length)) >= 0]
        kind = min(length, CLASSES + 1) - 2
        found[kind, here] = True
        found[CLASSES + kind, here + length - 1] = True
        for inside in range(1, length - 1):
            found[2 * CLASSES + kind - 1, here + inside] = True


def flags_of(lexicons: Sequence[Lexicon], codes: NDArray[np.uint32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Give the flags of characters by several lexicons, side by side: each string is hashed once. See `Lexicon.flags`."""
    folded = folds("half", "lower")[codes].astype(np.uint64)
    room = np.repeat(starts[1:], np.diff(starts)) - np.arange(len(codes))  # characters to the end of the sentence
    found = [np.zeros((lexicon.n_flags, len(codes)), np.bool_) for lexicon in lexicons]
    longest = max(lexicon.longest for lexicon in lexicons)
    for first in range(0, len(codes), _BLOCK):
        block = room[first : first + _BLOCK]
        hashes = _added(np.full(len(block), _SEED), folded[first : first + len(block)])
        for length in range(2, longest + 1):
            last = folded[first + length - 1 : first + length - 1 + len(block)]
            hashes = _added(hashes[: len(last)], last)
            fits = block[: len(last)] >= length
            for lexicon, own in zip(lexicons, found, strict=True):
                lexicon._mark(hashes, fits, length, own[:, first:])
    return np.ascontiguousarray(np.concatenate(found).T, dtype=np.float32)


def _mask() -> np.uint64:
    return np.uint64((1 << _LENGTH_BITS) - 1)


def _added(hashes: NDArray[np.uint64], codes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The hash of a string and one more character; as in FNV, with the high bits brought down."""
    hashes = (hashes ^ codes) * _FACTOR
    hashes ^= hashes >> np.uint64(29)
    return hashes


def _key(hashes: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    return (hashes & ~_mask()) | np.uint64(length)


def _keys(words: list[str]) -> NDArray[np.uint64]:
    """The sorted keys of words: the upper bits of a word's hash, and its length."""
    codes = folds("half", "lower")[codes_of("".join(words))].astype(np.uint64)
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    starts = np.cumsum(lengths) - lengths
    keys = [np.empty(0, np.uint64)]
    for length in np.unique(lengths).tolist():
        here = starts[lengths == length]
        hashes = np.full(len(here), _SEED)
        for place in range(length):
            hashes = _added(hashes, codes[here + place])
        keys.append(_key(hashes, length))
    return np.unique(np.concatenate(keys))


def _words(path: Path) -> Iterator[str]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); name a list of words, one a line") from error
    for number, line in enumerate(content.split(b"\n"), start=1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError as error:
            raise DataError(f"{path}:{number}: not UTF-8 at byte {error.start}; save the list as UTF-8") from error
        if text:
            match = _LINE.fullmatch(text)
            if match is None:
                raise DataError(
                    f"{path}:{number}: {text[:40]!r} is not a word, its frequency and its tag; correct the line"
                )
            yield match[1]
