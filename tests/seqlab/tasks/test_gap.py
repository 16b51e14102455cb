"""The verdict on training, validation and floor, and the scores it is spoken on."""

from types import SimpleNamespace

import pytest

import seqlab
from seqlab.metrics import classification
from seqlab.metrics.classification import ClassificationScores
from seqlab.tasks import gap
from seqlab.tasks.labelled_kept import Example

TEXTS = [(f"{word} {number}", label) for number in range(8) for word, label in (("good", "up"), ("bad", "down"))]


@pytest.mark.parametrize(
    ("training", "validation", "baseline", "says"),
    [
        (0.62, 0.61, 0.70, "underfitting"),  # rule 2: below the floor on its own training texts
        (0.62, 0.40, 0.70, "underfitting"),  # rule 2 comes before rule 3
        (0.99, 0.85, 0.80, "overfitting"),  # rule 3: 15 times the errors, a gap of 0.14
        (0.99, 0.85, 0.90, "overfitting"),
        (1.00, 0.95, 0.80, "overfitting"),  # a gap of just 0.05
        (1.00, 0.951, 0.80, "neither"),  # a gap below 0.05
        (0.60, 0.50, 0.40, "overfitting"),  # a gap of 0.10, whatever the errors
        (0.60, 0.51, 0.40, "neither"),  # a gap of 0.09, but 1.2 times the errors
        (0.82, 0.80, 0.81, "underfitting"),  # rule 4: hardly a gap, and below the floor
        (0.82, 0.80, 0.80, "neither"),
        (0.83, 0.80, 0.80, "neither"),
        (0.90, 0.89, 0.80, "neither"),
        (0.80, 0.85, 0.80, "neither"),  # better on new texts
        (0.99, 0.85, None, "overfitting"),
        (0.10, 0.10, None, "neither"),
    ],
)
def test_the_rules(training, validation, baseline, says):
    assert gap.verdict(training, validation, baseline).startswith(says)


def test_the_verdict_says_whether_the_floor_is_beaten():
    assert "new ones, and it beats the floor;" in gap.verdict(0.99, 0.85, 0.80)
    assert "new ones, and it does not beat the floor;" in gap.verdict(0.99, 0.85, 0.90)
    assert "new ones, and the floor is as good within chance;" in gap.verdict(0.99, 0.85, 0.90, margin=0.06)
    assert gap.verdict(0.90, 0.89, 0.80).endswith("hardly better than new ones, and it beats the floor")
    assert gap.verdict(0.60, 0.51, 0.55).endswith("somewhat better than new ones, and it does not beat the floor")
    assert "floor" not in gap.verdict(0.99, 0.85)


@pytest.mark.parametrize(("training", "validation"), [(0.76, 0.76), (0.82, 0.81)])
def test_a_difference_from_the_floor_within_chance_is_no_underfitting(training, validation):
    assert gap.verdict(training, validation, 0.82, margin=0.05).startswith("underfitting") == (training < 0.77)
    assert gap.verdict(training, validation, 0.82).startswith("underfitting")
    assert gap.verdict(training, validation, 0.82, margin=0.07).startswith("neither")


@pytest.mark.parametrize(
    ("training", "validation", "says"),
    [
        (0.51, 0.50, "at chance level"),
        (0.52, 0.55, "at chance level"),  # new texts are better by chance alone
        (0.52, 0.57, "underfitting"),
        (0.53, 0.50, "underfitting"),
        (1.00, 0.50, "overfitting"),
    ],
)
def test_a_model_at_chance_level_is_called_that(training, validation, says):
    assert gap.verdict(training, validation, 0.90, at_large=0.50, margin=0.06).startswith(says)


def test_the_advice_names_what_the_model_has():
    assert gap.verdict(0.99, 0.80, model="ngram").endswith("a lower order or a larger background share may help")
    assert "dropout" in gap.verdict(0.99, 0.80, model="rnn")
    assert "room" in gap.verdict(0.5, 0.5, 0.9, model="mlp")
    assert "room" not in gap.verdict(0.5, 0.5, 0.9, model="softmax")
    assert gap.verdict(0.5, 0.5, 0.9, model="ngram").endswith("a higher order may help, or a network")


def test_the_remark_knows_chance_and_the_model():
    """The floors have intervals too: that of a model that has every text wrong is of no width."""
    floors = {
        "most frequent class": {"accuracy": 0.5, "interval": [0.4, 0.6]},
        "n-gram": {"accuracy": 0.9, "interval": [0.8, 1.0]},
    }
    scores = {"accuracy": 0.5, "interval": [0.5, 0.5], "floors": floors, "training": {"accuracy": 0.51, "model": "mlp"}}
    assert "0.9000: at chance level" in gap.remark(scores)
    scores["training"] = {"accuracy": 0.83, "model": "ngram"}
    assert ": overfitting" in gap.remark(scores | {"accuracy": 0.5})
    assert ": neither" in gap.remark(scores | {"accuracy": 0.82})
    assert gap.remark(scores | {"accuracy": 0.5}).endswith("a larger background share may help")
    assert ": underfitting" in gap.remark(scores | {"accuracy": 0.77, "training": {"accuracy": 0.78}})
    several = {"micro_f1": 0.5, "interval": [None, None], "training": {"micro_f1": 0.5}}
    assert ": neither" in gap.remark(several)


def test_training_texts_are_scored_without_an_interval(monkeypatch):
    """Which nobody would see, and which takes a while for many texts."""

    class Right:
        config = SimpleNamespace(model="bag")

        def evaluate(self, examples):
            return ClassificationScores.of(["a"] * len(examples), [[0.0]] * len(examples), ["a"])

    monkeypatch.setattr(classification, "interval_of", lambda *_: pytest.fail("drawn"))
    assert gap.training_scores(Right(), [Example("b", ("a",))] * 3, 1) == {
        "accuracy": 1.0,
        "n_texts": 3,
        "model": "bag",
    }


def test_the_remark_takes_the_highest_floor():
    floors = {"most frequent class": {"accuracy": 0.5}, "n-gram": {"accuracy": 0.8}}
    scores = {"accuracy": 0.9, "floors": floors, "training": {"accuracy": 0.91, "n_texts": 100}}
    said = gap.remark(scores)
    assert said.startswith("training 0.9100, validation 0.9000, n-gram floor 0.8000: neither")
    assert gap.remark(scores | {"floors": {}}).startswith("training 0.9100, validation 0.9000: neither")
    assert gap.remark({"accuracy": 0.9, "floors": floors}) is None
    several = {"micro_f1": 0.5, "training": {"micro_f1": 1.0}, "floors": {"most frequent class": {"micro_f1": None}}}
    assert gap.remark(several).startswith("training 1.0000, validation 0.5000, most frequent class floor 0.0000: over")


def test_the_remark_on_folds():
    folds = {"mean": {"accuracy": 0.7}, "floors": {"n-gram": {"mean": {"accuracy": 0.6}}}}
    said = gap.remark({"accuracy": 0.99, "floors": {}, "folds": folds})
    assert said.startswith("training 0.9900, folds, mean 0.7000, n-gram floor 0.6000: overfitting")


def test_many_training_texts_are_drawn_by_the_seed(monkeypatch):
    class Noting:
        """Notes which texts it is scored on."""

        config = SimpleNamespace(model="bag")

        def evaluate(self, examples):
            self.seen = [example.text for example in examples]
            return ClassificationScores.of(["a"] * len(self.seen), [[0.0]] * len(self.seen), ["a"])

    monkeypatch.setattr(gap, "MOST_TEXTS", 5)
    examples, classifiers = [Example(str(number), ("a",)) for number in range(20)], [Noting(), Noting(), Noting()]
    for classifier, seed in zip(classifiers, (1, 1, 2), strict=True):
        assert gap.training_scores(classifier, examples, seed) == {"accuracy": 1.0, "n_texts": 5, "model": "bag"}
    one, again, other = (classifier.seen for classifier in classifiers)
    assert one == again != other
    assert len(set(one)) == 5
    assert gap.training_scores(classifiers[0], examples[:3], 1)["n_texts"] == 3
    assert classifiers[0].seen == ["0", "1", "2"]


@pytest.mark.parametrize("model", ["softmax", "ngram"])
def test_a_training_keeps_what_it_reaches_on_its_own_texts(tmp_path, call, model):
    settings = {"order": 2} if model == "ngram" else {"epochs": 1, "lr": 0.05, "device": "cpu"}
    classifier = seqlab.train(
        "classify", TEXTS, output=tmp_path / "run", model=model, validation_share=0.25, **settings
    )
    scores = classifier.scores
    assert scores["n_texts"] == 4
    assert scores["training"].keys() == {"accuracy", "n_texts", "model"}
    assert scores["training"]["n_texts"] == 12
    shown = call("info", tmp_path / "run").out
    assert "training texts" in shown
    assert f"accuracy {scores['training']['accuracy']:.4f}, 12 texts" in shown


def test_nothing_is_compared_where_nothing_is_held_out(tmp_path):
    settings = {"epochs": 1, "device": "cpu", "validation_share": 0}
    scores = seqlab.train("classify", TEXTS, output=tmp_path / "run", model="softmax", **settings).scores
    assert "training" not in scores
    assert gap.remark(scores) is None


def test_several_labels_a_text(tmp_path):
    texts = [(text, (label,) if number % 3 else (label, "third")) for number, (text, label) in enumerate(TEXTS)]
    settings = {"epochs": 2, "lr": 0.05, "device": "cpu", "multi_label": True, "validation_share": 0.25}
    scores = seqlab.train("classify", texts, output=tmp_path / "run", model="softmax", **settings).scores
    assert scores["training"].keys() == {"micro_f1", "n_texts", "model"}
