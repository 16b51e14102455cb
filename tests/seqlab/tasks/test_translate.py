"""Preparing pairs for a translator, and the task that its network learns."""

import itertools
import os
import signal

import numpy as np
import pytest
import torch

import seqlab
from seqlab.errors import DataError, ModelError
from seqlab.modeldir import DATA, WEIGHTS
from seqlab.records import Pair
from seqlab.resolve import resolve
from seqlab.tasks import pairs_kept, translate
from seqlab.tasks.translation_task import TranslationTask
from seqlab.text.vocab import BOS, EOS, PAD, UNK
from seqlab.training.fit import Trainer, fit
from seqlab.training.interrupt import Interrupted
from seqlab.training.watcher import Unwatched

SMALL = {"tokenizer": "word", "hidden": 8, "embedding": 8, "batch_size": 30, "device": "cpu", "dropout": 0.0,
         "rare_as_unknown": 0.0, "label_smoothing": 0.0}  # fmt: skip


def made(n=60):
    """Pairs of different lengths, the target in the order of the source."""
    draw = np.random.default_rng(5)
    words = [f"w{number}" for number in range(20)]
    sources = [[str(word) for word in draw.choice(words, 1 + number % 9)] for number in range(n)]
    return [(" ".join(source), " ".join(word.upper() for word in source)) for source in sources]


@pytest.fixture
def prepared(tmp_path):
    """(records, validation, settings) -> the folder that `prepare` has filled, and the settings."""
    number = itertools.count()

    def prepare(records, validation=None, **changes):
        config = resolve("translate", {}, SMALL | changes)
        folder = tmp_path / f"prepared-{next(number)}"
        folder.mkdir()
        translate.prepare(config, records, validation, folder)
        return folder, config

    return prepare


@pytest.fixture
def task(prepared):
    """(settings) -> the task over `made`, nothing held out."""

    def begin(records=None, **changes):
        folder, config = prepared(made() if records is None else records, **{"validation_share": 0} | changes)
        return TranslationTask(config, folder, "cpu")

    return begin


# --- what is left out, and said


def test_pairs_that_are_too_long_or_too_uneven_are_left_out_of_training_alone(prepared):
    records = [*made(), ("w1 " * 30, "W1"), ("w1", "W1 W2 W3 W4"), ("w1 w2", "W1 W2 W3 W4")]
    folder, _ = prepared(records, records, longest=20, ratio=3.0)
    train, validation = pairs_kept.kept(folder)
    assert train == [pairs_kept.sides_of(pair) for pair in (*made(), records[-1])]
    assert len(validation) == len(records)
    assert translate.kept_notes(folder)[:2] == [
        "1 training pairs with more than 20 tokens on a side are left out",
        "1 training pairs with one side over 3 times the other are left out",
    ]


def test_what_one_may_overlook_is_said(prepared):
    folder, _ = prepared([*made(), ("w1", "")], validation_share=0)
    assert translate.kept_notes(folder) == [
        "nothing is held out: the training data themselves are scored",
        "1 pairs with an empty side are left out",
    ]
    folder, _ = prepared(made(), [("W9 w1", "x"), (made()[0][0], "y")], limit=50)
    assert translate.kept_notes(folder) == [
        "only the first 50 pairs are read",
        "1 pairs to validate on have a source sentence that is trained on too",
    ]
    (folder / DATA / translate.NOTES).write_text('{"notes": [3]}')
    with pytest.raises(ModelError, match="does not hold a list of notes"):
        translate.kept_notes(folder)


def test_pairs_to_validate_on_that_are_the_wrong_way_round_are_told_of(prepared):
    turned = [(target, source) for source, target in made()]
    (folder, _), (right, _) = prepared(made(), turned), prepared(made(), made())
    told = "of the sources to validate on: the text looks more like targets than like sources of the training data"
    assert any(note.startswith(told) for note in translate.kept_notes(folder))
    assert not any("sources to validate on" in note for note in translate.kept_notes(right))


def test_where_no_pair_is_left_both_counts_are_said(prepared):
    with pytest.raises(DataError, match="of 60 pairs to train on none is left: 60 have more than 1 tokens on a side"):
        prepared([(f"{source} w1", target) for source, target in made()], validation_share=0, longest=1)


def test_the_text_is_learned_from_the_training_part_alone(prepared):
    folder, config = prepared([*made(), *((f"w1 only{n}", f"W1 here{n}") for n in range(40))])
    task = TranslationTask(config, folder, "cpu")
    train, validation = pairs_kept.kept(folder)
    words = {word for pair in train for word in pair.source.split()}
    assert set(task.text.source.pipeline.vocab.tokens) == words
    assert {word for pair in validation for word in pair.source.split()} - words


def test_the_text_is_learned_from_what_is_not_left_out(prepared):
    long, uneven = ("long1 " * 30, "LONG1"), ("odd1 odd2 odd3 odd4", "ODD")
    folder, config = prepared([*made(), long, uneven], made()[:5], longest=20, ratio=3.0)
    text = TranslationTask(config, folder, "cpu").text
    assert not any(word.startswith(("long", "odd")) for word in text.source.pipeline.vocab.tokens)
    assert text.source.counts.sum() == sum(len(source.split()) for source, _ in made())


# --- batches


def rows(batch):
    """The pairs in a batch, as tuples of ids."""
    wanted = torch.split(batch.wanted, batch.target_lengths.tolist())
    return [
        (tuple(source[:length].tolist()), tuple(target.tolist()))
        for source, length, target in zip(batch.source, batch.source_lengths, wanted, strict=True)
    ]


def test_each_epoch_has_each_pair_once_in_batches_of_its_own(task):
    one = task()
    pairs = sorted(
        (tuple(one.text.source.encode(source).tolist()), (*one.text.target.encode(target).tolist(), EOS))
        for source, target in made()
    )
    epochs = [list(one.batches(epoch)) for epoch in (0, 1)]
    for epoch in epochs:
        assert len(epoch) == one.n_steps
        assert sorted(row for batch in epoch for row in rows(batch)) == pairs
    assert [rows(batch) for batch in epochs[0]] == [rows(batch) for batch in one.batches(0)]
    assert [rows(batch) for batch in epochs[0]] != [rows(batch) for batch in epochs[1]]


def test_a_batch_has_at_most_so_many_tokens_of_about_the_same_length(task):
    one = task(batch_size=40)
    for batch in one.batches(0):
        assert max(batch.source.numel(), batch.target.numel()) <= 40
        assert batch.target_lengths.max() - batch.target_lengths.min() <= 2
    assert task(batch_size=400).n_steps < one.n_steps


def test_the_decoder_reads_what_stands_before_what_it_is_to_predict(task):
    for batch in task().batches(3):
        wanted = torch.split(batch.wanted, batch.target_lengths.tolist())
        for target, length, tokens in zip(batch.target, batch.target_lengths.tolist(), wanted, strict=True):
            assert target[0] == BOS
            assert target[1:length].tolist() == tokens[:-1].tolist()
            assert tokens[-1] == EOS
            assert (target[length:] == PAD).all()


def test_the_share_of_own_predictions_rises_from_nothing_to_what_is_asked_for(task):
    one = task(sampling=0.6, epochs=4)
    shares = [batch.sampling for epoch in range(4) for batch in one.batches(epoch)]
    assert shares[0] == 0.0
    assert np.allclose(np.diff(shares), 0.6 / len(shares))
    assert {batch.sampling for batch in task(epochs=4).batches(3)} == {0.0}


def test_source_words_seen_once_are_trained_as_unknown_at_times(task):
    records = [*made(), *((f"w1 only{n}", "W1") for n in range(200))]
    ids = np.concatenate([batch.source.flatten() for batch in task(records, rare_as_unknown=0.5).batches(0)])
    assert 60 < (ids == UNK).sum() < 140
    ids = np.concatenate([batch.source.flatten() for batch in task(records).batches(0)])
    assert not (ids == UNK).any()


# --- the loss


def test_the_loss_is_a_sum_over_target_tokens_and_their_ends(task):
    one = task()
    torch.manual_seed(1)
    model = one.build().eval()
    smooth = task(label_smoothing=0.2)
    for batch in itertools.islice(one.batches(0), 3):
        loss = one.loss(model, batch, None)
        assert loss.n_targets == int(batch.target_lengths.sum()) == len(batch.wanted)
        apart = 0.0
        for source, n_source, target, length, tokens in zip(
            batch.source, batch.source_lengths, batch.target, batch.target_lengths,
            torch.split(batch.wanted, batch.target_lengths.tolist()), strict=True,
        ):  # fmt: skip
            logits = model(source[None, :n_source], n_source[None], target[None, :length], length[None])
            apart -= logits[0].log_softmax(-1)[torch.arange(len(tokens)), tokens].sum().item()
        assert loss.nats.item() == pytest.approx(apart, rel=1e-4)
        spread = smooth.loss(model, batch, None).nats.item()
        assert spread == pytest.approx(0.8 * apart + 0.2 * evenly(model, batch), rel=1e-4)


def evenly(model, batch):
    """The sum over the tokens of the mean of -ln p over the vocabulary."""
    logits = model.token_logits(*batch[:4])
    return -logits.log_softmax(-1).mean(-1).sum().item()


def test_training_lowers_the_loss_and_bleu_rises(task):
    one = task(epochs=25, lr=0.02, batch_size=60, hidden=32, embedding=16, label_smoothing=0.0)
    torch.manual_seed(1)
    trainer = Trainer(one.build(), one.config.training)
    steps = list(fit(trainer, one))
    scores = [step.scores for step in steps if step.scores is not None]
    assert scores[-1].nats < 0.3 * scores[0].nats
    assert scores[-1].translations.bleu > scores[0].translations.bleu + 30
    assert scores[0].beam == 1
    assert one.scores_in_use(trainer.model).beam == 5


# --- the whole


class StopAfter(Unwatched):
    """Presses Ctrl-C after some steps."""

    def __init__(self, n_steps):
        self.n_steps = n_steps

    def stepped(self, step):
        if step.step == self.n_steps:
            os.kill(os.getpid(), signal.SIGINT)


def test_resuming_equals_no_interruption(tmp_path):
    settings = SMALL | {"epochs": 2, "dropout": 0.2, "sampling": 0.5, "rare_as_unknown": 0.3, "average": 0.9}
    settings |= {"shared": True, "tied": "all"}
    whole = seqlab.train("translate", made(), output=tmp_path / "whole", **settings)
    with pytest.raises(Interrupted, match="go on with: seqlab train translate -o"):
        seqlab.train("translate", made(), output=tmp_path / "stopped", watcher=StopAfter(15), **settings)
    resumed = seqlab.resume(tmp_path / "stopped")
    assert resumed.scores == whole.scores
    weights = [(tmp_path / name / WEIGHTS).read_bytes() for name in ("whole", "stopped")]
    assert weights[0] == weights[1]


def test_a_finished_model_is_trained_further_on_the_same_data_alone(tmp_path):
    seqlab.train("translate", made(), output=tmp_path / "run", epochs=1, **SMALL)
    with pytest.raises(DataError, match="the data are not those it was trained on"):
        seqlab.resume(tmp_path / "run", {"epochs": 2}, records=made()[1:])
    further = seqlab.resume(tmp_path / "run", {"epochs": 2}, records=made())
    once = seqlab.train("translate", made(), epochs=2, **SMALL)
    assert further.scores == once.scores


def test_what_training_leaves_tells_of_it(tmp_path):
    records = [Pair(source, target, f"x:{n}") for n, (source, target) in enumerate(made())]
    model = seqlab.train("translate", records, output=tmp_path / "run", epochs=1, **SMALL)
    assert model.scores["n_sentences"] == 6
    assert set(model.scores["signatures"]) == {"BLEU", "chrF2", "TER"}
    card = (tmp_path / "run" / "README.md").read_text(encoding="utf-8")
    for said in ("A recurrent translator", "copied source floor", "general attention", "seqlab predict", "chrF2"):
        assert said in card
    assert seqlab.load(tmp_path / "run").scores == model.scores


def test_attention_finds_the_word_and_without_it_a_network_is_far_behind():
    def sentences(n, seed):
        draw = np.random.default_rng(seed)
        sources = [[f"w{word}" for word in draw.integers(0, 60, length)] for length in draw.integers(3, 12, n)]
        return [(" ".join(source), " ".join(word.upper() for word in source)) for source in sources]

    settings = SMALL | {"hidden": 48, "embedding": 48, "epochs": 6, "batch_size": 600, "lr": 8e-3, "dropout": 0.1}
    models = {
        name: seqlab.train("translate", sentences(3000, 1), sentences(200, 2), attention=name, **settings)
        for name in ("general", "none")
    }
    bleu = {name: model.scores["bleu"] for name, model in models.items()}
    assert bleu["general"] > 80 > 40 > bleu["none"]
    seen = models["general"].attention("w1 w2 w3 w4 w5 w6")
    assert seen.target == ("W1", "W2", "W3", "W4", "W5", "W6")
    assert seen.weights.argmax(1).tolist() == [0, 1, 2, 3, 4, 5]
