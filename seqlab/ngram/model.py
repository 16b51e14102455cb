"""A back-off n-gram model: a trie of sorted arrays, read from state to state or in bulk."""

import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.ngram.lookup import Words, find
from seqlab.ngram.sequences import marked

State = tuple[int, ...]
"""What the model remembers: the entries of the last word, the last two words, ..., -1 for those not in the model.
Two texts with the same state have the same future."""
BLOCK = 1 << 18
"""Tokens that are scored at once."""


@dataclass(frozen=True, eq=False, repr=False)
class Level:
    """All n-grams of one order, sorted by their context, then by their last word."""

    words: Words
    """(M,) the last word of each n-gram; uint16 or uint32."""
    log_probs: NDArray[np.float32]
    """(M,) ln p(word | context), nats; minus infinity: never predicted."""
    backoffs: NDArray[np.float32]
    """(M,) ln of the weight with which the n-gram, as a context, backs off to a shorter one; (0,) at the highest order."""
    starts: Words
    """(M + 1,) entries starts[g] to starts[g + 1] of the next level have entry g as context; empty at the highest order."""

    def __len__(self) -> int:
        return len(self.words)


class Scored(NamedTuple):
    """The tokens of a text under a model."""

    log_probs: NDArray[np.float64]
    """(T,) ln p of each token given those before it, nats."""
    orders: NDArray[np.uint8]
    """(T,) the order of the n-gram that was found for each token: 1 where only the word itself is known."""


@dataclass(frozen=True, eq=False, repr=False)
class NGramModel:
    """An n-gram model in the form of Katz 1987: what is listed has its probability, the rest backs off.

        p(w | h) = p(h w)                          where the n-gram h w is listed
                 = b(h) p(w | h without its first word)    otherwise, with b(h) = 1 for a context that is not listed

    Interpolated models have this form too: their sums are taken when the model is made (`seqlab.ngram.estimation`).
    """

    levels: tuple[Level, ...]
    """By order. The first holds every id in order."""
    start: int
    """The id that stands before a sequence; a context only."""
    end: int | None
    """The id that ends a sequence, behind which the next one begins after `start`; None: the text is one sequence."""
    unknown: int
    """The id of the unknown word."""
    smoothing: str
    """How it was estimated, a name in `SMOOTHINGS`, or "arpa"."""
    unseen_backoff: float = 0.0
    """ln b(h) of a context that is not listed; other than 0 for stupid backoff alone."""

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(level):,}" for level in self.levels)
        return f"NGramModel(<{sizes} n-grams of order 1 to {self.order}, {self.smoothing}>)"

    @property
    def order(self) -> int:
        """Length of the longest n-grams: one more than the words that a prediction knows."""
        return len(self.levels)

    @property
    def n_types(self) -> int:
        """V, the ids there are."""
        return len(self.levels[0])

    @property
    def normalized(self) -> bool:
        """Whether the probabilities after a context sum to one; not so for stupid backoff."""
        return self.smoothing != "stupid-backoff"

    def begin(self) -> State:
        """The state before the first token of a sequence."""
        return self._kept((self.start,)) if self.order > 1 else ()

    def step(self, state: State, word: int) -> tuple[float, State]:
        """(ln p(word | state) in nats, the state after the word).

        Raises:
            IndexError: there is no such id.
        """
        if not 0 <= word < self.n_types:
            raise IndexError(f"id {word} is outside the vocabulary of {self.n_types} ids")
        log_prob = float(self.levels[0].log_probs[word])
        after = [word]
        for level, above, entry in zip(self.levels, self.levels[1:], state, strict=False):
            next_entry = self._child(level, above, entry, word)
            if next_entry >= 0:
                log_prob = float(above.log_probs[next_entry])
            else:
                log_prob += float(level.backoffs[entry]) if entry >= 0 else self.unseen_backoff
            after.append(next_entry)
        if word == self.end:
            return log_prob, self.begin()
        return log_prob, self._kept(tuple(after[: self.order - 1]))

    def log_probs(self, state: State) -> NDArray[np.float64]:
        """(V,) ln p of each id as the next token, nats."""
        log_probs = self._unigrams.copy()
        for level, above, entry in zip(self.levels, self.levels[1:], state, strict=False):
            log_probs += level.backoffs[entry] if entry >= 0 else self.unseen_backoff
            if entry >= 0:
                here = slice(int(level.starts[entry]), int(level.starts[entry + 1]))
                log_probs[above.words[here]] = above.log_probs[here]
        return log_probs

    def score(self, ids: NDArray[Any]) -> Scored:
        """Score a text whole: about as many steps of NumPy as the model has orders, none a token.

        Args:
            ids: (T,) the text; it begins as a sequence does, and each `end` in it begins another.

        Raises:
            IndexError: an id that there is none of.
        """
        blocks = list(self.score_blocks(ids))
        if not blocks:
            return Scored(np.zeros(0), np.zeros(0, np.uint8))
        return Scored(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))

    def score_blocks(self, ids: NDArray[Any], size: int = BLOCK) -> Iterator[Scored]:
        """`score` in pieces of `size` tokens, for a text in a memory map."""
        for at in range(0, len(ids), size):
            before = ids[max(0, at - self.order + 1) : at]
            block = np.concatenate((before, ids[at : at + size])).astype(np.int64)
            if block.size and not 0 <= block.min() <= block.max() < self.n_types:
                raise IndexError(f"ids from {block.min()} to {block.max()} in a vocabulary of {self.n_types}")
            stream, predicted = marked(block, self.start, self.end, fresh=len(before) == at)
            scored = self._score(stream)
            here = predicted[len(before) :]
            yield Scored(scored.log_probs[here], scored.orders[here])

    def _score(self, stream: NDArray[np.int64]) -> Scored:
        entries = find(self.levels, stream)
        log_probs = self.levels[0].log_probs[entries[0]].astype(np.float64)
        orders = np.ones(len(stream), np.uint8)
        depth = self._depth(stream) if self.unseen_backoff else None
        for n, (level, above) in enumerate(zip(self.levels, self.levels[1:], strict=False), start=2):
            context, here = entries[n - 2][:-1], entries[n - 1][1:]
            known, listed = np.flatnonzero(context >= 0), np.flatnonzero(here >= 0)
            log_probs[known + 1] += level.backoffs.take(context[known])
            if depth is not None:
                log_probs[1:][(context < 0) & (depth[1:] >= n - 1)] += self.unseen_backoff
            log_probs[listed + 1] = above.log_probs.take(here[listed])
            orders[listed + 1] = n
        return Scored(log_probs, orders)

    def _depth(self, stream: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many ids of its own sequence stand before each place of a stream."""
        places = np.arange(len(stream))
        first = stream == self.start if self.end is not None else places == 0
        depth: NDArray[np.int64] = places - np.maximum.accumulate(np.where(first, places, 0))
        return depth

    def _child(self, level: Level, above: Level, entry: int, word: int) -> int:
        if entry < 0:
            return -1
        first, last = int(level.starts[entry]), int(level.starts[entry + 1])
        place = bisect.bisect_left(above.words, word, first, last)
        return place if place < last and above.words[place] == word else -1

    def _kept(self, state: State) -> State:
        """The state without long contexts that change nothing."""
        n = len(state)
        while n and not self.unseen_backoff and not self._matters(n, state[n - 1]):
            n -= 1
        return state[:n]

    def _matters(self, length: int, entry: int) -> bool:
        """Whether a context, given by its length and its entry, has n-grams or a weight."""
        level = self.levels[length - 1]
        return entry >= 0 and bool(level.starts[entry] < level.starts[entry + 1] or level.backoffs[entry] != 0)

    @cached_property
    def _unigrams(self) -> NDArray[np.float64]:
        return self.levels[0].log_probs.astype(np.float64)
