"""Every setting of a translator: named, checked, and shown to act or refused where it cannot."""

import itertools
import json
from typing import get_args

import numpy as np
import pytest

import seqlab
from seqlab.config import SCHEMAS
from seqlab.corpora.parallel import FORMS
from seqlab.errors import ConfigError
from seqlab.modeldir import WEIGHTS
from seqlab.models.attention import ATTENTIONS
from seqlab.models.translator import TIED
from seqlab.recurrent.cells import CELLS
from seqlab.resolve import resolve, settings
from seqlab.tasks.families import FAMILIES
from seqlab.tasks.translation_scores import tokenize
from seqlab.text import TOKENIZERS

FIELDS = dict(settings(SCHEMAS["translate"]))


def refusal(**changes):
    with pytest.raises(ConfigError) as error:
        resolve("translate", {}, changes)
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
        "network.cell": CELLS, "network.attention": {*ATTENTIONS, "none"}, "network.tied": TIED, "data.form": FORMS,
        "text.tokenizer": TOKENIZERS, "model": FAMILIES["translate"],
    }  # fmt: skip
    for path, table in tables.items():
        field = FIELDS[path]
        assert set(field.examples or get_args(field.annotation)) == set(table), path


def test_config_json_round_trips_with_the_defaults_written_out():
    config = resolve("translate", {}, {"shared": True, "tied": "all", "target_language": "de"})
    written = json.loads(config.to_json())
    assert resolve("translate", written, {}) == config
    for path in FIELDS:
        value = written
        for part in path.split("."):
            value = value[part]


# --- what is refused


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"model": "transformer"}, "model: unknown model 'transformer'"),
        ({"attention": "bahdanau"}, "network.attention: unknown attention 'bahdanau'"),
        ({"attention": "genaral"}, "did you mean 'general'?"),
        ({"tied": "both"}, "network.tied: unknown tied 'both'"),
        ({"best_by": "chrf"}, "training.best_by: unknown best_by 'chrf'"),
        ({"form": "xliff"}, "data.form: unknown form 'xliff'"),
        ({"bidirectional": True}, "unknown setting 'bidirectional'"),
        ({"beam": 0}, "decoding.beam: "),
        ({"length_penalty": -0.5}, "decoding.length_penalty: "),
        ({"sampling": 1.5}, "objective.sampling: "),
        ({"ratio": 0.5}, "data.ratio: it is of the longer side to the shorter, so 1 or more"),
        ({"tied": "all"}, "network.tied: the two sides have a vocabulary each; set shared to true, or tied to target"),
        ({"shared": True, "target_tokenizer": "word"}, "text.target_tokenizer: one vocabulary is shared"),
        ({"shared": True, "target_max_size": 900}, "text.target_max_size: one vocabulary is shared"),
        ({"tokenizer": "word", "sentencepiece_model": "bpe"}, "text.sentencepiece_model: the tokenizer is word"),
        ({"tokenizer": "byte", "max_size": 100}, "text.max_size: the vocabulary of the tokenizer byte is the 256 bytes"),
        ({"target_tokenizer": "byte", "target_max_size": 100}, "text.target_max_size: the vocabulary of the tokenizer"),
        ({"min_count": 2}, "text.min_count: nothing is unknown to the tokenizer sentencepiece; leave it out"),
        ({"attention": "none", "input_feeding": True}, "network.input_feeding: there is no attention to feed"),
        ({"attention": "none", "coverage_penalty": 0.2}, "decoding.coverage_penalty: there is no attention to cover with"),
        ({"validation": ["a", "b"], "validation_share": 0.3}, "validation: a corpus to validate on is given"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_what_to_do(changes, says):
    assert says in refusal(**changes)


def test_sizes_that_do_not_fit_each_other_are_refused_before_training(tmp_path):
    for changes, says in (
        ({"optimizer": "sparse-adam"}, "training.optimizer: sparse-adam"),
        ({"attention": "dot", "cell": "lstm", "precision": "bf17"}, "network.precision: unknown precision 'bf17'"),
    ):
        with pytest.raises(ConfigError, match=says):
            seqlab.train("translate", RECORDS, output=tmp_path / "run", **BASE | changes)
        assert list(tmp_path.iterdir()) == []


# --- every setting does something

WORDS = {"the": "der", "a": "ein", "Red": "Rot", "old": "alt", "cat": "Katze", "dog": "Hund", "sleeps": "schläft",
         "Ａb": "Ｃd", "eats": "frisst"}  # fmt: skip


def made():
    """Forty pairs; some uneven, some long, some with signs of full width or in another Unicode form."""
    draw, records = np.random.default_rng(3), []
    for number in range(40):
        words = [str(word) for word in draw.choice([*WORDS], 2 + number % 6)]
        target = [WORDS[word] for word in words]
        if number % 7 == 0:
            target += ["u\u0308ber" if number % 2 else "\u00fcber", f"x{number}"] * 2
        records.append((" ".join([*words, f"n{number // 2}"]), " ".join(target)))
    return records


RECORDS = made()
BASE = {
    "tokenizer": "word", "hidden": 6, "embedding": 6, "dropout": 0.0, "epochs": 1, "batch_size": 40, "lr": 0.03,
    "device": "cpu", "baseline": False, "rare_as_unknown": 0.0, "label_smoothing": 0.0, "evaluate_every": 100_000,
}  # fmt: skip
PIECES = {"tokenizer": "sentencepiece", "max_size": 320}
DIFFERENT = [
    {"seed": 2}, {"validation_share": 0.3}, {"validation_split": "end"}, {"limit": 25}, {"longest": 6}, {"ratio": 1.4},
    {"tokenizer": "character"}, {"target_tokenizer": "character"}, {"shared": True}, {"unicode": "none"},
    {"width": "half"}, {"case": "lower"}, {"min_count": 2}, {"max_size": 12}, {"target_max_size": 12},
    PIECES, PIECES | {"sentencepiece_model": "bpe"}, {"batch_size": 20}, {"rare_as_unknown": 0.5}, {"hidden": 7},
    {"layers": 2}, {"encoder_layers": 2}, {"embedding": 7}, {"cell": "gru"}, {"tied": "target"},
    {"shared": True, "tied": "target"}, {"shared": True, "tied": "all"}, {"dropout": 0.3}, {"embedding_dropout": 0.3},
    {"layers": 2, "input_dropout": 0.3}, {"recurrent_dropout": 0.3}, {"output_dropout": 0.2}, {"weight_drop": 0.3},
    {"zoneout": 0.3}, {"layers": 2, "residual": True}, {"learned_state": True}, {"input_weights": "uniform"},
    {"recurrent_weights": "uniform"}, {"forget_bias": 0.0}, {"input_feeding": True}, {"label_smoothing": 0.2},
    {"sampling": 1.0}, *({"attention": name} for name in (*ATTENTIONS, "none") if name != "general"),
]  # fmt: skip
ELSEWHERE = {
    "task": "there is one", "model": "there is one", "baseline": "below", "network.backend": "below",
    "network.precision": "below", "training.best_by": "below",
    "data.train": "cli/test_translate", "data.validation": "cli/test_translate", "data.encoding": "cli/test_translate",
    "data.encoding_errors": "cli/test_undecodable",
    "data.form": "cli/test_translate", "data.source_column": "cli/test_translate", "data.target_column": "the same",
    "data.header": "cli/test_translate", "data.source_language": "cli/test_translate", "data.target_language": "below",
    "decoding.beam": "below", "decoding.length_penalty": "below", "decoding.coverage_penalty": "below",
    "decoding.longest_output": "below",
}  # fmt: skip


def weights(folder, **changes):
    seqlab.train("translate", RECORDS, output=folder / "run", overwrite=True, **BASE | changes)
    return (folder / "run" / WEIGHTS).read_bytes()


def test_two_values_of_a_setting_train_different_weights(tmp_path):
    found = {json.dumps(change): weights(tmp_path, **change) for change in [{}, *DIFFERENT]}
    assert weights(tmp_path) == found["{}"]
    same = [(one, other) for one, other in itertools.combinations(found, 2) if found[one] == found[other]]
    assert same == []


def test_every_setting_is_shown_to_do_something():
    names = {name for change in DIFFERENT for name in change}
    shown = {path for path in FIELDS if path.rpartition(".")[2] in names}
    shared = {path for path in FIELDS if path.startswith("training.") and path != "training.best_by"}  # test_config.py
    assert set(FIELDS) - shown - shared - set(ELSEWHERE) == set()


@pytest.mark.parametrize(
    "change", [{"beam": 1}, {"length_penalty": 0.0}, {"coverage_penalty": 2.0}, {"longest_output": 2}]
)
def test_two_values_of_a_setting_of_decoding_find_other_translations(change):
    def found(**changes):
        model = seqlab.train("translate", RECORDS, **BASE | {"epochs": 6, "beam": 4} | changes)
        texts = [source for source, _ in RECORDS]
        return [(best[0].text, best[0].score) for best in model.translate(texts, n_best=1)]

    assert found(**change) != found()


def test_the_best_weights_are_those_of_the_least_loss_or_of_the_highest_bleu():
    of = {
        name: seqlab.train("translate", RECORDS, best_by=name, **BASE | {"evaluate_every": None})
        for name in ("loss", "bleu")
    }
    scores = {name: model.evaluate(RECORDS) for name, model in of.items()}
    assert scores["loss"].figure == scores["loss"].nats
    assert scores["bleu"].figure == 1 - scores["bleu"].translations.bleu / 100


def test_bleu_cuts_words_by_the_language_of_the_target():
    for language, way in ((None, "13a"), ("zh-TW", "zh")):
        model = seqlab.train("translate", RECORDS, target_language=language, **BASE)
        assert f"tok:{way}" in model.evaluate(RECORDS).translations.signatures["BLEU"]


@pytest.mark.parametrize(
    ("languages", "way"),
    [
        ("de en eng_Latn German hi id no", "13a"),
        ("zh zh-TW zh_Hans zho cmn cmn_Hans yue wuu cn Chinese mandarin", "zh"),
        ("ja jpn jp JA jpn_Jpan Japanese ko kor Korean", "char"),
    ],
)
def test_languages_and_how_bleu_cuts_their_words(languages, way):
    for language in languages.split():
        config = resolve("translate", {}, {"target_language": language})
        for references in (["Hello."], ["你好。"]):
            assert tokenize(config, references) == way, language


def test_words_of_a_language_that_is_not_known_are_cut_by_their_letters():
    config = resolve("translate", {}, {"target_language": "xx"})
    assert tokenize(config, ["Hello."]) == "13a"
    assert tokenize(config, ["你好。"]) == "zh"


def test_the_floor_is_the_source_as_it_is():
    copies = [(source, source) for source, _ in RECORDS]
    scores = seqlab.train("translate", copies, **BASE | {"baseline": True}).scores
    assert scores["floors"]["copied source"]["bleu"] == pytest.approx(100.0)
    assert seqlab.train("translate", copies, **BASE).scores["floors"] == {}


def test_the_backend_and_the_precision_change_what_runs():
    from seqlab.precision import multiplies_bfloat16

    model = seqlab.train("translate", RECORDS, backend="reference", **BASE)
    assert set(model.model.runs_on()) == {"reference loop"}
    if multiplies_bfloat16("cpu"):
        model = seqlab.train("translate", RECORDS, precision="bf16", **BASE)
        assert all("bfloat16" in name for name in model.model.runs_on(training=True))
