"""Word segmentation from records to a model in use, in every family."""

import itertools
import json
import random
import shutil
import threading
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seqlab
from seqlab.errors import ConfigError, DataError, ModelError
from seqlab.modeldir import WEIGHTS, open_directory
from seqlab.records import Segmented
from seqlab.tasks.hmm_segmenter import HmmSegmenter
from seqlab.tasks.matching_segmenter import MatchingSegmenter
from seqlab.tasks.neural_segmenter import NeuralSegmenter
from seqlab.training.watcher import Unwatched

WORDS = [
    "木船", "靠岸", "渔夫", "清早", "小镇", "灯塔", "海风", "湖水", "水面", "补网", "ABC", "12", "湖", "吹",
    "过", "在", "的", "了", "看", "又", "一", "张", "三", "条", "大", "鱼",
]  # fmt: skip
FAMILIES = {"rnn": NeuralSegmenter, "hmm": HmmSegmenter, "max-match": MatchingSegmenter}
TINY = {
    "hidden": 8, "embedding": 8, "bigram_width": 4, "epochs": 1, "batch_size": 200, "lr": 0.02, "dropout": 0.0,
    "embedding_dropout": 0.0, "device": "cpu",
}  # fmt: skip
OPTIONS = {"rnn": TINY, "hmm": {}, "max-match": {}}
SIGNS = list("木船靠岸渔夫的了。！，”aB1１Ａ \n\u3000") + list("\u0301\u200d👍🏽👩🇩🇪\0")
TEXT = st.text(st.sampled_from(SIGNS) | st.characters(exclude_categories=["Cs"]), max_size=60)


def sentences(n, seed=1):
    draw = random.Random(seed)
    return [[*draw.choices(WORDS, k=draw.randint(3, 7)), "。"] for _ in range(n)]


CUT = sentences(40)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A model directory of each family, and what training returned."""
    folder = tmp_path_factory.mktemp("segmenters")
    made = {}
    for family, options in OPTIONS.items():
        model = seqlab.train("segment", CUT, output=folder / family, model=family, **options)
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
    texts = ["".join(words) for words in sentences(20, seed=2)] + ["", " ", "没见过的字ＡＢ 12.5", "".join(SIGNS)]
    assert loaded.batch(texts) == model.batch(texts)
    assert loaded.config == model.config
    assert loaded.scores == model.scores == open_directory(run).manifest["scores"]
    assert loaded.words == model.words
    shutil.rmtree(run / "train")  # what training left is not needed
    assert seqlab.load(run).batch(texts) == model.batch(texts)


def test_words_lists_tuples_and_records_are_the_same(runs):
    model = runs["max-match"][1]
    for records in (map(tuple, CUT), (Segmented(tuple(words), "here") for words in CUT), iter(CUT)):
        assert seqlab.train("segment", records, model="max-match").scores == model.scores


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ([], "there is no sentence to train on"),
        ([["木船"]] * 9, "there are 9 sentences to train on, too few to hold out a share"),
        (["木船 靠岸"] * 10, "a record is a list of words or seqlab.records.Segmented, not str: '木船 靠岸'"),
        ([["木船"], []] * 10, "a sentence has no words"),
        ([Segmented(("木船", ""), "a.txt, line 3")] * 10, "a.txt, line 3: '' is no word: words are texts"),
        ([Segmented(("木 船",), "a.txt, line 3")] * 10, "a.txt, line 3: '木 船' is no word"),
        ([[1, 2]] * 10, "1 is no word"),
        ([None], "not NoneType"),
    ],
)
@pytest.mark.parametrize("family", FAMILIES)
def test_records_that_are_none(tmp_path, family, records, says):
    with pytest.raises(DataError) as error:
        seqlab.train("segment", records, output=tmp_path / "run", model=family)
    assert says in str(error.value)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_small_network_learns_a_corpus_by_heart():
    for crf in (False, True):
        model = seqlab.train(
            "segment", CUT, validation_share=0, baseline=False, crf=crf,
            **TINY | {"hidden": 16, "epochs": 12, "lr": 0.03, "batch_size": 100},
        )  # fmt: skip
        assert model.scores["f1"] > 0.95
        assert model.evaluate(CUT).scores.f1 == model.scores["f1"]


# --- held out


def test_what_is_held_out():
    def known(**changes):
        return seqlab.train("segment", CUT, model="max-match", baseline=False, **changes)

    marked = [[f"词{chr(0x4E00 + number)}", *words] for number, words in enumerate(CUT)]  # a word of its own each

    def held(**changes):
        model = seqlab.train("segment", marked, model="max-match", baseline=False, **changes)
        return [number for number, words in enumerate(marked) if words[0] not in model.words]

    assert held(validation_share=0.25, validation_split="end") == list(range(30, 40))
    drawn = held(validation_share=0.25)
    assert len(drawn) == 10
    assert drawn not in (list(range(10)), list(range(30, 40)))
    assert drawn == held(validation_share=0.25) != held(validation_share=0.25, seed=2)
    assert held(limit=20, validation_share=0.5, validation_split="end") == list(range(10, 40))
    assert held(validation_share=0) == []
    assert held(validation_share=0.001) != []
    assert known(validation_share=0).scores["f1"] == pytest.approx(known().evaluate(CUT).scores.f1, abs=0.1)


def test_validation_records(tmp_path):
    other = sentences(9, seed=5)
    model = seqlab.train("segment", CUT, other, output=tmp_path / "run", model="hmm")
    assert model.scores["n_true"] == sum(map(len, other))
    assert model.config.data.validation_share == 0.0
    assert "records given from Python" in (tmp_path / "run" / "README.md").read_text(encoding="utf-8")
    alone = seqlab.train("segment", CUT, model="hmm", validation_share=0)
    assert alone.batch(["".join(words) for words in other]) == model.batch(["".join(words) for words in other])
    with pytest.raises(DataError, match="no sentence to validate on"):
        seqlab.train("segment", CUT, [], model="hmm")


class Notes(Unwatched):
    def __init__(self):
        self.notes = []

    def noted(self, message):
        self.notes.append(message)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_one_may_overlook_is_noted(family):
    notes = Notes()
    seqlab.train("segment", CUT, model=family, validation_share=0, limit=20, watcher=notes, **OPTIONS[family])
    assert notes.notes == [
        "nothing is held out: the training data themselves are scored",
        "only the first 20 sentences are read",
    ]


# --- figures


def recomputed(model, records):
    """P, R, F1, recall of unknown and of known words, from words that are cut one sentence at a time."""
    n_true = n_found = right = unknown = unknown_right = 0
    for words in records:
        places = [list(itertools.accumulate(map(len, cut), initial=0)) for cut in (words, model.lcut("".join(words)))]
        true, found = (list(itertools.pairwise(own)) for own in places)
        n_true, n_found = n_true + len(true), n_found + len(found)
        for word, span in zip(words, true, strict=True):
            new = word not in model.words
            unknown += new
            right += span in found
            unknown_right += new and span in found
    precision, recall = right / n_found, right / n_true
    known = n_true - unknown
    return (
        precision, recall, 2 * precision * recall / (precision + recall), unknown / n_true, unknown_right / unknown,
        (right - unknown_right) / known,
    )  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_figures_are_those_of_the_words_that_are_cut(runs, family):
    model = runs[family][1]
    other = [
        [*words, extra]
        for words, extra in zip(sentences(30, seed=7), itertools.cycle(["船夫", "塔", "木船"]), strict=False)
    ]
    found = model.evaluate(other).to_dict()
    names = ("precision", "recall", "f1", "oov_rate", "oov_recall", "iv_recall")
    assert [found[name] for name in names] == pytest.approx(recomputed(model, other))


def test_floors_are_what_the_families_score(runs):
    scores = {family: model.scores for family, (_, model) in runs.items()}
    assert {family: set(own["floors"]) for family, own in scores.items()} == {
        "rnn": {"max-match", "hmm"}, "hmm": {"max-match"}, "max-match": {"hmm"},
    }  # fmt: skip
    for own in scores.values():
        for name, floor in own["floors"].items():
            alone = {key: value for key, value in scores[name].items() if key not in ("floors", "confusions")}
            assert {key: value for key, value in floor.items() if key != "confusions"} == alone
    assert seqlab.train("segment", CUT, model="hmm", baseline=False).scores["floors"] == {}


def full(text):
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


@pytest.mark.parametrize("family", FAMILIES)
def test_widths_can_be_folded(family):
    wide = [[full(word) for word in words] for words in CUT]
    options = OPTIONS[family] | {"model": family, "validation_share": 0}
    folding = seqlab.train("segment", wide, width="half", **options)
    keeping = seqlab.train("segment", wide, **options)
    texts = ["".join(words) for words in CUT]
    assert folding.batch(texts) == [[unicodedata.normalize("NFKC", word) for word in words]
                                    for words in folding.batch(map(full, texts))]  # fmt: skip
    assert "".join(folding.lcut("渔夫ＡＢＣ１2")) == "渔夫ＡＢＣ１2"
    assert folding.evaluate(CUT).scores.n_unknown == folding.evaluate(wide).scores.n_unknown == 0
    assert keeping.evaluate(wide).scores.n_unknown == 0 < keeping.evaluate(CUT).scores.n_unknown
    assert folding.evaluate(CUT).to_dict() == folding.evaluate(wide).to_dict()


# --- in use


@given(texts=st.lists(TEXT, max_size=4))
@settings(deadline=None, max_examples=25)
def test_nothing_is_lost_and_many_are_as_one_by_one(neural, texts):
    for text, words in zip(texts, neural.batch(texts), strict=True):
        assert "".join(words) == text
        assert neural.lcut(text) == list(neural.cut(text)) == words
        assert [token.word for token in neural.tokenize(text)] == words


def test_any_characters(neural):
    everything = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x30000, 7), 0x10FFFF]))
    assert "".join(neural.cut(everything)) == everything
    for text in ("\ud83d", "\ud83d\ude00", "a\ud83d船"):  # halves of surrogate pairs
        assert "".join(neural.lcut(text)) == text


def test_a_hundred_thousand_characters_in_one_sentence(neural):
    text = "".join("".join(words[:-1]) for words in sentences(14_000, seed=3))[:100_000]
    assert len(text) == 100_000
    words = neural.lcut(text)
    assert "".join(words) == text
    assert list(neural.cut(text)) == words
    assert max(map(len, words)) < 200


def test_many_texts_are_cut_as_one_by_one(neural):
    draw = random.Random(3)
    texts = ["".join(draw.choices(SIGNS, k=draw.choice([0, 1, 3, 20, 300]))) for _ in range(60)]
    assert neural.batch(texts) == [neural.lcut(text) for text in texts]
    assert neural.batch(texts[::-1]) == neural.batch(texts)[::-1]


def test_from_several_threads(runs):
    model = seqlab.load(runs["rnn"][0])
    texts = ["".join(words) for words in sentences(40, seed=4)]
    expected, wrong = model.batch(texts), []

    def work():
        for _ in range(5):
            if model.batch(texts) != expected or [model.lcut(text) for text in texts[:5]] != expected[:5]:
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def resident():
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("n_calls", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_memory_does_not_grow_with_the_calls(neural, n_calls):
    draw = random.Random(n_calls)

    def call(times):
        for _ in range(times):
            signs = [*SIGNS, *(chr(draw.randrange(0x4E00, 0x9FA5)) for _ in range(20))]
            text = "".join(draw.choices(signs, k=draw.randint(1, 60)))
            assert "".join(neural.cut(text)) == text

    call(200)
    before = resident()
    call(n_calls)
    assert resident() - before < 8 << 20


def test_words_of_the_user_are_kept_whole(neural, tmp_path):
    model = seqlab.train("segment", CUT, **TINY)
    model.add_word("船靠")
    assert "船靠" in model.lcut("木船靠岸")
    model.del_word("船靠")
    (tmp_path / "user.txt").write_text("夫补 3 n\n", encoding="utf-8")
    model.load_userdict(tmp_path / "user.txt")
    assert "夫补" in model.lcut("渔夫补网")


def test_evaluation_of_what_is_no_sentence(neural):
    with pytest.raises(DataError, match="no sentence to score"):
        neural.evaluate([])
    with pytest.raises(DataError, match="a record is a list of words"):
        neural.evaluate(["木船靠岸"])


# --- model directories


@pytest.mark.parametrize(
    ("family", "name"),
    [("rnn", WEIGHTS), ("rnn", "text/bigrams.npy"), ("rnn", "text/words.txt"), ("hmm", "hmm/tagger.json")],
)
def test_a_file_that_is_missing(runs, tmp_path, family, name):
    run = shutil.copytree(runs[family][0], tmp_path / "run")
    assert (run / name).exists()
    (run / name).unlink()
    with pytest.raises(ModelError) as error:
        seqlab.load(run)
    assert Path(name).name in str(error.value)
    assert "\n" not in str(error.value)


def test_two_epochs_and_two_more_are_four(tmp_path):
    options = TINY | {"baseline": False, "dropout": 0.2, "bigram_dropout": 0.3, "batch_size": 100}
    whole = seqlab.train("segment", CUT, output=tmp_path / "whole", **options | {"epochs": 4})
    seqlab.train("segment", CUT, output=tmp_path / "parts", **options | {"epochs": 2})
    further = seqlab.resume(tmp_path / "parts", {"epochs": 4}, records=CUT)
    assert further.scores == whole.scores
    files = [(tmp_path / name / WEIGHTS).read_bytes() for name in ("whole", "parts")]
    assert files[0] == files[1]
    logs = [
        (tmp_path / name / "train/log.jsonl").read_text(encoding="utf-8").splitlines() for name in ("whole", "parts")
    ]
    without = [[{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in log] for log in logs]
    assert without[0] == without[1]
    with pytest.raises(DataError, match="not those it was trained on"):
        seqlab.resume(tmp_path / "parts", {"epochs": 5}, records=CUT[1:])
    with pytest.raises(ConfigError, match=r"network\.hidden: is 8 and cannot change"):
        seqlab.resume(tmp_path / "parts", {"epochs": 5, "hidden": 9}, records=CUT)


def test_counts_are_made_at_one_go(runs):
    with pytest.raises(ConfigError, match="its model is hmm, which is made at one go"):
        seqlab.resume(runs["hmm"][0], {"epochs": 5}, records=CUT)


def test_the_callers_random_numbers_are_left_alone(runs):
    import torch

    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    seqlab.train("segment", CUT, baseline=False, **TINY)
    seqlab.load(runs["rnn"][0]).lcut("木船")
    assert torch.equal(torch.rand(3), expected)
    assert np.random.default_rng(1).random() == np.random.default_rng(1).random()
