"""What a path can stand for: patterns, standard input, folders with links; and files that change while they are read."""

import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import zstandard

from seqlab.corpora import PlainText, SegmentedText, open_parallel, open_segmented, open_text
from seqlab.corpora.files import read_blocks
from seqlab.corpora.unchanged import check_unchanged, digest, state
from seqlab.errors import DataError

CHANGED = "a.txt: changed while it was read; wait until it is complete, and begin again"


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def whole(reader):
    return "".join(record.text for record in reader)


def test_patterns_stand_for_what_they_match_sorted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("data/2.txt", "data/1.txt", "data/deep/3.txt", "data/.hidden.txt", "data/4.md", "more/5.txt"):
        write(tmp_path / name, f"{name}\n")
    assert whole(open_text("data/*.txt")) == "data/1.txt\ndata/2.txt\n"
    assert whole(open_text(["data/[24].*", "more/?.txt"])) == "data/2.txt\ndata/4.md\nmore/5.txt\n"
    assert whole(open_text("data/**/*.txt")) == "data/1.txt\ndata/2.txt\ndata/deep/3.txt\n"
    assert whole(open_text("m*")) == "more/5.txt\n", "a folder that matches is read"
    with pytest.raises(
        DataError, match=r"data/\*\.csv: no file or folder has a name of this pattern; its folder is data"
    ):
        open_text("data/*.csv")
    write(tmp_path / "[x].txt", "itself\n")
    assert whole(open_text("[x].txt")) == "itself\n", "a file that is called like a pattern is meant itself"


def test_standard_input_is_read_once_and_can_be_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"one two\nthree\xff\n")))
    reader = open_segmented("-", errors="replace")
    assert [record.words for record in reader] == [record.words for record in reader] == [("one", "two"), ("three�",)]
    assert [record.source for record in reader] == ["standard input, line 1", "standard input, line 2"]
    assert whole(open_text("-", errors="skip-line")) == "one two\n"
    with pytest.raises(DataError, match="standard input, line 2: byte 13"):
        whole(open_text("-"))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"another\n")))
    assert whole(open_text("-")) == "another\n"
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(DataError, match="standard input: it is closed"):
        open_text("-")


def test_standard_input_on_a_full_disk(monkeypatch, tmp_path):
    class Full(io.BytesIO):
        def write(self, block):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"text\n")))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr("os.fdopen", lambda handle, mode: os.close(handle) or Full())
        with pytest.raises(
            DataError, match=r"standard input: cannot be kept in .* \(No space left on device\); name a file"
        ):
            open_text("-")
    assert list(tmp_path.iterdir()) == []


def test_what_is_kept_of_standard_input_is_gone_at_the_end(tmp_path):
    code = "from seqlab.corpora import open_text; print(list(open_text('-'))[0].text, end='')"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], input=b"a\n", capture_output=True, env=environment, check=True)
    assert done.stdout.splitlines() == [b"a"]
    assert list(tmp_path.iterdir()) == []


def test_links_are_followed_and_loops_said(tmp_path):
    write(tmp_path / "real" / "a.txt", "a\n")
    write(tmp_path / "corpus" / "b.txt", "b\n")
    (tmp_path / "corpus" / "linked").symlink_to(tmp_path / "real")
    (tmp_path / "corpus" / "gone.txt").symlink_to(tmp_path / "nothing")
    assert whole(PlainText(tmp_path / "corpus")) == "b\na\n"
    (tmp_path / "real" / "back").symlink_to(tmp_path / "corpus")
    with pytest.raises(
        DataError, match=r"linked/back: a link to a folder that it is in, so that there is no end; remove it"
    ):
        PlainText(tmp_path / "corpus")
    (tmp_path / "self.txt").symlink_to(tmp_path / "self.txt")
    with pytest.raises(DataError, match=r"self\.txt: cannot be opened \(Too many levels of symbolic links"):
        PlainText(tmp_path / "self.txt")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "again").symlink_to(".")
    with pytest.raises(DataError, match="again: a link to a folder that it is in"):
        PlainText(tmp_path / "here")


def test_folders_that_are_not_where_they_are_named(tmp_path, monkeypatch):
    write(tmp_path / "x" / "back.txt", "a\n")
    monkeypatch.chdir(tmp_path / "x")
    Path("loop").symlink_to("..")
    with pytest.raises(DataError, match="loop"):
        PlainText(".")


@pytest.mark.parametrize("text", ["", "short\n", "天地玄黄" * 400_000])
def test_zstandard_in_several_frames(tmp_path, text):
    half = len(text) // 2
    frames = b"".join(zstandard.compress(part.encode()) for part in (text[:half], text[half:]))
    path = write(tmp_path / "a.txt.zst", frames)
    assert b"".join(read_blocks(path)).decode() == text
    assert all(0 < len(block) <= 1 << 20 for block in read_blocks(path))
    if text:
        assert whole(PlainText(tmp_path)) == text
        for cut in (1, len(frames) // 4, len(zstandard.compress(text[:half].encode())) + 7):
            path.write_bytes(frames[:-cut])
            with pytest.raises(DataError, match=r"a\.txt\.zst: the \.zst file is cut short; make or download it again"):
                list(read_blocks(path))
    path.write_bytes(b"no such thing at all")
    with pytest.raises(DataError, match=r"a\.txt\.zst: the \.zst file is damaged or not of that kind"):
        list(read_blocks(path))


def change(path, how):
    if how == "longer":
        with path.open("ab") as file:
            file.write(b"more\n")
    elif how == "touched":
        os.utime(path, ns=(1, 1))
    else:
        write(path.with_name("new"), path.read_bytes()).replace(path)


@pytest.mark.parametrize("how", ["longer", "touched", "exchanged"])
def test_a_file_that_changes_while_it_is_read(tmp_path, how):
    path = write(tmp_path / "a.txt", "line\n" * 600_000)
    records = iter(PlainText(path))
    next(records)
    change(path, how)
    with pytest.raises(DataError, match=CHANGED):
        list(records)
    assert len(whole(PlainText(path))) == path.stat().st_size, "the next reading is of the new one"


def test_digests(tmp_path):
    path = write(tmp_path / "a.txt", "abc")
    assert digest(path) == digest(str(path)) == hashlib.sha256(b"abc").hexdigest()
    before, sha256 = state(path), digest(path)
    check_unchanged(path, before, sha256)
    write(path, "abd")
    os.utime(path, ns=(before.changed, before.changed))
    check_unchanged(path, before)  # neither its size nor its time tell
    with pytest.raises(DataError, match=CHANGED):
        check_unchanged(path, before, sha256)
    write(path, "abcd")
    with pytest.raises(DataError, match=CHANGED):
        check_unchanged(path, before)
    with pytest.raises(DataError, match=r"none: cannot be read \(No such file"):
        digest(tmp_path / "none")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", "abc")
    assert digest(tmp_path / "a.zip" / "a.txt") == digest(tmp_path / "a.zip")


def test_a_folder_in_place_of_a_file_and_blank_files(tmp_path):
    (tmp_path / "a.txt").mkdir()
    (tmp_path / "b.txt").write_text("x", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.txt: a folder, where a file is needed"):
        open_parallel([tmp_path / "b.txt", tmp_path / "a.txt"])
    assert whole(PlainText(write(tmp_path / "blank.txt", " \n\t\n"))) == " \n\t\n"
    with pytest.raises(DataError, match=r"blank\.txt: empty, there is no word to read"):
        list(SegmentedText(tmp_path / "blank.txt"))


@pytest.mark.skipif(sys.platform == "win32", reason="needs the resource module")
def test_one_long_line_takes_linear_time_and_no_more_memory_than_itself(tmp_path):
    path = write(tmp_path / "a.txt", b"word " * 6_000_000)
    code = (
        "import resource, sys, time; from seqlab.corpora import PlainText, SegmentedText\n"
        "from seqlab.corpora.lines import read_lines; from seqlab.corpora import TextFile; from pathlib import Path\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "n = sum(len(record.text) for record in PlainText(sys.argv[1])); assert n == 30_000_000, n\n"
        "middle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "assert [len(line) for _, line in read_lines(TextFile(Path(sys.argv[1])))] == [30_000_000]\n"
        "print(middle - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    pieces, line = (int(n) / (1024 if sys.platform != "darwin" else 1024**2) for n in done.stdout.split())
    assert pieces < 30
    assert line < 100, "a line, and the parts that it is put together of"
