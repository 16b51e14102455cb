import re
from pathlib import Path

import pytest

from seqlab.corpora import SAMPLES, Sample, open_labelled, open_parallel, open_segmented, open_tagged, open_text
from seqlab.errors import ConfigError


def joined(reader):
    return "".join(record.text for record in reader)


@pytest.fixture
def sample(tmp_path, monkeypatch):
    path = tmp_path / "stand-in.txt"
    path.write_bytes("天上\n".encode())
    monkeypatch.setitem(SAMPLES, "stand-in", Sample("stand-in", "Chinese", "a stand-in", "CC0-1.0", path))
    return "sample:stand-in"


def test_catalogue_names_its_files():
    assert set(SAMPLES) == {"lyrics", "tales", "segmented", "entities", "reviews", "phrases"}
    for name, entry in SAMPLES.items():
        assert entry.name == name
        assert entry.path.name == (f"{name}.tsv" if entry.form in ("labelled", "parallel") else f"{name}.txt")
        assert entry.path.parent.name == "samples"
        assert all((entry.language, entry.summary, entry.licence))


def test_samples_and_paths_are_read_one_after_another(sample, tmp_path):
    path = tmp_path / "mine.txt"
    path.write_bytes(b"one")
    assert joined(open_text([path, sample, str(path)])) == "one\n天上\none"
    assert joined(open_text(sample)) == "天上\n"


def test_a_sample_is_utf8_whatever_the_encoding_of_the_files(sample, tmp_path):
    path = tmp_path / "mine.txt"
    path.write_bytes("地下\n".encode("gb18030"))
    assert joined(open_text([sample, path], encoding="gb18030")) == "天上\n地下\n"


def test_unknown_names():
    with pytest.raises(
        ConfigError,
        match=re.escape(
            "unknown sample 'lyric'; did you mean 'lyrics'? known: entities, lyrics, phrases, reviews, segmented, tales"
        ),
    ):
        open_text(["sample:lyric"])
    with pytest.raises(ConfigError, match=r"'hf:wikitext': write hf:OWNER/NAME\[:CONFIG\]\[@SPLIT\], or hf:./FOLDER"):
        open_text(["hf:wikitext"])


def test_a_sample_of_another_form_is_refused():
    for open_corpus, name in (
        (open_text, "entities"),
        (open_text, "reviews"),
        (open_segmented, "tales"),
        (open_tagged, "segmented"),
        (open_labelled, "phrases"),
        (open_parallel, "reviews"),
    ):
        with pytest.raises(ConfigError, match=f"sample:{name}: its form is {SAMPLES[name].form}, and .* is wanted"):
            open_corpus([f"sample:{name}"])


def test_a_path_object_is_never_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("sample:mine").write_bytes(b"mine\n")
    assert joined(open_text([Path("sample:mine")])) == joined(open_text(["./sample:mine"])) == "mine\n"
