"""The text pipeline: normalizer, tokenizer and vocabulary, fitted once and saved with the model."""

import itertools
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import ConfigError, DataError, unknown
from seqlab.text.indexed import Ids, IdWriter, smallest_dtype
from seqlab.text.normalize import Normalizer
from seqlab.text.numbering import NumberedWords
from seqlab.text.tokenizers import TOKENIZERS, CodedTokenizer, Joiner, SentencePieceTokenizer, Tokenizer
from seqlab.text.units import BYTE_PIECES
from seqlab.text.vocab import BOS, SPECIALS, UNK, Vocab

_BATCH = 1 << 20
"""Characters that are counted at once."""


@dataclass(frozen=True)
class IndexStatistics:
    """What an index holds; characters and bytes (of UTF-8) are those of the normalized text."""

    n_tokens: int
    n_unknown: int
    n_characters: int
    n_bytes: int


@dataclass(frozen=True)
class TextPipeline:
    """From text to ids and back."""

    normalizer: Normalizer
    tokenizer: Tokenizer
    vocab: Vocab

    @classmethod
    def fit(
        cls,
        texts: Iterable[str],
        *,
        tokenizer: str = "character",
        unicode: Literal["none", "NFC", "NFKC"] = "NFC",
        width: Literal["keep", "half", "full"] = "keep",
        case: Literal["keep", "lower"] = "keep",
        whitespace: Literal["keep", "collapse"] = "keep",
        min_count: int = 1,
        max_size: int | None = None,
        sentencepiece_model: Literal["unigram", "bpe"] = "unigram",
        seed: int = 0,
        index: str | os.PathLike[str] | None = None,
    ) -> "TextPipeline":
        """Make the vocabulary of the training texts, which are read once, in constant memory.

        With `index` the ids of the texts are written to a file of that name as well, as the method `index` does; words
        are looked for once only then, other tokens in a second reading.

        `min_count` and `max_size` bound the vocabulary, special ids not counted. For "sentencepiece", `max_size` is the
        number of pieces (8000 where it is None) and `seed` chooses the lines of a very large corpus. The vocabulary of
        "byte" is all 256 bytes. Raises DataError where there is no text or fewer than two types, ConfigError for a value
        that is not in its table or does not fit the tokenizer.
        """
        if tokenizer not in TOKENIZERS:
            raise ConfigError(unknown("tokenizer", tokenizer, TOKENIZERS))
        if tokenizer in ("byte", "sentencepiece") and min_count != 1:
            raise ConfigError(f"the {tokenizer} tokenizer has no min_count: nothing is unknown to it; leave it at 1")
        if tokenizer == "byte" and max_size is not None:
            raise ConfigError("the byte tokenizer has no max_size: its vocabulary is the 256 bytes; leave it out")
        normalizer = Normalizer(unicode=unicode, width=width, case=case, whitespace=whitespace)
        cut: Tokenizer
        normalized = _not_empty(normalizer(text) for text in texts)
        if tokenizer == "sentencepiece":
            size = 8000 if max_size is None else max_size
            cut = SentencePieceTokenizer.train(normalized, model=sentencepiece_model, size=size, seed=seed)
            return cls(normalizer, cut, Vocab(cut.all_pieces()))._indexed(texts, index)
        cut = TOKENIZERS[tokenizer]()
        if tokenizer == "byte":
            next(normalized)
            return cls(normalizer, cut, Vocab(BYTE_PIECES))._indexed(texts, index)
        if index is None or isinstance(cut, CodedTokenizer):
            return cls(normalizer, cut, _vocab(_count(normalized, cut), cut, min_count, max_size))._indexed(
                texts, index
            )
        with NumberedWords(index) as words:
            vocab = _vocab(words.count(normalized, cut), cut, min_count, max_size)
            words.index(vocab)
        return cls(normalizer, cut, vocab)

    @property
    def unit(self) -> str:
        """What a score per token is per: "character", "byte", "word" or "piece"."""
        return self.tokenizer.unit

    @property
    def start(self) -> int:
        """The id that stands before a text: the line end, since a text begins as a line does; `BOS` where there is none."""
        pieces = self.tokenizer.pieces(self.normalizer("\n"))
        return self.vocab.id(pieces[0]) if len(pieces) == 1 and pieces[0] in self.vocab else BOS

    @property
    def may_not_know(self) -> bool:
        """Whether a text can hold tokens that are not in the vocabulary: not where tokens are bytes or made of bytes."""
        return self.tokenizer.name not in ("byte", "sentencepiece")

    def encode(self, text: str) -> Ids:
        """Give the ids `(N,)` of a text, `UNK` for pieces that are not in the vocabulary."""
        return self._ids(self.normalizer(text))

    def encode_with_offsets(self, text: str) -> tuple[Ids, NDArray[np.int64]]:
        """Give the ids `(N,)` and the spans `(N, 2)`: `text[start:end]` is what a token was in the original text.

        Tokens that come from the same original character share its span.
        """
        normalized, offsets = self.normalizer.align(text)
        tokens = self.tokenizer.tokenize(normalized)
        bounds = np.array([(token.start, token.end) for token in tokens], dtype=np.int64).reshape(-1, 2)
        # A token ends where the first character starts that begins after its own last one.
        after = np.searchsorted(offsets, offsets[bounds[:, 1] - 1], side="right")
        spans = np.stack([offsets[bounds[:, 0]], offsets[after]], axis=1)
        return self.vocab.ids(token.text for token in tokens), spans

    def token_ids(self, tokens: str | Sequence[str]) -> Ids:
        """Give the ids `(N,)` of tokens as `tokens` gives them: of a string of characters, or of a list of pieces."""
        return self._ids(tokens) if isinstance(tokens, str) else self.vocab.ids(tokens)

    def tokens(self, text: str) -> str | list[str]:
        """Give the tokens of a text: the normalized text itself where they are its characters, else its pieces."""
        normalized = self.normalizer(text)
        return normalized if self.tokenizer.name == "character" else self.tokenizer.pieces(normalized)

    def decode(self, ids: Iterable[int] | NDArray[Any]) -> str:
        """Give the text of ids; special ids are skipped."""
        joiner = self.joiner()
        return "".join([joiner.add(int(index)) for index in ids]) + joiner.finish()

    def joiner(self, after: str = "") -> "IdJoiner":
        """Give a joiner that takes ids one by one, for text that is written while it is generated.

        With `after`, the text of the ids continues that text: it begins with a space where one belongs between the two
        and `after` does not end in one.
        """
        joiner, before = self.tokenizer.joiner(), self.normalizer(after)
        written = "".join([joiner.add(piece) for piece in self.tokenizer.pieces(before)])
        has_space = before[-1:].isspace() and not written.endswith(before[-1])
        return IdJoiner(self.vocab, joiner, has_space=has_space)

    def unknown_pieces(self, text: str) -> list[str]:
        """Give the distinct pieces of a text that are not in the vocabulary, in order."""
        pieces = self.tokenizer.pieces(self.normalizer(text))
        return [piece for piece in dict.fromkeys(pieces) if piece not in self.vocab]

    def index(self, texts: Iterable[str], path: str | os.PathLike[str]) -> IndexStatistics:
        """Write the ids of the texts, one after another, to a file that `open_ids` reads; in constant memory.

        Raises DataError where the file cannot be written.
        """
        n_unknown = n_characters = n_bytes = 0
        with IdWriter(path, n_types=len(self.vocab)) as writer:
            for normalized in _batches(self.normalizer(text) for text in texts):
                ids = self._ids(normalized)
                writer.append(ids)
                n_unknown += int(np.count_nonzero(ids == UNK))
                n_characters += len(normalized)
                ascii_only = normalized.isascii()
                n_bytes += len(normalized) if ascii_only else len(normalized.encode("utf-8", "surrogatepass"))
        return IndexStatistics(writer.n_ids, n_unknown, n_characters, n_bytes)

    def _indexed(self, texts: Iterable[str], path: str | os.PathLike[str] | None) -> "TextPipeline":
        """The pipeline itself, after indexing texts where a path for that is given."""
        if path is not None:
            self.index(texts, path)
        return self

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the pipeline to a folder; see `seqlab.text.storage`."""
        from seqlab.text.storage import save_pipeline

        save_pipeline(self, folder)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> "TextPipeline":
        """Read the pipeline from a folder; see `seqlab.text.storage`."""
        from seqlab.text.storage import load_pipeline

        return load_pipeline(folder)

    def _ids(self, normalized: str) -> Ids:
        table = self._table
        if table is None or not isinstance(self.tokenizer, CodedTokenizer):
            return self.vocab.ids(self.tokenizer.pieces(normalized))
        ids: Ids = np.take(table, self.tokenizer.codes(normalized))
        return ids

    @cached_property
    def _table(self) -> Ids | None:
        """The id of every code unit, where the tokenizer has code units."""
        if not isinstance(self.tokenizer, CodedTokenizer):
            return None
        table: Ids = np.full(self.tokenizer.n_codes, UNK, dtype=smallest_dtype(len(self.vocab)))
        for index, token in enumerate(self.vocab.tokens, start=len(SPECIALS)):
            table[self.tokenizer.code(token)] = index
        return table


class IdJoiner:
    """Gives the text of ids as they come; special ids are skipped.

    `has_space` says that a space stands before the first of them already.
    """

    def __init__(self, vocab: Vocab, joiner: Joiner, *, has_space: bool = False) -> None:
        self._vocab = vocab
        self._joiner = joiner
        self._has_space = has_space

    def add(self, index: int) -> str:
        """Give the text that is complete with this id."""
        if 0 <= index < len(SPECIALS):
            return ""
        text = self._joiner.add(self._vocab.token(index))
        if self._has_space and text:
            self._has_space = False
            return text.removeprefix(" ")
        return text

    def finish(self) -> str:
        """Give the text that was held back."""
        return self._joiner.finish()


def _vocab(counts: dict[str, int], tokenizer: Tokenizer, min_count: int, max_size: int | None) -> Vocab:
    vocab = Vocab.build(counts, min_count=min_count, max_size=max_size)
    if len(vocab.tokens) < 2:
        raise DataError(
            f"the training text has {len(vocab.tokens)} {tokenizer.unit} types with min_count={min_count} and "
            f"max_size={max_size}, and at least 2 are needed: give more text or widen the bounds"
        )
    return vocab


def _not_empty(texts: Iterable[str]) -> Iterator[str]:
    """Pass on the texts that are not empty; DataError where none is, once the first is asked for."""
    filled = (text for text in texts if text)
    first = next(filled, None)
    if first is None:
        raise DataError("the training text is empty: give a corpus with text in it")
    return itertools.chain([first], filled)


def _count(texts: Iterable[str], tokenizer: Tokenizer) -> dict[str, int]:
    if not isinstance(tokenizer, CodedTokenizer):
        counter: Counter[str] = Counter()
        for text in texts:
            counter.update(tokenizer.pieces(text))
        return counter
    counts = np.zeros(tokenizer.n_codes, dtype=np.int64)
    for batch in _batches(texts):
        found = np.bincount(tokenizer.codes(batch))
        counts[: len(found)] += found
    return {tokenizer.symbol(int(code)): int(counts[code]) for code in np.flatnonzero(counts)}


def _batches(texts: Iterable[str]) -> Iterator[str]:
    """Put short texts together: counting costs the same for one line as for a thousand."""
    waiting: list[str] = []
    n_characters = 0
    for text in texts:
        waiting.append(text)
        n_characters += len(text)
        if n_characters >= _BATCH:
            yield "".join(waiting)
            waiting, n_characters = [], 0
    if waiting:
        yield "".join(waiting)
