"""Words that stand in one part alone take each other's places."""

import numpy as np
import pytest

from seqlab.resolve import resolve
from seqlab.tasks import segment
from seqlab.tasks.folds import Folds
from seqlab.tasks.sentence_task import SegmentationTask
from seqlab.tasks.word_exchange import WordExchange
from seqlab.text.codepoints import codes_of, text_of

# Two parts of three sentences. In one part alone stand names and numbers; 我们 and 去 stand in both.
SENTENCES = [
    ["我们", "去", "上海", "找", "王小明", "ok"], ["李大力", "去", "北京"], ["天津", "在", "那里"],
    ["我们", "去", "广州", "找", "赵一"], ["钱二", "说", "好"], ["深圳", "去", "我们", "ab"],
]  # fmt: skip
TWO = [{"上海", "北京", "天津", "那里"}, {"广州", "赵一", "钱二", "深圳"}]
THREE = {"王小明", "李大力"}


@pytest.fixture
def exchange():
    codes = codes_of("".join(map("".join, SENTENCES))).astype(np.uint32)
    return codes, WordExchange(SENTENCES, Folds(SENTENCES, 2), codes)


def words_of(codes):
    """The words at the places of those of the sentences."""
    text, at, found = text_of(codes), 0, []
    for words in SENTENCES:
        found.append([])
        for word in words:
            found[-1].append(text[at : at + len(word)])
            at += len(word)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_only_words_of_one_part_move_and_only_to_places_of_their_length_in_it(exchange, seed):
    codes, exchanged = exchange
    found = words_of(exchanged.codes(1.0, np.random.default_rng(seed)))
    for number, (before, after) in enumerate(zip(SENTENCES, found, strict=True)):
        for old, new in zip(before, after, strict=True):
            group = next((group for group in (TWO[number // 3], THREE) if old in group), {old})
            assert new in group
    assert text_of(codes) == "".join(map("".join, SENTENCES)), "what was given is unchanged"


def test_each_word_comes_to_each_place(exchange):
    _, exchanged = exchange
    draw = np.random.default_rng(1)
    seen = [words_of(exchanged.codes(1.0, draw)) for _ in range(200)]
    assert {words[0][2] for words in seen} == TWO[0]
    assert {words[0][4] for words in seen} == THREE
    assert {words[5][0] for words in seen} == TWO[1]


def test_the_share(exchange):
    codes, exchanged = exchange
    assert np.array_equal(exchanged.codes(0.0, np.random.default_rng(1)), codes)
    draw = np.random.default_rng(2)
    same = np.mean([words_of(exchanged.codes(0.5, draw))[0][2] == "上海" for _ in range(2000)])
    assert same == pytest.approx(1 - 0.5 * 3 / 4, abs=0.04)


def test_each_epoch_of_a_training_has_its_own_exchange(tmp_path):
    changes = {"lexicon_folds": 2, "validation_share": 0.0, "rare_as_unknown": 0.0, "bigram_dropout": 0.0}
    read = {}
    for share in (0.0, 1.0):
        folder = tmp_path / str(share)
        folder.mkdir()
        config = resolve("segment", {}, changes | {"exchange_unknown": share, "device": "cpu"})
        segment.prepare(config, SENTENCES, None, folder)
        task = SegmentationTask(config, folder, "cpu")
        for epoch in (0, 1, 0):
            tokens = [batch.ids[..., 0].ravel() for batch in task.batches(epoch)]
            read.setdefault((share, epoch), []).append(np.sort(np.concatenate(tokens)))
    assert np.array_equal(read[0.0, 0][0], read[0.0, 1][0])
    assert not np.array_equal(read[1.0, 0][0], read[1.0, 1][0])
    assert np.array_equal(*read[1.0, 0]), "the same epoch has the same one, whatever came between"
