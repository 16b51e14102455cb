"""What is prepared of labelled texts before training, and what is said of them."""

import json

import numpy as np
import pytest

import seqlab
from seqlab.errors import DataError, ModelError
from seqlab.metrics.classification import ClassificationScores
from seqlab.records import Labelled
from seqlab.resolve import resolve
from seqlab.tasks import classify, labelled_kept
from seqlab.tasks.labelled_kept import Example
from seqlab.training.watcher import Unwatched

ONE = [("the kettle boils", "good"), ("the kettle leaks", "bad")] * 6


class Notes(Unwatched):
    def __init__(self):
        self.notes = []

    def noted(self, message):
        self.notes.append(message)


def prepared(folder, records, validation=None, **changes):
    """The labels and the notes that are left of records."""
    classify.prepare(resolve("classify", {}, {"validation_share": 0} | changes), records, validation, folder)
    return classify.kept_labels(folder)


# --- labels and notes


def test_labels_are_sorted_and_come_back(tmp_path):
    records = [("a text", label) for label in ("é", "b", "10", "2", "好", "\ud800")]
    labels, _ = prepared(tmp_path, records)
    assert labels == sorted(["é", "b", "10", "2", "好", "\ud800"])
    assert (tmp_path / "text" / "labels.json").read_bytes().isascii()


def test_nothing_is_to_be_said_of_good_data(tmp_path):
    assert prepared(tmp_path, ONE) == (["bad", "good"], [])


def test_a_class_with_one_example_is_noted(tmp_path):
    records = [*ONE, ("a text", "rare"), ("a text", "unique")]
    assert prepared(tmp_path, records)[1] == [
        "of 'rare', 'unique' there is one training text alone: nothing general can be learned from it"
    ]
    many = [*ONE, *((f"text {n}", f"c{n}") for n in range(8))]
    assert "'c0', 'c1', 'c2', 'c3', 'c4' and 3 more" in prepared(tmp_path, many)[1][0]


def test_unseen_labels_in_validation_are_noted_and_get_no_number(tmp_path):
    other = [("a", "new"), ("b", "new"), ("c", "newer"), ("d", "good")]
    labels, notes = prepared(tmp_path, ONE, other)
    assert labels == ["bad", "good"]
    assert notes == ["3 texts to validate on have a label that training never saw ('new', 'newer')"]
    _, held_out = labelled_kept.kept(tmp_path)
    assert classify.targets(held_out, labels).tolist() == [-1, -1, -1, 1]


def test_empty_texts_and_the_limit_are_noted(tmp_path):
    records = [ONE[0], ("", "good"), (" ", "bad"), *ONE]
    assert prepared(tmp_path, records, limit=9)[1] == [
        "2 empty texts are left out of training",
        "only the first 9 texts are read",
    ]


@pytest.mark.parametrize("model", ["rnn", "textcnn", "bag", "softmax", "ngram"])
def test_texts_that_are_cut_are_counted(tmp_path, model):
    records = [*ONE, ("a" * 17, "good"), ("a" * 16, "bad"), ("b" * 90, "bad")]
    says = "longer than 16 tokens and cut there; --longest says how many are read"
    assert prepared(tmp_path, records, model=model, longest=16) == (
        ["bad", "good"],
        [f"2 texts to train on are {says}"],
    )
    assert prepared(tmp_path, records, model=model, longest=90)[1] == []


@pytest.mark.parametrize(("tokenizer", "n_cut"), [("byte", 2), ("word", 1)])
def test_texts_that_are_cut_are_counted_in_tokens(tmp_path, tokenizer, n_cut):
    records = [*[("好 好", "good"), ("坏 坏", "bad")] * 3, ("好好 好", "good"), ("好 好 好 好 好 好 好 好 好", "good")]
    (note,) = prepared(tmp_path, records, model="ngram", longest=8, tokenizer=tokenizer)[1]
    assert note.startswith(f"{n_cut} text")


def test_texts_to_validate_on_that_are_trained_on_are_counted(tmp_path):
    says = "among those to train on too: the figures are better than those of new texts would be"
    other = [ONE[0], (f" {ONE[1][0]}", "good"), ("a new one", "good")]
    assert prepared(tmp_path, ONE, other)[1] == [f"2 texts to validate on stand {says}"]
    assert prepared(tmp_path, ONE, other[1:])[1] == [f"1 text to validate on stands {says}"]
    assert prepared(tmp_path, ONE, None, validation_share=0.25)[1] == [f"3 texts to validate on stand {says}"]


@pytest.mark.parametrize("model", ["softmax", "ngram"])
def test_the_notes_are_told(model):
    watcher = Notes()
    options = {"epochs": 1, "device": "cpu"} if model == "softmax" else {}
    records = [*ONE, ("", "good"), ("a single text", "rare")]
    seqlab.train("classify", records, model=model, validation_share=0, baseline=False, watcher=watcher, **options)
    assert watcher.notes == [
        "nothing is held out: the training data themselves are scored",
        "1 empty text is left out of training",
        "of 'rare' there is one training text alone: nothing general can be learned from it",
    ]


@pytest.mark.parametrize("model", ["softmax", "ngram"])
def test_texts_of_labels_that_training_never_saw_count_as_missed(model):
    options = {"epochs": 3, "device": "cpu", "lr": 0.1, "feature_min_count": 1} if model == "softmax" else {}
    other = [*ONE[:2], ("the kettle boils", "unheard of"), ("the kettle leaks", "bad")]
    scores = seqlab.train("classify", ONE, other, model=model, baseline=True, **options).scores
    assert scores["n_unseen"] == 1
    assert scores["accuracy"] == 0.75
    assert all("n_unseen" in floor for floor in scores["floors"].values())


# --- what is refused, and leaves nothing


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ([("a text", "good")] * 12, "the training texts have 1 label (good), and at least 2 are needed"),
        ([*ONE, Labelled("a text", ("x", "y"), "t.csv, line 9")], "t.csv, line 9: a text with 2 labels; give each one"),
        ([*ONE, Labelled("a text", (), "t.csv, line 9")], "t.csv, line 9: a text without a label"),
        (
            [*ONE, ("a text", "very\ngood")],
            "the label 'very\\ngood' has a line end, a tab or another control character",
        ),
        ([*ONE, ("a text", None)], "label"),
        ([*ONE, ("a text", float("nan"))], "label"),
        ([*ONE, "a text"], "a record is a pair of a text and its label"),
        ([(" ", "good"), ("", "bad")] * 9, "there is no text to train on"),
        ([], "there is no text to train on"),
    ],
    ids=range(9),
)
@pytest.mark.parametrize("model", ["rnn", "bag", "ngram"])
def test_records_that_are_none(tmp_path, model, records, says):
    with pytest.raises(DataError) as error:
        seqlab.train("classify", records, output=tmp_path / "run", model=model)
    assert says in str(error.value)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_not_lost_where_new_data_are_refused(tmp_path):
    model = seqlab.train("classify", ONE, output=tmp_path / "run", model="ngram", baseline=False)
    for records in ([*ONE, ("a text", "")], [("a text", "good")] * 12):
        with pytest.raises(DataError):
            seqlab.train("classify", records, output=tmp_path / "run", model="ngram", overwrite=True)
    assert np.array_equal(seqlab.load(tmp_path / "run").predict_proba(["tea"]), model.predict_proba(["tea"]))
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("options", [{}, {"multi_label": True}])
def test_texts_for_labels_are_refused(tmp_path, options):
    """As where the columns are the other way round; of few texts each may have a label of its own."""
    turned = [(label, f"text {number}") for number, (_, label) in enumerate(ONE * 3)]
    says = (
        "of 36 training texts 36 have a label that no other has, such as 'text 0': nothing can be learned of these; say "
        "which columns hold texts and labels, by --text-column and --label-column"
    )
    with pytest.raises(DataError) as error:
        prepared(tmp_path, turned, **options)
    assert str(error.value) == says
    assert len(prepared(tmp_path, turned[:19], **options)[0]) == 19
    assert len(prepared(tmp_path, [*turned[:32], *ONE], **options)[0]) == 34  # a few labels more


def test_one_class_will_do_where_a_text_may_have_several_labels_or_none(tmp_path):
    records = [("the kettle boils", ("good",)), ("the kettle leaks", ())] * 6
    assert prepared(tmp_path, records, multi_label=True, model="softmax")[0] == ["good"]
    with pytest.raises(DataError, match=r"have 0 labels \(none\)"):
        prepared(tmp_path, [("the kettle leaks", ())] * 12, multi_label=True)


def test_classes_of_hardly_a_token(tmp_path):
    records = [("the kettle boils", "good"), ("the kettle leaks", "bad")] * 6 + [("x", "rare")]
    with pytest.raises(DataError, match="class 'rare' has 2 tokens, ends of texts included, fewer than the order 3"):
        seqlab.train("classify", records, output=tmp_path / "run", model="ngram", validation_share=0)
    assert list(tmp_path.iterdir()) == []
    options = {"epochs": 1, "device": "cpu"}
    floors = seqlab.train("classify", records, records, model="softmax", **options).scores["floors"]
    assert set(floors) == {"most frequent class"}  # the other floor cannot be had, and that stops nothing


# --- floors


def test_the_floor_of_the_classes_at_large(tmp_path):
    records = [("the kettle boils", "good")] * 9 + [("the kettle leaks", "bad")] * 3
    other = [("tea", "good"), ("tea", "bad"), ("tea", "good"), ("tea", "new")]
    floor = seqlab.train("classify", records, other, model="ngram").scores["floors"]["most frequent class"]
    assert floor["accuracy"] == 0.5
    expected = ClassificationScores.of(
        [label for _, label in other], np.log(np.array([[0.25, 0.75]] * 4)), ["bad", "good"]
    )
    assert floor == json.loads(json.dumps(expected.to_dict()))


def test_the_floor_of_the_labels_at_large():
    """The most frequent labels for each text, as many of them as are best in training: here a, b and c of five."""
    rows = [("ab", 40), ("ac", 20), ("bc", 20), ("abc", 10), ("d", 5), ("e", 5)]  # a and b 70 times, c 50, d and e 5
    records = [(f"tea {number}", tuple(labels)) for labels, n in rows for number in range(n)]
    other = [("tea", ("a", "b")), ("tea", ("c",)), ("tea", ("d", "new")), ("tea", ())]
    options = {"model": "softmax", "epochs": 1, "device": "cpu", "multi_label": True}
    floors = seqlab.train("classify", records, other, **options).scores["floors"]
    assert set(floors) == {"most frequent labels"}
    # In training: 2 * (70 + 70 + 50) / (3 * 100 + 200), above that of a and b, 2 * 140 / 400, and of all, 2 * 200 / 700.
    assert floors["most frequent labels"]["micro_f1"] == 2 * 3 / (3 * 4 + 5)
    assert floors["most frequent labels"]["threshold"] == 0.5
    expected = -np.mean(  # of the shares of a to e, each label by itself
        [
            sum(
                np.log(share if label in labels else 1 - share)
                for label, share in zip("abcde", (0.7, 0.7, 0.5, 0.05, 0.05), strict=True)
            )
            for _, labels in other
        ]
    )
    assert floors["most frequent labels"]["nats"] == pytest.approx(expected)


def test_the_labels_at_large_are_a_floor_where_none_is_in_half_of_the_texts():
    draw = np.random.default_rng(0)
    records = [(f"{n}", [label for label in "abcdefghij" if draw.random() < 0.3]) for n in range(400)]
    options = {"model": "softmax", "epochs": 1, "device": "cpu", "multi_label": True}
    floor = seqlab.train("classify", records, **options).scores["floors"]["most frequent labels"]
    assert floor["micro_f1"] == pytest.approx(2 * 0.3 / (1 + 0.3), abs=0.06)  # that of all labels for each text


def test_the_ngram_floor_is_what_the_family_scores():
    options = {"epochs": 1, "device": "cpu"}
    floors = seqlab.train("classify", ONE, ONE[:4], model="softmax", **options).scores["floors"]
    counted = seqlab.train("classify", ONE, ONE[:4], model="ngram").scores
    assert set(floors) == {"most frequent class", "n-gram"}
    assert set(counted["floors"]) == {"most frequent class"}
    left = ("floors", "training")
    assert floors["n-gram"] == {name: value for name, value in counted.items() if name not in left}
    assert seqlab.train("classify", ONE, ONE[:4], model="softmax", baseline=False, **options).scores["floors"] == {}


# --- what is said of one text


def test_the_card_of_a_single_text_and_of_a_share(tmp_path):
    options = {"model": "softmax", "device": "cpu", "epochs": 1}
    seqlab.train("classify", ONE, ONE[:1], output=tmp_path / "one", **options)
    card = (tmp_path / "one" / "README.md").read_text(encoding="utf-8")
    assert "records given from Python: 1 text." in card
    assert "| 1 text |" in card
    assert "1 step, 1 epoch, of adamw" in card
    for split, says in (
        ("random", "20% of each class (random): 2 texts."),
        ("end", "20% of the training data (end): 2 texts."),
    ):
        options |= {"validation_share": 0.2, "validation_split": split, "overwrite": True}
        seqlab.train("classify", ONE, output=tmp_path / "run", **options)
        assert says in (tmp_path / "run" / "README.md").read_text(encoding="utf-8")


# --- read back


def test_labels_that_cannot_be_read(tmp_path):
    prepared(tmp_path, ONE)
    path = tmp_path / "text" / "labels.json"
    for content, says in (
        ("[]", "holds no JSON object"),
        ("{", "no JSON"),
        ('{"labels": [1], "notes": []}', "a list of labels"),
    ):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(ModelError, match=says):
            classify.kept_labels(tmp_path)
    path.unlink()
    with pytest.raises(ModelError, match=r"labels\.json: cannot be read"):
        classify.kept_labels(tmp_path)


def test_numbers_of_labels():
    examples = [Example("a", ("x",)), Example("b", ("z",)), Example("c", ("y",))]
    assert classify.targets(examples, ["x", "y"]).tolist() == [0, -1, 1]
    assert classify.targets([], ["x", "y"]).shape == (0,)
