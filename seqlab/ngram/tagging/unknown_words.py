"""Which tags a word may have that training did not meet: by its characters' class, its end and its beginning."""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import ConfigError, unknown

Floats = NDArray[np.float64]
Key = tuple[str, ...]

ABSTRACTIONS = ("counts", "deviation")
"""How far the longest ending that was seen is trusted beside the shorter ones; see `UnknownWords`."""
FLOOR = 1e-4
"""A tag that is less likely for a word than this is not considered."""

_CATEGORIES = {"Lu": "A", "Lt": "A", "Ll": "a", "Nd": "0", "Nl": "n", "No": "n"}


def character_class(word: str) -> str:
    """Describe a word by the Unicode categories of its characters, runs of equal ones once, and its length up to 4.

    "A" upper case, "a" lower case, "0" digits, "n" other numerals (the ideographs of numbers among them), "L" any other
    letter (an ideograph has no case), "P" punctuation, "S" symbols, and the first letter of the category for the rest:

        "Basel" Aa4    "3.5" 0P03    "铁路" L2    "三十" n2    "，" P1
    """
    classes: list[str] = []
    for character in word:
        category = unicodedata.category(character)
        name = _CATEGORIES.get(category, category[0])
        if category == "Lo" and unicodedata.numeric(character, None) is not None:
            name = "n"
        if not classes or classes[-1] != name:
            classes.append(name)
    return f"{''.join(classes[:4])}{min(len(word), 4)}"


class UnknownWords:
    """p(tag | form of an unknown word), learned from the words that are rare in training.

    Unknown words are like rare ones (Brants 2000, section 2.3). Their tags are counted by what they have in common with
    a word, from the least to the most: being rare, the class of their characters, and with it the last character, the
    last two, ... With P^ for relative frequencies, each is smoothed by the one before it ("successive abstraction"):

        P(t | i characters) = (P^(t | i characters) + theta P(t | i - 1 characters)) / (1 + theta)

    With the abstraction "deviation" theta is, as in that paper, one number: the standard deviation of the tags' relative
    frequencies in training. With "counts" it is 1 / n for an ending of n rare words: P(t | i - 1 characters) weighs as much
    as one word (a Dirichlet prior, MacKay & Peto 1995), so that an ending seen once is trusted less than a common one.

    The beginnings of words give a second distribution in the same way. Of a given class and tag, beginning and end are
    taken as independent: P(t | form) is proportional to P(t | class, end) P(t | class, beginning) / P(t | class).

    A word counts as one, however often it occurs, and shares itself out among its tags.
    """

    def __init__(
        self,
        lexicon: Mapping[str, Mapping[int, int]],
        n_tags: int,
        *,
        rare: int = 10,
        suffix: int = 10,
        prefix: int = 3,
        abstraction: str = "counts",
    ) -> None:
        """Learn from a lexicon.

        Args:
            lexicon: for each word of training how often it had each tag, a number below `n_tags`.
            n_tags: K.
            rare: words seen at most so often are learned from; all words, where none is so rare.
            suffix, prefix: how many characters of the end and of the beginning are looked at; 0: none.
            abstraction: a name in `ABSTRACTIONS`.

        Raises:
            ConfigError: an option out of range.
        """
        if rare < 1 or suffix < 0 or prefix < 0:
            raise ConfigError(f"rare {rare}, suffix {suffix}, prefix {prefix}: at least 1, 0 and 0")
        if abstraction not in ABSTRACTIONS:
            raise ConfigError(unknown("abstraction", abstraction, ABSTRACTIONS))
        self._n_tags, self._suffix, self._prefix = n_tags, suffix, prefix
        rare_words = {word: tags for word, tags in lexicon.items() if sum(tags.values()) <= rare}
        self._count(rare_words or lexicon)
        total = np.diff(self._starts, prepend=0)[1:]
        sums = np.add.reduceat(self._weights, self._starts[:-1])
        kept = (
            sums / (sums + 1) if abstraction == "counts" else np.full(len(sums), 1 / (1 + _deviation(lexicon, n_tags)))
        )
        self._passed = 1 - kept
        self._weights *= np.repeat(kept / sums, total)
        self.prior: Floats = np.zeros(n_tags)
        """(K,) probability of each tag for a rare word, whatever its form."""
        root = slice(0, int(self._starts[1]))
        self.prior[self._tags[root]] = self._weights[root] / self._weights[root].sum()

    def tag_probs(self, word: str) -> Floats:
        """(K,) probability of each tag, given the form of an unknown word; 0 for tags below `FLOOR`."""
        shape = character_class(word)
        by_class = self._abstracted(self.prior, ((shape,),))
        probs = self._abstracted(by_class, self._endings(word, shape))
        if self._prefix:
            beginning = self._abstracted(by_class, self._beginnings(word, shape))
            both = np.divide(probs * beginning, by_class, out=np.zeros_like(probs), where=by_class > 0)
            probs = both / both.sum() if both.any() else by_class.copy()  # the two ends share no tag
        probs[probs < FLOOR] = 0.0
        probs /= probs.sum()
        return probs

    def _endings(self, word: str, shape: str) -> Iterator[Key]:
        for length in range(1, min(self._suffix, len(word)) + 1):
            yield shape, word[-length:]

    def _beginnings(self, word: str, shape: str) -> Iterator[Key]:
        for length in range(1, min(self._prefix, len(word)) + 1):
            yield shape, "", word[:length]

    def _abstracted(self, probs: Floats, keys: Any) -> Floats:
        """Smooth the distributions of keys, from the least to the most particular, each by the one before."""
        for key in keys:
            row = self._rows.get(key)
            if row is None:
                break
            here = slice(int(self._starts[row]), int(self._starts[row + 1]))
            probs = probs * self._passed[row]
            probs[self._tags[here]] += self._weights[here]
        return probs

    def _count(self, lexicon: Mapping[str, Mapping[int, int]]) -> None:
        """Sum, for each key, the shares of its words in each tag: rows of sorted arrays, the first for all words."""
        self._rows: dict[Key, int] = {(): 0}
        places: list[int] = []
        shares: list[float] = []
        for word, tags in lexicon.items():
            n_word, shape = sum(tags.values()), character_class(word)
            keys: list[Key] = [(), (shape,), *self._endings(word, shape), *self._beginnings(word, shape)]
            for key in keys:
                row = self._rows.setdefault(key, len(self._rows))
                for tag, n in tags.items():
                    places.append(row * self._n_tags + tag)
                    shares.append(n / n_word)
        found, which = np.unique(np.array(places, np.int64), return_inverse=True)
        self._weights: Floats = np.bincount(which, np.array(shares)).astype(np.float64)
        rows, self._tags = np.divmod(found, self._n_tags)
        self._starts = np.searchsorted(rows, np.arange(len(self._rows) + 1))


def _deviation(lexicon: Mapping[str, Mapping[int, int]], n_tags: int) -> float:
    """theta of Brants 2000: the standard deviation of the tags' relative frequencies in training."""
    counts = np.zeros(n_tags)
    for tags in lexicon.values():
        for tag, n in tags.items():
            counts[tag] += n
    return float((counts / counts.sum()).std(ddof=1)) if n_tags > 1 else 0.0
