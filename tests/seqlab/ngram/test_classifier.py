import json
import math

import numpy as np
import pytest

from seqlab.errors import ConfigError, DataError, ModelError
from seqlab.ngram.classifier import NGramClassifier

SMOOTHINGS = ["modified-kneser-ney", "witten-bell", "katz", "maximum-likelihood", "stupid-backoff"]


def random_examples(seed=0, n_texts=60, n_types=12, labels=("hay", "bread", "art")):
    """Texts whose ids wander from one to the next by a step that depends on the class."""
    rng = np.random.default_rng(seed)
    examples = []
    for _ in range(n_texts):
        number = int(rng.integers(len(labels)))
        steps = rng.integers(2 * number, 2 * number + 3, rng.integers(0, 15))
        examples.append((4 + np.cumsum(steps) % (n_types - 4), labels[number]))
    return examples


EXAMPLES = random_examples()
BATCH = [ids for ids, _ in random_examples(1)]


@pytest.fixture(scope="module")
def classifier():
    return NGramClassifier.fit(EXAMPLES, 12)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("share", [0, 0.3])
def test_log_probs_are_sums_over_tokens_and_the_end(order, smoothing, share):
    found = NGramClassifier.fit(EXAMPLES, 12, order=order, smoothing=smoothing, background_share=share)
    batch = [*BATCH[:5], [], [1, 5]]
    log_probs = found.log_probs(batch)
    assert log_probs.shape == (7, 3)
    for row, ids in enumerate(batch):
        for column, model in enumerate(found.models):
            total, state, at_large = found.log_priors[column], model.begin(), found.background.begin()
            for token in [*ids, 3]:
                own, state = model.step(state, int(token))
                common, at_large = found.background.step(at_large, int(token))
                total += math.log((1 - share) * math.exp(own) + share * math.exp(common) or 5e-324)
            if log_probs[row, column] > -math.inf:
                assert log_probs[row, column] == pytest.approx(total, abs=1e-5)
            else:
                assert total < -700
    assert found.predict_proba(batch).sum(1) == pytest.approx(np.ones(7))


def test_single_tokens_by_hand():
    """Relative frequencies, ends among the tokens: a: 4 4 end, b: 4 5 5 end | 4 end."""
    found = NGramClassifier.fit(
        [([4, 4], "a"), ([4, 5, 5], "b"), ([4], "b")], 6, order=1, smoothing="maximum-likelihood", background_share=0.25
    )
    assert found.labels == ("a", "b")
    at_large_4, at_large_end = 4 / 9, 3 / 9
    a = 1 / 3 * (3 / 4 * 2 / 3 + 1 / 4 * at_large_4) * (3 / 4 * 1 / 3 + 1 / 4 * at_large_end)
    b = 2 / 3 * (3 / 4 * 2 / 6 + 1 / 4 * at_large_4) * (3 / 4 * 2 / 6 + 1 / 4 * at_large_end)
    assert found.log_probs([[4]]) == pytest.approx(np.log([[a, b]]), abs=1e-6)
    assert found.predict_proba([[4]]) == pytest.approx(np.array([[a, b]]) / (a + b), abs=1e-6)


def test_it_tells_the_classes_apart(classifier):
    gold = [label for _, label in random_examples(1)]
    right = sum(found == label for found, label in zip(classifier.predict(BATCH), gold, strict=True))
    assert right > 0.8 * len(gold)


def test_a_text_does_not_depend_on_the_batch(classifier):
    whole = classifier.log_probs(BATCH)
    alone = np.concatenate([classifier.log_probs([ids]) for ids in BATCH])
    assert whole == pytest.approx(alone, abs=1e-9)
    order = np.random.default_rng(2).permutation(len(BATCH))
    assert classifier.log_probs([BATCH[place] for place in order]) == pytest.approx(whole[order], abs=1e-9)
    assert classifier.predict_proba([]).shape == (0, 3)
    assert classifier.predict([]) == []


def test_other_names_and_another_order_of_examples_permute_the_columns(classifier):
    names = {"hay": "1", "bread": "3", "art": "2"}
    other = NGramClassifier.fit([(ids, names[label]) for ids, label in EXAMPLES[::-1]], 12)
    assert (classifier.labels, other.labels) == (("art", "bread", "hay"), ("1", "2", "3"))
    columns = [other.labels.index(names[label]) for label in classifier.labels]
    assert other.log_probs(BATCH)[:, columns] == pytest.approx(classifier.log_probs(BATCH), abs=1e-5)


def test_where_all_is_impossible_the_common_class_is_taken():
    examples = [([4], "rare"), ([5], "common"), ([5], "common")]
    found = NGramClassifier.fit(examples, 7, order=2, smoothing="maximum-likelihood")
    assert found.log_probs([[6]]).tolist() == [[-math.inf, -math.inf]]
    assert found.predict_proba([[6]]) == pytest.approx(np.array([[2 / 3, 1 / 3]]))
    assert found.predict([[6], [4]]) == ["common", "rare"]


def test_ties_go_to_the_first_label():
    found = NGramClassifier.fit([([4, 5], "b"), ([4, 5], "a")], 6, order=2)
    assert found.predict([[4, 5], [5]]) == ["a", "a"]


@pytest.mark.parametrize(
    "option", [{"order": 2}, {"smoothing": "witten-bell"}, {"background_share": 0.5}, {"never": (2,)}]
)
def test_each_option_changes_something(classifier, option):
    other = NGramClassifier.fit(EXAMPLES, 12, **option)
    assert not np.allclose(other.log_probs(BATCH), classifier.log_probs(BATCH))


def test_saved_and_loaded_it_is_the_same(classifier, tmp_path):
    classifier.save(tmp_path / "model")
    again = NGramClassifier.load(tmp_path / "model")
    assert again.labels == classifier.labels
    assert np.array_equal(again.log_probs(BATCH), classifier.log_probs(BATCH))
    assert again.background_share == classifier.background_share == 0.05


def test_an_altered_folder_is_refused(classifier, tmp_path):
    with pytest.raises(ModelError, match=r"classifier\.json.*No such file"):
        NGramClassifier.load(tmp_path)
    classifier.save(tmp_path)
    path = tmp_path / "classifier.json"
    good = json.loads(path.read_text(encoding="utf-8"))
    for change in (
        {"format": 0}, {"labels": []}, {"labels": ["a", "a", "b"]}, {"labels": [1, 2, 3]}, {"labels": 3},
        {"log_priors": [0, 0, 0]}, {"log_priors": [0]}, {"log_priors": [math.nan] * 3}, {"background_share": 1},
    ):  # fmt: skip
        path.write_text(json.dumps(good | change), encoding="utf-8")
        with pytest.raises(ModelError, match=r"classifier\.json"):
            NGramClassifier.load(tmp_path)
    path.write_text(json.dumps(good), encoding="utf-8")
    NGramClassifier.fit(random_examples(n_types=11), 11).save(tmp_path / "other")
    (tmp_path / "other" / "class1.safetensors").replace(tmp_path / "class1.safetensors")
    with pytest.raises(ModelError, match="not over the same ids"):
        NGramClassifier.load(tmp_path)


def test_what_cannot_be_learned_from_or_scored_is_refused(classifier):
    with pytest.raises(DataError, match="no text"):
        NGramClassifier.fit([], 12)
    with pytest.raises(DataError, match="class 'few' has 2 tokens"):
        NGramClassifier.fit([*EXAMPLES, ([4], "few")], 12)
    with pytest.raises(DataError, match="text 2 has ids from 4 to 12"):
        NGramClassifier.fit([([4], "a"), ([4, 12], "a")], 12)
    with pytest.raises(DataError, match="text 1 has ids from -1"):
        classifier.predict([[-1]])
    with pytest.raises(DataError, match="holds the id 2 or 3"):
        classifier.predict([[4, 3]])
    with pytest.raises(DataError, match="row of ids"):
        classifier.predict([[0.5]])
    with pytest.raises(ConfigError, match="background_share 1"):
        NGramClassifier.fit(EXAMPLES, 12, background_share=1)
    with pytest.raises(ConfigError, match="unknown smoothing"):
        NGramClassifier.fit(EXAMPLES, 12, smoothing="smooth")
    with pytest.raises(ConfigError, match="order 0"):
        NGramClassifier.fit(EXAMPLES, 12, order=0)
