import json
import math
import mmap
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load_file

from seqlab.errors import ModelError
from seqlab.ngram.binary import open_model, save
from seqlab.ngram.model import Level, NGramModel

IN_A_FOLDER = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NO_BACKOFFS, NO_STARTS = np.zeros(0, np.float32), np.zeros(0, np.uint32)


def model_of(sizes, words=np.uint16, starts=np.uint32, **settings):
    """A model with so many n-grams of each order."""
    draw = np.random.default_rng(1)
    levels = []
    for n, (size, above) in enumerate(zip(sizes, [*sizes[1:], None], strict=True), start=1):
        last = np.arange(size) if n == 1 else draw.integers(sizes[0], size=size)
        log_probs = np.log(draw.random(size)).astype(np.float32)
        log_probs[::3] = -math.inf
        if above is None:
            levels.append(Level(last.astype(words), log_probs, NO_BACKOFFS, NO_STARTS))
            continue
        places = np.sort(draw.integers(above + 1, size=size + 1))
        places[0], places[-1] = 0, above
        levels.append(Level(last.astype(words), log_probs, -draw.random(size, np.float32), places.astype(starts)))
    return NGramModel(tuple(levels), **({"start": 2, "end": 4, "unknown": 1, "smoothing": "witten-bell"} | settings))


MODELS = {
    "order 1": model_of([5]),
    "order 3": model_of([9, 20, 31]),
    "wide": model_of([9, 20, 31, 3], np.uint32, np.uint64),
    "mixed": model_of(
        [9, 20, 31], starts=np.uint64, end=None, smoothing="stupid-backoff", unseen_backoff=math.log(0.4)
    ),
    "no n-grams": model_of([6, 4, 0, 0]),
}


def assert_equal(model, other):
    for name in ("start", "end", "unknown", "smoothing", "unseen_backoff", "order", "n_types"):
        assert getattr(model, name) == getattr(other, name)
    for level, other_level in zip(model.levels, other.levels, strict=True):
        for name in ("words", "log_probs", "backoffs", "starts"):
            array, other_array = getattr(level, name), getattr(other_level, name)
            assert len(array) == len(other_array)
            assert not len(array) or name == "words" or array.dtype == other_array.dtype
            np.testing.assert_array_equal(array, other_array)


@pytest.fixture(params=MODELS)
def model(request):
    return MODELS[request.param]


@pytest.fixture
def saved(tmp_path):
    """The file of a model of order 3."""
    save(MODELS["order 3"], tmp_path / "m.ngram")
    return tmp_path / "m.ngram"


def test_opening_gives_what_was_saved(tmp_path, model):
    save(model, tmp_path / "m.ngram")
    assert_equal(open_model(tmp_path / "m.ngram"), model)
    save(open_model(tmp_path / "m.ngram"), tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m.ngram").read_bytes()
    save(open_model(tmp_path / "again"), tmp_path / "again")
    assert_equal(open_model(tmp_path / "again"), model)


def test_it_is_a_safetensors_file(tmp_path, model):
    save(model, tmp_path / "m.ngram")
    wanted = {}
    for n, level in enumerate(model.levels, start=1):
        wanted |= {f"{n}.words": level.words, f"{n}.log_probs": level.log_probs}
        if n < model.order:
            wanted |= {f"{n}.backoffs": level.backoffs, f"{n}.starts": level.starts}
    del wanted["1.words"]
    found = load_file(tmp_path / "m.ngram")
    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        np.testing.assert_array_equal(found[name], array, strict=True)
    with safe_open(tmp_path / "m.ngram", "numpy") as file:
        assert file.metadata()["order"] == str(model.order)


def test_arrays_are_a_read_only_map_of_the_file(saved):
    opened = open_model(saved)
    arrays = [array for level in opened.levels for array in vars(level).values() if len(array)]
    for array in arrays:
        assert not array.flags.writeable
        assert array.flags.aligned
    base = opened.levels[1].log_probs
    while isinstance(base, np.ndarray):
        base = base.base
    assert isinstance(base, memoryview)
    assert isinstance(base.obj, mmap.mmap)
    length = int.from_bytes(saved.read_bytes()[:8], "little")
    assert (8 + length) % 64 == 0


def test_many_ids(tmp_path):
    for n_types in (1 << 16, (1 << 16) + 1):
        level = Level(np.arange(n_types), np.zeros(n_types, np.float32), NO_BACKOFFS, NO_STARTS)
        save(NGramModel((level,), 2, None, 1, "additive"), tmp_path / "m")
        np.testing.assert_array_equal(open_model(tmp_path / "m").levels[0].words, np.arange(n_types))


def test_a_place_that_cannot_be_written(tmp_path, saved):
    with pytest.raises(ModelError, match=r"none/m: cannot be written \(No such file or directory\); name a place"):
        save(MODELS["order 1"], tmp_path / "none" / "m")
    assert [path.name for path in tmp_path.iterdir()] == ["m.ngram"]


# ---- what is refused


def refused(path, match):
    with pytest.raises(ModelError, match=match) as caught:
        open_model(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_what_is_no_model(tmp_path, saved):
    refused(tmp_path / "none", r"cannot be read \(No such file")
    refused(tmp_path, r"cannot be read \(Is a directory")
    for data in (b"", b"short", b"\\data\\\nngram 1=4\n", b"\xff" * 100, bytes(100)):
        saved.write_bytes(data)
        refused(
            saved, "no n-gram model to be used: it is something else, or cut short; copy the file again or build it"
        )
    for text in (b"[]", b"{}", b'{"__metadata__":{"format":"pt"}}', b'"text"', b"{", b"\xff\xff", b"[" * 100_000):
        saved.write_bytes(len(text).to_bytes(8, "little") + text)
        refused(saved, "no n-gram model to be used: ")


def test_a_file_cut_anywhere_or_too_long(saved):
    data = saved.read_bytes()
    for length in [*range(0, len(data), 7), len(data) - 1]:
        saved.write_bytes(data[:length])
        refused(saved, "cut short")
    saved.write_bytes(data + b"more")
    refused(saved, "it goes on for 4 bytes behind its arrays")


@IN_A_FOLDER
@given(st.sampled_from(sorted(MODELS)), st.data())
def test_a_damaged_header_is_refused(tmp_path, name, data):
    path = tmp_path / "m"
    save(MODELS[name], path)
    whole = bytearray(path.read_bytes())
    length = int.from_bytes(whole[:8], "little")
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, 7 + length))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    try:
        opened = open_model(path)
    except ModelError as error:
        message = str(error)
    else:
        message = ""
        assert_equal(opened, MODELS[name])
    assert len(message.splitlines()) <= 1


@IN_A_FOLDER
@given(st.data())
def test_a_file_with_damage_anywhere_is_opened_or_refused(tmp_path, data):
    path = tmp_path / "m"
    save(MODELS["order 3"], path)
    whole = path.read_bytes()
    at, n_gone = data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, 40))
    path.write_bytes(whole[:at] + data.draw(st.binary(max_size=40)) + whole[at + n_gone :])
    try:
        opened = open_model(path)
    except ModelError as error:
        message = str(error)
    else:
        message = ""
        assert [len(level) for level in opened.levels] == [9, 20, 31]
    assert len(message.splitlines()) <= 1


def rewritten(path, change):
    """Write the file with another header, under a checksum that is right."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header = change(header) or header
    header["__metadata__"].pop("checksum", None)
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    header["__metadata__"]["checksum"] = f"{zlib.crc32(text):08x}"
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])


def entry(name, **values):
    return lambda header: header[name].update(values)


def setting(**values):
    return lambda header: header["__metadata__"].update(values)


def renamed(old, new):
    return lambda header: header.update({new: header.pop(old)})


HOSTILE = {
    "newer": (setting(format="2"), "its format is '2', and this seqlab reads 1: install the newest seqlab"),
    "huge order": (setting(order="9999999999"), "its order of 9999999999 does not fit its 9 arrays"),
    "no order": (setting(order="three"), "its order is no number"),
    "order 0": (setting(order="0"), "its order of 0"),
    "lower order": (
        setting(order="2"),
        "its arrays are not those of order 2: '2.backoffs, 2.starts, 3.log_probs, 3.words'",
    ),
    "digits": (setting(start="²"), "its start is no number"),
    "start": (setting(start="9"), "its marks are outside its vocabulary"),
    "end": (setting(end="-1"), "its end is no number"),
    "smoothing": (setting(smoothing=3), "does not say how it was smoothed"),
    "backoff": (setting(unseen_backoff="nan"), "does not say how it was smoothed"),
    "backoff text": (setting(unseen_backoff="much"), "could not convert string to float: 'much'"),
    "name": (renamed("3.words", "3.letters"), "the type of '3.letters' is not one of an n-gram model"),
    "number": (renamed("3.words", "4.words"), "its arrays are not those of order 3: '3.words, 4.words'"),
    "zeros": (renamed("3.words", "03.words"), "its arrays are not those of order 3"),
    "type": (entry("2.log_probs", dtype="I32"), "the type of '2.log_probs' is not one"),
    "type of words": (entry("2.words", dtype="F32"), "the type of '2.words' is not one"),
    "type is a list": (entry("2.words", dtype=["U16"]), "the type of '2.words' is not one"),
    "two axes": (entry("2.words", shape=[4, 5]), "the shape or the place of '2.words'"),
    "negative": (entry("2.words", data_offsets=[-40, 0]), "the shape or the place of '2.words'"),
    "fraction": (entry("2.words", shape=[20.0]), "the shape or the place of '2.words'"),
    "truth": (entry("2.words", shape=[True]), "the shape or the place of '2.words'"),
    "no shape": (lambda header: header["2.words"].pop("shape") and None, "the shape or the place of '2.words'"),
    "huge shape": (entry("2.words", shape=[1 << 62]), "'2.words' is not where its header says"),
    "huge offsets": (entry("3.words", data_offsets=[1 << 80, (1 << 80) + 62]), "'3.words' is not where"),
    "overlap": (entry("2.log_probs", data_offsets=[0, 80]), "is not where its header says"),
    "no entry": (lambda header: header.update({"2.words": None}), "the type of '2.words' is not one"),
    "one less": (lambda header: header.pop("3.words") and None, "it goes on for 62 bytes behind its arrays"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_header_made_up_is_refused(saved, name):
    change, message = HOSTILE[name]
    rewritten(saved, change)
    refused(saved, message)


def test_a_header_in_another_order_is_fine(saved):
    rewritten(saved, lambda header: dict(sorted(header.items())))
    assert_equal(open_model(saved), MODELS["order 3"])


def test_levels_that_do_not_fit_are_refused(tmp_path):
    good = MODELS["order 3"]
    for places in ([0] * 9 + [19], [1] * 9 + [20]):
        level = Level(
            good.levels[0].words, good.levels[0].log_probs, good.levels[0].backoffs, np.array(places, np.uint32)
        )
        save(NGramModel((level, *good.levels[1:]), 2, 4, 1, "katz"), tmp_path / "m")
        refused(tmp_path / "m", "the arrays of order 1 do not fit one another")
