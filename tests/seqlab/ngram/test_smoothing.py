"""Each way of smoothing by arithmetic on a text small enough for it, and the estimates of discounts."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from seqlab.ngram.counts import count
from seqlab.ngram.estimation import estimate
from seqlab.ngram.smoothing import SMOOTHINGS, Additive, JelinekMercer, Katz
from seqlab.ngram.smoothing.discounting import absolute_discount, modified_discounts
from seqlab.ngram.smoothing.katz import good_turing
from seqlab.ngram.smoothing.simple import bucket

PAD, UNKNOWN, START, A, B, C = range(6)


def bigrams(smoothing, *ids, n_types=6):
    """p(word | one word before) under a bigram model of one sequence; all ids but PAD and START can be predicted."""
    model = estimate(count(np.array(ids), 2, n_types, START), smoothing, unknown_id=UNKNOWN, never=(PAD,))
    return lambda word, context: math.exp(model.step((context,), word)[0])


def unigrams(smoothing, *ids, n_types=6):
    """p(word) under a model of single words."""
    model = estimate(count(np.array(ids), 1, n_types, START), smoothing, unknown_id=UNKNOWN, never=(PAD,))
    return lambda word: math.exp(model.step((), word)[0])


ABABC = (A, B, A, B, C)
"""N = 5: A 2, B 2, C 1. Pairs: START A 1, A B 2, B A 1, B C 1. V = 4 types: A, B, C and the unknown one."""


def test_maximum_likelihood():
    """p(B | A) = 2/2, p(C | B) = 1/2; after C, with which the text ends, and after a word never seen, p(A) = 2/5."""
    p = bigrams("maximum-likelihood", *ABABC)
    assert p(B, A) == pytest.approx(1)
    assert p(C, B) == pytest.approx(1 / 2)
    assert p(A, START) == pytest.approx(1)
    assert p(A, C) == p(A, UNKNOWN) == pytest.approx(2 / 5)
    assert p(A, A) == p(UNKNOWN, A) == p(UNKNOWN, UNKNOWN) == 0


def test_additive():
    """d = 1/2, so d V = 2: p(B | A) = (2 + 1/2) / (2 + 2); p(C | B) = (1 + 1/2) / (2 + 2); the same 1/4 after C."""
    p = bigrams(Additive(0.5), *ABABC)
    assert p(B, A) == pytest.approx(5 / 8)
    assert p(A, A) == p(UNKNOWN, A) == pytest.approx(1 / 8)
    assert p(C, B) == pytest.approx(3 / 8)
    assert p(A, START) == pytest.approx((1 + 1 / 2) / (1 + 2))
    assert p(A, C) == p(A, UNKNOWN) == p(B, C) == pytest.approx(1 / 4)


def test_additive_of_single_words():
    """d = 1: p(A) = (2 + 1) / (5 + 4), p(C) = (1 + 1) / 9, p(unknown) = 1/9."""
    p = unigrams("additive", *ABABC)
    assert [p(word) for word in (A, B, C, UNKNOWN)] == pytest.approx([3 / 9, 3 / 9, 2 / 9, 1 / 9])


def test_jelinek_mercer():
    """The weight of single words is 4/5; of pairs 1/4 after a word seen once, 3/4 after one seen twice or three times.

    p(A) = 4/5 * 2/5 + 1/5 * 1/4 = 37/100     p(C) = 4/5 * 1/5 + 1/20 = 21/100     p(unknown) = 1/20
    p(C | B) = 3/4 * 1/2 + 1/4 * 21/100       p(A | START) = 1/4 * 1 + 3/4 * 37/100
    """
    p = bigrams(JelinekMercer([[0.8], [0.25, 0.75]]), *ABABC)
    assert p(C, B) == pytest.approx(3 / 8 + 21 / 400)
    assert p(UNKNOWN, B) == pytest.approx(1 / 4 * 1 / 20)
    assert p(A, START) == pytest.approx(1 / 4 + 3 / 4 * 37 / 100)
    assert p(A, C) == pytest.approx(37 / 100)


def test_buckets_are_each_twice_as_wide_as_the_one_before():
    totals = np.array([1, 2, 3, 4, 7, 8, 15, 16, 1 << 40, (1 << 40) - 1])
    assert bucket(totals, 4).tolist() == [0, 1, 1, 2, 2, 3, 3, 3, 3, 3]
    assert bucket(totals, 60)[-2:].tolist() == [40, 39]


def test_katz():
    """No Good-Turing estimate from so little; D = n1 / (n1 + 2 n2) instead.

    Single words: n1 = 1, n2 = 2, D = 1/5. p(A) = p(B) = (2 - 1/5) / 5 = 9/25, p(C) = 4/25; the rest, 3/25, is the unknown
    word's. Pairs: n1 = 3, n2 = 1, D = 3/5. p(B | A) = (2 - 3/5) / 2 = 7/10; A, C and the unknown word share
    3/10 as 9 : 4 : 3. After B, A and C keep 1/5 each; B and the unknown word share 3/5 as 9 : 3.
    """
    p = bigrams("katz", *ABABC)
    assert [p(word, A) for word in (A, B, C, UNKNOWN)] == pytest.approx(
        [3 / 10 * 9 / 16, 7 / 10, 3 / 10 * 4 / 16, 3 / 10 * 3 / 16]
    )
    assert [p(word, B) for word in (A, B, C, UNKNOWN)] == pytest.approx([1 / 5, 3 / 5 * 9 / 12, 1 / 5, 3 / 5 * 3 / 12])
    assert [p(word, C) for word in (A, B, C, UNKNOWN)] == pytest.approx([9 / 25, 9 / 25, 4 / 25, 3 / 25])


def test_katz_after_a_context_that_would_keep_everything():
    """A is seen 7 times, 6 of them after A: counts above 5 are not discounted. One occurrence is added to 7, and to 6.

    p(A) = 7/8, p(unknown) = p(B) = p(C) = 1/24. p(A | A) = 6/7; what is left, 1/7, goes to the other three alike.
    """
    p = bigrams("katz", *[A] * 7)
    assert p(A, C) == pytest.approx(7 / 8)
    assert p(A, A) == pytest.approx(6 / 7)
    assert p(B, A) == p(UNKNOWN, A) == pytest.approx(1 / 21)


def test_katz_where_every_type_was_seen_after_a_context():
    """What they leave would be nobody's: V = 2, A and the unknown word, each seen once after A. Each gets a half."""
    p = bigrams("katz", A, A, UNKNOWN, A, n_types=4)
    assert p(A, A) == p(UNKNOWN, A) == pytest.approx(1 / 2)


def test_good_turing_ratios():
    """n1 .. n6 = 120, 40, 20, 12, 8, 6, so 6 n6 / n1 = 3/10; r* / r = 2/3, 3/4, 4/5, 5/6, 9/10 for r from 1 to 5.

    d_r = (r* / r - 3/10) / (1 - 3/10). Katz chose it so that what is taken away, sum of r n_r (1 - d_r), is n1: as much as
    Good and Turing keep for what was not seen.
    """
    n = np.array([0, 120, 40, 20, 12, 8, 6])
    relative = [Fraction(2, 3), Fraction(3, 4), Fraction(4, 5), Fraction(5, 6), Fraction(9, 10)]
    wanted = [float((ratio - Fraction(3, 10)) / Fraction(7, 10)) for ratio in relative]
    assert good_turing(n).tolist() == pytest.approx(wanted)
    assert sum(r * n[r] * (1 - wanted[r - 1]) for r in range(1, 6)) == pytest.approx(120)


def test_katz_takes_good_turings_ratios_where_they_can_be_had():
    """Of a context with the counts 1, 5 and 9, c(h) = 15: d_1 1 / 15, d_5 5 / 15, 9 / 15; nothing to note."""
    way = Katz()
    alpha, gamma = way.estimator(2, np.array([0, 120, 40, 20, 12, 8, 6]), 10)(np.array([1, 5, 9]), np.array([0, 3]))
    kept = [11 / 21, 5 * 6 / 7, 9]
    assert alpha.tolist() == pytest.approx([k / 15 for k in kept])
    assert gamma.tolist() == pytest.approx([1 - sum(kept) / 15])
    assert way.notes() == []


@pytest.mark.parametrize(
    ("n", "why"),
    [
        ([0, 120, 40, 20, 12, 0, 6], "no n-gram occurs five times"),
        ([0, 30, 40, 20, 12, 8, 6], "6 n6 / n1 is above 1"),
        ([0, 120, 10, 20, 12, 8, 6], "d_2 is above 1"),
        ([0, 120, 40, 5, 12, 8, 6], "d_2 is below 0"),
    ],
)
def test_good_turing_ratios_that_are_none(n, why):
    assert good_turing(np.array(n)) is None, why


def test_witten_bell():
    """T / (N + T) goes to what was not seen: after nothing 3/8, after A 1/3 (c 2, T 1), after B 2/4 (c 2, T 2).

    p(A) = 2/8 + 3/8 * 1/4 = 11/32    p(B) = 11/32    p(C) = 1/8 + 3/32 = 7/32    p(unknown) = 3/32
    p(B | A) = 2/3 + 1/3 * 11/32      p(C | B) = 1/4 + 1/2 * 7/32
    """
    p = bigrams("witten-bell", *ABABC)
    assert p(B, A) == pytest.approx(2 / 3 + 11 / 96)
    assert p(UNKNOWN, A) == pytest.approx(1 / 3 * 3 / 32)
    assert p(C, B) == pytest.approx(1 / 4 + 7 / 64)
    assert p(C, C) == pytest.approx(7 / 32)


def test_absolute_discounting():
    """Single words: n1 = 1, n2 = 2, D = 1/5, three types leave 3/5 of 5. Pairs: n1 = 3, n2 = 1, D = 3/5.

    p(A) = (2 - 1/5) / 5 + 3/25 * 1/4 = 39/100    p(B) = 39/100    p(C) = 4/25 + 3/100 = 19/100    p(unknown) = 3/100
    p(B | A) = (2 - 3/5) / 2 + 3/10 * 39/100      p(C | B) = (1 - 3/5) / 2 + 3/5 * 19/100
    """
    p = bigrams("absolute-discounting", *ABABC)
    assert p(B, A) == pytest.approx(7 / 10 + 3 / 10 * 39 / 100)
    assert p(C, B) == pytest.approx(1 / 5 + 3 / 5 * 19 / 100)
    assert p(UNKNOWN, B) == pytest.approx(3 / 5 * 3 / 100)
    assert p(A, UNKNOWN) == pytest.approx(39 / 100)


def test_kneser_ney():
    """Single words count what stands before them: A after START and B 2, B after A 1, C after B 1; 4 pairs.

    n1 = 2, n2 = 1, D = 1/2; three types leave 3/2 of 4. Pairs are counted as they are: D = 3/5.

        p(A) = (2 - 1/2) / 4 + 3/8 * 1/4 = 15/32    p(B) = p(C) = 1/8 + 3/32 = 7/32    p(unknown) = 3/32
        p(B | A) = (2 - 3/5) / 2 + 3/10 * 7/32      p(A | B) = (1 - 3/5) / 2 + 3/5 * 15/32
    """
    p = bigrams("kneser-ney", *ABABC)
    assert p(B, A) == pytest.approx(7 / 10 + 3 / 10 * 7 / 32)
    assert p(A, B) == pytest.approx(1 / 5 + 3 / 5 * 15 / 32)
    assert p(C, C) == pytest.approx(7 / 32)
    assert p(UNKNOWN, C) == pytest.approx(3 / 32)


def test_modified_kneser_ney():
    """The counts are those of Kneser and Ney; nothing has the count 3, so 1/2, 1, 3/2 are taken from 1, 2, 3 and more.

    p(A) = (2 - 1) / 4 + (1 + 1/2 + 1/2) / 4 * 1/4 = 3/8    p(B) = p(C) = 1/8 + 1/8 = 1/4    p(unknown) = 1/8
    p(B | A) = (2 - 1) / 2 + 1/2 * 1/4                      p(C | B) = (1 - 1/2) / 2 + (1/2 + 1/2) / 2 * 1/4
    """
    p = bigrams("modified-kneser-ney", *ABABC)
    assert [p(word, C) for word in (A, B, C, UNKNOWN)] == pytest.approx([3 / 8, 1 / 4, 1 / 4, 1 / 8])
    assert p(B, A) == pytest.approx(5 / 8)
    assert p(C, B) == pytest.approx(3 / 8)


def test_stupid_backoff():
    """p(B | A) = 2/2; each order lower costs a factor of 0.4, after contexts that go on nowhere too.

    A word never seen is as one occurrence that the four types share: 1/5 * 1/4.
    """
    p = bigrams("stupid-backoff", *ABABC)
    assert p(B, A) == pytest.approx(1)
    assert p(C, A) == pytest.approx(0.4 * 1 / 5)
    assert p(UNKNOWN, A) == pytest.approx(0.4 * 1 / 20)
    assert p(A, C) == pytest.approx(0.4 * 2 / 5), "C ends the text"
    assert p(A, UNKNOWN) == pytest.approx(0.4 * 2 / 5), "the context was never seen"


def test_modified_discounts():
    """n1 .. n4 = 120, 40, 20, 12: Y = 120 / 200 = 3/5.

    D1 = 1 - 2 Y 40/120 = 3/5, D2 = 2 - 3 Y 20/40 = 11/10, D3 = 3 - 4 Y 12/20 = 39/25.
    """
    assert modified_discounts(np.array([0, 120, 40, 20, 12, 8, 6])) == pytest.approx((3 / 5, 11 / 10, 39 / 25))


@pytest.mark.parametrize("n", [[0, 0, 4, 2, 1], [0, 9, 0, 2, 1], [0, 9, 4, 0, 1], [0, 90, 4, 9, 1], [0, 90, 30, 4, 9]])
def test_modified_discounts_that_are_none(n):
    """One of n1, n2, n3 is 0; D2 is below 0; D3 is."""
    assert modified_discounts(np.array([*n, 0, 0])) is None


def test_one_discount():
    assert absolute_discount(np.array([0, 9, 3, 0, 0, 0, 0])) == pytest.approx(9 / 15)
    assert (
        absolute_discount(np.array([0, 0, 3, 0, 0, 0, 0])) == absolute_discount(np.array([0, 9, 0, 0, 0, 0, 0])) == 0.5
    )


@pytest.mark.parametrize("name", ["absolute-discounting", "kneser-ney", "modified-kneser-ney"])
def test_discounts_that_are_not_estimated_are_noted_once(name):
    """Every pair occurs once, and so do A and B: no order has a count of 2."""
    way = SMOOTHINGS[name]()
    bigrams(way, A, B)
    assert way.discounts == {1: (0.5, 1.0, 1.5), 2: (0.5, 1.0, 1.5)}
    assert len(way.notes()) == 1
    assert way.notes()[0].startswith("order 1, 2: ")
    assert "0.5, 1.0, 1.5" in way.notes()[0]


def test_discounts_that_are_estimated_are_told_and_not_noted():
    way = SMOOTHINGS["kneser-ney"]()
    bigrams(way, *ABABC)
    assert way.discounts == {1: (0.5,) * 3, 2: (0.6,) * 3}
    assert way.notes() == []


def test_katz_notes_the_orders_without_a_good_turing_estimate():
    way = Katz()
    for _ in range(2):  # what a way of smoothing has done before is not told twice
        bigrams(way, *ABABC)
        assert [note.split(":")[0] for note in way.notes()] == ["order 1, 2"]


@pytest.mark.parametrize("name", sorted(SMOOTHINGS))
def test_an_estimator_shares_out_one_in_every_context(name):
    """alpha and gamma sum to 1; where a context has no n-grams, gamma is 1. Stupid backoff does not share."""
    way = JelinekMercer([[0.3], [0.4, 0.7]]) if name == "jelinek-mercer" else SMOOTHINGS[name]()
    counts, bounds = np.array([1, 7, 2, 3, 1, 1, 30], np.uint32), np.array([0, 2, 2, 6, 7, 7])
    alpha, gamma = way.estimator(2, np.array([0, 120, 40, 20, 12, 8, 6]), 9)(counts, bounds)
    shared = np.array([alpha[a:b].sum() for a, b in itertools.pairwise(bounds)]) + gamma
    if name == "stupid-backoff":
        assert shared.tolist() == pytest.approx([1.4, 0.4, 1.4, 1.4, 0.4])
    else:
        assert shared.tolist() == pytest.approx([1] * 5)
        assert gamma[[1, 4]].tolist() == [1, 1]
