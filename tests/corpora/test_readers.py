import bz2
import gzip
import lzma
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.corpora import PlainText, TextFile, open_text
from seqlab.errors import ConfigError, DataError

POEM = "床前明月光，\n疑是地上霜。\n"


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def whole(reader):
    return "".join(record.text for record in reader)


@settings(deadline=None, max_examples=150)
@given(st.text(st.sampled_from("ab天 \n\u3000\U0001f600"), max_size=60), st.integers(1, 12))
def test_pieces_are_short_well_cut_and_make_the_text(tmp_path_factory, text, size):
    if not text:
        return
    path = write(tmp_path_factory.mktemp("pieces") / "a.txt", text)
    reader = PlainText([path], piece=size)
    pieces = [record.text for record in reader]
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= size for piece in pieces)
    assert [record.text for record in reader] == pieces
    assert all(record.source == str(path) for record in reader)
    for piece in pieces[:-1]:
        if "\n" in piece:
            assert piece.endswith("\n")
        elif any(character.isspace() for character in piece):
            assert piece[-1].isspace()
        else:
            assert len(piece) == size


def test_surrogate_pairs_are_not_cut(tmp_path):
    # utf-7 is the one encoding of text in which single surrogates can stand.
    path = write(tmp_path / "a.txt", b"+2D0-+3gA-" * 5)
    pieces = [record.text for record in PlainText([path], "utf-7", piece=3)]
    assert "".join(pieces) == "\ud83d\ude00" * 5
    assert all(piece[0] == "\ud83d" and piece[-1] == "\ude00" for piece in pieces)


def test_line_ends_marks_and_nul(tmp_path):
    path = write(tmp_path / "a.txt", b"\xef\xbb\xbfa\r\nb\rc\n\r\nd\0\x0c\r")
    assert whole(PlainText([path])) == "a\nb\nc\n\nd\0\x0c\n"
    # The two characters of a line end in two blocks.
    path = write(tmp_path / "b.txt", b"x" * ((1 << 20) - 1) + b"\r\ny")
    assert whole(PlainText([path])) == "x" * ((1 << 20) - 1) + "\ny"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-be", "utf-32"])
def test_encodings_and_characters_cut_by_blocks(tmp_path, encoding):
    text = "x" + POEM * 60_000
    path = write(tmp_path / "a.txt", text.encode(encoding))
    reader = PlainText([path], encoding)
    assert whole(reader) == text
    assert all(record.text.endswith("\n") and len(record.text) <= 1 << 20 for record in reader)


def test_long_lines(tmp_path):
    path = write(tmp_path / "a.txt", "x" * 10_000_000)
    lengths = [len(record.text) for record in PlainText([path])]
    assert sum(lengths) == 10_000_000
    assert max(lengths) == 1 << 20


def test_folders_and_compression(tmp_path):
    write(tmp_path / "b.txt", "b\n")
    write(tmp_path / "a" / "z.md", "z\n")
    write(tmp_path / "a" / "y.TXT.gz", gzip.compress(b"y\n"))
    write(tmp_path / "c.text.xz", lzma.compress(b"c\n"))
    write(tmp_path / "d.txt.bz2", bz2.compress(b"d\n"))
    for name in (".hidden.txt", ".git/e.txt", "f.json", "g.tar.gz", "h.txt~"):
        write(tmp_path / name, "no\n")
    reader = PlainText([tmp_path])
    assert whole(reader) == whole(reader) == "y\nz\nb\nc\nd\n"
    assert [Path(record.source).name for record in reader] == [
        "y.TXT.gz",
        "z.md",
        "b.txt",
        "c.text.xz",
        "d.txt.bz2",
    ]
    # A file that is named is read, whatever it is called.
    assert whole(PlainText(tmp_path / "f.json")) == "no\n"


def test_files_are_set_apart_by_one_line_end(tmp_path):
    paths = [write(tmp_path / f"{number}.txt", text) for number, text in enumerate(["a", "b\n", "", "c", "d"])]
    reader = PlainText(paths)
    assert whole(reader) == "a\nb\nc\nd"
    assert [record.text for record in reader] == ["a\n", "b\n", "c\n", "d"]


def test_a_file_can_bring_its_encoding(tmp_path):
    one, two = write(tmp_path / "1.txt", "一\n".encode("gb18030")), write(tmp_path / "2.txt", "二\n")
    assert whole(PlainText([TextFile(one, "gb18030"), two])) == "一\n二\n"


def test_missing_paths_show_at_once(tmp_path):
    write(tmp_path / "lyrics.txt", POEM)
    with pytest.raises(DataError, match=r"lyric\.txt: no such file or folder; did you mean '.*/lyrics\.txt'\?"):
        PlainText([tmp_path / "lyrics.txt", tmp_path / "lyric.txt"])
    with pytest.raises(DataError, match=r"its folder .*/none is not there either"):
        PlainText([tmp_path / "none" / "lyrics.txt"])
    with pytest.raises(DataError, match="no corpus given"):
        PlainText([])
    with pytest.raises(DataError, match=r"cannot be opened \(embedded null"):
        PlainText(["a\0b"])


def test_folder_without_text(tmp_path):
    write(tmp_path / "a.json", "{}")
    with pytest.raises(
        DataError, match=r"no text files below this folder; taken are \.txt, \.text, \.md, also with \.gz"
    ):
        PlainText([tmp_path])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipes_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="pipe: not a file or folder; write the text to a file"):
        PlainText([tmp_path / "pipe"])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path):
    path = write(tmp_path / "a.txt", "a")
    path.chmod(0)
    with pytest.raises(DataError, match=r"a\.txt: no permission to read it"):
        PlainText([path])


def test_no_permission_as_told_by_the_system(tmp_path, monkeypatch):
    path = write(tmp_path / "a.txt", "a")

    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(DataError, match=r"a\.txt: no permission to read it"):
        PlainText([path])


def test_empty_corpora(tmp_path):
    paths = [write(tmp_path / f"{number}.txt", b"") for number in range(5)]
    with pytest.raises(DataError, match=r"0\.txt: empty, there is no text to read"):
        list(PlainText(paths[:1]))
    with pytest.raises(DataError, match=r"2\.txt and 2 more: empty"):
        list(PlainText(paths))
    with pytest.raises(DataError, match="empty"):
        list(PlainText([write(tmp_path / "mark.txt", b"\xef\xbb\xbf")]))


def test_files_that_go_away(tmp_path):
    reader = PlainText([write(tmp_path / "a.txt", "a")])
    (tmp_path / "a.txt").unlink()
    with pytest.raises(DataError, match=r"a\.txt: no such file"):
        list(reader)


@pytest.mark.parametrize(
    ("content", "encoding", "line", "byte"),
    [
        (b"a\nb\xff\n", "utf-8", 2, 3),
        (b"\xef\xbb\xbfa\r\nb\r\xff\n", "utf-8", 3, 8),
        (b"a\n" * (1 << 19) + b"b\xff", "utf-8", (1 << 19) + 1, (1 << 20) + 1),
        (b"a" * ((1 << 20) - 1) + b"\xe5\xa4x", "utf-8", 1, (1 << 20) - 1),
        (b"a\n\xe5\xa4", "utf-8", 2, 2),
        ("天\n天".encode("gb18030") + b"\xff", "gb18030", 2, 5),
        (b"a\n" * ((1 << 19) - 1) + b"\nb" + b"\x81", "gb18030", 1 << 19 | 1, 1 << 20),
        ("天\n天\n".encode("utf-16-be") + b"\xdc\x00a", "utf-16-be", 3, 8),
        ("天\r\n".encode("utf-16") + b"a", "utf-16", 2, 8),
        (b"ab\n\x80", "ascii", 2, 3),
        (b"a\n\x81", "cp1252", 2, 2),
    ],
)
def test_undecodable_bytes_are_shown_by_line_and_byte(tmp_path, content, encoding, line, byte):
    path = write(tmp_path / "a.txt", content)
    with pytest.raises(
        DataError, match=rf"a\.txt, line {line}: byte {byte} .* is not {encoding}; use --encoding NAME \(gb18030"
    ):
        list(PlainText([path], encoding))


def test_marks_of_other_encodings_are_known(tmp_path):
    for name in ("utf-16", "utf-32"):
        path = write(tmp_path / "a.txt", POEM.encode(name))
        with pytest.raises(DataError, match=f"begins with the mark of {name}: use --encoding {name}"):
            list(PlainText([path]))


def test_binary_files(tmp_path):
    undecodable = write(tmp_path / "a.bin", bytes(range(256)) * 20)
    with pytest.raises(DataError, match=r"a\.bin, line 3: byte 128 .*; it looks like a binary file"):
        list(PlainText([undecodable]))
    with pytest.raises(
        DataError, match=r"a\.bin: looks like a binary file \(\d+ control characters among the first 5120\)"
    ):
        list(PlainText([undecodable], "latin-1"))
    with pytest.raises(DataError, match="looks like a binary file"):
        list(PlainText([write(tmp_path / "b.txt", "plain text in utf-16".encode("utf-16-le"))]))


@pytest.mark.parametrize("name", ["gbk8030", "utf8x", "", "rot13", "base64", "a\0b", "üml"])
def test_unknown_encodings(tmp_path, name):
    path = write(tmp_path / "a.txt", POEM)
    with pytest.raises(ConfigError, match=r"(?s)unknown encoding '.*common ones: utf-8, gb18030"):
        PlainText([path], name)


def test_unknown_encoding_has_near_names(tmp_path):
    with pytest.raises(ConfigError, match="unknown encoding 'gbk8030'; did you mean gb18030"):
        PlainText([write(tmp_path / "a.txt", POEM)], "gbk8030")


@pytest.mark.parametrize(("suffix", "module"), [(".gz", gzip), (".bz2", bz2), (".xz", lzma)])
def test_damaged_compressed_files(tmp_path, suffix, module):
    packed = module.compress(os.urandom(3000).hex().encode())
    damaged = packed[:500] + bytes(255 - byte for byte in packed[500:600]) + packed[600:]
    for content, message in {
        packed[:-100]: "is cut short",
        b"no such thing at all": "is damaged or not of that kind",
        damaged: "is damaged or not of that kind",
    }.items():
        path = write(tmp_path / f"a.txt{suffix}", content)
        with pytest.raises(
            DataError, match=rf"a\.txt\{suffix}: the \{suffix} file {message}; make or download it again"
        ):
            list(PlainText([path]))


def test_errors_are_one_line(tmp_path):
    path = write(tmp_path / "a.txt", b"\xff")
    for make in (
        lambda: list(open_text([path])),
        lambda: open_text([tmp_path / "b"]),
        lambda: open_text([path], "x\ny"),
    ):
        with pytest.raises((DataError, ConfigError)) as caught:
            make()
        assert "\n" not in str(caught.value).replace("x\ny", "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs the resource module")
def test_memory_does_not_grow_with_the_corpus(tmp_path):
    path = write(tmp_path / "a.txt", b"")
    with path.open("wb") as file:
        for _ in range(60):
            file.write(b"The line of a long corpus goes on.\n" * 30_000)
    code = (
        "import resource, sys; from seqlab.corpora import PlainText\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "n = sum(len(record.text) for record in PlainText([sys.argv[1]])); assert n == 63_000_000, n\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    grown = int(done.stdout) / (1024 if sys.platform != "darwin" else 1024**2)
    assert grown < 30, f"{grown} MB for a corpus of 63 MB"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "gb18030"])
def test_a_byte_order_mark_is_dropped_in_every_encoding(tmp_path, encoding):
    path = tmp_path / "text.txt"
    path.write_bytes("\ufeff一行\ufeff\n".encode(encoding))
    assert "".join(record.text for record in PlainText([path], encoding)) == "一行\ufeff\n"


@pytest.mark.parametrize("content", ["渡口最后一天".encode("gb18030") * 9, bytes(range(1, 255)) * 9])
def test_a_file_that_is_not_utf_16(tmp_path, content):
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"text.txt.*utf-16.*(--encoding|binary)"):
        list(PlainText([path], "utf-16"))
