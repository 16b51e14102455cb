"""Vocabulary: tokens to ids and back, with four special ids that no text can reach."""

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import ConfigError, ModelError
from seqlab.text.indexed import Ids, smallest_dtype

PAD, UNK, BOS, EOS = 0, 1, 2, 3
"""The ids of padding, of a token that is not in the vocabulary, and of the two ends of a sequence."""

SPECIALS = ("<pad>", "<unk>", "<bos>", "<eos>")
"""The names of the special ids, for display. A token of the same spelling is an ordinary token with an id of its own."""

_FORMAT = 1
_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class Vocab:
    """An immutable list of tokens, whose ids follow the special ones: the first token has the id 4.

    `len` counts the special ids too, so it is the number of types that a model has to tell apart.
    """

    __slots__ = ("_ids", "_tokens")

    def __init__(self, tokens: Sequence[str]) -> None:
        """Take the ordinary tokens in the order of their ids; ValueError where one stands twice."""
        self._tokens = tuple(tokens)
        self._ids = {token: index for index, token in enumerate(self._tokens, start=len(SPECIALS))}
        if len(self._ids) != len(self._tokens):
            twice = next(token for token, count in Counter(self._tokens).items() if count > 1)
            raise ValueError(f"the token {twice!a} stands twice in the vocabulary")

    @classmethod
    def build(cls, counts: Mapping[str, int], min_count: int = 1, max_size: int | None = None) -> "Vocab":
        """Take the tokens seen at least `min_count` times, at most `max_size` of them.

        They are ordered by falling count and, where counts are equal, by code point; this order is fixed, and does not
        depend on the order of `counts`. Raises ConfigError where a bound is below 1.
        """
        if min_count < 1 or (max_size is not None and max_size < 1):
            raise ConfigError(f"min_count and max_size must be at least 1, not {min_count} and {max_size}")
        frequent = [token for token, count in counts.items() if count >= min_count]
        frequent.sort(key=lambda token: (-counts[token], token))
        return cls(frequent[:max_size])

    @property
    def tokens(self) -> tuple[str, ...]:
        """The ordinary tokens in the order of their ids; `Vocab(vocab.tokens)` equals `vocab`."""
        return self._tokens

    def __len__(self) -> int:
        return len(SPECIALS) + len(self._tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._ids

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocab) and self._tokens == other._tokens

    def __hash__(self) -> int:
        return hash(self._tokens)

    def __repr__(self) -> str:
        return f"Vocab(<{len(self._tokens)} tokens>)"

    def __reduce__(self) -> tuple[type["Vocab"], tuple[tuple[str, ...]]]:
        return Vocab, (self._tokens,)

    def id(self, token: str) -> int:
        """Give the id of a token, `UNK` where it is not in the vocabulary."""
        return self._ids.get(token, UNK)

    def token(self, index: int) -> str:
        """Give the token of an id, for a special id its name; IndexError where there is none."""
        if not 0 <= index < len(self):
            raise IndexError(f"id {index} is outside the vocabulary of {len(self)} ids")
        return SPECIALS[index] if index < len(SPECIALS) else self._tokens[index - len(SPECIALS)]

    def ids(self, pieces: Iterable[str]) -> Ids:
        """Give the ids `(N,)` of tokens, of the smallest unsigned type that holds them all."""
        found: NDArray[Any] = np.fromiter(map(self._ids.get, pieces, itertools.repeat(UNK)), smallest_dtype(len(self)))
        return found

    def to_json(self) -> str:
        """Give the vocabulary as JSON in ASCII; a token with a split surrogate pair is a list of code points."""
        tokens = [[*map(ord, token)] if _SURROGATE_PAIR.search(token) else token for token in self._tokens]
        return json.dumps({"format": _FORMAT, "tokens": tokens}, ensure_ascii=True, indent=0) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Vocab":
        """Take what `to_json` gave; ModelError with the place for anything else."""
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ModelError(f"the vocabulary is not JSON: {error}") from error
        if not isinstance(content, dict) or not isinstance(content.get("tokens"), list):
            raise ModelError('the vocabulary is not an object with a list "tokens"')
        if content.get("format") != _FORMAT:
            raise ModelError(f"the vocabulary has the format {content.get('format')!a}; this version reads {_FORMAT}")
        try:
            return cls([_token_from_json(index, item) for index, item in enumerate(content["tokens"])])
        except ValueError as error:
            raise ModelError(f"the vocabulary is altered: {error}") from error


def _token_from_json(index: int, item: object) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, list) and item and all(type(code) is int and 0 <= code < 0x110000 for code in item):
        return "".join(map(chr, item))
    raise ModelError(f"entry {index} of the vocabulary is {json.dumps(item)[:60]}, not a token")
