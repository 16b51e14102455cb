"""Every setting of a segmenter and of a tagger: named, checked, and shown to act or refused where it cannot."""

import itertools
import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

import seqlab
from seqlab.config import SCHEMAS
from seqlab.errors import ConfigError, DataError
from seqlab.modeldir import WEIGHTS
from seqlab.ngram.smoothing import SMOOTHINGS
from seqlab.recurrent.cells import CELLS
from seqlab.recurrent.initialise import INITIALISERS
from seqlab.resolve import resolve, settings
from seqlab.tasks.families import FAMILIES
from seqlab.text.schemes import SCHEMES

TASKS = ("segment", "tag")
NOT_OF_TAGS = ("jelinek-mercer", "arpa")  # it takes held-out tags; those of a file
FIELDS = {task: dict(settings(SCHEMAS[task])) for task in TASKS}


def refusal(task, **changes):
    with pytest.raises(ConfigError) as error:
        resolve(task, {}, changes)
    message = str(error.value)
    assert "\n" not in message
    return message


# --- the schemas


@pytest.mark.parametrize("task", TASKS)
def test_every_setting_has_a_name_of_its_own_and_a_sentence(task):
    fields = FIELDS[task]
    assert len({path.rpartition(".")[2] for path in fields}) == len(fields)
    for path, field in fields.items():
        assert field.description, path
        assert field.description.endswith("."), path


@pytest.mark.parametrize("task", TASKS)
def test_every_name_that_can_be_chosen_is_in_its_table(task):
    tables = {
        "network.cell": CELLS,
        "network.input_weights": INITIALISERS,
        "network.recurrent_weights": INITIALISERS,
        "hmm.smoothing": [name for name in SMOOTHINGS if name not in NOT_OF_TAGS],
        "model": FAMILIES[task],
    }
    for path, table in tables.items():
        field = FIELDS[task][path]
        assert set(field.examples or get_args(field.annotation)) == set(table), path
    schemes = FIELDS["tag"]["data.scheme"].annotation
    assert set(get_args(get_args(schemes)[0])) == set(SCHEMES)


FREE = {
    "data.train": ["a", "天\n"], "data.validation": ["b"], "data.encoding": "gb18030", "data.limit": 7,
    "text.width": "half", "text.case": "lower", "text.min_count": 3, "features.bigrams": False, "features.kinds": False,
    "features.vectors": "v.txt", "features.lexicons": ["jieba"], "batches.batch_size": 9, "batches.rare_as_unknown": 1.0,
    "network.crf": True, "network.use": "float32", "network.bidirectional": False, "network.embedding": 3,
    "network.zoneout": 0.25, "training.lr": 0.125, "seed": 0, "baseline": False,
}  # fmt: skip


@pytest.mark.parametrize("task", TASKS)
@effort(deadline=None, max_examples=15)
@given(chosen=st.sets(st.sampled_from(sorted(FREE))))
def test_config_json_round_trips_with_the_defaults_written_out(task, chosen):
    config = resolve(task, {}, {path: FREE[path] for path in chosen})
    written = json.loads(config.to_json())
    assert resolve(task, written, {}) == config
    for path in FIELDS[task]:
        value = written
        for part in path.split("."):
            value = value[part]


# --- what is refused


@pytest.mark.parametrize(
    ("task", "changes", "says"),
    [
        ("segment", {"model": "hmn"}, "unknown model 'hmn'; did you mean 'hmm'? known: hmm, max-match, rnn"),
        ("tag", {"model": "max-match"}, "unknown model 'max-match'; known: hmm, rnn"),
        ("tag", {"scheme": "BIOS"}, "data.scheme: unknown scheme 'BIOS'; did you mean 'BIOES'?"),
        ("tag", {"separator": "|", "token_column": 1}, "data.separator: columns have none"),
        ("segment", {"width": "full"}, "text.width: unknown width 'full'"),
        ("segment", {"affixes": 2}, "unknown setting 'affixes'"),
        ("segment", {"scheme": "BIO"}, "unknown setting 'scheme'"),
        ("segment", {"tied": True}, "unknown setting 'tied'"),
        ("segment", {"window": 3}, "unknown setting 'window'"),
        ("tag", {"direction": "forward"}, "unknown setting 'direction'"),
        *((task, {"bigrams": False, name: value}, f"features.{name}: there are no bigrams; leave it out")
          for task in TASKS
          for name, value in (("bigram_min_count", 3), ("bigram_width", 5), ("bigram_dropout", 0.5),
                              ("bigram_vectors", "v"))),
        *((task, {"kinds": False, "kind_width": 3}, "features.kind_width: there are no kinds") for task in TASKS),
        ("tag", {"lexicons": ["jieba"], "affixes": 2}, "affixes: lexicons are for tokens of one character"),
        ("tag", {"lexicons": ["train"]}, "lexicons: train, the words of the training data, is for a segmenter"),
        ("segment", {"lexicons": [], "lexicon_min_count": 3}, "features.lexicon_min_count: the list train is not read"),
        ("segment", {"lexicons": [], "lexicon_folds": 3}, "features.lexicon_folds: the list train, unknown_weight and ex"),
        ("segment", {"crf": True, "unknown_weight": 2.0}, "batches.unknown_weight: a CRF scores whole sentences"),
        *((task, {"model": "hmm", "smoothing": smoothing}, f"hmm.smoothing: unknown smoothing '{smoothing}'")
          for task in TASKS
          for smoothing in NOT_OF_TAGS),
        ("tag", {"affix_width": 3}, "affix_width: there are no affixes"),
        *((task, {"model": "hmm", name: value}, f"{section}.{name}: the model is hmm, which has no such setting; leave it")
          for task in TASKS
          for section, name, value in (("features", "bigrams", False), ("batches", "batch_size", 3),
                                       ("network", "crf", True), ("training", "epochs", 3), ("training", "device", "cpu"))),
        ("segment", {"model": "max-match", "hidden": 3}, "network.hidden: the model is max-match"),
        ("segment", {"model": "max-match", "order": 2}, "hmm.order: the model is max-match"),
        *((task, {"order": 2}, "hmm.order: the model is rnn, which has no such setting; leave it out, or set model to hmm")
          for task in TASKS),
        ("segment", {"direction": "backward"}, "matching.direction: the model is rnn"),
        ("segment", {"model": "hmm", "direction": "backward"}, "matching.direction: the model is hmm"),
        ("segment", {"validation": ["a"], "validation_share": 0.3}, "validation: a corpus to validate on is given"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_what_to_do(task, changes, says):
    assert says in refusal(task, **changes)


# --- every setting does something

SENTENCES = [
    [*line.split(), f"第{number}{turn}回"]  # so that every sentence has a word of its own
    for turn in "甲乙丙"
    for number, line in enumerate(
        """
    小船 慢慢 靠 了 岸 。
    岸 上 的 人 在 等 船 ！ “ 来 了 。 ”
    老人 慢慢 走 上 小船 ， 船 上 有 12 人 。
    Ａbc 车 等 了 １2 天 ， abC 车 没有 来 。
    孩子们 在 岸上 画 小船 ， 画 得 慢 。
    天气预报 说 三 天 没有 雨 。
    abc 和 ABC 都 是 字母 ， 12 是 数字 。
    """.strip().splitlines()
    )
]
TAGGED = [
    (words, ["P" if word[-1] in "。，！”“" else "N" if len(word) > 1 else "V" for word in words]) for words in SENTENCES
]
RECORDS = {"segment": SENTENCES, "tag": TAGGED}
BASE = {
    "hidden": 8, "embedding": 8, "epochs": 1, "batch_size": 80, "lr": 0.01,
    "baseline": False, "device": "cpu", "dropout": 0.0, "embedding_dropout": 0.0,
}  # fmt: skip
DIFFERENT = [
    {"seed": 2}, {"validation_share": 0.3}, {"validation_split": "end"}, {"limit": 15},
    {"width": "half"}, {"case": "lower"}, {"min_count": 5},
    {"bigrams": False}, {"bigram_min_count": 5}, {"bigram_width": 5}, {"bigram_dropout": 0.6},
    {"kinds": False}, {"kind_width": 5},
    {"batch_size": 40}, {"rare_as_unknown": 0.0},
    {"cell": "gru"}, {"hidden": 9}, {"layers": 2}, {"bidirectional": False}, {"embedding": 9}, {"crf": True},
    {"members": 2},
    {"dropout": 0.3}, {"embedding_dropout": 0.3}, {"layers": 2, "input_dropout": 0.3}, {"recurrent_dropout": 0.3},
    {"output_dropout": 0.3}, {"weight_drop": 0.3}, {"zoneout": 0.3}, {"layers": 2, "residual": True},
    {"learned_state": True}, {"input_weights": "uniform"}, {"recurrent_weights": "uniform"}, {"forget_bias": 0.0},
]  # fmt: skip
ALONE = {
    "segment": [
        {"lexicons": []}, {"lexicon_min_count": 2}, {"lexicon_min_count": 2, "lexicon_folds": 2},
        {"unknown_weight": 3.0}, {"lexicon_frequent": 2},
    ],
    "tag": [{"affixes": 1}, {"affixes": 2}, {"affixes": 2, "affix_width": 5}],
}  # fmt: skip
"""Ways of smoothing that no n-grams of tags can have: refused before anything is read."""
COUNTED = {
    "hmm": [
        {"width": "half"}, {"order": 1}, {"order": 2},
        *({"smoothing": name} for name in SMOOTHINGS if name not in ("modified-kneser-ney", *NOT_OF_TAGS)),
    ],
    "max-match": [{"width": "half"}],
}  # fmt: skip
ELSEWHERE = {
    "task": "there is one", "model": "tasks/test_segment, tasks/test_tag", "baseline": "tasks/test_segment, test_tag",
    "data.train": "cli/test_train_sentences", "data.validation": "cli/test_train_sentences",
    "data.encoding": "cli/test_train_sentences",
    "data.encoding_errors": "cli/test_undecodable",
    "data.token_column": "cli/test_train_sentences",
    "data.tag_column": "cli/test_train_sentences", "data.separator": "cli/test_train_sentences",
    "data.scheme": "tasks/test_tag", "batches.exchange_unknown": "tasks/test_word_exchange",
    "features.vectors": "tasks/test_sentence_vectors",
    "features.bigram_vectors": "tasks/test_sentence_vectors", "network.backend": "below", "network.use": "below",
    "hmm.order": "below", "hmm.smoothing": "below", "matching.direction": "below",
}  # fmt: skip


def of(task, changes):
    """The changes that the schema knows."""
    return [change for change in changes if all(any(path.endswith(f".{name}") or path == name for path in FIELDS[task])
                                                for name in change)]  # fmt: skip


def weights(folder, task, **changes):
    seqlab.train(task, RECORDS[task], output=folder / "run", overwrite=True, **BASE | changes)
    return (folder / "run" / WEIGHTS).read_bytes()


@pytest.mark.parametrize("task", TASKS)
def test_two_values_of_a_setting_train_different_weights(tmp_path, task):
    changes = of(task, [{}, *DIFFERENT, *ALONE[task]])
    found = {json.dumps(change): weights(tmp_path, task, **change) for change in changes}
    assert weights(tmp_path, task) == found["{}"]
    same = [(one, other) for one, other in itertools.combinations(found, 2) if found[one] == found[other]]
    assert same == []


@pytest.mark.parametrize("task", TASKS)
def test_every_setting_is_shown_to_do_something(task):
    names = {name for change in [*DIFFERENT, *ALONE[task]] for name in change}
    shown = {path for path in FIELDS[task] if path.rpartition(".")[2] in names}
    shared = {path for path in FIELDS[task] if path.startswith("training.")}  # tests/seqlab/test_config.py
    left = set(FIELDS[task]) - shown - shared - set(ELSEWHERE)
    assert left <= ({"features.lexicons"} if task == "tag" else set())


def test_a_lexicon_of_a_tagger_of_characters_acts(tmp_path):
    records = [(list("".join(words)), ["N"] * len("".join(words))) for words in SENTENCES]
    (tmp_path / "words.txt").write_text("小船\n慢慢 5 a\n", encoding="utf-8")
    sizes = [
        seqlab.train("tag", records, **BASE | {"lexicons": names}).features.n_flags
        for names in ([], [str(tmp_path / "words.txt")])
    ]
    assert sizes[0] == 0 < sizes[1]
    with pytest.raises(DataError, match=r"nowhere\.txt: cannot be read"):
        seqlab.train("tag", records, **BASE | {"lexicons": ["nowhere.txt"]})
    with pytest.raises(DataError, match=r"features\.lexicons: they are for tokens of one character"):
        seqlab.train("tag", TAGGED, **BASE | {"lexicons": [str(tmp_path / "words.txt")]})


def files(folder):
    """All that predicts in a model directory of counts."""
    kept = sorted([*(folder / "hmm").glob("*"), folder / "text" / "words.txt"])
    return b"".join(path.read_bytes() for path in kept)


@pytest.mark.parametrize(("task", "model"), [("segment", "hmm"), ("segment", "max-match"), ("tag", "hmm")])
def test_two_values_of_a_setting_count_different_models(tmp_path, task, model):
    def counted(**changes):
        seqlab.train(
            task, RECORDS[task], output=tmp_path / "run", overwrite=True, model=model, baseline=False, **changes
        )
        return files(tmp_path / "run")

    shared = [{"seed": 2}, {"validation_share": 0.5}, {"validation_split": "end"}, {"limit": 11}]
    found = {json.dumps(change): counted(**change) for change in [{}, *shared, *COUNTED[model]]}
    assert counted() == found["{}"]
    same = [(one, other) for one, other in itertools.combinations(found, 2) if found[one] == found[other]]
    assert same == []


@pytest.mark.parametrize("task", TASKS)
def test_an_optimizer_of_language_models(tmp_path, task):
    says = (
        r"training\.optimizer: sparse-adam is for language models and for bags of n-grams; take another, such as adam"
    )
    with pytest.raises(ConfigError, match=says):
        seqlab.train(task, RECORDS[task], output=tmp_path / "run", optimizer="sparse-adam", **BASE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("task", "model"), [("segment", "hmm"), ("segment", "max-match"), ("tag", "hmm")])
@pytest.mark.parametrize("change", [{"case": "lower"}, {"min_count": 2}])
def test_settings_of_text_that_only_a_network_reads_are_refused_elsewhere(tmp_path, task, model, change):
    name = next(iter(change))
    with pytest.raises(
        ConfigError, match=rf"text\.{name}: the model is {model}, which has no such setting; leave it out"
    ):
        seqlab.train(task, RECORDS[task], output=tmp_path / "run", model=model, **change)
    assert list(tmp_path.iterdir()) == []


def test_the_direction_of_matching():
    def cut(direction):
        words = [["甲乙", "丙丁"], ["乙丙丁"], ["甲乙丙"], ["丁戊己"]]
        segmenter = seqlab.train("segment", words, model="max-match", validation_share=0, direction=direction)
        return [segmenter.lcut(text) for text in ("甲乙丙丁", "甲乙丙丁戊己")]

    assert cut("forward") == [["甲乙丙", "丁"], ["甲乙丙", "丁戊己"]]
    assert cut("backward") == [["甲", "乙丙丁"], ["甲乙丙", "丁戊己"]]
    assert cut("bidirectional") == [["甲", "乙丙丁"], ["甲乙丙", "丁戊己"]]


@pytest.mark.parametrize("task", TASKS)
def test_the_backend_changes_what_runs_and_the_precision_in_use_its_type(tmp_path, task):
    for backend, runs in (("torch", "torch kernel"), ("reference", "reference loop")):
        model = seqlab.train(task, RECORDS[task], backend=backend, use="float32", **BASE)
        assert model.model.runs_on() == [runs]
        assert {str(weight.dtype) for weight in model.model.parameters()} == {"torch.float32"}
    used = seqlab.train(task, RECORDS[task], output=tmp_path / "run", use="bf16", **BASE)
    from seqlab.precision import multiplies_bfloat16

    expected = "torch.bfloat16" if multiplies_bfloat16("cpu") else "torch.float32"
    assert {str(weight.dtype) for weight in used.model.parameters()} == {expected}
