"""The check that the machinery is right: a translator that was shown two hundred pairs again and again knows them."""

import itertools

import pytest

import seqlab
from seqlab.corpora import open_parallel

SETTINGS = {
    "tokenizer": "word", "target_tokenizer": "character", "hidden": 128, "embedding": 64, "dropout": 0.0,
    "label_smoothing": 0.0, "rare_as_unknown": 0.0, "batch_size": 200, "lr": 8e-3, "schedule": "one-cycle", "epochs": 60,
    "evaluate_every": 100_000, "validation_share": 0, "baseline": False, "device": "cpu",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["en-zh", "zh-en"])
def test_two_hundred_pairs_are_translated_as_they_were_learned(direction):
    records = {record.source: (record.source, record.target) for record in open_parallel("sample:phrases")}
    pairs = list(itertools.islice(records.values(), 200))
    settings = SETTINGS
    if direction == "zh-en":
        pairs = [(target, source) for source, target in pairs]
        settings = SETTINGS | {"tokenizer": "character", "target_tokenizer": "word"}
    translator = seqlab.train("translate", pairs, **settings)
    greedy, by_beam = translator.evaluate(pairs, beam=1), translator.evaluate(pairs, beam=5)
    assert greedy.translations.bleu > 95
    assert by_beam.translations.bleu > 95
