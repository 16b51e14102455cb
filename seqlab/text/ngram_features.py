"""The n-grams of texts as numbered features: exact ones by sorted keys, or hashed to a fixed number of buckets."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import ConfigError, DataError
from seqlab.text.hashed_keys import HashedKeys, bucket, continued, mixed
from seqlab.text.vocab import BOS, EOS

HIGHEST_ORDER = 20
"""Of the longest n-grams, in tokens."""
MOST_FEATURES = (1 << 31) - 1
"""Their numbers are int32."""
Ints = NDArray[np.int64]


class Occurrences(NamedTuple):
    """The features of S texts, and where each stands."""

    features: NDArray[np.int32]
    """`(M,)` those of the texts one after another; within a text by order, then from left to right."""
    offsets: Ints
    """`(S + 1,)` text s has `features[offsets[s]:offsets[s + 1]]`."""
    first: Ints
    """`(M,)` the first token of its text that each covers, from 0."""
    length: Ints
    """`(M,)` how many tokens of its text each covers, from 1; the marks of the ends are none."""


@dataclass(frozen=True, eq=False)
class NgramFeatures:
    """Gives the n-grams of texts of token ids as numbers. Made by `fit` or `load`.

    A text is a sequence of ids of `seqlab.text.vocab`. N-grams of two tokens and more also reach one mark beyond each end
    of the text, `BOS` and `EOS`, so that they know of them. A text without tokens has no n-grams. What a text repeats is
    there as often as it stands in it.

    Exact n-grams of order n are sorted by key (number of the n-gram without its last token among those of order n - 1, last
    token), as in `seqlab.ngram.counts`, and numbered in this order, the lower orders first. With buckets, an n-gram of two
    tokens and more has the number of its hash's bucket (`seqlab.text.hashed_keys`), behind the single tokens, which are
    exact.
    """

    n_types: int
    """V: all token ids are below it."""
    max_order: int
    """The longest n-grams, in tokens."""
    min_count: int
    """How often an exact n-gram stands in the training texts at least."""
    buckets: int
    """How many buckets n-grams of two tokens and more share; 0 where they are exact."""
    keys: tuple[Ints, ...]
    """The single tokens' sorted ids; then, where n-grams are exact, for each order the sorted keys, prefix * V + token. The
    prefix is an id at order 2 and from there on the place of an n-gram in the keys before."""
    document_counts: Ints
    """`(n_features,)` in how many of the training texts each feature stands."""
    n_texts: int
    """How many training texts there were."""

    @classmethod
    def fit(
        cls,
        ids: NDArray[Any],
        starts: NDArray[Any],
        n_types: int,
        *,
        max_order: int = 3,
        min_count: int = 1,
        buckets: int = 0,
    ) -> "NgramFeatures":
        """Take the n-grams of texts that are seen often enough.

        Args:
            ids: `(N,)` the token ids of all texts one after another, below `n_types`, without `BOS` and `EOS`.
            starts: `(S + 1,)` text s is `ids[starts[s]:starts[s + 1]]`.
            n_types: V, the size of the vocabulary.
            max_order: the longest n-grams, in tokens, 1 to 20.
            min_count: how often an exact n-gram has to be seen to be known; with buckets a single token.
            buckets: how many buckets n-grams of two tokens and more share; 0: each has a number of its own.

        Raises:
            ConfigError: a value that cannot be. DataError: no token, or too many different n-grams to number.
            ValueError, IndexError: ids or starts that do not fit.
        """
        if not 1 <= max_order <= HIGHEST_ORDER or min_count < 1 or not 0 <= buckets < MOST_FEATURES:
            raise ConfigError(
                f"max_order {max_order}, min_count {min_count}, buckets {buckets}: from 1 to {HIGHEST_ORDER}, "
                f"at least 1, and from 0 to below {MOST_FEATURES:,}"
            )
        if buckets and max_order == 1:
            raise ConfigError(
                "buckets: they are for n-grams of two tokens and more, and max_order is 1; leave them out"
            )
        padded = Padded.of(ids, starts, n_types)
        if not len(ids):
            raise DataError("the training texts have no token: give at least one text that is not empty")
        keys = [np.flatnonzero(np.bincount(ids, minlength=n_types) >= min_count)]
        if not buckets:
            at = padded.continued()
            prefixes = padded.tokens[at]
            for order in range(2, max_order + 1):
                last = padded.tokens[at + order - 1]
                wanted = prefixes * n_types + last
                distinct, counts = _distinct(wanted)
                keys.append(distinct[counts >= min_count])
                prefixes = HashedKeys(keys[-1]).find(wanted)
                further = (prefixes >= 0) & (last != EOS)
                at, prefixes = at[further], prefixes[further]
        n_features = sum(map(len, keys)) + buckets
        if n_features > MOST_FEATURES:
            raise DataError(
                f"{n_features:,} different n-grams, of which {MOST_FEATURES:,} can be numbered; use buckets"
            )
        counts = np.zeros(n_features, np.int64)
        made = cls(n_types, max_order, min_count, buckets, tuple(keys), counts, padded.n_texts)
        if n_features:
            features, offsets = made.features(ids, starts)
            texts = np.repeat(np.arange(padded.n_texts), np.diff(offsets))
            pairs, _ = _distinct(texts * n_features + features)
            counts += np.bincount(pairs % n_features, minlength=n_features)
        return made

    @property
    def n_features(self) -> int:
        """How many features there are; their numbers are below it."""
        return len(self.document_counts)

    @cached_property
    def idf(self) -> NDArray[np.float64]:
        """`(n_features,)` ln((1 + S) / (1 + n)) + 1 of features that stand in n of the S training texts: what they tell."""
        weights: NDArray[np.float64] = np.log((1 + self.n_texts) / (1 + self.document_counts)) + 1
        return weights

    def features(self, ids: NDArray[Any], starts: NDArray[Any]) -> tuple[NDArray[np.int32], Ints]:
        """Give the known n-grams of texts, of arguments as for `fit`: `features` and `offsets` of `Occurrences`."""
        padded = Padded.of(ids, starts, self.n_types)
        parts = [(features, padded.by_text(at)) for _, at, features in self._found(padded)]
        offsets, places = _places([counts for _, counts in parts])
        together = np.empty(int(offsets[-1]), np.int32)
        for (features, _), place in zip(parts, places, strict=True):
            together[place] = features
        return together, offsets

    def occurrences(self, ids: NDArray[Any], starts: NDArray[Any]) -> Occurrences:
        """Give the known n-grams of texts, as `features` does, and which tokens of its text each covers."""
        padded = Padded.of(ids, starts, self.n_types)
        parts = [(order, at, features, padded.by_text(at)) for order, at, features in self._found(padded)]
        offsets, places = _places([counts for *_, counts in parts])
        n = int(offsets[-1])
        found = Occurrences(np.empty(n, np.int32), offsets, np.empty(n, np.int64), np.empty(n, np.int64))
        for (order, at, features, counts), place in zip(parts, places, strict=True):
            found.features[place] = features
            from_mark, to_mark = padded.tokens[at] == BOS, padded.tokens[at + order - 1] == EOS
            found.first[place] = at - np.repeat(padded.begins[:-1] + 1, counts) + from_mark
            found.length[place] = order - from_mark - to_mark
        return found

    def of(self, feature: int) -> tuple[int, ...]:
        """Give the n-gram of a feature as token ids, marks of the ends too.

        Raises:
            IndexError: no such feature. ValueError: it is a bucket, which many n-grams share.
        """
        if not 0 <= feature < self.n_features:
            raise IndexError(f"feature {feature}: there are {self.n_features:,}, from 0")
        place, order = int(feature), 0
        while order < len(self.keys) and place >= len(self.keys[order]):
            place, order = place - len(self.keys[order]), order + 1
        if order == len(self.keys):
            raise ValueError(f"feature {feature} is bucket {place}, which many n-grams share")
        tokens: list[int] = []
        for level in reversed(self.keys[1 : order + 1]):
            place, token = divmod(int(level[place]), self.n_types)
            tokens.append(token)
        # What is left is an id at order 2, and the place of one at order 1.
        tokens.append(place if order else int(self.keys[0][place]))
        return tuple(reversed(tokens))

    def _found(self, padded: "Padded") -> Iterator[tuple[int, Ints, Ints]]:
        """For each order, where its known n-grams begin in the padded texts `(M,)`, in order, and their features `(M,)`."""
        at = padded.own()
        features = self._single[padded.tokens[at]]
        known = features >= 0
        yield 1, at[known], features[known]
        at, base = padded.continued(), len(self.keys[0])
        prefixes = padded.tokens[at]
        hashes = mixed(prefixes.view(np.uint64)) if self.buckets else None
        for order in range(2, self.max_order + 1):
            last = padded.tokens[at + order - 1]
            further = last != EOS
            if hashes is not None:
                hashes = continued(hashes, last)
                yield order, at, base + bucket(hashes, self.buckets)
                at, hashes = at[further], hashes[further]
                continue
            prefixes = self._hashed[order - 1].find(prefixes * self.n_types + last)
            known = prefixes >= 0
            yield order, at[known], base + prefixes[known]
            further &= known
            at, prefixes, base = at[further], prefixes[further], base + len(self.keys[order - 1])

    @cached_property
    def _hashed(self) -> tuple[HashedKeys, ...]:
        return tuple(map(HashedKeys, self.keys))

    @cached_property
    def _single(self) -> Ints:
        """`(V,)` the feature of each single token, -1 where it has none."""
        table = np.full(self.n_types, -1, np.int64)
        table[self.keys[0]] = np.arange(len(self.keys[0]))
        return table

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write files to a folder, which is made where it is missing; ModelError where that is not possible."""
        from seqlab.text.ngram_features_storage import save_ngram_features

        save_ngram_features(self, folder)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> "NgramFeatures":
        """Read what `save` wrote; ModelError, with the name of the file, where one is missing or altered."""
        from seqlab.text.ngram_features_storage import load_ngram_features

        return load_ngram_features(folder)


@dataclass(frozen=True, eq=False)
class Padded:
    """Texts one after another, each between its two marks."""

    tokens: Ints
    """`(N + 2 S,)` token ids, `BOS` before and `EOS` behind each text."""
    begins: Ints
    """`(S + 1,)` where the `BOS` of each text stands; at last the number of tokens."""

    @classmethod
    def of(cls, ids: NDArray[Any], starts: NDArray[Any], n_types: int) -> "Padded":
        """Put the marks around texts, arguments as for `fit` above; ValueError, IndexError where they do not fit."""
        ids, starts = np.asarray(ids), np.asarray(starts).astype(np.int64)
        if starts.ndim != 1 or not len(starts) or starts[0] or starts[-1] != len(ids) or (np.diff(starts) < 0).any():
            raise ValueError(
                f"starts: ascending from 0 to {len(ids)}, the number of tokens, one more than there are texts"
            )
        if ids.ndim != 1 or ids.dtype.kind not in "ui":
            raise ValueError(f"ids are whole numbers, one after another, not {ids.dtype} of shape {ids.shape}")
        if len(ids) and not 0 <= int(ids.min()) <= int(ids.max()) < n_types:
            raise IndexError(f"ids from {ids.min()} to {ids.max()} in a vocabulary of {n_types}")
        if ((ids == BOS) | (ids == EOS)).any():
            raise ValueError(f"ids: {BOS} and {EOS} are marks of the ends, which are set here; leave them out")
        n_texts = len(starts) - 1
        begins = starts + 2 * np.arange(n_texts + 1)
        tokens = np.empty(len(ids) + 2 * n_texts, np.int64)
        inside = np.ones(len(tokens), np.bool_)
        inside[begins[:-1]] = inside[begins[1:] - 1] = False
        tokens[begins[:-1]], tokens[begins[1:] - 1] = BOS, EOS
        tokens[inside] = ids
        return cls(tokens, begins)

    @property
    def n_texts(self) -> int:
        """S."""
        return len(self.begins) - 1

    def own(self) -> Ints:
        """Give the places `(N,)` of the texts' own tokens."""
        return np.flatnonzero((self.tokens != BOS) & (self.tokens != EOS))

    def continued(self) -> Ints:
        """Give the places `(M,)` where n-grams of two tokens and more begin: all but `EOS`, and none in an empty text."""
        begin = self.tokens != EOS
        begin[self.begins[:-1][np.diff(self.begins) == 2]] = False
        return np.flatnonzero(begin)

    def by_text(self, at: Ints) -> Ints:
        """Give how many `(S,)` of ascending places `(M,)` are in each text."""
        return np.diff(np.searchsorted(at, self.begins))


def _distinct(numbers: Ints) -> tuple[Ints, Ints]:
    """The different numbers in order, and how often each is there; `np.unique` takes ten times as long."""
    numbers = np.sort(numbers)
    firsts = np.flatnonzero(np.diff(numbers, prepend=-1))
    return numbers[firsts], np.diff(firsts, append=len(numbers))


def _places(counts: list[Ints]) -> tuple[Ints, list[Ints]]:
    """Where features that are sorted by order, then by text, go to be sorted by text, then by order.

    Args:
        counts: for each order, how many features each text has `(S,)`.

    Returns:
        (the offsets of the texts `(S + 1,)`, for each order the place of each feature)
    """
    offsets = np.concatenate(([0], np.cumsum(np.sum(counts, 0))))
    places, free = [], offsets[:-1].copy()
    for own in counts:
        before = np.cumsum(own) - own
        places.append(np.arange(int(own.sum())) + np.repeat(free - before, own))
        free += own
    return offsets, places
