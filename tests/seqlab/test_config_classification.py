"""Every setting of a text classifier: named, checked, and shown to act or refused where it cannot."""

import itertools
import json
from typing import get_args

import numpy as np
import pytest

import seqlab
from seqlab.config import SCHEMAS
from seqlab.config.classification import BAGS, SEQUENCES
from seqlab.errors import ConfigError
from seqlab.modeldir import WEIGHTS
from seqlab.recurrent.cells import CELLS
from seqlab.recurrent.initialise import INITIALISERS
from seqlab.resolve import resolve, settings
from seqlab.tasks.families import FAMILIES

FIELDS = dict(settings(SCHEMAS["classify"]))
NETWORKS = (*SEQUENCES, *BAGS)


def refusal(**changes):
    with pytest.raises(ConfigError) as error:
        resolve("classify", {}, changes)
    message = str(error.value)
    assert "\n" not in message
    return message


# --- the schema


def test_every_setting_has_a_name_of_its_own_and_a_sentence():
    assert len({path.rpartition(".")[2] for path in FIELDS}) == len(FIELDS)
    for path, field in FIELDS.items():
        assert field.description, path
        assert field.description.endswith("."), path


def test_every_name_that_can_be_chosen_is_in_its_table():
    tables = {
        "network.cell": CELLS, "network.input_weights": INITIALISERS, "network.recurrent_weights": INITIALISERS,
        "model": FAMILIES["classify"],
    }  # fmt: skip
    for path, table in tables.items():
        field = FIELDS[path]
        assert set(field.examples or get_args(field.annotation)) == set(table), path
    assert set(FAMILIES["classify"]) == {*NETWORKS, "ngram"}


@pytest.mark.parametrize("model", FAMILIES["classify"])
def test_config_json_round_trips_with_the_defaults_written_out(model):
    config = resolve("classify", {}, {"model": model, "label_column": "-1", "case": "lower"})
    written = json.loads(config.to_json())
    assert resolve("classify", written, {}) == config
    for path in FIELDS:
        value = written
        for part in path.split("."):
            value = value[part]


# --- what is refused

NONE = "which has no such setting; leave it out"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"model": "svm"}, "model: unknown model 'svm'"),
        ({"model": "text-cnn"}, "unknown model 'text-cnn'; did you mean 'textcnn'? known: bag, mlp, ngram, rnn, softmax"),
        ({"pooling": "sum"}, "network.pooling: unknown pooling 'sum'"),
        ({"weighting": "tfidf", "model": "bag"}, "bag.weighting: unknown weighting 'tfidf'"),
        ({"loss": "hinge"}, "objective.loss: unknown loss 'hinge'"),
        ({"class_weights": "balance"}, "objective.class_weights: unknown class_weights 'balance'; did you mean 'balanced'"),
        ({"form": "xlsx"}, "data.form: unknown form 'xlsx'"),
        ({"crf": True}, "unknown setting 'crf'"),
        ({"window": 3}, "unknown setting 'window'"),
        ({"dropuot": 0.3}, "unknown setting 'dropuot'; did you mean 'dropout'?"),
        ({"dropout": 1.0}, "network.dropout: "),
        ({"label_smoothing": 1.0}, "objective.label_smoothing: "),
        ({"delete": 1.0}, "augmentation.delete: "),
        ({"longest": 0}, "data.longest: "),
        ({"widths": (3, 3), "model": "textcnn"}, "widths: [3, 3]: give each once"),
        ({"widths": (), "model": "textcnn"}, "convolution.widths: "),
        ({"widths": (0,), "model": "textcnn"}, "widths: [0]: give each once, and none below 1"),
        *(({"bigrams": False, name: value}, f"features.{name}: there are no bigrams; leave it out")
          for name, value in (("bigram_min_count", 3), ("bigram_width", 5), ("bigram_dropout", 0.5))),
        *(({"model": model, name: value}, f"network.{name}: the model is {model}, which has no such setting")
          for model in ("textcnn", *BAGS)
          for name, value in (("cell", "gru"), ("layers", 2), ("bidirectional", False), ("pooling", "mean"),
                              ("zoneout", 0.2), ("use", "float32"))),
        *(({"model": model, "hidden": 9}, f"network.hidden: the model is {model}")
          for model in ("textcnn", "bag", "softmax")),
        *(({"model": "softmax", name: value}, f"network.{name}: the model is softmax")
          for name, value in (("embedding", 9), ("dropout", 0.1))),
        *(({"model": model, "bigrams": False}, f"features.bigrams: the model is {model}, {NONE}") for model in BAGS),
        *(({"model": model, "max_order": 2}, f"bag.max_order: the model is {model}, {NONE}") for model in SEQUENCES),
        *(({"model": model, "channels": 9}, f"convolution.channels: the model is {model}, {NONE}, or set model to textcnn")
          for model in ("rnn", *BAGS, "ngram")),
        *(({"model": model, "order": 2}, f"ngram.order: the model is {model}, {NONE}, or set model to ngram")
          for model in NETWORKS),
        *(({"model": "ngram", name: value}, f"{section}.{name}: the model is ngram, {NONE}")
          for section, name, value in (
              ("batches", "batch_size", 3), ("network", "hidden", 3), ("objective", "label_smoothing", 0.1),
              ("training", "epochs", 3), ("training", "device", "cpu"), ("augmentation", "swap", 0.1),
              ("features", "bigrams", False), ("bag", "buckets", 9))),
        *(({"model": model, "rare_as_unknown": 0.1}, f"batches.rare_as_unknown: {model} leaves unknown n-grams out")
          for model in BAGS),
        ({"model": "ngram", "multi_label": True}, "data.multi_label: ngram chooses between classes"),
        *(({"multi_label": True, name: value}, f"objective.{name}: is for one label a text")
          for name, value in (("class_weights", "balanced"), ("label_smoothing", 0.1), ("loss", "squared-error"))),
        *(({"model": model, "from_run": "run"}, f"training.from_run: a {model} takes nothing from a run")
          for model in (*BAGS, "textcnn")),
        ({"optimizer": "muon", "layer_lr_decay": 0.5}, "optimizer: muon is not for single layers"),
        ({"validation": ["a"], "validation_share": 0.3}, "validation: a corpus to validate on is given"),
        ({"folds": 1}, "data.folds: a single one leaves no text to train on"),
        ({"folds": 5, "validation": ["a"]}, "folds: each text is held out once"),
        ({"folds": 5, "validation_share": 0.3}, "folds: each text is held out once"),
        ({"folds": 5, "patience": 3}, "patience"),
        ({"model": "bag", "max_order": 1, "buckets": 100}, "bag.buckets: single tokens share none"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_what_to_do(changes, says):
    assert says in refusal(**changes)


# --- every setting does something

RECORDS = [
    (f"{start} {end} {number % 7}Ａb{chr(0x4E00 + number // 2)}", label)  # and a rare token
    for number, (start, end, label) in enumerate(
        [
            (start, end, label)
            for label, ends in {
                "good": ["fine", "fresh", "好"],
                "bad": ["foul", "stale", "坏"],
                "odd": ["round"],
            }.items()
            for end in ends
            for start in ("the tea is", "The cup is", "Tea and cup are", "我的茶", "a new cup:")
        ]
    )
]
QUICK = {"epochs": 1, "batch_size": 16, "lr": 0.05, "device": "cpu", "baseline": False}
STILL = {"dropout": 0.0, "embedding_dropout": 0.0}
BASE = {
    "rnn": QUICK | STILL | {"hidden": 6, "embedding": 6, "bigram_width": 4},
    "textcnn": QUICK | STILL | {"channels": 6, "embedding": 6, "bigram_width": 4},
    "bag": QUICK | STILL | {"embedding": 6},
    "mlp": QUICK | STILL | {"embedding": 6, "hidden": 6},
    "softmax": QUICK | {"embedding_dropout": 0.0},
}
ALL = [
    {"seed": 2}, {"validation_share": 0.3}, {"validation_split": "end"}, {"limit": 25}, {"width": "half"},
    {"case": "lower"}, {"batch_size": 8}, {"longest": 5}, {"class_weights": "balanced"}, {"label_smoothing": 0.2},
    {"loss": "squared-error"}, {"delete": 0.2}, {"swap": 0.2}, {"mask_span": 0.3}, {"embedding_dropout": 0.3},
    {"multi_label": True},
]  # fmt: skip
SEQUENCE = [
    {"min_count": 3}, {"bigrams": False, "bigram_width": 64}, {"bigram_min_count": 4}, {"bigram_width": 5},
    {"bigram_dropout": 0.6},
    {"rare_as_unknown": 0.0}, {"dropout": 0.3}, {"embedding": 7},
]  # fmt: skip
GRAMS = [{"max_order": 2}, {"feature_min_count": 1}, {"buckets": 50}, {"weighting": "idf"}]
DIFFERENT = {
    "rnn": [
        *ALL, *SEQUENCE, {"hidden": 7}, {"cell": "gru"}, {"layers": 2}, {"layers": 2, "residual": True},
        {"bidirectional": False}, {"pooling": "mean"}, {"pooling": "last"}, {"pooling": "attention"},
        {"layers": 2, "input_dropout": 0.3}, {"recurrent_dropout": 0.3}, {"output_dropout": 0.2}, {"weight_drop": 0.3},
        {"zoneout": 0.3}, {"learned_state": True}, {"input_weights": "uniform"}, {"recurrent_weights": "uniform"},
        {"forget_bias": 0.0}, {"freeze": 1}, {"layer_lr_decay": 0.5}, {"unfreeze_every": 1},
        {"members": 2},
    ],
    "textcnn": [*ALL, *SEQUENCE, {"channels": 7}, {"widths": [2, 3]}, {"widths": [1]}],
    "bag": [*ALL, *GRAMS, {"embedding": 7}, {"dropout": 0.3}, {"optimizer": "sparse-adam"}],
    "mlp": [*ALL, *GRAMS, {"embedding": 7}, {"dropout": 0.3}, {"hidden": 7}],
    "softmax": [*ALL, *GRAMS],
}  # fmt: skip
COUNTED = [
    {"validation_share": 0.3}, {"limit": 25}, {"width": "half"}, {"case": "lower"}, {"min_count": 2}, {"order": 2},
    {"smoothing": "witten-bell"}, {"background_share": 0.2},
]  # fmt: skip
ELSEWHERE = {
    "task": "there is one", "model": "tasks/test_classifier", "baseline": "tasks/test_classify",
    "data.train": "cli/test_classify", "data.validation": "cli/test_classify", "data.encoding": "cli/test_classify",
    "data.encoding_errors": "cli/test_undecodable",
    "data.form": "cli/test_classify", "data.text_column": "cli/test_classify", "data.label_column": "cli/test_classify",
    "data.header": "cli/test_classify", "data.label_separator": "cli/test_classify", "data.folds": "training/test_folding",
    "features.vectors": "below", "network.backend": "below", "network.use": "below",
}  # fmt: skip


def weights(folder, model, **changes):
    seqlab.train("classify", RECORDS, output=folder / "run", overwrite=True, model=model, **BASE[model] | changes)
    return (folder / "run" / WEIGHTS).read_bytes()


@pytest.mark.parametrize("model", NETWORKS)
def test_two_values_of_a_setting_train_different_weights(tmp_path, model):
    found = {json.dumps(change): weights(tmp_path, model, **change) for change in [{}, *DIFFERENT[model]]}
    assert weights(tmp_path, model) == found["{}"]
    same = [(one, other) for one, other in itertools.combinations(found, 2) if found[one] == found[other]]
    assert same == []


def test_two_values_of_a_setting_count_different_models():
    def counted(**changes):
        model = seqlab.train("classify", RECORDS, model="ngram", baseline=False, **changes)
        return model.log_probs(["a fine CUP, Ab", *(text for text, _ in RECORDS)], calibrated=False).tobytes()

    found = {json.dumps(change): counted(**change) for change in [{}, *COUNTED]}
    same = [(one, other) for one, other in itertools.combinations(found, 2) if found[one] == found[other]]
    assert same == []


def test_every_setting_is_shown_to_do_something():
    names = {name for changes in [*DIFFERENT.values(), COUNTED] for change in changes for name in change}
    shown = {path for path in FIELDS if path.rpartition(".")[2] in names}
    shared = {path for path in FIELDS if path.startswith(("training.", "text."))}  # tests/seqlab/test_config.py
    assert set(FIELDS) - shown - shared - set(ELSEWHERE) == set()


def test_vectors_to_begin_with(tmp_path):
    vectors = {"t": [0.5] * 6, "茶": [-0.25] * 6, "☃": [1.0] * 6}
    content = "".join(f"{token} {' '.join(map(str, values))}\n" for token, values in vectors.items())
    (tmp_path / "vectors.txt").write_text(content, encoding="utf-8")
    for model in SEQUENCES:
        options = BASE[model] | {"vectors": str(tmp_path / "vectors.txt"), "freeze": 1}
        trained = seqlab.train("classify", RECORDS, model=model, output=tmp_path / model, **options)
        ids = trained.text.features.token_ids()
        table = trained.model.tables[0].weight.float().numpy()
        for token in ("t", "茶"):
            assert table[ids[token]] == pytest.approx(vectors[token], abs=0.01)  # in bfloat16
        (tmp_path / "gone.txt").touch()
    (tmp_path / "vectors.txt").unlink()
    assert np.isfinite(seqlab.load(tmp_path / "rnn").predict_proba(["茶"])).all()  # they are needed no more
    (tmp_path / "vectors.txt").write_text(
        content.replace(" 0.5", "", 1).replace(" -0.25", "", 1).replace(" 1.0", "", 1)
    )
    with pytest.raises(ConfigError, match=r"network\.embedding: the vectors of .*vectors\.txt are 5 wide, and it is 6"):
        seqlab.train("classify", RECORDS, **BASE["rnn"] | {"vectors": str(tmp_path / "vectors.txt")})


def test_the_backend_changes_what_runs_and_the_precision_in_use_its_type():
    from seqlab.precision import multiplies_bfloat16

    for backend, runs in (("torch", "torch kernel"), ("reference", "reference loop")):
        model = seqlab.train("classify", RECORDS, backend=backend, use="float32", **BASE["rnn"])
        assert model.model.runs_on() == [runs]
        assert {str(weight.dtype) for weight in model.model.parameters()} == {"torch.float32"}
    used = seqlab.train("classify", RECORDS, use="bf16", **BASE["rnn"])
    expected = "torch.bfloat16" if multiplies_bfloat16("cpu") else "torch.float32"
    assert {str(weight.dtype) for weight in used.model.parameters()} == {expected}


@pytest.mark.parametrize("model", ["rnn", "textcnn", "mlp", "softmax"])
def test_an_optimizer_of_sparse_gradients_is_for_bags_alone(tmp_path, model):
    options = BASE[model] | {"model": model, "optimizer": "sparse-adam"}
    if model in ("mlp", "softmax"):
        seqlab.train("classify", RECORDS, **options)
        return
    with pytest.raises(ConfigError, match=r"training\.optimizer: sparse-adam"):
        seqlab.train("classify", RECORDS, output=tmp_path / "run", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("model", ["softmax", "textcnn"])
def test_the_longest_that_is_read(model):
    trained = seqlab.train("classify", RECORDS, model=model, **BASE[model] | {"longest": 5})
    head, other = trained.log_probs(["the tea", "the tXYZ"])
    assert head == pytest.approx(other, abs=1e-5)
    assert len(trained.explain("the tea").weights) == 5
