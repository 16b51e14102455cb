"""Word segmentation as one uses it: text in, words out, whatever finds the words.

The methods are named as jieba's are. The words put together are the text, for any text.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.config import Segmentation
from seqlab.errors import ConfigError, DataError, unknown
from seqlab.metrics.segmentation import SegmentationCounts
from seqlab.records import Segmented
from seqlab.tasks.evaluation import Evaluation
from seqlab.tasks.sentence_records import words_of
from seqlab.text.sentences import LONGEST, Sentences, Whitespace, shorten, split, words
from seqlab.text.user_words import UserWords, read_user_words
from seqlab.text.width import to_half

Mask = NDArray[np.bool_]
Mode = Literal["default", "search"]

STRETCH = 1 << 17
"""Characters that are cut at once; what a longer text needs of memory does not grow with it."""
_AGAIN = 16
"""Characters on each side of a hard cut that are read when it is decided again; half of them may change."""
_SPACES = re.compile(r"\s+")


class Word(NamedTuple):
    """A word and where it stands, in code points: it is `text[start:end]`."""

    word: str
    start: int
    end: int


class Segmenter(ABC):
    """Cuts text into words. It may be used from several threads at once, also while words are added.

    White space is never part of a word. By default each run of it is a token of its own, so that the tokens put together
    are the text; with `whitespace="drop"` it is left out. No word ends inside of a grapheme cluster, such as an emoji of
    several code points.

    What is not text is a DataError, in all methods that take some.
    """

    longest = LONGEST
    """Characters of the longest sentence that is read in one piece."""

    def __init__(
        self, config: Segmentation, words: Iterable[str], scores: Mapping[str, Any] | None = None, *, fold: bool = False
    ) -> None:
        """Put a segmenter together.

        Args:
            config: the settings it was trained with.
            words: those of the training part; with `fold`, their full-width ASCII folded.
            scores: the figures of its training.
            fold: whether it reads full-width ASCII as ASCII; what comes out is as it was.
        """
        self.config = config
        """The settings it was trained with."""
        self.scores: dict[str, Any] = dict(scores or {})
        """The figures of its training."""
        self.words: frozenset[str] = words if isinstance(words, frozenset) else frozenset(words)
        """The words of the training part."""
        self._read: Callable[[str], str] = to_half if fold else str
        self._user_words = UserWords()

    @abstractmethod
    def _begins(self, sentences: Sentences) -> Mask:
        """Say where words begin, (N,) for the N characters of the sentences; their borders are met."""

    def cut(self, text: str, *, whitespace: Whitespace = "keep") -> Iterator[str]:
        """Give the words one after another; a long text is read as they are asked for."""
        return (word for part in self._parts(_checked(text), _known(whitespace)) for word in part)

    def lcut(self, text: str, *, whitespace: Whitespace = "keep") -> list[str]:
        """Give the words as a list."""
        return self.batch([text], whitespace=whitespace)[0]

    def tokenize(self, text: str, *, mode: Mode = "default", whitespace: Whitespace = "keep") -> Iterator[Word]:
        """Give the words with their places, so that `text[start:end] == word`.

        In the mode "search" the words inside of each word come before it, as in `cut_for_search`.
        """
        if mode not in ("default", "search"):
            raise ConfigError(unknown("mode", str(mode), ("default", "search")))
        return self._tokens(self.cut(text), mode, _known(whitespace))

    def cut_for_search(self, text: str, *, whitespace: Whitespace = "keep") -> Iterator[str]:
        """Give for each word the known words of two characters in it, then those of three, then the word itself.

        Known are the words of training, those of the lexicons that the model reads, and those that were added.
        """
        return (token.word for token in self.tokenize(text, mode="search", whitespace=whitespace))

    def lcut_for_search(self, text: str, *, whitespace: Whitespace = "keep") -> list[str]:
        """Give what `cut_for_search` does, as a list."""
        return list(self.cut_for_search(text, whitespace=whitespace))

    def batch(self, texts: Iterable[str], *, whitespace: Whitespace = "keep") -> list[list[str]]:
        """Give the words of each text: the fast way for many, with the same words as one by one."""
        if isinstance(texts, str):
            raise DataError("batch takes a list of texts, not a single one: give [text], or use lcut")
        _known(whitespace)
        result: list[list[str]] = []
        for group in _groups(texts):
            if len(group) == 1:
                result.append([word for part in self._parts(group[0], whitespace) for word in part])
            else:
                result += self._words(group, whitespace)
        return result

    def add_word(self, word: str) -> None:
        """Make a word come out as one wherever it stands: of words that overlap the first, of these the longest.

        It is not found where it would cut a run of Latin letters or of digits, or an emoji of several code points.

        Raises ConfigError for an empty word, or one with white space in it.
        """
        self._user_words.add(word)

    def del_word(self, word: str) -> None:
        """Take back a word that was added; ConfigError for any other, since what was learned stays."""
        self._user_words.remove(word)

    def load_userdict(self, source: str | Path | IO[str] | IO[bytes]) -> None:
        """Add the words of a user dictionary, a path or an open file, in jieba's format: `read_user_words`.

        Raises DataError, with file and line, for a line of another form; then none of its words is added.
        """
        for word in read_user_words(source):
            self._user_words.add(word)

    def evaluate(self, records: Iterable[Segmented | Sequence[str]]) -> Evaluation:
        """Cut the text of each record, or list of words, and compare with its words: precision, recall and F1 of words.

        Words count as unknown where they are not among the words of training, with widths folded where the segmenter folds
        them. Records are read some at a time. Raises DataError for white space in a word, and where there is no record.
        """
        sums = SegmentationCounts(self.words)
        counts = [sums.add(true, found) for true, found in self._compared(records)]
        if not counts:
            raise DataError("there is no sentence to score: give at least one")
        return Evaluation(
            "words", "word", sums.scores(), confusions=sums.confusions(), counts=np.array(counts, np.int64)
        )

    def _compared(self, records: Iterable[Segmented | Sequence[str]]) -> Iterator[tuple[list[str], list[str]]]:
        """Give the words of each record and those that are found, as they are looked up."""
        left = iter(records)
        while some := list(islice(left, 4096)):
            sentences = [words_of(record) for record in some]
            texts = ["".join(sentence) for sentence in sentences]
            for true, found in zip(sentences, self.batch(texts, whitespace="drop"), strict=True):
                yield [self._read(word) for word in true], [self._read(word) for word in found]

    def _tokens(self, found: Iterable[str], mode: Mode, whitespace: Whitespace) -> Iterator[Word]:
        start = 0
        for word in found:
            end = start + len(word)
            if whitespace == "keep" or not word[0].isspace():
                if mode == "search":
                    yield from self._inside(word, start)
                yield Word(word, start, end)
            start = end

    def _inside(self, word: str, start: int) -> Iterator[Word]:
        for size in (2, 3):
            if len(word) > size:
                for at in range(len(word) - size + 1):
                    part = word[at : at + size]
                    if self._knows(part):
                        yield Word(part, start + at, start + at + size)

    def _knows(self, word: str) -> bool:
        return self._read(word) in self.words or word in self._user_words

    def _words(self, texts: Sequence[str], whitespace: Whitespace) -> list[list[str]]:
        return words(texts, *self._decide(texts), whitespace)

    def _decide(self, texts: Sequence[str]) -> tuple[Sentences, Mask]:
        """Give the sentences of the texts, long ones whole, and where their words begin."""
        whole = self._user_words.force(split(texts, longest=None))
        if not len(whole.codes):
            return whole, np.zeros(0, np.bool_)
        pieces, cuts = shorten(whole, self.longest)
        begins = self._begins(pieces)
        return whole, self._decided_again(whole, begins, cuts) if len(cuts) else begins

    def _decided_again(self, whole: Sentences, begins: Mask, cuts: NDArray[np.int64]) -> Mask:
        """Read what stands around hard cuts, with the borders farther off as they were decided."""
        sentence = np.searchsorted(whole.starts, cuts, side="right") - 1
        first = np.maximum(cuts - _AGAIN, whole.starts[sentence])
        sizes = np.minimum(cuts + _AGAIN, whole.starts[sentence + 1]) - first
        starts = np.append(0, np.cumsum(sizes))
        at = np.arange(starts[-1]) + np.repeat(first - starts[:-1], sizes)
        near = np.abs(at - np.repeat(cuts, sizes)) < _AGAIN // 2
        borders = np.where(near, whole.borders[at], np.where(begins[at], 1, -1)).astype(np.int8)
        borders[starts[:-1]] = 1
        again = self._begins(Sentences(whole.codes[at], whole.places[at], starts, borders))
        begins = begins.copy()
        begins[at[near]] = again[near]
        return begins

    def _parts(self, text: str, whitespace: Whitespace) -> Iterator[list[str]]:
        """Give the words of a text of any length, some at a time."""
        start = 0
        while len(text) - start > STRETCH:
            if space := _SPACES.match(text, start):  # a run of any length is one token
                if whitespace == "keep":
                    yield [space.group()]
                start = space.end()
                continue
            stretch = text[start : start + STRETCH]
            sentences, begins = self._decide([stretch])
            end = _safe_end(sentences, begins)
            n = int(np.searchsorted(sentences.places, end))
            part = Sentences(sentences.codes[:n], sentences.places[:n], sentences.starts, sentences.borders[:n])
            yield words([stretch[:end]], part, begins[:n], whitespace)[0]
            start += end
        yield self._words([text[start:]], whitespace)[0]


def _safe_end(sentences: Sentences, begins: Mask) -> int:
    """Give the place in a stretch of a longer text up to which its words are certain.

    It is the start of the last sentence, which may go on behind the stretch. Where there is but one, it is the start of a
    word some way from the end.
    """
    if len(sentences.starts) > 2:
        return int(sentences.places[sentences.starts[-2]])
    heads = np.flatnonzero(begins[1 : max(1, len(begins) - LONGEST)])
    return int(sentences.places[heads[-1] + 1]) if len(heads) else int(sentences.places[-1]) + 1


def _groups(texts: Iterable[str]) -> Iterator[list[str]]:
    """Give texts together, each long one by itself."""
    group: list[str] = []
    size = 0
    for text in texts:
        if group and size + len(_checked(text)) > STRETCH:
            yield group
            group, size = [], 0
        group.append(_checked(text))
        size += len(text)
    if group:
        yield group


def _checked(text: str) -> str:
    if not isinstance(text, str):
        hint = ": decode it first" if isinstance(text, bytes) else ""
        raise DataError(f"only text, a str, can be cut into words, not {type(text).__name__}{hint}")
    return text


def _known(whitespace: Whitespace) -> Whitespace:
    if whitespace not in ("keep", "drop"):
        raise ConfigError(unknown("whitespace", str(whitespace), ("keep", "drop")))
    return whitespace
