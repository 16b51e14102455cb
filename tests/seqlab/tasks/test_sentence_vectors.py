"""Vectors that others have trained, as the first ones of a segmenter and of a tagger."""

import gzip
import os
import signal

import numpy as np
import pytest

import seqlab
from seqlab.errors import ConfigError, DataError
from seqlab.training.interrupt import Interrupted
from seqlab.training.watcher import Unwatched

CUT = [["小船", "靠", "岸", "。"], ["船", "上", "有", "人", "。"], ["人", "在", "岸上", "。"]] * 5
TAGGED = [(["the", "boat", "left"], ["DET", "NOUN", "VERB"]), (["a", "boat", "sank"], ["DET", "NOUN", "VERB"])] * 8
RECORDS = {"segment": CUT, "tag": TAGGED}
TOKENS = {"segment": ["船", "岸", "没", "人"], "tag": ["boat", "sank", "quay", "a"]}
STILL = {
    "hidden": 8, "embedding": 3, "bigram_width": 2, "epochs": 1, "batch_size": 100, "lr": 1e-30, "baseline": False,
    "device": "cpu", "use": "float32", "validation_share": 0,
}  # fmt: skip
"""With these settings no weight moves, so that what one begins with is what comes out."""


def rows(tokens, width):
    return {
        token: [round(0.25 * (place + 1) + column, 3) for column in range(width)] for place, token in enumerate(tokens)
    }


def write(path, vectors, header):
    lines = [f"{token} {' '.join(map(str, vector))}\n" for token, vector in vectors.items()]
    if header:
        lines.insert(0, f"{len(vectors)} {len(next(iter(vectors.values())))}\n")
    content = "".join(lines).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return str(path)


def table(model, name):
    number = next(number for number, table in enumerate(model.features.tables) if table.name == name)
    return model.model.tables[number].weight.numpy()


@pytest.mark.parametrize("task", ["segment", "tag"])
@pytest.mark.parametrize(("name", "header"), [("word2vec.txt", True), ("glove.txt", False), ("glove.txt.gz", False)])
def test_tokens_begin_with_the_vectors_of_a_file(tmp_path, task, name, header):
    vectors = rows(TOKENS[task], 3)
    path = write(tmp_path / name, vectors, header)
    model = seqlab.train(task, RECORDS[task], output=tmp_path / "run", vectors=path, **STILL)
    ids = model.features.token_ids()
    found = [token for token in vectors if token in ids]
    assert len(found) == 3
    for token in found:
        assert table(model, "token")[ids[token]] == pytest.approx(vectors[token])
    without = seqlab.train(task, RECORDS[task], **STILL)
    others = [place for token, place in ids.items() if token not in vectors]
    assert np.array_equal(table(model, "token")[others], table(without, "token")[others])
    (tmp_path / name).unlink()  # a model is used without the file
    assert np.array_equal(table(seqlab.load(tmp_path / "run"), "token"), table(model, "token"))


def test_pairs_begin_with_the_vectors_of_a_file(tmp_path):
    vectors = rows(["人。", "岸上", "船舶"], 2)
    path = write(tmp_path / "pairs.txt", vectors, header=False)
    model = seqlab.train("segment", CUT, bigram_vectors=path, **STILL)
    ids = model.features.bigram_ids()
    assert "船舶" not in ids
    for pair in ("人。", "岸上"):
        assert table(model, "bigram")[ids[pair]] == pytest.approx(vectors[pair])


@pytest.mark.parametrize("task", ["segment", "tag"])
@pytest.mark.parametrize(
    ("setting", "table", "width"), [("vectors", "network.embedding", 3), ("bigram_vectors", "features.bigram_width", 2)]
)
def test_vectors_of_another_width_and_of_other_tokens(tmp_path, task, setting, table, width):
    pairs = {"segment": ["岸上"], "tag": ["theboat"]}
    known = TOKENS[task] if setting == "vectors" else pairs[task]
    path = write(tmp_path / "vectors.txt", rows(known, width + 1), header=False)
    with pytest.raises(ConfigError) as error:
        seqlab.train(task, RECORDS[task], output=tmp_path / "run", **STILL | {setting: path})
    assert str(error.value) == (
        f"{table}: the vectors of {path} are {width + 1} wide, and it is {width}; make it as wide"
    )
    path = write(tmp_path / "vectors.txt", rows(["☃", "☂"], width), header=True)
    with pytest.raises(DataError, match=r"has a vector of none of the \d+ (token|bigram)s; it is of other tokens"):
        seqlab.train(task, RECORDS[task], output=tmp_path / "run", **STILL | {setting: path})
    assert [path.name for path in tmp_path.iterdir()] == ["vectors.txt"]


class StopAtOnce(Unwatched):
    """Presses Ctrl-C after the first step."""

    def stepped(self, step):
        os.kill(os.getpid(), signal.SIGINT)


def test_a_wrong_file_of_vectors_replaces_no_unfinished_training(tmp_path):
    options = STILL | {"output": tmp_path / "run"}
    with pytest.raises(Interrupted, match="go on with: seqlab train segment -o"):
        seqlab.train("segment", CUT, watcher=StopAtOnce(), **options)
    path = write(tmp_path / "vectors.txt", rows(["☃"], 3), header=False)
    with pytest.raises(DataError):
        seqlab.train("segment", CUT, vectors=path, overwrite=True, **options)
    assert seqlab.resume(tmp_path / "run").scores == seqlab.train("segment", CUT, **STILL).scores


def test_a_wrong_file_of_vectors_replaces_nothing(tmp_path):
    options = STILL | {"output": tmp_path / "run", "overwrite": True}
    model = seqlab.train("segment", CUT, **options)
    for path in ("nowhere.txt", write(tmp_path / "vectors.txt", rows(["☃"], 3), header=False)):
        with pytest.raises(DataError):
            seqlab.train("segment", CUT, vectors=path, **options)
        assert seqlab.load(tmp_path / "run").scores == model.scores
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "vectors.txt"]
