"""Texts as sentences of characters, all in flat arrays, and the words that come back.

>>> sentences = split(["他说：“走吧！” 好。", "3.5元？"])
>>> [bytes(sentences.codes[start:end].astype("<u4")).decode("utf-32-le")
...  for start, end in zip(sentences.starts, sentences.starts[1:])]
['他说：“走吧！”', '好。', '3.5元？']
>>> words(["他说：“走吧！” 好。", "3.5元？"], sentences, np.arange(len(sentences.codes)) % 2 == 0)[1]
['3.', '5元', '？']
"""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.text.codepoints import codes_of
from seqlab.text.graphemes import goes_on

Codes = NDArray[np.uint32]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Whitespace = Literal["keep", "drop"]
"""Whether each run of white space comes out as a token, or none does."""

LONGEST = 200
"""Characters of the longest sentence; longer ones are cut."""

_SPACE, _LINE_END, _MARK, _ASCII_MARK, _CLOSING, _SOFT, _EAST_ASIAN = (1 << bit for bit in range(7))
_SPACES = [code for code in range(0x3001) if chr(code).isspace()]
_LINE_ENDS = "\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
_MARKS = "。｡！？；…‼⁇⁈⁉"
_ASCII_MARKS = "!?;"
_CLOSINGS = "”’」』）】》〉〕］｝〗〙〛｠｣»›＂＇\"')]}"
_SOFTS = "，、：､,:"
_EAST_ASIAN_RANGES = (
    (0x2014, 0x2026), (0x2E80, 0xA4CF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF),
    (0x20000, 0x3FFFF),
)  # fmt: skip


class Sentences(NamedTuple):
    """Texts as sentences of characters, which is what segmenters read. White space is left out."""

    codes: Codes
    """(N,) code points of all characters but white space, of all texts one after another."""
    places: Ints
    """(N,) where each stands in the texts put together."""
    starts: Ints
    """(S + 1,) sentence s is `codes[starts[s]:starts[s + 1]]`; none is empty."""
    borders: NDArray[np.int8]
    """(N,) before each character: 1 a word begins here, -1 none may begin here, 0 open. It is 1 at each start."""


def split(texts: Sequence[str], *, longest: int | None = LONGEST) -> Sentences:
    """Find the sentences of texts.

    A sentence ends with its text, at a line end, and after 。！？；… with the closing quotes and brackets that follow. An
    ASCII ! ? ; ends one only where white space or an East Asian character comes next, a full stop never does. A word begins
    behind white space, and none inside of a grapheme cluster, of a run of Latin letters, or of one of digits.

    Args:
        longest: sentences with more characters are cut, as `shorten` does; None leaves them.
    """
    text = "".join(texts)
    codes = codes_of(text).astype(np.uint32)
    begins = np.zeros(len(codes) + 1, np.bool_)  # a text or line begins
    begins[_offsets(texts)] = True
    flags = _table()[codes]
    space = (flags & _SPACE).view(np.bool_)  # the bit is 1
    inside = goes_on(codes, begins[:-1])
    if inside is not None:
        inside &= ~space & ~begins[:-1]
        inside[1:] &= ~space[:-1]
        flags[inside] = _CLOSING  # what goes on with a mark stands after it as a quote does
    new = np.concatenate((_ends(flags, begins), np.flatnonzero(begins)))
    if space.any():
        new = np.concatenate((new, np.flatnonzero(flags & _LINE_END) + 1))
        places = np.flatnonzero(~space)
        codes = codes[places]
        new = np.searchsorted(places, new)
        borders = (np.diff(places, prepend=-1) != 1).view(np.int8)
    else:
        places = np.arange(len(codes))
        borders = np.zeros(len(codes), np.int8)
    if inside is not None:
        borders[inside[places]] = -1
    _join_runs(codes, borders)
    first = np.zeros(len(codes) + 1, np.bool_)
    first[new] = True
    first[-1] = True
    starts = np.flatnonzero(first)
    borders[starts[:-1]] = 1
    sentences = Sentences(codes, places, starts, borders)
    return sentences if longest is None else shorten(sentences, longest)[0]


def _join_runs(codes: Codes, borders: NDArray[np.int8]) -> None:
    """Put -1 at the borders (N,) between two basic Latin letters, and between two digits, of full width too."""
    run = _runs()[codes]
    if run.any():
        same = (run[1:] == run[:-1]) & (run[1:] > 0) & (borders[1:] == 0)
        borders[1:][same] = -1


@cache
def _runs() -> NDArray[np.uint8]:
    """For each code point 1 for a basic Latin letter, 2 for a digit, 0 for all others."""
    table = np.zeros(0x110000, np.uint8)
    for first, size, run in (("A", 26, 1), ("a", 26, 1), ("0", 10, 2)):
        for start in (ord(first), ord(first) + 0xFEE0):
            table[start : start + size] = run
    return table


def shorten(sentences: Sentences, longest: int = LONGEST) -> tuple[Sentences, Ints]:
    """Cut sentences of more than `longest` characters, and leave the others.

    A piece ends at the last comma, colon, closing bracket or place where a word is known to begin of its second half; where
    there is none it is cut hard, as late as possible, but not where no word may begin.

    Returns:
        the sentences, and (C,) the characters before which a hard cut fell: whether a word begins there is open.
    """
    codes, places, starts, borders = sentences
    long = np.flatnonzero(np.diff(starts) > longest)
    if not len(long):
        return sentences, np.zeros(0, np.int64)
    added: list[int] = []
    hard: list[int] = []
    for first, end in zip(starts[long].tolist(), starts[long + 1].tolist(), strict=True):
        start = first
        while end - start > longest:
            cut = _soft_cut(codes, borders, start + max(1, longest // 2), start + longest)
            if cut is None:
                open_places = np.flatnonzero(borders[start + 1 : start + longest + 1] >= 0)
                cut = start + 1 + int(open_places[-1]) if len(open_places) else start + longest
                hard.append(cut)
            added.append(cut)
            start = cut
    borders = borders.copy()
    borders[added] = 1
    starts = np.sort(np.concatenate((starts, np.array(added, np.int64))))
    return Sentences(codes, places, starts, borders), np.array(hard, np.int64)


def split_words(words: Sequence[str]) -> list[list[str]]:
    """Find the sentences of a text that is cut into words: those of `split`, where they end between two words.

    >>> split_words(["来", "了", "！", "”", "好", "。"])
    [['来', '了', '！', '”'], ['好', '。']]
    """
    whole = split(["".join(words)], longest=None)
    offsets = _offsets(words)
    begins = whole.places[whole.starts[1:-1]]
    at = np.searchsorted(offsets, begins)
    cuts = [0, *at[offsets[at] == begins].tolist(), len(words)]
    return [list(words[start:end]) for start, end in pairwise(cuts) if end > start]


class Spans(NamedTuple):
    """The words of B texts by where they stand in the texts put together."""

    starts: Ints
    """(W,) where each word starts."""
    ends: Ints
    """(W,) where it ends."""
    firsts: Ints
    """(B + 1,) text b has the words from `firsts[b]` up to `firsts[b + 1]`."""


def spans(texts: Sequence[str], sentences: Sentences, begins: Mask, whitespace: Whitespace = "keep") -> Spans:
    """Give where the words of texts stand.

    Args:
        sentences: what `split` gave for these texts.
        begins: (N,) True where a word begins; the borders of the sentences are met.
        whitespace: "keep": each run of it is a token, and the tokens put together are the texts. "drop": it is left out.
    """
    offsets = _offsets(texts)
    heads = np.flatnonzero(begins)
    starts = sentences.places[heads]
    last = np.append(heads[1:], len(begins))[: len(heads)] - 1
    ends = sentences.places[last] + 1
    if whitespace == "keep" and len(begins) < offsets[-1]:
        edges = np.zeros(int(offsets[-1]) + 1, np.bool_)
        for places in (starts, ends, offsets):
            edges[places] = True
        places = np.flatnonzero(edges)
        starts, ends = places[:-1], places[1:]
    return Spans(starts, ends, np.searchsorted(starts, offsets))


def words(texts: Sequence[str], sentences: Sentences, begins: Mask, whitespace: Whitespace = "keep") -> list[list[str]]:
    """Give the words of each text; see `spans`."""
    text = "".join(texts)
    starts, ends, firsts = (array.tolist() for array in spans(texts, sentences, begins, whitespace))
    flat = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    return [flat[first:last] for first, last in pairwise(firsts)]


def _ends(flags: NDArray[np.uint8], begins: Mask) -> Ints:
    """Give where runs of marks and closing brackets end that end a sentence: the places behind them."""
    member = np.flatnonzero(flags & (_MARK | _ASCII_MARK | _CLOSING))
    if not len(member):
        return member
    first = begins[member]
    first[0] = True
    first[1:] |= np.diff(member) != 1
    runs = np.flatnonzero(first)
    found = np.bitwise_or.reduceat(flags[member], runs)
    behind = member[np.append(runs[1:], len(member)) - 1] + 1
    free = begins[behind] | (np.append(flags, np.uint8(_SPACE))[behind] & (_SPACE | _EAST_ASIAN) != 0)
    ending: Ints = behind[(found & _MARK != 0) | ((found & _ASCII_MARK != 0) & free)]
    return ending


def _soft_cut(codes: Codes, borders: NDArray[np.int8], low: int, high: int) -> int | None:
    """Give the last place from `low` (above 0) to `high` at which a long sentence is best cut."""
    flags, border, code = _table()[codes[low - 1 : high + 1]], borders[low : high + 1], codes[low - 1 : high]
    before, after = flags[:-1], flags[1:]
    soft = (before & (_SOFT | _CLOSING | _MARK) != 0) & (after & (_SOFT | _CLOSING | _MARK | _ASCII_MARK) == 0)
    soft &= (code > 0x7F) | (after & _EAST_ASIAN != 0)  # ASCII marks stand in numbers and addresses, too
    good = np.flatnonzero((soft & (border >= 0)) | (border == 1))
    return low + int(good[-1]) if len(good) else None


def _offsets(texts: Sequence[str]) -> Ints:
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=offsets[1:])
    return offsets


@cache
def _table() -> NDArray[np.uint8]:
    """What each code point is, in bits."""
    table = np.zeros(0x110000, np.uint8)
    for first, last in _EAST_ASIAN_RANGES:
        table[first : last + 1] = _EAST_ASIAN
    table[_SPACES] = _SPACE
    for characters, flag in (
        (_LINE_ENDS, _LINE_END), (_MARKS, _MARK), (_ASCII_MARKS, _ASCII_MARK), (_CLOSINGS, _CLOSING), (_SOFTS, _SOFT)
    ):  # fmt: skip
        table[[ord(character) for character in characters]] |= flag
    return table
