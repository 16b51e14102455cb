"""Zip archives, read as folders without being unpacked."""

import gzip
import os
import struct
import zipfile

import pytest

from seqlab.corpora import open_labelled, open_parallel, open_tagged, open_text
from seqlab.errors import DataError


def pack(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def whole(reader):
    return "".join(record.text for record in reader)


def test_members_are_read_by_name_as_the_files_of_a_folder(tmp_path):
    members = {
        "b.txt": "b\n", "./a/z.md": "z\n", "a/y.txt.gz": gzip.compress(b"y\n"), "c.json": "{}", ".hidden.txt": "no\n",
        "__MACOSX/b.txt": "no\n", "empty/": "",
    }  # fmt: skip
    path = pack(tmp_path / "corpus.ZIP", members)
    reader = open_text(path)
    assert whole(reader) == whole(reader) == "y\nz\nb\n"
    assert [file.name for file in reader.files] == [f"{path}/{name}" for name in ("a/y.txt.gz", "a/z.md", "b.txt")]
    assert next(iter(reader)).source == f"{path}/a/y.txt.gz"
    assert whole(open_text(path / "b.txt")) == "b\n", "a member can be named"
    with pytest.raises(DataError, match=r"corpus\.ZIP/none\.txt: no such file in the archive; there are a/y"):
        open_text(path / "none.txt")
    assert not any(entry.is_dir() for entry in tmp_path.iterdir()), "nothing is unpacked"


def test_archives_in_folders_are_read_where_their_name_says_so(tmp_path):
    pack(tmp_path / "a.txt.zip", {"a.txt": "a\n"})
    pack(tmp_path / "other.zip", {"b.txt": "b\n"})
    assert whole(open_text(tmp_path)) == "a\n"
    with pytest.raises(DataError, match=r"other\.zip: no text files below this archive; taken are \.csv"):
        open_labelled(tmp_path / "other.zip", form="csv")


def test_archives_for_other_tasks(tmp_path):
    assert len(list(open_tagged(pack(tmp_path / "t.zip", {"a.conll": "a\tX\n\nb\tY\n"}), columns=(1, 2)))) == 2
    classes = open_labelled(pack(tmp_path / "c.zip", {"good/1.txt": "a", "bad/2.txt": "b"}))
    assert [(record.text, record.labels) for record in classes] == [("b", ("bad",)), ("a", ("good",))]
    both = pack(tmp_path / "p.zip", {"x.en": "a\nb\n", "x.de": "c\nd\n"})
    assert [(pair.source, pair.target) for pair in open_parallel([both / "x.en", both / "x.de"])] == [
        ("a", "c"), ("b", "d"),
    ]  # fmt: skip
    assert [pair.source for pair in open_parallel(pack(tmp_path / "q.zip", {"a.tsv": "a\tb\n"}))] == ["a"]


@pytest.mark.parametrize(
    "name", ["../a.txt", "a/../../b.txt", "/etc/a.txt", "C:/a.txt", "c:a.txt", "..", "a\\..\\b.txt", "\\a.txt"]
)
def test_a_member_whose_path_climbs_out_refuses_the_archive(tmp_path, name):
    path = pack(tmp_path / "a.zip", {"good.txt": "good\n", name: "bad\n"})
    with pytest.raises(DataError, match=r"a\.zip: the path of its member '.*' leads out of it") as caught:
        open_text(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="leads out of it"):
        open_text(path / "good.txt")


def test_names_with_dots_are_fine(tmp_path):
    assert whole(open_text(pack(tmp_path / "a.zip", {"a..b/c...txt": "a\n"}))) == "a\n"


def test_encrypted_members_refuse_the_archive(tmp_path):
    path = pack(tmp_path / "a.zip", {"a.txt": "a\n"})
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", content, content.index(mark) + offset, 1)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.zip: its member 'a\.txt' is encrypted; unpack it, and name its files"):
        open_text(path)


def test_damaged_archives(tmp_path):
    path = pack(tmp_path / "a.zip", {"a.txt": os.urandom(30_000).hex()})
    content = path.read_bytes()
    for bad in (content[:-100], b"", b"no such thing"):
        path.write_bytes(bad)
        with pytest.raises(
            DataError, match=r"a\.zip: the \.zip file is cut short, damaged or not of that kind; make or"
        ):
            open_text(path)
    for at, says in ((20_000, "damaged or not of that kind"), (0, "damaged")):
        path.write_bytes(content[:at] + bytes(255 - byte for byte in content[at : at + 9]) + content[at + 9 :])
        with pytest.raises(DataError, match=says):
            whole(open_text(path))


def test_an_archive_that_is_exchanged_is_read_anew(tmp_path):
    path = pack(tmp_path / "a.zip", {"a.txt": "a\n"})
    assert whole(open_text(path)) == "a\n"
    pack(path, {"a.txt": "another\n"})
    assert whole(open_text(path)) == "another\n"
