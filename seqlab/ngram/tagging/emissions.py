"""What a tagger expects of words: p(word | tag), for the words of training and for all others."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from seqlab.decoding.viterbi import Candidates
from seqlab.errors import DataError
from seqlab.ngram.tagging.unknown_words import FLOOR, UnknownWords

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
KEPT = 1 << 16
"""Unknown words whose candidates are remembered."""


class Emissions:
    """p(word | tag): relative frequencies, with room left for words that training did not meet.

    A text is expected to bring about as many unknown words as training had words that it saw once (n1; Good 1953, Turing's
    estimate), with the tags of rare words r(t). With c(w, t) the counts of training:

        p(w | t)       = c(w, t)  / (c(t) + n1 r(t))       for a word of training
        p(unknown | t) = n1 r(t)  / (c(t) + n1 r(t))       for all other words together: for each tag the sum is 1

    So a known word can only have tags that training gave it. An unknown word u gets what all of them have, times how much
    likelier its form is with the tag than with others, p(form | t) / p(form) = p(t | form) / r(t) (Bayes; Brants 2000,
    section 2.3):

        p(u | t)       = n1 p(t | form of u) / (c(t) + n1 r(t))
    """

    def __init__(self, lexicon: Mapping[str, Mapping[int, int]], n_tags: int, unknown_words: UnknownWords) -> None:
        """Take the counts of training: for each word how often it had each tag, a number below `n_tags`."""
        self._n_tags, self._unknown_words = n_tags, unknown_words
        counts = np.zeros(n_tags)
        for tags in lexicon.values():
            for tag, n in tags.items():
                counts[tag] += n
        self._n_once = max(1, sum(sum(tags.values()) == 1 for tags in lexicon.values()))
        self._totals: Floats = counts + self._n_once * unknown_words.prior
        self.unknown: Floats = self._n_once * unknown_words.prior / self._totals
        """(K,) p(unknown | tag), for all unknown words together."""
        self._known = {word: self._of_known(tags) for word, tags in lexicon.items()}
        self._met: dict[str, tuple[Ints, Floats]] = {}

    def __contains__(self, word: object) -> bool:
        return word in self._known

    def of(self, word: str) -> tuple[Ints, Floats]:
        """Give the tags (C,) that a word may have, rising, and ln p(word | tag) (C,) in nats."""
        found = self._known.get(word) or self._met.get(word)
        if found is None:
            probs = self._unknown_words.tag_probs(word)
            tags = np.flatnonzero(probs)
            found = tags, np.log(self._n_once * probs[tags] / self._totals[tags])
            if len(self._met) >= KEPT:
                self._met.clear()
            self._met[word] = found
        return found

    def candidates(self, words: Sequence[str], allowed: Mask | None = None) -> Candidates:
        """Look up the words of a text.

        Args:
            words: N words.
            allowed: (N, K) True: the tag may stand there. Where a word has none of its own tags among those allowed, all
                that are allowed are tried, as for an unknown word that is as unlikely with each as a word can be.

        Raises:
            DataError: a word without an allowed tag.
        """
        found = [self.of(word) for word in words]
        if allowed is not None:
            found = [self._among(allowed[place], *entry) for place, entry in enumerate(found)]
            if bad := [place for place, (tags, _) in enumerate(found) if not len(tags)]:
                raise DataError(f"word {bad[0] + 1}, {words[bad[0]]!r}, has no tag that is allowed: allow at least one")
        starts = np.zeros(len(found) + 1, np.int64)
        np.cumsum([len(tags) for tags, _ in found], out=starts[1:])
        if not found:
            return Candidates(starts, np.zeros(0, np.int64), np.zeros(0))
        return Candidates(starts, np.concatenate([tags for tags, _ in found]), np.concatenate([p for _, p in found]))

    def log_probs(self, words: Sequence[str], tags: Ints) -> Floats:
        """(N,) ln p(word | tag) in nats of words with these tags; minus infinity where a word cannot have its tag."""
        result = np.full(len(words), -np.inf)
        for place, (word, tag) in enumerate(zip(words, tags, strict=True)):
            own, log_probs = self.of(word)
            at = int(np.searchsorted(own, tag))
            if at < len(own) and own[at] == tag:
                result[place] = log_probs[at]
        return result

    def _of_known(self, counts: Mapping[int, int]) -> tuple[Ints, Floats]:
        tags = np.array(sorted(counts), np.int64)
        return tags, np.log(np.array([counts[int(tag)] for tag in tags]) / self._totals[tags])

    def _among(self, allowed: Mask, tags: Ints, log_probs: Floats) -> tuple[Ints, Floats]:
        kept = allowed[tags]
        if kept.any():
            return tags[kept], log_probs[kept]
        tags = np.flatnonzero(allowed)
        return tags, np.log(self._n_once * FLOOR / self._totals[tags])
