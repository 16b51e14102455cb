"""What the tests of n-gram models share: the same models with dictionaries, a word at a time, from the papers' formulas."""

import itertools
from collections import Counter, defaultdict

import numpy as np
import pytest

from seqlab.ngram.counts import count
from seqlab.ngram.estimation import estimate
from seqlab.ngram.smoothing import Additive, JelinekMercer

PAD, UNKNOWN, START, END = range(4)
KATZ_LIMIT = 5


@pytest.fixture(scope="session", name="sequences")
def _sequences():
    """(ids, end) -> the sequences of a text, each with the mark before it."""
    return sequences


@pytest.fixture(scope="session", name="counters")
def _counters():
    """(ids, order, end) -> for each order a Counter of n-grams."""
    return counters


@pytest.fixture(scope="session")
def by_hand():
    """The class of models with dictionaries."""
    return ByHand


@pytest.fixture(scope="session", name="made")
def _made():
    """Makes the model that has to equal the one by hand of the same arguments."""
    return made


@pytest.fixture(scope="session", name="states")
def _states():
    """(model, ids) -> the state before each token of a text, and the one after the last."""
    return states


@pytest.fixture(scope="session", name="table")
def _table():
    """(levels) -> for each order {n-gram: its entry}."""
    return table


def sequences(ids, end):
    """The sequences of a text, each with the mark before it; the end belongs to the sequence it ends."""
    found = [[START]]
    for place, word in enumerate(ids):
        found[-1].append(word)
        if word == end and place + 1 < len(ids):
            found.append([START])
    return [tuple(sequence) for sequence in found]


def counters(ids, order, end=None):
    """For each order a Counter of n-grams; the mark before a sequence is a context only."""
    found = [Counter() for _ in range(order)]
    for sequence in sequences(ids, end):
        for n, counter in enumerate(found, start=1):
            counter.update(sequence[at : at + n] for at in range(len(sequence) - n + 1))
    del found[0][START,]
    return found


class ByHand:
    """p(word | context) as the papers have it.

    Args:
        ids: the training text.
        order, n_types, end: as for `count`.
        smoothing: its name.
        never: ids that are never predicted, beside the mark.
        least: n-grams that occur less often than the n-th number are left out.
        pseudo_count, weights: parameters of additive smoothing and of Jelinek & Mercer's.
    """

    def __init__(
        self, ids, order, n_types, end, smoothing, never=(PAD,), least=(), pseudo_count=1.0, weights=((0.5,),)
    ):
        self.order, self.smoothing, self.pseudo_count, self.weights = order, smoothing, pseudo_count, weights
        self.words = [word for word in range(n_types) if word not in {START, *never}]
        self.raw = counters(ids, order, end)
        least = [1, *least[1:], *[least[-1] if least else 1] * order][:order]
        self.kept = [{ngram for ngram, c in raw.items() if c >= n} for raw, n in zip(self.raw, least, strict=True)]
        self.counts = self.of_types() if "kneser-ney" in smoothing else self.raw
        self.after = defaultdict(Counter)
        for level in self.counts:
            for ngram, c in level.items():
                self.after[ngram[:-1]][ngram[-1]] = c
        self.n = [[sum(c == r for c in level.values()) for r in range(7)] for level in self.counts]
        self.known = {}

    def of_types(self):
        """How many distinct words stand before an n-gram; occurrences at the highest order and from the mark on."""
        before = [defaultdict(set) for _ in range(self.order + 1)]
        for longer in self.raw[1:]:
            for ngram in longer:
                before[len(ngram) - 1][ngram[1:]].add(ngram[0])
        found = []
        for n, raw in enumerate(self.raw, start=1):
            seen = {g: c if n == self.order or g[0] == START else len(before[n][g]) for g, c in raw.items()}
            found.append(Counter(seen))
        return found

    def discounts(self, n):
        """What is taken from a count of 1, of 2, and of 3 and more at an order."""
        n1, n2, n3, n4 = self.n[n - 1][1:5]
        if self.smoothing == "modified-kneser-ney":
            if n1 and n2 and n3:
                y = n1 / (n1 + 2 * n2)
                found = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
                if 0 <= found[0] <= 1 and 0 <= found[1] <= 2 and 0 <= found[2] <= 3:
                    return found
        elif n1 and n2:
            return (n1 / (n1 + 2 * n2),) * 3
        return 0.5, 1.0, 1.5

    def katz_ratio(self, n, r):
        """What a count r keeps, by Good and Turing's estimate where it can be had."""
        if r > KATZ_LIMIT:
            return 1.0
        m = self.n[n - 1]
        common = (KATZ_LIMIT + 1) * m[KATZ_LIMIT + 1] / m[1] if m[1] else 1
        if common < 1 and all(m[1:6]):
            ratios = [((s + 1) * m[s + 1] / m[s] / s - common) / (1 - common) for s in range(1, KATZ_LIMIT + 1)]
            if all(0 < ratio < 1 for ratio in ratios):
                return ratios[r - 1]
        return 1 - (m[1] / (m[1] + 2 * m[2]) if m[1] and m[2] else 0.5) / r

    def alpha_gamma(self, context):
        """({word: what the seen n-gram keeps}, what is left for the lower order)."""
        after = self.after[context]
        total, types, n = sum(after.values()), len(after), len(context) + 1
        if not total:
            return {}, 1.0
        if self.smoothing == "maximum-likelihood":
            return {w: c / total for w, c in after.items()}, 0.0
        if self.smoothing == "jelinek-mercer":
            weights = self.weights[n - 1]
            weight = weights[min(total.bit_length() - 1, len(weights) - 1)]
            return {w: weight * c / total for w, c in after.items()}, 1 - weight
        if self.smoothing == "witten-bell":
            return {w: c / (total + types) for w, c in after.items()}, types / (total + types)
        taken = {w: self.discounts(n)[min(c, 3) - 1] for w, c in after.items()}
        return {w: (c - taken[w]) / total for w, c in after.items()}, sum(taken.values()) / total

    def probs(self, context):
        """{word: p(word | context)} for a context of up to order - 1 words, or one that begins with the mark."""
        context = tuple(context)
        if context not in self.known:
            self.known[context] = self._probs(context)
        return self.known[context]

    def _probs(self, context):
        after, n = self.after[context], len(context) + 1
        total = sum(after.values())
        uniform = {w: 1 / len(self.words) for w in self.words}
        if self.smoothing == "additive":
            added = self.pseudo_count
            return {w: (after[w] + added) / (total + added * len(self.words)) for w in self.words}
        lower = self.probs(context[1:]) if context else uniform
        kept = {w for w in after if (*context, w) in self.kept[n - 1]}
        if self.smoothing == "stupid-backoff":
            if not context:
                return {w: (after[w] or 1 / len(self.words)) / total for w in self.words}
            return {w: after[w] / total if w in kept else 0.4 * lower[w] for w in self.words}
        if self.smoothing == "katz":
            return self._katz(n, after, kept, lower)
        alpha, gamma = self.alpha_gamma(context)
        gamma += sum(alpha[w] for w in alpha if w not in kept)
        return {w: (alpha[w] if w in kept else 0) + gamma * lower[w] for w in self.words}

    def _katz(self, n, after, kept, lower):
        total = sum(after.values())
        discounted = {w: c * self.katz_ratio(n, c) for w, c in after.items()}
        if total and total - sum(discounted.values()) < 1e-9 * total:
            total += 1
        alpha = {w: discounted[w] / total for w in kept}
        free = [w for w in self.words if w not in kept]
        if not free:
            return {w: alpha[w] / sum(alpha.values()) for w in self.words}
        weight = (1 - sum(alpha.values())) / sum(lower[w] for w in free)
        return {w: alpha[w] if w in kept else weight * lower[w] for w in self.words}

    def along(self, ids, end):
        """For each place of a text the context that a model of this order knows there."""
        found = []
        for sequence in sequences(ids, end):
            found += [sequence[max(0, at - self.order + 1) : at] for at in range(1, len(sequence))]
        return found


def made(ids, order, n_types, end, smoothing, never=(PAD,), least=(), pseudo_count=1.0, weights=((0.5,),)):
    """The model that a `ByHand` of the same arguments has to equal."""
    way = smoothing
    if smoothing == "additive":
        way = Additive(pseudo_count)
    elif smoothing == "jelinek-mercer":
        way = JelinekMercer([*weights, *[weights[-1]] * order][:order])
    counts = count(np.array(ids, np.uint16), order, n_types, START, end)
    return estimate(counts, way, unknown_id=UNKNOWN, never=never, min_counts=least)


def states(model, ids):
    """The state before each token of a text, and the one after the last."""
    found = [model.begin()]
    for word in ids:
        found.append(model.step(found[-1], word)[1])
    return found


def table(levels):
    """For each order {n-gram: its entry}, read from a trie of arrays."""
    found = [{(word,): entry for entry, word in enumerate(levels[0].words.tolist())}]
    for below, level in itertools.pairwise(levels):
        starts, words = below.starts.tolist(), level.words.tolist()
        assert starts[0] == 0
        assert starts[-1] == len(words)
        here = {}
        for context, entry in found[-1].items():
            here |= {(*context, words[at]): at for at in range(starts[entry], starts[entry + 1])}
        found.append(here)
    return found
