"""Bytes to blocks of lines: all of the text, wherever it is cut, and never an error."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.corpora.inspection import blocks
from seqlab.corpora.inspection.blocks import LineEnds, Stretch, blocks_of
from seqlab.corpora.inspection.line_lengths import LineLengths

LINES = st.lists(st.sampled_from(["", "a", "您好", "b" * 30, "é 😀"]), max_size=30)


def read(data, encoding="utf-8", ends=None):
    ends = ends or LineEnds()
    return list(blocks_of(Stretch(0, data), "f", encoding, ends, numbered=True))


def cut(data, sizes):
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    return [*pieces, data[at:]]


@given(
    lines=LINES,
    ends=st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=31, max_size=31),
    sizes=st.lists(st.integers(0, 40), max_size=10),
    encoding=st.sampled_from(["utf-8", "gb18030", "utf-16-le", "utf-32-be"]),
    longest=st.sampled_from([5, 1 << 20]),
)
def test_where_bytes_are_cut_changes_nothing(lines, ends, sizes, encoding, longest):
    text = "".join(line + end for line, end in zip(lines, ends, strict=False))
    counted = LineEnds()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(blocks, "LONGEST", longest)
        found = read(cut(text.encode(encoding), sizes), encoding, counted)
    assert "".join(block.text for block in found) == text.replace("\r\n", "\n").replace("\r", "\n")
    both = text.count("\r\n")
    assert (counted.line_feeds, counted.both, counted.returns) == (
        text.count("\n") - both, both, text.count("\r") - both,
    )  # fmt: skip
    split = re.split("\r\n|\r|\n", text)[:-1]
    for block in found:  # the number of a line is right wherever the block before ended
        if block.begins and block.text:
            assert split[block.place.line - 1].startswith(block.lines[0])
    lengths = LineLengths()
    for block in found:
        lengths.add(block)
    values, counts = lengths.table()
    assert dict(zip(values.tolist(), counts.tolist(), strict=True)) == {
        n: [len(line) for line in split].count(n) for n in map(len, split)
    }
    assert lengths.longest == max(map(len, split), default=0)


@given(
    st.lists(st.binary(max_size=40), max_size=5), st.sampled_from(["utf-8", "big5", "utf-16-be", "shift_jis", "cp1252"])
)
def test_undecodable_bytes_are_marked_and_the_rest_is_text(data, encoding):
    text = "".join(block.text for block in read(data, encoding))
    assert isinstance(text, str)
    whole = b"".join(data)
    if not any("\ud800" <= character <= "\udfff" for character in text):
        decoded = whole.decode(encoding, "surrogatepass") if encoding != "utf-16-be" else whole.decode(encoding)
        assert text == decoded.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def test_undecodable_bytes_keep_their_values():
    (block,) = read([b"a\xff\xe4\n"])
    assert [hex(ord(character)) for character in block.text] == ["0x61", "0xdcff", "0xdce4", "0xa"]


def test_a_stretch_from_inside_a_file_tells_lines_from_its_byte():
    stretch = Stretch(1000, [b"one\ntwo\n"])
    (block,) = blocks_of(stretch, "f", "utf-8", LineEnds(), numbered=False)
    assert str(block.place.down(1)) == "line 2 from byte 1,000 on"
    (block,) = blocks_of(stretch, "f", "utf-8", LineEnds(), numbered=True)
    assert str(block.place.down(1)) == "line 2"
