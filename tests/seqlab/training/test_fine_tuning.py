"""A classifier that begins with a language model: what it takes over, and which layers learn when and how fast."""

import json
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

import seqlab
from seqlab.errors import ConfigError, ModelError
from seqlab.modeldir import open_directory
from seqlab.resolve import resolve
from seqlab.tasks import TASKS
from seqlab.tasks.classify import prepare
from seqlab.tasks.classify_task import ClassificationTask
from seqlab.text.vocab import UNK
from seqlab.training.fit import Trainer, fit
from seqlab.training.interrupt import Interrupted
from seqlab.training.watcher import Unwatched

LINES = ["the lamp is bright\n", "the rope is rotten\n", "a bright warm room\n", "a rotten cold cellar\n"] * 12
LM = {"hidden": 9, "embedding": 7, "layers": 2, "epochs": 1, "batch_size": 4, "window": 12, "device": "cpu", "lr": 0.01}
TUNE = {"epochs": 4, "batch_size": 8, "lr": 0.02, "device": "cpu", "baseline": False, "seed": 2}
GROUPS = ("embedding", "recurrent 0", "recurrent 1", "head")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with a language model, "lm", and runs that are none to begin with."""
    folder = tmp_path_factory.mktemp("runs")
    seqlab.train("lm", LINES, output=folder / "lm", **LM)
    seqlab.train("lm", LINES, output=folder / "gru", **LM | {"layers": 1, "cell": "gru", "case": "lower"})
    seqlab.train("lm", LINES, output=folder / "counted", model="ngram", order=2)
    one_hot = {name: value for name, value in LM.items() if name != "embedding"} | {"input": "one-hot"}
    seqlab.train("lm", LINES, output=folder / "one-hot", **one_hot)
    seqlab.train("classify", records(), output=folder / "classifier", model="softmax", epochs=1, device="cpu")
    return folder


def records():
    """Labelled lines, with a letter that the language models have not seen."""
    return [(f"{line.strip()} Q{number % 3}", ("poor", "fine")["bright" in line]) for number, line in enumerate(LINES)]


@pytest.fixture
def start(runs, tmp_path):
    """(run, settings) -> a fresh trainer and its task, as `seqlab train classify --from RUN` makes them."""

    def begin(run="lm", **settings):
        config = resolve("classify", {}, TUNE | ({"from_run": str(runs / run)} if run else {}) | settings)
        config = TASKS["classify"].completed(config)
        folder = tmp_path / f"task-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        prepare(config, records(), None, folder)
        task = ClassificationTask(config, folder, "cpu")
        torch.manual_seed(1)
        return Trainer(task.build(), config.training), task

    return begin


def groups(trainer):
    return {name: [weight.detach().clone() for weight in weights] for name, weights in trainer.model.groups()}


def changed(before, after):
    """The groups of which at least one weight is another."""
    return {
        name
        for name, weights in before.items()
        if not all(torch.equal(one, other) for one, other in zip(weights, after[name], strict=True))
    }


# --- what is taken over


@pytest.mark.parametrize("run", ["lm", "gru"])
def test_vectors_and_layers_are_those_of_the_language_model(runs, start, run):
    trainer, task = start(run)
    learned = seqlab.load(runs / run).model
    assert torch.equal(trainer.model.tables[0].weight, learned.embedding.weight)
    own, theirs = trainer.model.recurrent.state_dict(), learned.recurrent.state_dict()
    assert own.keys() == theirs.keys()
    assert all(torch.equal(own[name], theirs[name]) for name in own)
    ids = torch.tensor(task.text.pipeline.encode("the lamp is bright").tolist())[None]
    hidden, _ = learned.recurrent(learned.embedding(ids))
    trainer.model.eval()
    here, _ = trainer.model.recurrent(trainer.model.embed(ids[..., None]))
    torch.testing.assert_close(here, hidden, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("run", ["lm", "gru"])
def test_text_is_read_as_the_language_model_reads_it(runs, start, run):
    _, task = start(run)
    theirs = seqlab.load(runs / run)
    assert task.text.pipeline.vocab.tokens == theirs.text.vocab.tokens
    text = "The lamp Q1"
    tokens = task.text.tokens([text])
    ids, starts = task.text.columns(tokens)
    assert ids.shape == (len(text), 1), "no pairs, which it has not learned"
    assert ids[:, 0].tolist() == theirs.text.encode(text).tolist()
    assert ids[text.index("1"), 0] == UNK
    assert starts.tolist() == [0, len(text)]


def test_the_settings_are_those_of_the_run(start):
    _, task = start()
    network = task.config.network
    assert (network.cell, network.hidden, network.layers, network.embedding) == ("lstm", 9, 2, 7)
    assert not network.bidirectional
    assert not task.config.features.bigrams
    _, task = start("gru")
    assert (task.config.network.cell, task.config.text.case) == ("gru", "lower")


def test_it_begins_otherwise_than_without(start):
    """What is not taken over, the head, is drawn as ever."""
    trainer, _ = start()
    other, _ = start()
    assert changed(groups(trainer), groups(other)) == set()
    assert float(trainer.model.output.weight.detach().abs().sum()) > 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"hidden": 64}, "network.hidden: is taken from the run"),
        ({"hidden": 128}, "network.hidden: is taken from the run"),  # the default, but given
        ({"bidirectional": True}, "network.bidirectional: is taken from the run"),
        ({"bigrams": True}, "features.bigrams: is taken from the run"),
        ({"cell": "gru"}, "network.cell: is taken from the run"),
        ({"layers": 3}, "network.layers: is taken"),
        ({"embedding": 32}, "network.embedding: is taken"),
        ({"learned_state": True}, "network.learned_state: is taken"),
        ({"tokenizer": "word"}, "text.tokenizer: is taken"),
        ({"case": "lower"}, "text.case: is taken"),
        ({"bigram_width": 8}, "features.bigram_width: is taken"),
        ({"vectors": "v.txt"}, "features.vectors: is taken"),
        ({"model": "bag"}, "training.from_run: a bag takes nothing from a run; set model to rnn"),
        ({"model": "textcnn"}, "training.from_run: a textcnn takes nothing from a run"),
        ({"optimizer": "muon"}, "optimizer: muon is not for single layers"),
        ({"optimizer": "sparse-adam"}, "optimizer: sparse-adam is not for single layers"),
    ],
)
def test_settings_that_contradict_are_refused(runs, settings, says):
    with pytest.raises(ConfigError) as error:
        seqlab.train("classify", records(), from_run=str(runs / "lm"), **TUNE | settings)
    assert says in str(error.value)


def test_settings_that_agree_are_taken(start):
    trainer, _ = start(hidden=9, layers=2, embedding=7, bidirectional=False, bigrams=False, cell="lstm", dropout=0.1)
    assert trainer.model.dropout == 0.1


@pytest.mark.parametrize("run", ["counted", "one-hot", "classifier"])
def test_a_run_that_is_no_recurrent_language_model_is_refused(runs, run):
    with pytest.raises(ConfigError, match=f"{run} is no recurrent language model with learned vectors; make one with"):
        seqlab.train("classify", records(), from_run=str(runs / run), **TUNE)


def test_a_run_that_is_not_there_is_refused(runs, tmp_path):
    with pytest.raises(ModelError, match="no such folder"):
        seqlab.train("classify", records(), from_run=str(tmp_path / "nowhere"), output=tmp_path / "run", **TUNE)
    assert list(tmp_path.iterdir()) == []


# --- which layers learn


@pytest.mark.parametrize("decay", [1.0, 0.5])
def test_each_layer_below_learns_more_slowly(start, decay):
    """A step of plain descent moves a weight by its rate times its gradient: lr * decay ** (layers above)."""
    settings = {"optimizer": "sgd", "clip": 0.0, "dropout": 0.0, "embedding_dropout": 0.0, "rare_as_unknown": 0.0}
    trainer, task = start(layer_lr_decay=decay, **settings)
    assert [name for name, _ in trainer.model.groups()] == list(GROUPS)
    before = groups(trainer)
    next(fit(trainer, task))
    for above, (name, weights) in zip((3, 2, 1, 0), trainer.model.groups(), strict=True):
        for weight, first in zip(weights, before[name], strict=True):
            expected = first - TUNE["lr"] * decay**above * weight.grad
            torch.testing.assert_close(weight.detach(), expected, atol=1e-7, rtol=1e-5)


def test_the_rates_of_the_groups_follow_the_schedule(start):
    trainer, task = start(layer_lr_decay=0.5, schedule="cosine", epochs=2)
    for step in fit(trainer, task):
        for group in trainer.optimizers[0].param_groups:
            assert group["lr"] == step.lr * group["scale"]
    scales = {group["scale"] for group in trainer.optimizers[0].param_groups}
    assert scales == {1.0, 0.5, 0.25, 0.125}


@pytest.mark.parametrize(
    ("settings", "learns"),
    [
        ({}, [set(GROUPS)] * 3),
        ({"unfreeze_every": 1}, [{"head"}, {"head", "recurrent 1"}, {"head", "recurrent 1", "recurrent 0"}]),
        ({"unfreeze_every": 2}, [{"head"}, {"head"}, {"head", "recurrent 1"}]),
        ({"freeze": 1}, [set(GROUPS) - {"embedding"}] * 3),
        ({"freeze": 3}, [{"head"}] * 3),
        ({"freeze": 2, "unfreeze_every": 1}, [{"head"}, {"head", "recurrent 1"}, {"head", "recurrent 1"}]),
    ],
)
def test_lower_layers_stay_bit_for_bit_until_their_epoch(start, settings, learns):
    trainer, task = start(epochs=3, weight_decay=0.1, l1=0.001, **settings)
    before, found = groups(trainer), []
    for step in fit(trainer, task):
        if step.step % task.n_steps == 0:
            after = groups(trainer)
            found.append(changed(before, after))
            before = after
    assert found == learns


def test_freezing_all_layers_is_refused_and_leaves_nothing(runs, tmp_path):
    with pytest.raises(ConfigError, match="freeze: the model has 4 layers, and one has to be trained; give less"):
        seqlab.train("classify", records(), from_run=str(runs / "lm"), freeze=4, output=tmp_path / "run", **TUNE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("model", ["rnn", "textcnn", "bag", "mlp", "softmax"])
def test_layers_of_any_network_can_be_frozen(start, model):
    trainer, task = start(None, model=model, freeze=1, epochs=1)
    before = groups(trainer)
    assert next(iter(before)) == "embedding"
    for _ in fit(trainer, task):
        pass
    assert changed(before, groups(trainer)) == set(before) - {"embedding"}


# --- stopping and loading


class StopAfter(Unwatched):
    """Presses Ctrl-C after some steps."""

    def __init__(self, n_steps: int):
        self.n_steps = n_steps

    def stepped(self, step) -> None:
        if step.step == self.n_steps:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("n_steps", [3, 6, 7])
def test_resume_equals_no_interruption_with_unfreezing(runs, tmp_path, n_steps):
    settings = TUNE | {"from_run": str(runs / "lm"), "unfreeze_every": 1, "layer_lr_decay": 0.5, "dropout": 0.3}
    whole = seqlab.train("classify", records(), output=tmp_path / "whole", **settings)
    with pytest.raises(Interrupted):
        seqlab.train("classify", records(), output=tmp_path / "run", watcher=StopAfter(n_steps), **settings)
    resumed = seqlab.resume(tmp_path / "run")
    assert resumed.scores == whole.scores
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("whole", "run")]
    assert weights[0] == weights[1]


def test_a_saved_model_predicts_the_same_and_needs_its_language_model_no_more(runs, tmp_path):
    lm = shutil.copytree(runs / "lm", tmp_path / "lm")
    made = seqlab.train("classify", records(), from_run=str(lm), output=tmp_path / "run", **TUNE)
    texts = [text for text, _ in records()[:8]] + ["", "QQQ"]
    wanted = made.predict_proba(texts)
    shutil.rmtree(lm)
    loaded = seqlab.load(tmp_path / "run")
    np.testing.assert_array_equal(loaded.predict_proba(texts), wanted)
    config = open_directory(tmp_path / "run").config
    assert config.training.from_run == str(lm)
    assert json.loads((Path(tmp_path) / "run/config.json").read_text())["network"]["hidden"] == 9


def test_going_on_without_the_language_model_is_refused_and_loses_nothing(runs, tmp_path):
    lm = shutil.copytree(runs / "lm", tmp_path / "lm")
    settings = TUNE | {"from_run": str(lm)}
    whole = seqlab.train("classify", records(), output=tmp_path / "whole", **settings)
    with pytest.raises(Interrupted):
        seqlab.train("classify", records(), output=tmp_path / "run", watcher=StopAfter(3), **settings)
    lm.rename(tmp_path / "moved")
    with pytest.raises(ModelError, match="lm: no such folder"):
        seqlab.resume(tmp_path / "run")
    (tmp_path / "moved").rename(lm)
    assert seqlab.resume(tmp_path / "run").scores == whole.scores


def test_the_command_line(call, runs, tmp_path):
    corpus = tmp_path / "lines.tsv"
    corpus.write_text("".join(f"{label}\t{text}\n" for text, label in records()), encoding="utf-8", newline="")
    columns = ["--text-column", "2", "--label-column", "1", "--no-header", "--no-baseline"]
    flags = ["--epochs", "2", "--device", "cpu", "--unfreeze-every", "1", "--layer-lr-decay", "0.4"]
    outcome = call("train", "classify", corpus, "-o", tmp_path / "run", "--from", runs / "lm", *columns, *flags)
    assert outcome.code == 0, outcome
    assert open_directory(tmp_path / "run").config.training.from_run == str(runs / "lm")
    assert seqlab.load(tmp_path / "run").predict(["a bright room"])[0] in ("fine", "poor")


def test_an_estimator_begins_with_one_too(runs):
    pytest.importorskip("sklearn")
    from seqlab.estimator import TextClassifier

    texts, labels = zip(*records(), strict=True)
    settings = {name: value for name, value in TUNE.items() if name != "seed"} | {
        "from_run": str(runs / "lm"),
        "epochs": 1,
    }
    model = TextClassifier("rnn", settings, random_state=2).fit(list(texts), list(labels))
    assert model.classifier_.config.network.hidden == LM["hidden"]
