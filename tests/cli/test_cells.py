"""Every cell learns: trained by the command on a bundled sample, it beats the bigram model."""

import pytest

from seqlab.cell_names import BUILT_IN
from seqlab.modeldir import open_directory

SETTINGS = "--hidden 64 --embedding 32 --batch-size 8 --window 32 --epochs 1 --lr 0.008 --device cpu"
# Their gates read c, which nothing bounds, through full matrices, so that they saturate: short windows from a fresh state
# keep it small, and the one that reads h too needs time.
SHORT = "--hidden 64 --embedding 64 --batch-size 16 --window 8 --sampling random --epochs 1 --lr 0.008 --device cpu"
LONG = "--hidden 128 --embedding 128 --batch-size 16 --window 32 --epochs 4 --lr 0.002 --device cpu"
OWN = {"peephole-cell": SHORT, "peephole-cell-x": SHORT, "fc-lstm": LONG}


# The others learn in the same loop, which takes its time; tests/seqlab/recurrent holds each of them against its equations.
QUICK = ("lstm", "gru")


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in BUILT_IN]
)
def test_trains_and_improves_on_the_bigram_floor(call, tmp_path, name):
    run = tmp_path / "run"
    outcome = call("train", "lm", "sample:tales", "-o", run, "--cell", name, *OWN.get(name, SETTINGS).split())
    assert outcome.code == 0, outcome.err
    directory = open_directory(run)
    assert directory.config.network.cell == name
    scores = directory.scores
    assert scores["nats"] < scores["floors"]["bigram"] - 0.1
    assert scores["floors"]["bigram"] < scores["floors"]["unigram"]
