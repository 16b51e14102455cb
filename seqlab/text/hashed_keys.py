"""Numbers by a fixed mix of their bits: the buckets that n-grams fall into, and a quick way to the place of a key.

The mix is the same on every machine, in every version: what was trained by it is in saved models.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from seqlab.text.keys import find

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def mixed(numbers: Words) -> Words:
    """Give 64 bits `(N,)` each of which depends on all bits of a number `(N,)`; equal ones come from equal ones only.

    x ^= x >> 30; x *= 0xbf58476d1ce4e5b9; x ^= x >> 27; x *= 0x94d049bb133111eb; x ^= x >> 31, modulo 2**64.

    Source: SplitMix64, Steele, Lea & Flood 2014, "Fast Splittable Pseudorandom Number Generators"; variant 13 of Stafford.
    """
    numbers = numbers ^ (numbers >> np.uint64(30))
    numbers *= _FIRST
    numbers ^= numbers >> np.uint64(27)
    numbers *= _SECOND
    numbers ^= numbers >> np.uint64(31)
    return numbers


def continued(hashes: Words, tokens: Ints) -> Words:
    """Give the hashes `(N,)` of n-grams by those of the n-grams without the last token, and the last token.

    That of a single token t is `mixed(t)`, and of an n-gram mixed(hash * 0x9e3779b97f4a7c15 + last token), modulo 2**64.
    """
    return mixed(hashes * STEP + tokens.view(np.uint64))


def bucket(hashes: Words, n_buckets: int) -> Ints:
    """Give the bucket `(N,)` of hashes, below `n_buckets`: their upper 32 bits * n_buckets / 2**32, rounded down."""
    return (((hashes >> np.uint64(32)) * np.uint64(n_buckets)) >> np.uint64(32)).view(np.int64)


@dataclass(frozen=True, eq=False)
class HashedKeys:
    """Finds many keys among sorted ones several times as fast as bisection does, which misses the cache at each step.

    The keys stand by the upper bits of their mix, in two slots a key or more: nearly all slots have one key or none.
    """

    keys: Ints
    """`(M,)` sorted, each there once."""

    FEW = 20_000
    """So many are bisected, which needs no slots to be made."""

    def find(self, wanted: Ints) -> Ints:
        """Give the place of each wanted key `(N,)` among the keys, -1 where it is not there."""
        if len(wanted) < self.FEW:
            return find(self.keys, wanted)
        by_slot, places, starts, shift = self._slots
        slots = (mixed(wanted.view(np.uint64)) >> shift).view(np.int64)
        at, ends = starts[slots], starts[slots + 1]
        found = np.full(len(wanted), -1, np.int64)
        left = np.flatnonzero(at < ends)
        at, ends = at[left], ends[left]
        while len(left):
            hit = by_slot[at] == wanted[left]
            found[left[hit]] = places[at[hit]]
            further = np.flatnonzero(~hit & (at + 1 < ends))
            at, ends, left = at[further] + 1, ends[further], left[further]
        return found

    @cached_property
    def _slots(self) -> tuple[Ints, Ints, Ints, np.uint64]:
        """The keys by slot, the place of each, where each slot begins, and by how many bits mixes are shifted."""
        bits = max(1, (2 * len(self.keys)).bit_length())
        slots = (mixed(self.keys.view(np.uint64)) >> np.uint64(64 - bits)).view(np.int64)
        places = np.argsort(slots, kind="stable")
        starts = np.concatenate(([0], np.cumsum(np.bincount(slots, minlength=1 << bits))))
        return self.keys[places], places, starts, np.uint64(64 - bits)
