import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.errors import DataError
from seqlab.metrics.tags import Confusion, TagCounts, TagScores

TOKEN = st.tuples(*[st.sampled_from("abc")] * 3)


@given(st.lists(st.lists(TOKEN)), st.sets(st.sampled_from("abc")))
def test_counts_are_those_of_all_tokens_together(sentences, known):
    counts = TagCounts(known)
    for sentence in sentences:
        of_sentence = counts.add(*([row[column] for row in sentence] for column in range(3)))
        assert of_sentence == (len(sentence), sum(true == predicted for _, true, predicted in sentence))
    rows = [row for sentence in sentences for row in sentence]
    assert counts.scores() == TagScores(
        len(rows),
        sum(true == predicted for _, true, predicted in rows),
        sum(token not in known for token, _, _ in rows),
        sum(token not in known and true == predicted for token, true, predicted in rows),
    )
    confusions = counts.confusions()
    assert sum(confusion.n for confusion in confusions) == counts.scores().n_tokens - counts.scores().n_correct
    assert [confusion.n for confusion in confusions] == sorted((confusion.n for confusion in confusions), reverse=True)
    for true, predicted, n, examples in confusions:
        tokens = [token for token, one, other in rows if (one, other) == (true, predicted)]
        assert n == len(tokens)
        assert examples == tuple(dict.fromkeys(tokens))


def test_figures_by_arithmetic():
    counts = TagCounts({"the", "of"})
    counts.add(["the", "run", "of", "luck"], ["DET", "NOUN", "ADP", "NOUN"], ["DET", "VERB", "ADP", "NOUN"])
    scores = counts.scores()
    assert (scores.accuracy, scores.oov_rate, scores.oov_accuracy, scores.iv_accuracy) == (3 / 4, 1 / 2, 1 / 2, 1)
    assert str(scores) == (
        "accuracy 0.7500; out of vocabulary 50.00%, accuracy 0.5000 of these, 1.0000 of the others (4 tokens)"
    )
    assert scores.to_dict()["accuracy"] == 3 / 4
    assert math.isnan(TagCounts().scores().accuracy)


def test_confusions_are_ordered_and_examples_few():
    counts = TagCounts()
    counts.add(list("abcdea"), list("NNNNNN"), list("VVVVVV"))
    counts.add(["x", "y", "z"], ["V", "V", "A"], ["N", "A", "N"])
    assert counts.confusions() == [
        Confusion("N", "V", 6, ("a", "b", "c")),
        Confusion("A", "N", 1, ("z",)),
        Confusion("V", "A", 1, ("y",)),
        Confusion("V", "N", 1, ("x",)),
    ]
    assert counts.confusions(most=1) == counts.confusions()[:1]


def test_tags_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="2 tokens have 2 true and 1 predicted tags"):
        TagCounts().add(["a", "b"], ["N", "N"], ["N"])
