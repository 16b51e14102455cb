"""Words as tags of their characters: B begins a word, M is inside it, E ends it, S is a word by itself (Xue 2003).

The example of the course notes:

    >>> words = "人们 常 说 生活 是 一 部 教科书".split()
    >>> tags = tags_of_words(words)
    >>> " ".join(f"{character}/{tag}" for character, tag in zip("".join(words), tags))
    '人/B 们/E 常/S 说/S 生/B 活/E 是/S 一/S 部/S 教/B 科/M 书/E'
    >>> " ".join(words_of_tags("人们常说生活是一部教科书", tags))
    '人们 常 说 生活 是 一 部 教科书'

A sequence of tags is a string, one letter a character of the text. A span is (start, end): the word is `text[start:end]`.
"""

import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import DataError

TAGS = "BMES"
"""The tags in the order of their numbers, 0 to 3."""

LEGAL: NDArray[np.bool_] = np.array([[(before in "BM" and after in "ME") or (before in "ES" and after in "BS")
                                      for after in TAGS] for before in TAGS])  # fmt: skip
"""`(4, 4)`, True: the tag of the column may follow the tag of the row."""
LEGAL_START: NDArray[np.bool_] = np.array([tag in "BS" for tag in TAGS])
"""`(4,)`, True: a sentence may begin with this tag."""
LEGAL_END: NDArray[np.bool_] = np.array([tag in "ES" for tag in TAGS])
"""`(4,)`, True: a sentence may end with this tag."""
for _table in (LEGAL, LEGAL_START, LEGAL_END):
    _table.flags.writeable = False

Span = tuple[int, int]

# A word begins at B, at S, and after E and S: this cuts any sequence, and a legal one into its words.
_WORD = re.compile("S|[BM]M*E?|E")
_LEGAL_WORDS = re.compile("(?:S|BM*E)*")
_BROKEN = re.compile("^[ME]|[BM][BS]|[ES][ME]|[BM]$")
_FOREIGN = re.compile(f"[^{TAGS}]")
_NUMBERS = bytes.maketrans(TAGS.encode(), bytes(range(len(TAGS))))
_LETTERS = bytes.maketrans(bytes(range(len(TAGS))), TAGS.encode())


def tags_of_words(words: Iterable[str]) -> str:
    """Give the tags of the words' characters; DataError where a word is empty, which no tag can tell."""
    words = tuple(words)
    if "" in words:
        raise DataError(f"word {words.index('') + 1} of the sentence is empty: leave it out")
    return "".join(["S" if len(word) == 1 else f"B{'M' * (len(word) - 2)}E" for word in words])


def words_of_tags(text: str, tags: str) -> list[str]:
    """Cut the text into the words that its tags say.

    Raises DataError where there are not as many tags as characters, and for an illegal sequence: `repair` it first.
    """
    if len(text) != len(tags):
        raise DataError(f"{len(tags)} tags for a text of {len(text)} characters: each character has one tag")
    return [text[start:end] for start, end in spans_of_tags(tags)]


def spans_of_tags(tags: str) -> list[Span]:
    """Give where the words start and end; DataError for an illegal sequence."""
    check(tags)
    return [word.span() for word in _WORD.finditer(tags)]


def tags_of_spans(spans: Iterable[Span]) -> str:
    """Give the tags of spans that stand one after another from 0 on; DataError for a gap, an overlap, an empty span."""
    return tags_of_words(["x" * (end - start) for start, end in _adjoining(spans)])


def spans_of_words(words: Iterable[str]) -> list[Span]:
    """Give where each word starts and ends in the text that the words make."""
    spans = []
    start = 0
    for word in words:
        end = start + len(word)
        spans.append((start, end))
        start = end
    return spans


def words_of_spans(text: str, spans: Iterable[Span]) -> list[str]:
    """Cut the text at spans that cover it, one after another; DataError where they do not."""
    spans = _adjoining(spans)
    covered = spans[-1][1] if spans else 0
    if covered != len(text):
        raise DataError(f"the spans end at {covered}, and the text has {len(text)} characters: they are to cover it")
    return [text[start:end] for start, end in spans]


def check(tags: str) -> None:
    """Raise DataError, with the position from 1, where the tags are not those of a sequence of whole words."""
    if _LEGAL_WORDS.fullmatch(tags):
        return
    _refuse_foreign(tags)
    broken = _BROKEN.search(tags)
    assert broken is not None
    pair, position = broken.group(), broken.end()
    if len(pair) == 2:
        raise DataError(f"the tag {pair[1]} at position {position} cannot follow {pair[0]}: a word is S or B M* E")
    wrong = "begin" if pair in "ME" and position == 1 else "end"
    raise DataError(f"the tag {pair} at position {position} cannot {wrong} a sentence: a word is S or B M* E")


def repair(tags: str) -> str:
    """Give a legal sequence with a word beginning at every B and S, at the start, and after every E and S.

    A legal sequence stays as it is. Raises DataError for a letter that is no tag.
    """
    _refuse_foreign(tags)
    return tags_of_words(_WORD.findall(tags))


def numbers_of_tags(tags: str) -> NDArray[np.uint8]:
    """Give the numbers `(T,)` of tags, from 0 to 3; DataError for a letter that is no tag."""
    _refuse_foreign(tags)
    return np.frombuffer(tags.encode("ascii").translate(_NUMBERS), dtype=np.uint8)


def tags_of_numbers(numbers: Sequence[int] | NDArray[np.integer]) -> str:
    """Give the tags of numbers `(T,)`; DataError for one that is not 0 to 3."""
    array = np.asarray(numbers)
    if array.size and not 0 <= int(array.min()) <= int(array.max()) < len(TAGS):
        raise DataError(f"a tag has a number from 0 to {len(TAGS) - 1}, not {int(array.min())} to {int(array.max())}")
    return array.astype(np.uint8).tobytes().translate(_LETTERS).decode("ascii")


def _refuse_foreign(tags: str) -> None:
    foreign = _FOREIGN.search(tags)
    if foreign:
        raise DataError(f"{foreign.group()!a} at position {foreign.end()} is no tag; known: {', '.join(TAGS)}")


def _adjoining(spans: Iterable[Span]) -> list[Span]:
    spans = list(spans)
    expected = 0
    for number, (start, end) in enumerate(spans, start=1):
        if start != expected or end <= start:
            raise DataError(
                f"span {number} goes from {start} to {end}: it is to begin at {expected}, where the last one ends, "
                "and to hold a character"
            )
        expected = end
    return spans
