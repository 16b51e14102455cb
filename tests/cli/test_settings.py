import functools

import pytest

import seqlab
from seqlab.cli import settings
from seqlab.cli import train as command
from seqlab.config import SCHEMAS
from seqlab.errors import ConfigError
from seqlab.resolve import settings as all_settings
from seqlab.training import experiment

FIELDS = {task: dict(all_settings(schema)) for task, schema in SCHEMAS.items()}
COMMANDS = {
    "lm": command.lm, "segment": command.segment, "tag": command.tag, "classify": command.classify,
    "translate": command.translate,
}  # fmt: skip
# One value for each setting that is not its default, as it is typed and as it is meant.
TYPED = {
    "data.validation": ("v.txt", ("v.txt",)), "data.encoding": ("big5", "big5"),
    "data.encoding_errors": ("replace", "replace"),
     "data.limit": ("5000", 5000), "text.tokenizer": ("word", "word"),
    "text.unicode": ("NFKC", "NFKC"), "text.width": ("half", "half"), "text.case": ("lower", "lower"),
    "text.whitespace": ("collapse", "collapse"), "text.min_count": ("2", 2), "text.max_size": ("99", 99),
     "batches.sampling": ("random", "random"), "batches.batch_size": ("3", 3),
    "batches.window": ("7", 7),
    "batches.rare_as_unknown": ("0.25", 0.25),
    "network.cell": ("gru", "gru"), "network.hidden": ("12", 12), "network.layers": ("2", 2),
    "network.embedding": ("12", 12), "network.tied": (None, True), "network.dropout": ("0.5", 0.5),
    "network.embedding_dropout": ("0.25", 0.25), "network.input_dropout": ("0.1", 0.1),
    "network.recurrent_dropout": ("0.2", 0.2), "network.output_dropout": ("0.3", 0.3),
    "network.weight_drop": ("0.5", 0.5), "network.zoneout": ("0.05", 0.05), "network.residual": (None, True),
    "network.learned_state": (None, True), "network.input_weights": ("uniform", "uniform"),
    "network.recurrent_weights": ("identity", "identity"), "network.forget_bias": ("-2", -2.0),
    "network.precision": ("bf16", "bf16"), "network.backend": ("reference", "reference"),
    "training.epochs": ("3", 3), "training.optimizer": ("sgd", "sgd"), "training.lr": ("1", 1.0),
    "training.schedule": ("cosine", "cosine"), "training.warmup": ("4", 4), "training.lr_floor": ("1e-1", 0.1),
    "training.clip": ("0", 0.0), "training.clip_value": ("2", 2.0), "training.weight_decay": ("0.01", 0.01),
    "training.l1": ("0.001", 0.001), "training.average": ("0.9", 0.9), "training.evaluate_every": ("11", 11),
    "training.patience": ("2", 2), "training.checkpoint_every": ("13", 13), "training.device": ("cpu", "cpu"),
    "training.tensorboard": (None, True),
    "seed": ("0", 0), "baseline": (None, False),
}  # fmt: skip
# Likewise, with those of n-grams in place of those of a network.
TYPED_NGRAM = {path: value for path, value in TYPED.items() if path.partition(".")[0] in ("data", "text", path)} | {
    "model": ("ngram", "ngram"), "ngram.order": ("3", 3), "ngram.smoothing": ("katz", "katz"),
    "ngram.min_counts": ("2", (2,)), "ngram.prune": ("1e-7", 1e-7), "ngram.sentences": ("lines", "lines"),
    "ngram.memory": ("5M", "5M"),
}  # fmt: skip
TEXT_COLUMN = {"data.text_column": ("2", "2")}
SHARED = {path: value for path, value in TYPED.items() if path.partition(".")[0] in ("data", "training", path)}
SENTENCE_TEXT = {"text.width": ("half", "half"), "text.case": ("lower", "lower"), "text.min_count": ("2", 2)}
SENTENCE_NETWORK = SHARED | SENTENCE_TEXT | {
    path: value for path, value in TYPED.items()
    if path.startswith("network.") and path not in ("network.tied", "network.precision")
} | {
    "features.bigrams": (None, False), "features.kinds": (None, False), "features.vectors": ("v.txt", "v.txt"),
    "network.bidirectional": (None, False), "network.crf": (None, True), "network.use": ("float32", "float32"),
    "batches.batch_size": ("3", 3), "batches.rare_as_unknown": ("0.25", 0.25),
}  # fmt: skip
WITHOUT_TRAINING = {path: value for path, value in SHARED.items() if not path.startswith("training.")} | {
    "text.width": ("half", "half")
}
HMM = WITHOUT_TRAINING | {
    "model": ("hmm", "hmm"), "hmm.order": ("2", 2), "hmm.smoothing": ("katz", "katz"),
}  # fmt: skip
TAGS = {"data.separator": ("|", "|"), "data.scheme": ("BIOES", "BIOES")}
MATCHING = {"model": ("max-match", "max-match"), "matching.direction": ("backward", "backward")}
LABELLED = {
    "data.form": ("tsv", "tsv"), "data.text_column": ("2", "2"), "data.label_column": ("-1", "-1"),
    "data.header": (None, True), "data.label_separator": ("|", "|"),
}  # fmt: skip
CLASS_NGRAM = {path: value for path, value in TYPED_NGRAM.items() if not path.startswith("ngram.")} | LABELLED | {
    "model": ("ngram", "ngram"), "ngram.order": ("2", 2), "ngram.smoothing": ("katz", "katz"),
    "ngram.background_share": ("0.2", 0.2),
}  # fmt: skip
# What each network of a classifier has; those that read token by token have more, and the recurrent one the most.
BAG = SHARED | {path: value for path, value in TYPED.items() if path.startswith("text.")} | LABELLED | {
    "batches.batch_size": ("3", 3), "data.longest": ("9", 9),
    "network.embedding_dropout": ("0.25", 0.25),
    "objective.loss": ("squared-error", "squared-error"), "objective.label_smoothing": ("0.1", 0.1),
    "objective.class_weights": ("balanced", "balanced"),
    "augmentation.delete": ("0.1", 0.1), "augmentation.swap": ("0.2", 0.2), "augmentation.mask_span": ("0.3", 0.3),
}  # fmt: skip
NGRAM_COUNTS = {
    "bag.max_order": ("2", 2), "bag.feature_min_count": ("1", 1), "bag.buckets": ("1000", 1000),
    "bag.weighting": ("idf", "idf"),
}  # fmt: skip
VECTORS = {"network.embedding": ("12", 12), "network.dropout": ("0.4", 0.4)}
SEQUENCE = BAG | VECTORS | {"features.vectors": ("v.txt", "v.txt"), "batches.rare_as_unknown": ("0.25", 0.25)}
CLASSIFIER_RNN = SEQUENCE | {
    path: value for path, value in TYPED.items()
    if path.startswith("network.") and path not in ("network.tied", "network.precision", *SEQUENCE)
} | {
    "features.bigrams": (None, False), "network.bidirectional": (None, False), "network.pooling": ("mean", "mean"),
    "network.use": ("float32", "float32"), "training.from_run": ("verse", "verse"),
    "training.layer_lr_decay": ("0.5", 0.5), "training.unfreeze_every": ("1", 1), "training.freeze": ("2", 2),
}  # fmt: skip
TRANSLATION = SHARED | {
    path: value for path, value in TYPED.items()
    if path.startswith("network.") and path not in ("network.tied",)
} | {
    "data.form": ("tsv", "tsv"), "data.source_column": ("zh", "zh"), "data.target_column": ("2", "2"),
    "data.header": (None, True), "data.source_language": ("zh", "zh"), "data.target_language": ("en", "en"),
    "data.longest": ("9", 9), "data.ratio": ("3", 3.0),
    "text.tokenizer": ("word", "word"), "text.target_tokenizer": ("character", "character"),
    "text.unicode": ("NFKC", "NFKC"), "text.width": ("half", "half"), "text.case": ("lower", "lower"),
    "text.min_count": ("2", 2), "text.max_size": ("99", 99), "text.target_max_size": ("98", 98),
    "batches.batch_size": ("3", 3), "batches.rare_as_unknown": ("0.25", 0.25),
    "network.encoder_layers": ("3", 3), "network.attention": ("additive", "additive"),
    "network.input_feeding": (None, True), "network.tied": ("target", "target"),
    "objective.label_smoothing": ("0.2", 0.2), "objective.sampling": ("0.25", 0.25),
    "decoding.beam": ("3", 3), "decoding.length_penalty": ("0.5", 0.5), "decoding.coverage_penalty": ("0.2", 0.2),
    "decoding.longest_output": ("50", 50), "training.best_by": ("loss", "loss"),
}  # fmt: skip
CASES = {
    ("translate", "rnn"): TRANSLATION,
    ("lm", "rnn"): TYPED | TEXT_COLUMN, ("lm", "ngram"): TYPED_NGRAM | TEXT_COLUMN,
    ("segment", "rnn"): SENTENCE_NETWORK, ("segment", "hmm"): HMM, ("segment", "max-match"): WITHOUT_TRAINING | MATCHING,
    ("tag", "rnn"): SENTENCE_NETWORK | TAGS | {"features.affixes": ("2", 2), "features.affix_width": ("9", 9)},
    ("tag", "hmm"): HMM | TAGS,
    ("classify", "rnn"): CLASSIFIER_RNN, ("classify", "ngram"): CLASS_NGRAM,
    ("classify", "textcnn"): SEQUENCE | {
        "model": ("textcnn", "textcnn"), "convolution.widths": ("5", (5,)), "convolution.channels": ("9", 9),
    },
    ("classify", "bag"): BAG | VECTORS | NGRAM_COUNTS | {"model": ("bag", "bag")},
    ("classify", "mlp"): BAG | VECTORS | NGRAM_COUNTS | {"model": ("mlp", "mlp"), "network.hidden": ("12", 12)},
    ("classify", "softmax"): BAG | NGRAM_COUNTS | {"model": ("softmax", "softmax")},
}  # fmt: skip
# These do not fit the others.
BIGRAMS = {
    "features.bigram_min_count": ("3", 3, {}), "features.bigram_width": ("9", 9, {}),
    "features.bigram_dropout": ("0.5", 0.5, {}),
}  # fmt: skip
OF_SENTENCES = BIGRAMS | {
    "features.bigram_vectors": ("v.txt", "v.txt", {}), "features.kind_width": ("9", 9, {}),
    "network.members": ("3", 3, {}),
}  # fmt: skip
ALONE_OF_LM = {
    "data.validation_share": ("0.2", 0.2, {}),
    "data.validation_split": ("end", "end", {}),
    "text.sentencepiece_model": ("bpe", "bpe", {"text.tokenizer": "sentencepiece"}),
    "network.input": ("one-hot", "one-hot", {}),
    "training.decay": ("0.3", 0.3, {"training.schedule": "step"}),
    "training.decay_every": ("2", 2, {"training.schedule": "step"}),
    "ngram.pseudo_count": ("0.5", 0.5, {"model": "ngram", "ngram.smoothing": "additive"}),
}
SHARED_ALONE = {path: value for path, value in ALONE_OF_LM.items() if path.partition(".")[0] in ("data", "training")}
ALONE = {
    "lm": ALONE_OF_LM,
    "segment": SHARED_ALONE | OF_SENTENCES | {
        "features.lexicons": ("jieba", ("jieba",), {}),
        "features.lexicon_min_count": ("7", 7, {}), "features.lexicon_frequent": ("9", 9, {}),
        "features.lexicon_folds": ("3", 3, {}),
        "batches.unknown_weight": ("3", 3.0, {}), "batches.exchange_unknown": ("0.3", 0.3, {}),
    },
    "tag": SHARED_ALONE | OF_SENTENCES | {
        "features.lexicons": ("jieba", ("jieba",), {}),
        "data.token_column": ("2", 2, {}), "data.tag_column": ("-2", -2, {}),
    },
    "classify": SHARED_ALONE | BIGRAMS | {
        "network.members": ("3", 3, {}),
        "data.folds": ("5", 5, {}), "data.multi_label": (None, True, {}),
        "text.sentencepiece_model": ALONE_OF_LM["text.sentencepiece_model"],
    },
    "translate": SHARED_ALONE | {
        "text.shared": (None, True, {}), "text.sentencepiece_model": ("bpe", "bpe", {}),
    },
}  # fmt: skip
NO_FLAG = {"task", "data.train", "training.optimizer_options"}  # the command, its argument, and -s
NEVER = {  # refused, whatever else is set
    "lm": {"network.bidirectional"}, "segment": set(), "tag": set(), "classify": set(),
    "translate": {"model"},  # there is one
}  # fmt: skip


def name_of_flag(path):
    name = path.rpartition(".")[2]
    return settings.FLAGS.get(name, name).replace("_", "-")


def flag(task, path, typed):
    name = name_of_flag(path)
    if typed is None:
        return [f"--{name}" if not FIELDS[task][path].default else f"--no-{name}"]
    return [f"--{name}", typed]


@pytest.fixture
def config_of(call, monkeypatch):
    """The configuration that a command line gives, without training."""
    seen = []
    monkeypatch.setattr(experiment, "run", lambda config, *_, **__: seen.append(config))
    monkeypatch.setattr("seqlab.cli.train._data", lambda config: ((), None))

    def run(*arguments, task="lm"):
        outcome = call("train", task, "-o", "run", *arguments)
        assert outcome.code == 0, outcome
        return seen.pop()

    return run


def values_of(config):
    return {path: value(config, path) for path in FIELDS[config.task]}


def value(config, path):
    for part in path.split("."):
        config = getattr(config, part)
    return config


def toml(found):
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, tuple):
        return str(list(found))
    return repr(found)


@pytest.mark.parametrize("task", FIELDS)
def test_every_setting_has_a_flag_whose_help_is_its_sentence(task):
    options = {option.name: option for option in COMMANDS[task].params if isinstance(option, settings.SettingOption)}
    assert {path.rpartition(".")[2] for path in FIELDS[task].keys() - NO_FLAG} == set(options)
    for path in FIELDS[task].keys() - NO_FLAG:
        option = options[path.rpartition(".")[2]]
        assert option.opts == [f"--{name_of_flag(path)}"]
        assert option.help.startswith(FIELDS[task][path].description)


@pytest.mark.parametrize(
    ("task", "sections"),
    [
        ("lm", ("Data", "Text", "Batches", "Network", "Training", "N-grams")),
        ("segment", ("Data", "Text", "Features", "Batches", "Network", "Training", "Maximum matching")),
        ("tag", ("Data", "Text", "Features", "Batches", "Network", "Training", "Hidden Markov model")),
        ("classify", ("Data", "Text", "Features", "Batches", "Network", "Training", "N-grams", "Convolutions",
                      "Bags of n-grams", "Loss", "Augmentation")),
        ("translate", ("Data", "Text", "Batches", "Network", "Loss", "Search for translations", "Training")),
    ],
)  # fmt: skip
def test_the_help_shows_every_flag_its_choices_and_its_default(call, task, sections):
    outcome = call("train", task, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    shown = " ".join(outcome.out.split())
    for path in FIELDS[task].keys() - NO_FLAG:
        assert f"--{name_of_flag(path)}" in shown
        assert " ".join(FIELDS[task][path].description.split()) in shown
    assert f"[{'|'.join(FIELDS[task]['network.cell'].examples)}]" in shown
    hidden = FIELDS[task]["network.hidden"]
    assert f"{hidden.description} [{hidden.default}]" in shown
    for section in sections:
        assert f"{section}: " in shown
    assert "--train" not in shown
    assert "--validation CORPUS" in shown
    assert ("--lexicons LIST" in shown) == (task in ("segment", "tag"))


@pytest.mark.parametrize("task", FIELDS)
def test_every_setting_is_typed(task):
    typed = {path for (own, _), all_typed in CASES.items() if own == task for path in all_typed}
    known = FIELDS[task].keys() - NEVER[task]
    assert typed | (ALONE[task].keys() & known) | NO_FLAG == known


@pytest.mark.parametrize("task", FIELDS)
def test_what_is_typed_is_not_the_default(task):
    changed = [(path, meant) for (own, _), typed in CASES.items() if own == task for path, (_, meant) in typed.items()]
    changed += [(path, meant) for path, (_, meant, _) in ALONE[task].items()]
    assert [path for path, meant in changed if meant == FIELDS[task][path].default] == []


@pytest.mark.parametrize(("task", "model"), CASES)
def test_a_flag_a_file_an_assignment_and_a_keyword_give_the_same(config_of, tmp_path, monkeypatch, task, model):
    all_typed = CASES[task, model]
    config_of = functools.partial(config_of, task=task)
    typed = (part for path, (typed, _) in all_typed.items() for part in flag(task, path, typed))
    by_flags = config_of("a.txt", *typed)
    changed = {path: meant for path, (_, meant) in all_typed.items()} | {"data.train": ("a.txt",)}
    assert by_flags.model == model
    assert values_of(by_flags) == values_of(config_of("a.txt")) | changed

    sections = {}
    for path, meant in changed.items():
        head, _, name = path.rpartition(".")
        sections.setdefault(head, []).append(f"{name} = {toml(meant)}")
    lines = sections.pop("") + [line for head, rows in sections.items() for line in (f"[{head}]", *rows)]
    (tmp_path / "e.toml").write_text("\n".join(lines))
    assert config_of("--config", tmp_path / "e.toml") == by_flags

    assert config_of(*(part for path, meant in changed.items() for part in ("-s", f"{path}={toml(meant)}"))) == by_flags

    seen = []
    monkeypatch.setattr(experiment, "run", lambda config, *_, **__: seen.append(config))
    records = {
        "validation": ["b"],
        "output": "run",
    }  # the one name that in code means records, as it has no files to read
    validation = {"data": {"validation": changed.pop("data.validation")}}
    keywords = {path.rpartition(".")[2]: meant for path, meant in changed.items()}
    seqlab.train(task, ["a"], config=validation, **records, **keywords)
    seqlab.train(task, ["a"], config=tmp_path / "e.toml", **records)
    seqlab.train(task, ["a"], config=by_flags.model_dump(mode="json"), **records)
    # In code the records are given, and the paths of a file or a config.json are not what is read.
    data = by_flags.data.model_copy(update={"train": ()})
    assert seen == [by_flags.model_copy(update={"data": data})] * 3
    with pytest.raises(ConfigError, match=r"v\.txt is read by the command line only; give the records: validation="):
        seqlab.train(task, ["a"], config=validation)


@pytest.mark.parametrize(("task", "path"), [(task, path) for task, own in ALONE.items() for path in own])
def test_flags_that_do_not_fit_the_others(config_of, task, path):
    typed, meant, others = ALONE[task][path]
    config_of = functools.partial(config_of, task=task)
    arguments = [part for name, other in others.items() for part in ("-s", f"{name}={toml(other)}")]
    config = config_of("a.txt", *flag(task, path, typed), *arguments)
    assert values_of(config) == values_of(config_of("a.txt")) | {path: meant} | others


def test_what_stands_over_what(config_of, tmp_path):
    (tmp_path / "e.toml").write_text('[data]\ntrain = ["file"]\n[network]\nhidden = 1\nlayers = 1\ntied = true\n')
    config = config_of("--config", tmp_path / "e.toml", "--hidden", "2", "--no-tied")
    assert (config.network.hidden, config.network.layers, config.network.tied) == (2, 1, False)
    assert config.data.train == ("file",)
    config = config_of("given", "--config", tmp_path / "e.toml", "--hidden", "2", "-s", "hidden=3")
    assert (config.network.hidden, config.data.train) == (3, ("given",))


@pytest.mark.parametrize("task", FIELDS)
def test_a_flag_that_is_not_given_changes_nothing(config_of, task):
    assert values_of(config_of("a.txt", task=task)) == values_of(SCHEMAS[task]()) | {"data.train": ("a.txt",)}


def test_zero_is_a_value(config_of):
    config = config_of("a.txt", "--seed", "0", "--clip", "0", "--validation-share", "0")
    assert (config.seed, config.training.clip, config.data.validation_share) == (0, 0.0, 0.0)


def test_options_of_the_optimizer(config_of):
    given = ("-s", "optimizer_options.betas=[0.8, 0.9]", "-s", "training.optimizer_options.amsgrad=true")
    assert config_of("a.txt", *given).training.optimizer_options == {"betas": [0.8, 0.9], "amsgrad": True}
