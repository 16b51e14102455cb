import itertools
import json
from typing import get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from pydantic import ValidationError

import seqlab
from seqlab.batching import SAMPLINGS
from seqlab.config import SCHEMAS, LanguageModelling
from seqlab.errors import ConfigError
from seqlab.modeldir import WEIGHTS, open_directory
from seqlab.ngram.smoothing import SMOOTHINGS
from seqlab.recurrent.cells import CELLS
from seqlab.recurrent.initialise import INITIALISERS
from seqlab.resolve import assignment, read_toml, resolve, settings
from seqlab.tasks import TASKS
from seqlab.tasks.families import FAMILIES
from seqlab.text.tokenizers import TOKENIZERS
from seqlab.training.optimizers import OPTIMIZERS

PATHS = [path for path, _ in settings(LanguageModelling)]
FIELDS = dict(settings(LanguageModelling))


def leaf(path):
    return path.rpartition(".")[2]


def refusal(tables=(), **changes):
    with pytest.raises(ConfigError) as error:
        resolve("lm", dict(tables), {name.replace("__", "."): value for name, value in changes.items()})
    message = str(error.value)
    assert "\n" not in message
    return message


# --- the schema


def test_every_setting_has_a_name_of_its_own_and_a_sentence():
    assert len({leaf(path) for path in PATHS}) == len(PATHS)
    for path, field in FIELDS.items():
        assert field.description, path
        assert field.description.endswith("."), path


def test_every_name_that_can_be_chosen_is_in_its_table():
    tables = {
        "network.cell": CELLS,
        "network.input_weights": INITIALISERS,
        "network.recurrent_weights": INITIALISERS,
        "training.optimizer": OPTIMIZERS,
        "batches.sampling": SAMPLINGS,
        "text.tokenizer": TOKENIZERS,
        "ngram.smoothing": [*SMOOTHINGS, "arpa"],  # estimated elsewhere
        "model": FAMILIES["lm"],
    }
    for path, table in tables.items():
        assert set(FIELDS[path].examples or get_args(FIELDS[path].annotation)) == set(table)
    assert set(SCHEMAS) == set(TASKS)


# --- three ways in, one result


def test_a_file_and_names_and_dotted_paths_give_the_same(tmp_path):
    path = tmp_path / "experiment.toml"
    path.write_text(
        'task = "lm"\nseed = 7\n[data]\ntrain = ["a", "b"]\n[network]\nhidden = 32\ncell = "gru"\n'
        "[training]\nlr = 1\noptimizer_options = { betas = [0.9, 0.99] }\n"
    )
    changes = {"seed": 7, "train": ("a", "b"), "hidden": 32, "cell": "gru", "lr": 1.0}
    options = {"optimizer_options": {"betas": [0.9, 0.99]}}
    dotted = {next(path for path in PATHS if leaf(path) == name): value for name, value in changes.items()}
    from_file = resolve("lm", read_toml(path), {})
    assert from_file == resolve("lm", {}, changes | options)
    assert from_file == resolve("lm", {}, dotted | {"training.optimizer_options.betas": [0.9, 0.99]})
    assert from_file == resolve("lm", {}, dict(map(assignment, [
        "seed=7", 'train=["a", "b"]', "network.hidden=32", "cell=gru", "lr=1", "optimizer_options.betas=[0.9, 0.99]",
    ])))  # fmt: skip
    assert from_file != resolve("lm", {}, {})


def test_changes_stand_over_the_file():
    config = resolve("lm", {"network": {"hidden": 32, "layers": 2}}, {"hidden": 64})
    assert (config.network.hidden, config.network.layers, config.network.cell) == (64, 2, "lstm")


def test_the_tables_that_are_given_are_not_changed():
    tables = {"network": {"hidden": 32}}
    resolve("lm", tables, {"hidden": 64, "lr": 0.5})
    assert tables == {"network": {"hidden": 32}}


def test_nothing_can_be_changed_afterwards():
    config = resolve("lm", {}, {})
    with pytest.raises(ValidationError, match="frozen"):
        config.network.hidden = 3


def values(field):
    kind = field.annotation
    if get_origin(kind) is not None and "Literal" in str(get_origin(kind)):
        return st.sampled_from(get_args(kind))
    if kind is float:
        return st.floats(0.001, 0.9)
    if kind is bool:
        return st.booleans()
    if field.examples:
        return st.sampled_from(field.examples)
    if field.description.startswith("What counting may take"):
        return st.sampled_from(["1K", "512M", "3T"])
    if "int" in str(kind) and get_origin(kind) is tuple:
        return st.lists(st.integers(1, 9), max_size=4).map(sorted)
    if kind is str:
        return st.text(st.characters(codec="utf-8"))
    return st.integers(2, 10**9) if kind is int or get_args(kind)[:1] == (int,) else st.just(["a", "天\n"])


@effort(deadline=None, max_examples=60)
@given(st.data())
def test_config_json_round_trips(data):
    free = [path for path in PATHS if path not in ("task", "network.bidirectional", "training.optimizer_options")]
    changes = {path: data.draw(values(FIELDS[path])) for path in data.draw(st.sets(st.sampled_from(free)))}
    try:
        config = resolve("lm", {}, changes)
    except ConfigError:  # settings that do not fit one another
        return
    assert resolve("lm", json.loads(config.to_json()), {}) == config


def test_config_json_writes_the_defaults_out():
    written = json.loads(resolve("lm", {}, {}).to_json())
    for path in PATHS:
        value = written
        for part in path.split("."):
            value = value[part]


# --- what is refused


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"netwrk": {"hidden": 3}}, "unknown section 'netwrk'; did you mean 'network'?"),
        ({"network": {"hiden": 3}}, "unknown setting 'network.hiden'; did you mean 'network.hidden'?"),
        ({"training": {"hidden": 3}}, "unknown setting 'training.hidden'; did you mean 'network.hidden'?"),
        ({"hidden": 3}, "unknown setting 'hidden'; did you mean 'network.hidden'?"),
        ({"network": 3}, "network: is a section"),
        ({"task": "ml"}, "the experiment file is for 'ml', not for 'lm'"),
    ],
)
def test_files_that_are_refused(tables, says):
    assert says in refusal(tables)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("hiden", 3, "unknown setting 'hiden'; did you mean 'hidden'?"),
        ("netwrk.hidden", 3, "did you mean 'network.hidden'?"),
        ("network", 3, "'network' is a section; name a setting in it, such as network.cell"),
        ("cell", "lstn", "network.cell: unknown cell 'lstn'; did you mean 'lstm'? known: elman, elman-relu, fc-lstm,"),
        ("optimizer", "adan", "training.optimizer: unknown optimizer 'adan'; did you mean 'adam'?"),
        ("tokenizer", "charcter", "text.tokenizer: unknown tokenizer 'charcter'; did you mean 'character'?"),
        ("task", "ml", "unknown task 'ml'; did you mean 'lm'?"),
        ("hidden", "many", "network.hidden: needs a whole number, not 'many'"),
        ("hidden", 1.5, "network.hidden: needs a whole number, not 1.5"),
        ("hidden", True, "network.hidden: needs a whole number, not True"),
        ("hidden", 0, "network.hidden: input should be greater than or equal to 1, not 0"),
        ("tied", 1, "network.tied: needs true or false, not 1"),
        ("lr", float("nan"), "training.lr"),
        ("lr", float("inf"), "training.lr: input should be a finite number"),
        ("dropout", 1.0, "network.dropout: input should be less than 1, not 1.0"),
        ("train", "a.txt", "data.train: needs a list"),
        ("train", ["\udcfe.txt"], "is not UTF-8"),
        ("optimizer_options.momentum", "a", "training.optimizer_options.momentum: needs a number, not 'a'"),
        ("optimizer_options", "a", "training.optimizer_options: needs a table"),
        ("model", "rnm", "unknown model 'rnm'; did you mean 'rnn'? known: mixture, ngram, rnn"),
        ("smoothing", "kneser", "ngram.smoothing: unknown smoothing 'kneser'; did you mean 'kneser-ney'?"),
        ("order", 0, "ngram.order: input should be greater than or equal to 1, not 0"),
        ("order", 21, "ngram.order: input should be less than or equal to 20, not 21"),
        ("min_counts", 2, "ngram.min_counts: needs a list"),
        ("min_counts", [0], "ngram.min_counts.0: input should be greater than or equal to 1, not 0"),
        ("min_counts", [1, "2"], "ngram.min_counts.1: needs a whole number, not '2'"),
        ("memory", "2", "ngram.memory: '2' is no amount of memory; write a whole number and K, M, G or T, such as 2G"),
        ("memory", "0G", "ngram.memory: '0G' is no amount of memory"),
    ],
)
def test_values_that_are_refused(name, value, says):
    assert says in refusal(**{name.replace(".", "__"): value})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"bidirectional": True}, "network.bidirectional: a language model predicts the next token"),
        ({"tied": True, "embedding": 3, "hidden": 4}, "are 3 wide and the hidden layer 4"),
        ({"input": "one-hot", "tied": True}, "network.tied: one-hot input has no learned vectors"),
        ({"input": "one-hot", "embedding": 8}, "network.embedding: one-hot input has no learned vectors"),
        ({"input": "one-hot", "embedding_dropout": 0.1}, "network.embedding_dropout: one-hot input"),
        ({"input": "one-hot", "backend": "torch"}, "network.backend: torch's kernels take no one-hot"),
        ({"input": "one-hot", "input_dropout": 0.1}, "network.input_dropout: one-hot input"),
        ({"input": "one-hot", "residual": True}, "network.residual: what the only layer reads is not as wide"),
        ({"embedding": 8, "residual": True}, "network.residual: what the only layer reads is not as wide"),
        ({"zoneout": 0.1, "backend": "torch"}, "network.zoneout: the loop over the equations alone knows it"),
        (
            {"recurrent_dropout": 0.1, "backend": "fused"},
            "network.recurrent_dropout: the loop over the equations alone",
        ),
        ({"lr_floor": 0.1}, "training.lr_floor: the schedule constant does not use it; cosine and one-cycle do"),
        ({"decay": 0.1, "schedule": "cosine"}, "training.decay: the schedule cosine does not use it"),
        ({"decay_every": 2, "schedule": "exponential"}, "training.decay_every: the schedule exponential"),
        ({"order": 3}, "ngram.order: the model is rnn, which has no such setting; leave it out, or set model to ngram"),
        (
            {"model": "ngram", "hidden": 9},
            "network.hidden: the model is ngram, which has no such setting; leave it out, or",
        ),
        ({"model": "ngram", "window": 9}, "batches.window: the model is ngram"),
        ({"model": "ngram", "device": "cpu"}, "training.device: the model is ngram"),
        ({"model": "mixture", "order": 3}, "ngram.order: the model is mixture"),
        ({"model": "ngram", "pseudo_count": 0.5}, "ngram.pseudo_count: modified-kneser-ney smoothing adds none"),
        (
            {"model": "ngram", "prune": 1e-8, "smoothing": "stupid-backoff"},
            "ngram.prune: the figures of stupid-backoff",
        ),
        ({"model": "ngram", "min_counts": [1, 3, 2]}, "ngram.min_counts: [1, 3, 2] falls"),
        ({"model": "ngram", "min_counts": [1, 1], "order": 1}, "ngram.min_counts: 2 numbers for the orders up to 1"),
    ],
)
def test_settings_that_do_not_fit(changes, says):
    assert says in refusal(**changes)


def test_tied_may_name_the_width_that_it_needs():
    assert resolve("lm", {}, {"tied": True, "embedding": 64, "hidden": 64}).network.tied


def test_an_unknown_task():
    with pytest.raises(ConfigError, match="unknown task 'ml'; did you mean 'lm'"):
        resolve("ml", {}, {})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[network\nhidden = 3", "line 1"),
        (b"a = 1\na = 2\nb = 3", "line 2"),
        (b"\xff\xfe", "no TOML"),
        (None, "No such file"),
    ],
)
def test_an_experiment_file_that_is_none(tmp_path, content, says):
    path = tmp_path / "experiment.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=says) as error:
        read_toml(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        ("lr=0.1", "lr", 0.1),
        (" hidden = 3", "hidden", 3),
        ("tied=true", "tied", True),
        ("cell=gru", "cell", "gru"),
        ('cell="gru"', "cell", "gru"),
        ("device=cuda:1", "device", "cuda:1"),
        ("train=['a', 'b']", "train", ["a", "b"]),
        ("encoding=", "encoding", ""),
    ],
)
def test_assignments(written, name, value):
    assert assignment(written) == (name, value)


@pytest.mark.parametrize("written", ["hidden", "=3", ""])
def test_assignments_need_a_name_and_a_value(written):
    with pytest.raises(ConfigError, match="write key=value"):
        assignment(written)


def test_unknown_settings_and_options_of_train_in_code(text):
    with pytest.raises(ConfigError, match="did you mean 'hidden'"):
        seqlab.train("lm", [text], hiden=3)
    with pytest.raises(ConfigError, match="unknown option of sgd 'momentun'; did you mean 'momentum'"):
        seqlab.train("lm", [text], optimizer="sgd", optimizer_options={"momentun": 0.9})
    with pytest.raises(ConfigError, match="sgd refuses them"):
        seqlab.train("lm", [text], optimizer="sgd", optimizer_options={"momentum": -1.0})


# --- every option does something

BASE = {
    "hidden": 8, "epochs": 2, "batch_size": 8, "window": 16, "lr": 0.01, "baseline": False, "device": "cpu",
}  # fmt: skip
DIFFERENT = [
    {"seed": 2}, {"validation_share": 0.2}, {"validation_split": "end"}, {"limit": 1500},
    {"tokenizer": "byte"}, {"unicode": "NFKC"}, {"width": "half"}, {"case": "lower"}, {"whitespace": "collapse"},
    {"min_count": 40}, {"max_size": 20}, {"tokenizer": "word"}, {"tokenizer": "whitespace"},
    {"tokenizer": "word", "rare_as_unknown": 0.0},
    {"sampling": "random"}, {"batch_size": 4}, {"window": 8},
    {"cell": "gru"}, {"cell": "elman"}, {"cell": "elman-relu"}, {"hidden": 9}, {"layers": 2}, {"input": "one-hot"},
    {"embedding": 5}, {"tied": True}, {"dropout": 0.3}, {"embedding_dropout": 0.3},
    {"input_dropout": 0.3}, {"recurrent_dropout": 0.3}, {"output_dropout": 0.3}, {"weight_drop": 0.3}, {"zoneout": 0.3},
    {"residual": True}, {"learned_state": True},
    {"input_weights": "uniform"}, {"recurrent_weights": "uniform"}, {"forget_bias": 0.0},
    {"epochs": 3}, {"lr": 0.02}, {"warmup": 9}, {"clip": 0.1}, {"clip_value": 0.001}, {"weight_decay": 0.5}, {"l1": 0.01},
    {"average": 0.9}, {"optimizer_options": {"eps": 0.01}},
    {"schedule": "step"}, {"schedule": "exponential"}, {"schedule": "cosine"}, {"schedule": "one-cycle"},
    {"schedule": "step", "decay": 0.2}, {"schedule": "exponential", "decay": 0.2}, {"schedule": "cosine", "lr_floor": 0.5},
    {"schedule": "one-cycle", "lr_floor": 0.5}, {"schedule": "one-cycle", "warmup": 20},
    {"schedule": "step", "decay_every": 2, "epochs": 3}, {"schedule": "step", "epochs": 3},
    {"optimizer": "adam", "weight_decay": 0.5},  # without weight decay it is adamw
    *({"optimizer": name} for name in OPTIMIZERS if name not in ("adamw", "adam")),
]  # fmt: skip
DIFFERENT_NGRAMS = [
    {"seed": 2}, {"limit": 1500}, {"tokenizer": "word"}, {"min_count": 40}, {"order": 1}, {"order": 3}, {"order": 6},
    *({"smoothing": name} for name in SMOOTHINGS if name != "modified-kneser-ney"),
    {"smoothing": "additive", "pseudo_count": 0.5}, {"min_counts": [1, 2]}, {"min_counts": [1, 1, 1, 2]},
    {"prune": 1e-6}, {"prune": 1e-4}, {"sentences": "lines"}, {"tokenizer": "word", "sentences": "none"},
]  # fmt: skip
SHOWN_ELSEWHERE = {
    "task": "there is one", "data.train": "cli/test_train", "data.validation": "cli/test_train",
    "data.encoding": "cli/test_train",
    "data.encoding_errors": "cli/test_undecodable", "data.text_column": "cli/test_undecodable",
    "baseline": "test_baseline_scores_the_floors",
    "network.bidirectional": "refused", "training.patience": "test_patience_stops",
    "training.evaluate_every": "training/test_fit", "training.tensorboard": "training/test_curves",
    "training.checkpoint_every": "test_checkpoints_are_written_as_often_as_asked", "training.device": "cli/test_train",
    "network.backend": "test_the_backend_changes_what_runs_and_not_what_comes_out",
    "network.precision": "training/test_precision", "text.sentencepiece_model": "text/test_subwords",
    "model": "training/test_counting", "ngram.memory": "training/test_counting",
}  # fmt: skip
# Letters in both cases and widths, several blanks in a row; no line twice.
MIXED = "".join(f"{n}① Ａbc  abc, ＡBC Abc;  the Cat sat\t on the {n} mats, 天地玄黄 {n + 7}.\n" for n in range(40))


def weights(**changes):
    model = seqlab.train("lm", [MIXED], **BASE | changes)
    return b"".join(weight.detach().numpy().tobytes() for weight in model.model.state_dict().values())


def ngrams(folder, **changes):
    seqlab.train("lm", [MIXED], output=folder, overwrite=True, model="ngram", baseline=False, **changes)
    return (folder / WEIGHTS).read_bytes()


def test_two_values_of_a_setting_give_different_ngrams(tmp_path):
    found = {json.dumps(change): ngrams(tmp_path / "run", **change) for change in ({}, *DIFFERENT_NGRAMS)}
    assert ngrams(tmp_path / "run") == found["{}"]
    assert ngrams(tmp_path / "run", order=7, sentences="none") == found["{}"], "the default for characters"
    assert ngrams(tmp_path / "run", tokenizer="word", order=5, sentences="lines") == found['{"tokenizer": "word"}']
    by_bytes = {}
    for change, weights in found.items():
        by_bytes.setdefault(weights, []).append(change)
    assert [changes for changes in by_bytes.values() if len(changes) > 1] == []


def test_every_setting_is_shown_to_do_something():
    shown = {next(path for path in PATHS if leaf(path) == name) for change in DIFFERENT for name in change}
    shown |= {next(path for path in PATHS if leaf(path) == name) for change in DIFFERENT_NGRAMS for name in change}
    assert shown | set(SHOWN_ELSEWHERE) == set(PATHS)


@pytest.fixture(scope="module")
def all_weights():
    return {json.dumps(change): weights(**change) for change in ({}, *DIFFERENT)}


def test_two_values_of_a_setting_train_different_weights(all_weights):
    same = [
        f"{one} and {other}"
        for (one, first), (other, second) in itertools.combinations(all_weights.items(), 2)
        if first == second
    ]
    assert not same


def test_the_same_settings_train_the_same_weights(all_weights):
    assert weights() == all_weights["{}"]
    assert weights(dropout=0.3) == all_weights[json.dumps({"dropout": 0.3})]
    assert weights(dropout=0.3, seed=2) != all_weights[json.dumps({"dropout": 0.3})]


def test_patience_stops(tmp_path):
    def epochs(**changes):
        # At this rate no weight moves: every score ties with the first one, which counts.
        seqlab.train(
            "lm", [MIXED], output=tmp_path / "a", overwrite=True, **BASE | {"lr": 1e-30, "epochs": 6} | changes
        )
        return open_directory(tmp_path / "a").manifest["training"]["epochs"]

    assert epochs() == 6
    assert epochs(patience=1) == 2
    assert epochs(patience=3) == 4


def test_baseline_scores_the_floors():
    assert seqlab.train("lm", [MIXED], **BASE).scores["floors"] == {}
    floors = seqlab.train("lm", [MIXED], **BASE | {"baseline": True}).scores["floors"]
    assert list(floors) == ["unigram", "bigram", "7-gram"]
    assert floors["7-gram"] < floors["bigram"] < floors["unigram"]
    alone = seqlab.train("lm", [MIXED], model="ngram").scores
    assert alone["nats"] == floors["7-gram"]
    assert alone["floors"] == {name: floors[name] for name in ("unigram", "bigram")}
    assert seqlab.train("lm", [MIXED], model="ngram", baseline=False).scores["floors"] == {}


def test_checkpoints_are_written_as_often_as_asked(monkeypatch):
    from seqlab.training import checkpoint

    saved = []
    save = checkpoint.save
    monkeypatch.setattr(
        checkpoint, "save", lambda trainer, path: (saved.append(trainer.progress.step), save(trainer, path))
    )
    weights(epochs=1, checkpoint_every=5)
    n_steps = saved[-1]
    assert saved == sorted({*range(5, n_steps, 5), n_steps})
    # Where no validation falls on the last step, it is saved all the same: --resume goes on from there.
    saved.clear()
    weights(epochs=1, evaluate_every=10**6)
    assert saved == [n_steps]


def test_the_backend_changes_what_runs_and_not_what_comes_out():
    models = [seqlab.train("lm", [MIXED], backend=backend, **BASE) for backend in ("torch", "reference")]
    assert [model.model.runs_on() for model in models] == [["torch kernel"], ["reference loop"]]
    nats = [model.evaluate([MIXED]).nats for model in models]
    assert nats[0] == pytest.approx(nats[1], rel=1e-3)
