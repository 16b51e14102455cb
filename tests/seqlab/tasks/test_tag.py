"""Tagging from records to a model in use, in every family."""

import json
import random
import shutil
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seqlab
from seqlab.errors import ConfigError, DataError, ModelError
from seqlab.modeldir import WEIGHTS
from seqlab.records import Tagged
from seqlab.tasks.hmm_tagger import HmmTagger
from seqlab.tasks.neural_tagger import NeuralTagger
from seqlab.text.schemes import SCHEMES, Span
from seqlab.training.watcher import Unwatched

FAMILIES = {"rnn": NeuralTagger, "hmm": HmmTagger}
TINY = {
    "hidden": 8, "embedding": 8, "bigram_width": 4, "epochs": 1, "batch_size": 200, "lr": 0.02, "dropout": 0.0,
    "embedding_dropout": 0.0, "device": "cpu",
}  # fmt: skip
OPTIONS = {"rnn": TINY, "hmm": {}}
NAMES = {"PER": [["老", "周"], ["阿", "梅"], ["许", "三", "水"]], "LOC": [["青", "石", "镇"], ["湖", "边"]]}
REST = ["在", "的", "看", "了", "去", "，", "家", "说", "12"]


def sentences(n, scheme="BIOES", seed=1, join=""):
    """Tokens and tags: names among other tokens, characters by default."""
    draw = random.Random(seed)
    made = []
    for _ in range(n):
        tokens, spans = [], []
        for _ in range(draw.randint(2, 4)):
            tokens += draw.choices(REST, k=draw.randint(1, 3))
            kind = draw.choice(["PER", "LOC", None])
            if kind:
                name = draw.choice(NAMES[kind])
                spans.append(Span(len(tokens), len(tokens) + len(name), kind))
                tokens += name
        made.append(([token + join for token in tokens], SCHEMES[scheme].tags(spans, len(tokens))))
    return made


RECORDS = sentences(40)
TOKENS = st.lists(
    st.sampled_from([*REST, "老", "周", "梅", "x", "👩🏽", "\u0301", "\0"]) | st.characters(), max_size=30
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A model directory of each family, with a scheme, and what training returned."""
    folder = tmp_path_factory.mktemp("taggers")
    made = {}
    for family, options in OPTIONS.items():
        model = seqlab.train("tag", RECORDS, output=folder / family, model=family, scheme="BIOES", **options)
        made[family] = (folder / family, model)
    return made


@pytest.fixture(scope="module")
def neural(runs):
    return runs["rnn"][1]


# --- from records to a model


@pytest.mark.parametrize("family", FAMILIES)
def test_loading_gives_what_training_returned(runs, family):
    run, model = runs[family]
    loaded = seqlab.load(run)
    assert type(model) is type(loaded) is FAMILIES[family]
    texts = [tokens for tokens, _ in sentences(20, seed=2)] + [[], ["没", "见", "过"], list("ＡＢ 12\n")]
    assert loaded.batch(texts) == model.batch(texts)
    assert (loaded.config, loaded.words, loaded.tags) == (model.config, model.words, model.tags)
    assert loaded.scores == model.scores
    assert set(model.tags) == {tag for _, tags in RECORDS for tag in tags}


def test_pairs_and_records_are_the_same(runs):
    scores = runs["hmm"][1].scores
    for records in (
        (Tagged(tuple(t), tuple(g), "here") for t, g in RECORDS),
        iter(RECORDS),
        [list(r) for r in RECORDS],
    ):
        assert seqlab.train("tag", records, model="hmm", scheme="BIOES").scores == scores


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ([], "there is no sentence to train on"),
        ([(["a"], ["N"])] * 9, "there are 9 sentences to train on, too few to hold out a share"),
        (["a/N b/V"] * 10, "a record is a pair of tokens and tags or seqlab.records.Tagged, not 'a/N b/V'"),
        ([(["a"], ["N", "V"])] * 10, "1 tokens and 2 tags: give each token one, and at least one token"),
        ([([], [])] * 10, "0 tokens and 0 tags"),
        ([("ab", "NV")] * 10, "a record is a pair of tokens and tags"),
        ([Tagged(("a", ""), ("N", "V"), "a.txt, line 3")] * 10, "a.txt, line 3: '' is no token or tag"),
        ([(["a"], [3])] * 10, "3 is no token or tag"),
        ([None], "not None"),
    ],
)
@pytest.mark.parametrize("family", FAMILIES)
def test_records_that_are_none(tmp_path, family, records, says):
    with pytest.raises(DataError) as error:
        seqlab.train("tag", records, output=tmp_path / "run", model=family)
    assert says in str(error.value)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("crf", [False, True])
def test_a_small_network_learns_a_corpus_by_heart(crf):
    model = seqlab.train(
        "tag", RECORDS, validation_share=0, baseline=False, crf=crf, scheme="BIOES",
        **TINY | {"hidden": 16, "epochs": 15, "lr": 0.03, "batch_size": 60},
    )  # fmt: skip
    assert model.scores["f1"] > 0.95
    assert model.evaluate(RECORDS).scores.f1 == model.scores["f1"]


def test_tokens_of_several_characters_and_affixes():
    words = sentences(40, join="词ab")
    model = seqlab.train("tag", words, affixes=2, affix_width=3, scheme="BIOES", **TINY)
    assert [table.name for table in model.features.tables if "fix" in table.name] == [
        "prefix 1", "prefix 2", "suffix 1", "suffix 2",
    ]  # fmt: skip
    assert not model.reads_characters
    known, unknown = model.batch([["老词ab", "周词ab"], ["老词ab", "没见过的词"]])
    assert len(known) == len(unknown) == 2


# --- held out


def test_what_is_held_out():
    marked = [([f"词{number}", *tokens], ["O", *tags]) for number, (tokens, tags) in enumerate(RECORDS)]

    def held(**changes):
        model = seqlab.train("tag", marked, model="hmm", baseline=False, **changes)
        return [number for number, (tokens, _) in enumerate(marked) if tokens[0] not in model.words]

    assert held(validation_share=0.25, validation_split="end") == list(range(30, 40))
    assert len(held(validation_share=0.25)) == 10
    assert held(validation_share=0.25) == held(validation_share=0.25) != held(validation_share=0.25, seed=2)
    assert held(limit=20, validation_share=0.5, validation_split="end") == list(range(10, 40))
    assert held(validation_share=0) == []


def test_validation_records():
    other = sentences(9, seed=5)
    model = seqlab.train("tag", RECORDS, other, model="hmm")
    assert model.scores["n_tokens"] == sum(len(tokens) for tokens, _ in other)
    assert model.config.data.validation_share == 0.0
    with pytest.raises(DataError, match="no sentence to validate on"):
        seqlab.train("tag", RECORDS, [], model="hmm")


# --- schemes


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("crf", [False, True])
def test_tags_are_legal_whatever_the_weights(scheme, crf):
    import torch

    model = seqlab.train("tag", sentences(30, scheme), scheme=scheme, crf=crf, baseline=False, use="float32", **TINY)
    draw, texts = torch.Generator().manual_seed(5), [tokens for tokens, _ in sentences(20, scheme, seed=9)]
    for _ in range(3):
        with torch.no_grad():
            for weight in model.model.parameters():
                weight.copy_(3 * torch.randn(weight.shape, generator=draw))
        found = model.batch(texts)
        assert len({tag for tags in found for tag in tags}) > 1
        assert [SCHEMES[scheme].fault(tags) for tags in found] == [None] * len(texts)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_tags_of_a_hidden_markov_model_are_legal_too(scheme):
    draw = random.Random(1)
    model = seqlab.train("tag", sentences(30, scheme), model="hmm", scheme=scheme, order=1)
    pool = [*REST, *(token for names in NAMES.values() for name in names for token in name), "新"]
    texts = [draw.choices(pool, k=draw.randint(1, 12)) for _ in range(300)]
    assert [SCHEMES[scheme].fault(tags) for tags in model.batch(texts)] == [None] * len(texts)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_spans_are_those_of_seqeval(scheme):
    names = {"BIO": "IOB2", "IOB1": "IOB1", "BIOES": "IOBES", "BMES": "IOBES"}
    sequence_labeling = pytest.importorskip("seqeval.metrics.sequence_labeling")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from seqeval.metrics.v1 import precision_recall_fscore_support
        from seqeval.scheme import Entities
        from seqeval.scheme import __dict__ as schemes
    assert sequence_labeling
    model = seqlab.train("tag", sentences(40, scheme), scheme=scheme, baseline=False, **TINY | {"epochs": 3})
    other = sentences(30, scheme, seed=8)
    tokens, true = [record[0] for record in other], [record[1] for record in other]
    found = model.batch(tokens)
    as_known = [[tag.replace("M-", "I-") for tag in tags] for tags in found]
    true = [[tag.replace("M-", "I-") for tag in tags] for tags in true]
    theirs = Entities(as_known, schemes[names[scheme]]).entities
    assert [model.spans(own) for own in tokens] == [
        [Span(entity.start, entity.end, entity.tag) for entity in entities] for entities in theirs
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        precision, recall, f1, n_true = precision_recall_fscore_support(
            true, as_known, average="micro", scheme=schemes[names[scheme]], zero_division=0
        )
    scores = model.evaluate(other).to_dict()
    assert [scores[name] or 0.0 for name in ("precision", "recall", "f1")] == pytest.approx([precision, recall, f1])
    assert scores["n_true"] == n_true > 0
    assert scores["accuracy"] == pytest.approx(
        np.mean([a == b for x, y in zip(true, as_known, strict=True) for a, b in zip(x, y, strict=True)])
    )


def test_a_model_without_a_scheme_has_no_spans():
    model = seqlab.train("tag", RECORDS, model="hmm")
    assert model.scores["of"] == "tags"
    with pytest.raises(ConfigError, match="scheme: this model was trained without one"):
        model.spans(["老", "周"])


class Notes(Unwatched):
    def __init__(self):
        self.notes = []

    def noted(self, message):
        self.notes.append(message)


@pytest.mark.parametrize("family", FAMILIES)
def test_illegal_sentences_are_left_out_with_a_note(family):
    bad = Tagged(("老", "周"), ("B-PER", "O"), "names.txt, line 7")
    worse = Tagged(("老", "周"), ("I-PER", "O"), "names.txt, line 9")
    notes = Notes()
    model = seqlab.train(
        "tag",
        [*RECORDS[:20], bad, *RECORDS[20:], worse],
        model=family,
        scheme="BIOES",
        watcher=notes,
        **OPTIONS[family],
    )
    assert notes.notes == [
        "2 sentences with illegal tags are left out of training; the first is names.txt, line 7: "
        "the tag O at position 2 cannot stand after B-PER in the scheme BIOES"
    ]
    assert model.scores == seqlab.train("tag", RECORDS, model=family, scheme="BIOES", **OPTIONS[family]).scores


def test_no_sentence_is_legal():
    bad = [Tagged(("老", "周"), ("I-PER", "O"), f"names.txt, line {line}") for line in range(1, 20)]
    with pytest.raises(DataError, match=r"names\.txt, line 1: the tag I-PER at position 1 cannot stand") as error:
        seqlab.train("tag", bad, model="hmm", scheme="BIO")
    assert "\n" not in str(error.value)


def test_tags_of_another_scheme():
    with pytest.raises(DataError, match=r"'E-PER' is no tag of the scheme BIO; known: B-TYPE, I-TYPE, O"):
        seqlab.train("tag", [Tagged(("a", "b"), ("B-PER", "E-PER"), "n.txt, line 2")] * 10, scheme="BIO")


# --- figures


@pytest.mark.parametrize("family", FAMILIES)
def test_figures_are_those_of_the_tags_that_are_found(family):
    model = seqlab.train("tag", RECORDS, model=family, **OPTIONS[family])
    other = [([*tokens, "新", "旧"], [*tags, "O", "O"]) for tokens, tags in sentences(20, seed=6)]
    pairs = [
        (token, true == found)
        for tokens, tags in other
        for token, true, found in zip(tokens, tags, model.tag(tokens), strict=True)
    ]
    scores = model.evaluate(other).to_dict()
    unknown = [right for token, right in pairs if token not in model.words]
    known = [right for token, right in pairs if token in model.words]
    assert len(unknown) == scores["n_unknown"] == 40
    figures = [np.mean([right for _, right in pairs]), np.mean(unknown), np.mean(known), len(unknown) / len(pairs)]
    assert [scores[name] for name in ("accuracy", "oov_accuracy", "iv_accuracy", "oov_rate")] == pytest.approx(figures)


def test_floors_are_what_the_families_score(runs):
    neural, counted = (runs[family][1].scores for family in FAMILIES)
    assert set(neural["floors"]) == {"most frequent tag", "hmm"}
    assert set(counted["floors"]) == {"most frequent tag"}
    left = ("floors", "confusions")
    assert {name: value for name, value in neural["floors"]["hmm"].items() if name not in left} == {
        name: value for name, value in counted.items() if name not in left
    }
    assert neural["floors"]["most frequent tag"] == counted["floors"]["most frequent tag"]


def test_the_floor_of_the_most_frequent_tag():
    train = [(["a", "b", "c"], ["X", "Y", "Y"]), (["a", "d"], ["X", "Y"]), (["a", "b"], ["Z", "Y"])]
    floor = seqlab.train("tag", train, [(["a", "b", "new"], ["X", "Y", "Y"])], model="hmm").scores["floors"]
    assert floor["most frequent tag"]["n_correct"] == 3
    floor = seqlab.train("tag", train, [(["a", "b", "new"], ["Z", "X", "X"])], model="hmm").scores["floors"]
    assert floor["most frequent tag"]["n_correct"] == 0
    wide, half = (["Ａ", "b", "c"], ["X", "Y", "Y"]), (["A", "Ｂ", "c"], ["X", "Y", "Y"])
    for width, n_correct in (("half", 3), ("keep", 2)):
        floor = seqlab.train("tag", [wide], [half], model="hmm", width=width).scores["floors"]
        assert floor["most frequent tag"]["n_correct"] == n_correct


def full(text):
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


@pytest.mark.parametrize("family", FAMILIES)
def test_widths_can_be_folded(family):
    half = [(["Ab", *tokens, "x9"], ["O", *tags, "O"]) for tokens, tags in RECORDS]
    wide = [([full(token) for token in tokens], tags) for tokens, tags in half]
    model = seqlab.train("tag", wide, width="half", model=family, validation_share=0, **OPTIONS[family])
    assert [model.tag(tokens) for tokens, _ in half] == [model.tag(tokens) for tokens, _ in wide]
    assert model.evaluate(half).to_dict() == model.evaluate(wide).to_dict()
    assert model.evaluate(half).scores.n_unknown == 0
    floor = model.scores["floors"]["most frequent tag"]
    mixed = seqlab.train("tag", wide, half, width="half", model=family, **OPTIONS[family])
    assert mixed.scores["floors"]["most frequent tag"] == floor


# --- in use


@given(texts=st.lists(TOKENS, max_size=4))
@settings(deadline=None, max_examples=25)
def test_many_are_as_one_by_one(neural, texts):
    found = neural.batch(texts)
    assert found == [neural.tag(tokens) for tokens in texts]
    assert [len(tags) for tags in found] == [len(tokens) for tokens in texts]


def test_a_text_is_its_characters(neural):
    assert neural.tag("老周说") == neural.tag(["老", "周", "说"])
    assert neural.spans("老周说") == neural.spans_of_tags(neural.tag("老周说"))


@pytest.mark.parametrize("tokens", [None, 5, [None], [b"a"], b"ab", {"a": 1}, iter("ab")])
@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_no_sentence(runs, family, tokens):
    with pytest.raises(DataError) as error:
        runs[family][1].tag(tokens)
    assert "\n" not in str(error.value)


def test_many_tokens_in_one_sentence(neural):
    tokens = [token for tokens, _ in sentences(1200, seed=3) for token in tokens][:10_000]
    assert len(neural.tag(tokens)) == 10_000


def test_from_several_threads(runs):
    model = seqlab.load(runs["rnn"][0])
    texts = [tokens for tokens, _ in sentences(40, seed=4)]
    expected, wrong = model.batch(texts), []

    def work():
        for _ in range(5):
            if model.batch(texts) != expected or [model.tag(text) for text in texts[:5]] != expected[:5]:
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("records", [[(list("老周"), ["O", "O"])] * 12])
def test_a_lexicon_marks_tokens_of_one_character_only(tmp_path, records):
    (tmp_path / "words.txt").write_text("老周\n", encoding="utf-8")
    options = TINY | {"lexicons": [str(tmp_path / "words.txt")], "baseline": False}
    longer = [(["老周", "说"], ["O", "O"])]
    with pytest.raises(DataError, match="they are for tokens of one character"):
        seqlab.train("tag", records, longer, **options)
    model = seqlab.train("tag", records, **options)
    assert model.tag(["新", "字"]) == ["O", "O"]
    for use in (lambda: model.tag(["老周"]), lambda: model.evaluate(longer)):
        with pytest.raises(DataError, match="'老周' is no token of one character"):
            use()


# --- model directories


@pytest.mark.parametrize(
    ("family", "name"),
    [("rnn", WEIGHTS), ("rnn", "text/bigrams.npy"), ("rnn", "text/tags.json"), ("hmm", "hmm/tagger.json")],
)
def test_a_file_that_is_missing(runs, tmp_path, family, name):
    run = shutil.copytree(runs[family][0], tmp_path / "run")
    (run / name).unlink()
    with pytest.raises(ModelError) as error:
        seqlab.load(run)
    assert Path(name).name in str(error.value)
    assert "\n" not in str(error.value)


def test_two_epochs_and_two_more_are_four(tmp_path):
    options = TINY | {"baseline": False, "crf": True, "dropout": 0.2, "scheme": "BIOES", "batch_size": 100}
    whole = seqlab.train("tag", RECORDS, output=tmp_path / "whole", **options | {"epochs": 4})
    seqlab.train("tag", RECORDS, output=tmp_path / "parts", **options | {"epochs": 2})
    further = seqlab.resume(tmp_path / "parts", {"epochs": 4}, records=RECORDS)
    assert further.scores == whole.scores
    files = [(tmp_path / name / WEIGHTS).read_bytes() for name in ("whole", "parts")]
    assert files[0] == files[1]
    logs = [
        (tmp_path / name / "train/log.jsonl").read_text(encoding="utf-8").splitlines() for name in ("whole", "parts")
    ]
    losses = [[json.loads(line)["loss"] for line in log] for log in logs]
    assert losses[0] == losses[1]
