"""The surest mistakes, and the tokens that weighed most."""

import numpy as np
import pytest

import seqlab
from seqlab.tasks.classifier import Weight
from seqlab.tasks.labelled_kept import examples_of
from seqlab.tasks.mistakes import heaviest, mistakes, stretches

TEXTS = [(f"{word}{end}", label) for end in "甲乙丙丁" for word, label in (("好看", "up"), ("难看", "down"))]
SETTINGS = {"epochs": 8, "lr": 0.1, "batch_size": 4, "device": "cpu", "validation_share": 0, "baseline": False}


def found_in(classifier, records, n):
    """The surest mistakes in records, and how many there are."""
    examples = examples_of(records, multi_label=classifier.multi_label)
    return mistakes(classifier, examples, classifier.predict_proba([example.text for example in examples]), n)


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    return seqlab.train(
        "classify", TEXTS, output=tmp_path_factory.mktemp("mistakes") / "run", model="softmax", **SETTINGS
    )


def test_the_most_probable_wrong_labels_come_first(classifier):
    wrong = {"up": "down", "down": "up"}
    records = [(text, wrong[label]) for text, label in TEXTS]
    records.insert(3, ("好看好看", "up"))
    examples, sources = examples_of(records, multi_label=False), [f"here, line {n}" for n in range(9)]
    probabilities = classifier.predict_proba([example.text for example in examples])
    found, n_found = mistakes(classifier, examples, probabilities, 5, sources)
    assert n_found == 8
    assert [mistake.probability for mistake in found] == sorted(np.delete(probabilities.max(1), 3))[:-6:-1]
    for mistake in found:
        example = examples[mistake.number - 1]
        assert (mistake.text, mistake.true, mistake.source) == (*example, sources[mistake.number - 1])
        assert mistake.predicted == wrong[example.labels[0]]
        assert mistake.weights == classifier.explain(example.text, mistake.predicted).weights
        assert mistake.attention == []


def test_a_label_never_seen_is_a_mistake(classifier):
    found, _ = found_in(classifier, [*TEXTS, ("好看", "sideways"), ("", "sideways")], 9)
    assert [mistake.true for mistake in found] == [("sideways",)] * 2
    assert {mistake.source for mistake in found} == {""}
    assert found[-1].weights == []
    assert found_in(classifier, TEXTS, 9) == ([], 0)


def test_of_several_labels_each_wrong_one_counts(tmp_path):
    texts = [(text, (label, "both")) for text, label in TEXTS]
    several = seqlab.train(
        "classify", texts, output=tmp_path / "run", model="softmax", multi_label=True, **SETTINGS | {"epochs": 30}
    )
    found, n_found = found_in(several, [("好看", ()), ("好看", ("both",)), ("好看", ("up", "both"))], 9)
    assert sorted((mistake.number, mistake.predicted) for mistake in found) == [(1, "both"), (1, "up"), (2, "up")]
    assert n_found == 3


def test_attention_is_shown_where_there_is_one(tmp_path):
    settings = SETTINGS | {"epochs": 1, "hidden": 4, "embedding": 4, "pooling": "attention"}
    attentive = seqlab.train("classify", TEXTS, output=tmp_path / "run", **settings)
    attention = attentive.attention("好看甲")
    assert [(weight.start, weight.end, weight.token) for weight in attention] == [
        (0, 1, "好"),
        (1, 2, "看"),
        (2, 3, "甲"),
    ]
    assert sum(weight.weight for weight in attention) == pytest.approx(1, abs=0.02)
    assert attentive.attention("") == []
    (mistake,), _ = found_in(attentive, [("好看甲", "neither")], 1)
    assert mistake.attention == attention


def test_the_heaviest_tokens():
    weights = [("a", 0.5), (" ", 9.0), ("b", -0.2), ("a", 0.25), ("c", 0.6), ("d", 0.0), ("e", -0.9), ("f", 0.1)]
    spoke, against = heaviest([Weight(n, n + 1, token, weight) for n, (token, weight) in enumerate(weights)], 2, 2)
    assert [(weight.token, weight.weight, weight.start) for weight in spoke] == [("a", 0.75, 0), ("c", 0.6, 4)]
    assert [weight.token for weight in against] == ["e", "b"]


def of_characters(text, weights):
    return [Weight(at, at + 1, text[at], weight) for at, weight in enumerate(weights)]


@pytest.mark.parametrize(
    ("text", "weights", "expected"),
    [
        ("so bad!", [1, 1, 5, -1, 3, -1, 2], [("so", 2), (" ", 5), ("bad", 1), ("!", 2)]),
        ("不好看呢", [-1, -2, 3, 1], [("不好", -3), ("看呢", 4)]),
        ("三天a好", [1, 2, 3, 4], [("三天", 3), ("a", 3), ("好", 4)]),
        ("   ", [1, 1, 1], [(" ", 1)] * 3),
        ("", [], []),
    ],
)
def test_characters_are_put_together_into_stretches(text, weights, expected):
    found = stretches(text, of_characters(text, weights))
    assert [(weight.token, weight.weight) for weight in found] == expected
    assert all(text[weight.start : weight.end] == weight.token for weight in found)


def test_longer_tokens_stay_as_they_are():
    weights = [Weight(0, 2, "un", 1.0), Weight(2, 3, "d", 1.0), Weight(3, 6, "one", 1.0)]
    assert stretches("undone", weights) == weights


def test_characters_that_are_left_out_part_stretches():
    assert len(stretches("ab", [Weight(0, 1, "a", 1.0), Weight(0, 1, "a", 1.0), Weight(1, 1, "", 1.0)])) == 3
