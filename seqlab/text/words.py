"""Tokenizers whose tokens are words: by Unicode, by white space, and Chinese words by jieba."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from seqlab.text.spacing import SpaceJoiner, TypesetJoiner
from seqlab.text.tokens import Token

_BETWEEN_BLANKS = re.compile(r"\n|\S+")


@dataclass(frozen=True)
class WordTokenizer:
    """Words and punctuation of any script, found with the Unicode properties of their characters.

    Each ideograph, hiragana and katakana (with its marks) is a token: without a dictionary a run of them is no word, and
    a vocabulary of runs does not end. A run of other letters, digits and marks is one token, with an apostrophe, joiner
    or soft hyphen inside it ("don't") and a full stop or comma between digits ("3.14"). Everything else but white space
    is one token a grapheme: punctuation, symbols, emoji sequences. Scripts that are written without spaces and are not
    named here, such as Thai, come out as one token a run. A line end is a token; other white space only separates.
    """

    name = "word"
    unit = "word"

    def pieces(self, text: str) -> list[str]:
        """Give the words, punctuation marks and line ends."""
        found: list[str] = _word_pattern().findall(text)
        return found

    def tokenize(self, text: str) -> list[Token]:
        """Give the words, punctuation marks and line ends with their offsets."""
        return [Token(match.group(), match.start(), match.end()) for match in _word_pattern().finditer(text)]

    def joiner(self) -> TypesetJoiner:
        """Give a joiner that spaces words as print does."""
        return TypesetJoiner()


@dataclass(frozen=True)
class WhitespaceTokenizer:
    """What stands between white space, for text that is already cut; a line end is a token."""

    name = "whitespace"
    unit = "word"

    def pieces(self, text: str) -> list[str]:
        """Give the words and line ends."""
        found: list[str] = []
        for line in text.split("\n"):
            found += line.split()
            found.append("\n")
        del found[-1]  # there is one line end fewer than lines
        return found

    def tokenize(self, text: str) -> list[Token]:
        """Give the words and line ends with their offsets."""
        return [Token(match.group(), match.start(), match.end()) for match in _BETWEEN_BLANKS.finditer(text)]

    def joiner(self) -> SpaceJoiner:
        """Give a joiner that puts one space between words."""
        return SpaceJoiner()


class JiebaTokenizer:
    """Chinese words by jieba's dictionary and its hidden Markov model for words that are not in it.

    The dictionary is read at the first use (about a second). A line end is a token; other white space only separates.
    """

    name = "jieba"
    unit = "word"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._segmenter: Any = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JiebaTokenizer)

    def __hash__(self) -> int:
        return hash(JiebaTokenizer)

    def __repr__(self) -> str:
        return "JiebaTokenizer()"

    def __reduce__(self) -> tuple[type["JiebaTokenizer"], tuple[()]]:
        return JiebaTokenizer, ()  # without the lock and the dictionary, for worker processes

    def pieces(self, text: str) -> list[str]:
        """Give the words, punctuation marks and line ends."""
        return [piece for piece in self._cut(text) if piece == "\n" or not piece.isspace()]

    def tokenize(self, text: str) -> list[Token]:
        """Give the words, punctuation marks and line ends with their offsets."""
        tokens: list[Token] = []
        start = 0
        for piece in self._cut(text):  # the cut loses nothing, so lengths add up to offsets
            end = start + len(piece)
            if piece == "\n" or not piece.isspace():
                tokens.append(Token(piece, start, end))
            start = end
        return tokens

    def joiner(self) -> TypesetJoiner:
        """Give a joiner that sets Chinese without spaces and other words with them."""
        return TypesetJoiner(inside_words="'’")  # jieba cuts "don't" in three

    def _cut(self, text: str) -> Iterator[str]:
        segmenter = self._loaded()
        for number, line in enumerate(text.split("\n")):
            if number:
                yield "\n"
            yield from segmenter.cut(line, HMM=True)

    def _loaded(self) -> Any:
        with self._lock:
            if self._segmenter is None:
                self._segmenter = _new_segmenter()
            return self._segmenter


def _new_segmenter() -> Any:
    import logging
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jieba's patterns are not raw strings, and it looks for pkg_resources
        import jieba
    jieba.setLogLevel(logging.ERROR)
    segmenter = jieba.Tokenizer()
    # As `initialize` does, but past its cache: a file of a fixed name in the folder of temporary files, which any user
    # of the machine may write, and which no two processes should write at once.
    segmenter.FREQ, segmenter.total = segmenter.gen_pfdict(segmenter.get_dict_file())
    segmenter.initialized = True
    return segmenter


@cache
def _word_pattern() -> Any:
    import regex

    single = r"[\p{Han}\p{Hiragana}\p{Katakana}ーｰ]"
    run = rf"[[\p{{L}}\p{{N}}\p{{M}}]--{single}]++"
    inner = r"(?:['’\u00AD\u200C\u200D]|(?<=\p{Nd})[.,](?=\p{Nd}))"
    other = r"\p{Grapheme_Cluster_Break=Prepend}|(?!\s)\X"
    return regex.compile(rf"\n|{single}\p{{M}}*+|{run}(?:{inner}{run})*+|{other}", regex.VERSION1)
