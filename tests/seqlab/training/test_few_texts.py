"""How a classifier learns from few texts where nobody says."""

import json
import random

import pytest

import seqlab
from seqlab.resolve import resolve
from seqlab.training.few_texts import FEWEST_STEPS, SMALLEST, settled
from seqlab.training.watcher import Unwatched

DESKS = {
    "billing": ("invoice", "refund", "receipt"),
    "shipping": ("parcel", "courier", "tracking"),
    "login": ("password",),
}
REST = ("please", "help", "me", "with", "my", "order", "today", "since", "I", "have", "a", "problem", "and", "it", "is")


class Notes(Unwatched):
    def __init__(self):
        self.notes = []

    def noted(self, message):
        self.notes.append(message)


def questions(n, seed):
    """Questions to the desks of a shop, of which a word or two say which desk it is."""
    draw, found = random.Random(seed), []
    for _ in range(n):
        desk = draw.choice(list(DESKS))
        words = draw.choices(REST, k=draw.randint(5, 9)) + draw.choices(DESKS[desk], k=draw.randint(1, 2))
        draw.shuffle(words)
        found.append((" ".join(words), desk))
    return found


def config(**changes):
    return resolve("classify", {}, {"model": "bag"} | changes)


@pytest.mark.parametrize(
    ("n_texts", "size", "epochs"),
    [
        (1, 8, 500),
        (60, 8, 63),  # 8 steps each
        (270, 16, 30),  # 17 steps each
        (1836, 64, 18),  # 29 steps each
        (2048, 128, 32),
        (7936, 128, 9),  # one step short of 500 otherwise
        (8000, 128, 8),
        (1_000_000, 128, 8),
    ],
)
def test_few_texts_have_smaller_batches_and_more_epochs(n_texts, size, epochs):
    found, note = settled(config(), n_texts)
    assert (found.batches.batch_size, found.training.epochs) == (size, epochs)
    assert found.training.epochs * -(-n_texts // size) >= FEWEST_STEPS
    assert size >= SMALLEST
    assert bool(note) == (n_texts < 8000)
    assert found.model_dump(exclude={"training", "batches"}) == config().model_dump(exclude={"training", "batches"})


@pytest.mark.parametrize("given", [{"epochs": 8}, {"batch_size": 128}, {"lr": 2e-3}, {"model": "ngram"}], ids=str)
def test_what_is_given_stands(given):
    assert settled(config(**given), 270) == (config(**given), "")


def test_a_training_that_begins_with_a_run_is_left_as_it_is():
    given = {"model": "rnn", "from_run": "runs/language"}
    assert settled(config(**given), 270) == (config(**given), "")


def test_only_softmax_learns_faster():
    assert settled(config(), 270)[0].training.lr == config().training.lr
    found, note = settled(config(model="softmax"), 270)
    assert found.training.lr == 0.05
    assert "batches of 16 at a learning rate of 0.05; --epochs" in note


def test_it_is_noted_and_written_down(tmp_path):
    watcher = Notes()
    seqlab.train("classify", questions(100, 1), output=tmp_path / "run", model="bag", device="cpu", watcher=watcher)
    assert watcher.notes[0] == (
        "90 texts are few, so they are read in 42 epochs of batches of 8; --epochs, --batch-size or --lr say otherwise"
    )
    written = json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))
    assert (written["training"]["epochs"], written["batches"]["batch_size"]) == (42, 8)


@pytest.mark.parametrize("model", ["bag", "mlp", "softmax"])
def test_the_defaults_learn_from_few_texts(model):
    options = {"model": model, "device": "cpu", "baseline": False}
    reached = seqlab.train("classify", questions(270, 1), questions(200, 2), **options).scores["accuracy"]
    before = seqlab.train("classify", questions(270, 1), questions(200, 2), epochs=8, **options).scores["accuracy"]
    assert reached > 0.97
    assert before < reached
