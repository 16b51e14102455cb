"""Models against dictionaries, nltk and lmplz; distributions sum to one."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.lm import MLE, AbsoluteDiscountingInterpolated, Laplace, Lidstone, Vocabulary, WittenBellInterpolated

from seqlab.errors import ConfigError, DataError
from seqlab.ngram import estimation as module
from seqlab.ngram.counts import count
from seqlab.ngram.estimation import estimate
from seqlab.ngram.smoothing import SMOOTHINGS, AbsoluteDiscounting, Additive, JelinekMercer
from seqlab.ngram.smoothing.katz import good_turing

PAD, UNKNOWN, START, END = range(4)
NEVER = (PAD,)
ALL = pytest.mark.parametrize("smoothing", sorted(SMOOTHINGS))
SUMMING = sorted(set(SMOOTHINGS) - {"stupid-backoff"})
ENDS = st.sampled_from([None, END])
ORDERS = st.integers(1, 5)
WEIGHTS = [[0.3, 0.6, 0.9], *[[0.2, 0.7]] * 4]


@st.composite
def texts(draw, types=(1, 3, 4, 5, 6)):
    """A text of one to five types, the unknown one maybe among them, and more than five tokens."""
    words = draw(st.lists(st.sampled_from(types), min_size=1, max_size=5, unique=True))
    length = draw(st.integers(5, 40))
    return draw(st.lists(st.sampled_from(words), min_size=length, max_size=length))


def after_each(model, states, ids):
    """(p of every id (V,)) after each prefix of a text."""
    return [np.exp(model.log_probs(state)) for state in states(model, ids)]


@ALL
@settings(deadline=None, max_examples=20)
@given(texts(), texts(types=range(1, 8)), ORDERS, ENDS)
def test_probabilities_are_those_of_the_formulas(by_hand, made, states, smoothing, ids, test, order, end):
    """After each token of the text itself, and of another one with words that were never seen (START is none)."""
    arguments = {"smoothing": smoothing, "pseudo_count": 0.3, "weights": WEIGHTS}
    test = [word for word in test if word != START]
    model, wanted = made(ids, order, 8, end, **arguments), by_hand(ids, order, 8, end, **arguments)
    for text in (ids, test):
        for found, context in zip(after_each(model, states, text), wanted.along(text, end), strict=False):
            probs = wanted.probs(context)
            assert found == pytest.approx([probs.get(word, 0.0) for word in range(8)], rel=2e-5, abs=1e-7)


@ALL
@pytest.mark.parametrize("end", [None, END])
def test_a_text_with_counts_of_every_size(by_hand, made, states, smoothing, end):
    """900 tokens, some types common and some rare: discounts are estimated, and so are Good and Turing's ratios."""
    rng = np.random.default_rng(10)
    ids = np.minimum(rng.geometric(0.2, 900) + 2, 39).tolist()
    arguments = {"smoothing": smoothing, "pseudo_count": 0.05, "weights": WEIGHTS}
    model, wanted = made(ids, 3, 41, end, **arguments), by_hand(ids, 3, 41, end, **arguments)
    if smoothing == "katz":
        assert all(good_turing(np.array(wanted.n[n - 1])) is not None for n in (2, 3))
    if smoothing == "modified-kneser-ney":
        assert all(wanted.discounts(n) != (0.5, 1.0, 1.5) for n in (1, 2, 3))
    test = [*ids[:40], 40, 5, 40, *rng.integers(3, 41, 20).tolist()]
    for found, context in zip(after_each(model, states, test), wanted.along(test, end), strict=False):
        probs = wanted.probs(context)
        assert found == pytest.approx([probs.get(word, 0.0) for word in range(41)], rel=2e-5, abs=1e-8)


@pytest.mark.parametrize("smoothing", SUMMING)
@settings(deadline=None, max_examples=20)
@given(texts(types=(1, 3, 4)), texts(types=(1, 3, 4, 5)), ORDERS, ENDS, st.sampled_from([5, 6]))
def test_probabilities_sum_to_one_after_seen_and_unseen_contexts(
    made, states, smoothing, ids, test, order, end, n_types
):
    """With 5 ids three words can be predicted, and a text may hold them all; with 6 one is never seen."""
    model = made(ids, order, n_types, end, smoothing, weights=WEIGHTS)
    test = [word for word in test if word < n_types]
    for found in after_each(model, states, ids + test):
        assert not np.isnan(found).any()
        assert found.sum() == pytest.approx(1, abs=1e-5)
        assert found[PAD] == found[START] == 0


EXTREMES = {
    "all tokens are equal": ([4] * 30, 5),
    "all tokens are distinct": (list(range(4, 34)), 34),
    "all tokens are the unknown one, the only one there is": ([1] * 12, 3),
    "two words, in turns": ([1, 3] * 15, 4),
    "every line is the same": ([4, 5, END] * 10, 6),
    "every line is empty": ([END] * 10, 5),
}


@ALL
@pytest.mark.parametrize("end", [None, END])
@pytest.mark.parametrize("case", EXTREMES)
def test_extreme_texts(made, states, smoothing, end, case):
    ids, n_types = EXTREMES[case]
    model = made(ids, 4, n_types, end, smoothing, weights=WEIGHTS)
    for found in after_each(model, states, [*ids, 1, 1, *ids[:3]]):
        assert not np.isnan(found).any()
        assert found.min() >= 0
        if smoothing != "stupid-backoff":
            assert found.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("smoothing", SUMMING)
def test_what_is_left_beside_very_frequent_words_is_not_lost_in_rounding(smoothing):
    """Words 3 and 4 fill the text, but for 5, after which each of them stands once; what is left is less than 1e-5."""
    ids = np.random.default_rng(1).integers(3, 5, 400_000).astype(np.uint16)
    ids[[1000, 2000]] = 5
    ids[[1001, 2001]] = 3, 4
    way = JelinekMercer([[0.999], [0.5]]) if smoothing == "jelinek-mercer" else smoothing
    model = estimate(count(ids, 2, 6, START), way, unknown_id=UNKNOWN, never=NEVER)
    for context in range(1, 6):
        assert np.exp(model.log_probs((context,))).sum() == pytest.approx(1, abs=1e-6)


@ALL
@settings(deadline=None, max_examples=20)
@given(texts(), texts(), st.integers(2, 5), ENDS, st.lists(st.integers(1, 3), min_size=1, max_size=5).map(sorted))
def test_what_rare_ngrams_would_have_kept_goes_to_the_lower_order(
    by_hand, made, states, table, smoothing, ids, test, order, end, least
):
    arguments = {"smoothing": smoothing, "weights": WEIGHTS}
    if smoothing == "additive":  # its rare n-grams are as likely as those not seen: see the sums
        least = ()
    model, wanted = (build(ids, order, 8, end, **arguments, least=least) for build in (made, by_hand))
    for ngrams, kept in zip(table(model.levels)[1:], wanted.kept[1:], strict=True):
        assert set(ngrams) == kept
    for found, context in zip(after_each(model, states, test), wanted.along(test, end), strict=False):
        probs = wanted.probs(context)
        assert found == pytest.approx([probs.get(word, 0.0) for word in range(8)], rel=2e-5, abs=1e-7)


@pytest.mark.parametrize("smoothing", SUMMING)
@pytest.mark.parametrize("end", [None, END])
def test_without_rare_ngrams_probabilities_sum_to_one(made, states, smoothing, end):
    ids = np.random.default_rng(5).choice([1, 3, 4, 5], 120, p=[0.1, 0.2, 0.5, 0.2]).tolist()
    model = made(ids, 4, 7, end, smoothing, least=(1, 2, 3), weights=WEIGHTS)
    assert all(np.exp(model.log_probs(state)).sum() == pytest.approx(1, abs=1e-5) for state in states(model, ids))


def test_least_counts_of_the_higher_orders_are_the_last_one_given(made):
    ids = np.random.default_rng(6).integers(3, 6, 60).tolist()
    few, all_four = (made(ids, 4, 7, None, "witten-bell", least=least) for least in ((1, 2), (1, 2, 2, 2)))
    assert [len(level) for level in few.levels] == [len(level) for level in all_four.levels]
    assert len(few.levels[3]) < len(made(ids, 4, 7, None, "witten-bell").levels[3])


@ALL
@pytest.mark.parametrize("least", [(), (1, 1, 2)])
def test_slices_of_any_size_give_the_same_model(monkeypatch, made, smoothing, least):
    ids = np.random.default_rng(7).integers(3, 8, 200).tolist()
    models = []
    for size in (module.SLICE, 5):
        monkeypatch.setattr(module, "SLICE", size)
        models.append(made(ids, 4, 9, END, smoothing, least=least, weights=WEIGHTS))
    for level, sliced in zip(*(model.levels for model in models), strict=True):
        for name in ("words", "log_probs", "backoffs", "starts"):
            np.testing.assert_allclose(getattr(level, name), getattr(sliced, name), rtol=1e-5, atol=1e-6)


@ALL
def test_a_model_holds_single_precision_alone_and_tells_what_it_was_made_by(made, smoothing):
    model = made([4, 5, 4, 4, 5], 3, 7, None, smoothing, weights=WEIGHTS)
    for n, level in enumerate(model.levels, start=1):
        assert level.log_probs.dtype == level.backoffs.dtype == np.float32
        assert len(level.backoffs) == (len(level) if n < 3 else 0)
    assert (model.smoothing, model.unknown, model.start, model.end) == (smoothing, UNKNOWN, START, None)
    assert model.unseen_backoff == (math.log(0.4) if smoothing == "stupid-backoff" else 0)
    assert model.normalized == (smoothing != "stupid-backoff")


class Nltk:
    """A model of nltk, counted on the n-grams as they are here: one mark before a sequence, none counted as a word."""

    def __init__(self, kind, ids, order, n_types, counters, *arguments, **options):
        words = [str(word) for word in range(n_types) if word not in {PAD, START, UNKNOWN}]
        ngrams = itertools.chain.from_iterable(counter.elements() for counter in counters(ids, order, END))
        vocabulary = Vocabulary(words, unk_cutoff=1, unk_label=str(UNKNOWN))
        self.model = kind(*arguments, order=order, vocabulary=vocabulary, **options)
        self.model.counts.update([[tuple(map(str, ngram)) for ngram in ngrams]])

    def __call__(self, word, context):
        return self.model.unmasked_score(str(word), tuple(map(str, context)))


def along(ids, order, sequences):
    """The contexts of a text, with the mark, whole."""
    for sequence in sequences(ids, END):
        yield from (sequence[max(0, at - order + 1) : at] for at in range(1, len(sequence)))


NLTK = {
    "maximum-likelihood": (MLE, (), {}),
    "Laplace": (Laplace, (), {}),
    "Lidstone": (Lidstone, (0.3,), {}),
    "witten-bell": (WittenBellInterpolated, (), {}),
    "absolute-discounting": (AbsoluteDiscountingInterpolated, (), {"discount": 0.6}),
}


def way_of(name):
    if name == "absolute-discounting":
        way = AbsoluteDiscounting()
        way._discounts = lambda counts_of_counts: (0.6,) * 3
        return way
    return {"Laplace": Additive(1.0), "Lidstone": Additive(0.3)}.get(name, name)


@pytest.mark.parametrize("name", NLTK)
@pytest.mark.parametrize("order", [1, 2, 4])
def test_probabilities_are_those_of_nltk(counters, sequences, states, name, order):
    """After each context that was seen. nltk's interpolation ends in relative frequencies, not in equal shares: where it
    interpolates, it is given the single words' probabilities."""
    kind, arguments, options = NLTK[name]
    ids = np.random.default_rng(8).choice([1, 3, 4, 5, 6], 80, p=[0.05, 0.25, 0.4, 0.2, 0.1]).tolist()
    model = estimate(count(np.array(ids), order, 8, START, END), way_of(name), unknown_id=UNKNOWN, never=NEVER)
    nltk = Nltk(kind, ids, order, 8, counters, *arguments, **options)
    if hasattr(nltk.model, "estimator"):
        nltk.model.estimator.unigram_score = lambda word: math.exp(model.levels[0].log_probs[int(word)])
    for state, context in zip(states(model, ids), along(ids, order, sequences), strict=False):
        found = np.exp(model.log_probs(state))
        for word in (1, 3, 4, 5, 6, 7):
            assert found[word] == pytest.approx(nltk(word, context), rel=1e-5, abs=1e-9), (context, word)


LINES = """\
the ferry leaves at noon
the ferry leaves at dusk
the bell rings at noon
the bell rings at dusk and the ferry waits
a lamp burns at dusk
the lamp burns and the bell rings
the ferry waits at noon and the lamp burns
a ferry leaves and a bell rings
the tide turns at noon
the tide turns and the ferry leaves
at dusk the lamp burns
at noon the ferry waits and waits
a gull waits
"""
OTHERS = """\
the ferry leaves at dusk
a tide burns and the whale waits
at noon the gull turns at dusk and waits
lamp lamp
"""
# log10 p and the order of the n-gram that was found, token by token, in the files that KenLM's lmplz makes of LINES:
# lmplz -o 3
OF_LMPLZ = [
    (-0.282523, 2), (-0.965708, 3), (-0.221711, 3), (-0.347767, 3), (-0.456891, 3), (-0.347767, 3), (-0.917297, 2),
    (-1.763377, 1), (-1.611516, 1), (-0.714322, 2), (-0.208381, 3), (-2.328657, 1), (-1.156249, 1), (-0.419635, 2),
    (-0.7641, 2), (-0.369011, 3), (-0.704252, 3), (-1.980654, 1), (-1.611516, 1), (-0.62541, 2), (-0.695322, 2),
    (-0.768792, 3), (-1.255604, 2), (-0.249253, 3), (-2.118239, 1), (-2.457057, 1), (-1.781135, 1),
]  # fmt: skip
# lmplz -o 3 --prune 0 1 1
OF_LMPLZ_WITHOUT_RARE = [
    (-0.282523, 2), (-0.940238, 3), (-0.221711, 3), (-0.306529, 3), (-0.543461, 2), (-0.306529, 3), (-0.917297, 2),
    (-1.47889, 1), (-1.611516, 1), (-0.884675, 1), (-0.330099, 2), (-2.21636, 1), (-1.156249, 1), (-0.402791, 2),
    (-0.7641, 2), (-0.400963, 2), (-1.065943, 1), (-1.828793, 1), (-1.47889, 1), (-0.844804, 1), (-0.543461, 2),
    (-1.073408, 1), (-1.387079, 1), (-0.402791, 2), (-2.118239, 1), (-2.457057, 1), (-1.781135, 1),
]  # fmt: skip
# lmplz -o 3 --discount_fallback, of the lines `a b a` and `b a b b`, for the lines `a b a` and `c b b`
OF_LMPLZ_FALLING_BACK = [
    (-0.41575, 2), (-0.124078, 3), (-0.354613, 3), (-0.397617, 3),
    (-1.20412, 1), (-0.469434, 1), (-0.530704, 2), (-0.201029, 3),
]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "others", "least", "wanted"),
    [
        (LINES, OTHERS, (), OF_LMPLZ),
        (LINES, OTHERS, (1, 2, 2), OF_LMPLZ_WITHOUT_RARE),
        ("a b a\nb a b b\n", "a b a\nc b b\n", (), OF_LMPLZ_FALLING_BACK),
    ],
)
def test_modified_kneser_ney_is_that_of_lmplz(made, lines, others, least, wanted):
    ids = {word: index for index, word in enumerate(sorted(set(lines.split())), start=4)}
    train, test = (
        [index for line in text.splitlines() for index in (*(ids.get(word, UNKNOWN) for word in line.split()), END)]
        for text in (lines, others)
    )
    scored = made(train, 3, len(ids) + 4, END, "modified-kneser-ney", least=least).score(np.array(test))
    assert (scored.log_probs / math.log(10)).tolist() == pytest.approx([log10 for log10, _ in wanted], abs=2e-6)
    assert scored.orders.tolist() == [order for _, order in wanted]


COUNTS = count(np.array([4, 5, 4]), 2, 6, START)


@pytest.mark.parametrize(
    ("smoothing", "options", "says"),
    [
        ("kneser-nay", {}, "kneser-ney"),
        ("jelinek-mercer", {}, "held-out"),
        ("katz", {"min_counts": (2, 1)}, r"min_counts \[2, 1\]"),
    ],
)
def test_what_cannot_be_estimated_is_refused(smoothing, options, says):
    with pytest.raises(ConfigError, match=says):
        estimate(COUNTS, smoothing, unknown_id=UNKNOWN, **options)


def test_progress_rises_to_one():
    shares = []
    estimate(COUNTS, unknown_id=UNKNOWN, progress=shares.append)
    assert shares == [0.5, 1]


def test_an_id_that_is_never_predicted_may_not_stand_in_the_text():
    with pytest.raises(DataError, match="the text holds the id 4, which is never to be predicted"):
        estimate(count(np.array([3, 4, 3, 5]), 2, 6, 2), unknown_id=1, never=(0, 4))
    with pytest.raises(IndexError, match="the start mark 6"):
        count(np.array([3, 4, 3, 5]), 2, 6, 6)


def test_a_smoothing_of_ones_own_has_its_name():
    class Own(Additive):
        """Laplace's, under another name."""

    model = estimate(count(np.array([3, 4, 3, 5]), 2, 6, 2), Own(), unknown_id=1, never=(0,))
    assert model.smoothing == "Own"


def test_ids_outside_the_vocabulary_are_refused():
    counts = count([3, 4, 3, 5], 2, 6, 2)
    for options in ({"unknown_id": 6}, {"unknown_id": 1, "never": (6,)}):
        with pytest.raises(IndexError, match="id 6 is outside the vocabulary of 6 ids"):
            estimate(counts, **options)
    model = estimate(counts, "witten-bell", unknown_id=1)
    assert repr(model) == "NGramModel(<6, 4 n-grams of order 1 to 2, witten-bell>)"
    assert model in {model}
