"""What the figures of training are of, and that those of training texts are nowhere called a validation."""

import pytest

import seqlab
from seqlab.tasks import classify_report
from seqlab.tasks.scored_on import FOLDS, HELD_OUT, SEEN, scored_on
from seqlab.training.watcher import Unwatched

TEXTS = [(f"{word} {number}", label) for number in range(9) for word, label in (("good", "up"), ("bad", "down"))]
OPTIONS = {
    "softmax": {"epochs": 2, "lr": 0.05, "device": "cpu", "tokenizer": "word"},
    "ngram": {"order": 2, "tokenizer": "word"},
}
HELD = {
    HELD_OUT: {"validation_share": 0.2},
    FOLDS: {"folds": 3},
    SEEN: {"validation_share": 0},
}


class Heard(Unwatched):
    """Keeps what is told, and counts the validations that are shown."""

    def __init__(self):
        self.facts, self.n_validations = {}, 0

    def told(self, name, fact):
        self.facts[name] = fact

    def stepped(self, step):
        self.n_validations += step.scores is not None


@pytest.fixture(scope="module", params=OPTIONS)
def runs(request, tmp_path_factory):
    """A run of each kind, and what was heard of it."""
    folder, found = tmp_path_factory.mktemp("scored"), {}
    for of, held in HELD.items():
        heard, path = Heard(), folder / of.replace(" ", "-")
        seqlab.train(
            "classify", TEXTS, output=path, model=request.param, watcher=heard, **OPTIONS[request.param], **held
        )
        found[of] = path, heard
    return found


def test_it_follows_from_what_was_held_out(runs):
    for of, (path, _) in runs.items():
        assert scored_on(seqlab.load(path).scores) == of
    given = seqlab.train("classify", TEXTS, TEXTS[:3], model="ngram", **OPTIONS["ngram"])
    assert scored_on(given.scores) == HELD_OUT


def test_what_it_has_seen_is_called_no_validation(runs, call):
    path, heard = runs[SEEN]
    scores, told = seqlab.load(path).scores, call("info", path).out
    assert "validation" not in told
    assert f"accuracy {scores['accuracy']:.4f}" in told
    assert "on what it has seen" in told
    assert "nothing was held out, so no score" in told
    assert classify_report.table(scores).remarks == [
        "nothing was held out: these figures are of the texts it is trained on, and no scores"
    ]
    assert "18 texts to train on, none to validate on, 2 labels, a vocabulary of" in heard.facts["data"]
    card = (path / "README.md").read_text(encoding="utf-8")
    assert "nothing held out: the training data themselves" in card
    assert "of the texts it is trained on, and no scores" in card


def test_texts_that_were_counted_are_no_floor(runs):
    assert seqlab.load(runs[SEEN][0]).scores["floors"] == {}
    assert "most frequent class" in seqlab.load(runs[HELD_OUT][0]).scores["floors"]


def test_scores_on_the_way_are_shown_of_held_out_texts_alone(tmp_path):
    for of, held in HELD.items():
        heard = Heard()
        seqlab.train("classify", TEXTS, model="softmax", watcher=heard, **OPTIONS["softmax"], **held)
        assert heard.n_validations == (2 if of == HELD_OUT else 0)


def test_nats_before_calibration_are_said_to_be(runs, call):
    """They are not those of evaluate, which divides by the temperature; once is enough where there are none."""
    path, _ = runs[HELD_OUT]
    model = seqlab.load(path)
    remarks = classify_report.table(model.scores).remarks
    assert any(remark.startswith("nats and ECE are those before calibration") for remark in remarks)
    assert model.temperature != 1.0
    assert "nats and ECE are those before calibration" in (path / "README.md").read_text(encoding="utf-8")
    assert "nats and ECE are those before calibration" in call("compare", path).out
    several = [(text, (label,)) for text, label in TEXTS]
    options = OPTIONS["softmax"] | {"multi_label": True, "validation_share": 0.2, "model": "softmax"}
    table = classify_report.table(seqlab.train("classify", several, **options).scores)
    assert not any("calibration" in remark for remark in table.remarks)
    assert table.heads[0] == "4 texts"
