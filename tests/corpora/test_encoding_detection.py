"""Which encoding a file is in, where it is to be found out."""

import codecs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seqlab.corpora import TextFile, open_labelled, open_parallel, open_segmented, open_tagged, open_text
from seqlab.corpora.encoding_detection import encoding_of
from seqlab.corpora.lines import as_they_come
from seqlab.errors import DataError

SIMPLIFIED = "渡口的老人说，小船要靠岸了。\n他们在水边等着，看见月亮升起来。\n"
TRADITIONAL = "渡口的老人說，小船要靠岸了。\n他們在水邊等著，看見月亮升起來。\n"
JAPANESE = "渡し場の老人が言った。\n月が昇るのを見ながら、船を待っていました。\n"
KOREAN = "나루터의 노인이 말했다.\n달이 뜨는 것을 보면서 배를 기다리고 있었다.\n"
RUSSIAN = "Старик у переправы сказал, что лодка скоро придёт.\nОни ждали у воды и смотрели, как встаёт луна.\n"
GERMAN = "Der Alte an der Fähre sagte, das Boot müsse bald kommen.\nSie warteten früh am Fluß und hörten Vögel.\n"

CASES = [
    *((SIMPLIFIED, name) for name in ("utf-8", "gb18030", "gbk", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")),
    *((TRADITIONAL, name) for name in ("utf-8", "big5", "big5hkscs", "gb18030", "utf-16-le", "utf-16-be")),
    *((JAPANESE, name) for name in ("utf-8", "shift_jis", "cp932", "euc_jp", "iso2022_jp", "utf-16-le")),
    *((KOREAN, name) for name in ("utf-8", "euc_kr", "cp949", "utf-16-be")),
    *((RUSSIAN, name) for name in ("utf-8", "cp1251", "utf-16-le", "utf-16-be")),
    *((GERMAN, name) for name in ("utf-8", "latin-1", "utf-16-le", "utf-16-be", "utf-32-le")),
    *((SIMPLIFIED, name) for name in ("utf-8-sig", "utf-16", "utf-32")),
    ("plain letters\n", "ascii"),
]


def found(content):
    return encoding_of([content], "a.txt")


@pytest.mark.parametrize(("text", "encoding"), CASES)
@pytest.mark.parametrize("times", [1, 20])
def test_what_is_found_reads_the_text(text, encoding, times):
    content = (text * times).encode(encoding)
    assert content.decode(found(content)).removeprefix("\ufeff") == text * times
    later = found(("letters\n" * 9 + text * times).encode(encoding))
    assert ("letters\n" * 9 + text).encode(encoding).decode(later).endswith(text)


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF32_LE, "utf-32"),
        ("\ufeff".encode("gb18030"), "gb18030"),
    ],
)  # fmt: skip
def test_a_mark_says_it(mark, encoding):
    assert found(mark + b"\xd6\xd0") == encoding


def test_a_beginning_in_ascii_tells_nothing_however_long():
    blocks = [b"plain letters\n" * 70_000] * 3 + [("plain " + SIMPLIFIED).encode("gb18030")]
    assert encoding_of(blocks, "a.txt") == "gb18030"
    assert encoding_of(blocks[:3], "a.txt") == "utf-8"
    assert encoding_of([], "a.txt") == "utf-8"


def test_a_few_bad_bytes_do_not_change_what_most_is_in():
    for text, encoding in ((SIMPLIFIED, "utf-8"), (SIMPLIFIED, "gb18030"), (TRADITIONAL, "big5"), (JAPANESE, "euc_jp")):
        content = (text * 9).encode(encoding)
        assert found(content + b"\n\xff\n" + content) == encoding


def test_a_zero_byte_does_not_make_utf_16_of_a_text():
    for text in ("A cup of tea, or two of them.\n" * 20, "一杯茶，或者两杯。\n" * 20):
        content = text.encode()
        for place in (0, len(content) // 2 // 3 * 3, len(content)):
            assert encoding_of([content[:place] + b"\0" + content[place:]], "a.txt") == "utf-8"


def test_no_text():
    with pytest.raises(DataError, match=r"a\.txt: its encoding cannot be told, or it is no text; use --encoding NAME"):
        found(bytes(range(128, 256)) * 40)


@given(st.binary(max_size=200))
@example(b"\0")
@example(b"\xff\xfe\0")
@example(b"\0\0\0\0")
@example(b"\x1b$B\xff")
def test_any_bytes_have_an_encoding_or_an_error(content):
    try:
        encoding = found(content)
    except DataError:
        return
    assert codecs.lookup(encoding)._is_text_encoding


def test_each_file_has_its_own_and_the_reader_tells(tmp_path):
    for name, text, encoding in (("a", SIMPLIFIED, "gb18030"), ("b", TRADITIONAL, "big5"), ("c", "abc\n", "ascii")):
        (tmp_path / f"{name}.txt").write_bytes(text.encode(encoding))
    reader = open_text(tmp_path, "auto")
    assert "".join(record.text for record in reader) == SIMPLIFIED + TRADITIONAL + "abc\n"
    names = [f"{tmp_path}/{name}.txt" for name in "abc"]
    assert reader.encodings == dict(zip(names, ("gb18030", "big5", "utf-8"), strict=True))
    own = open_text([TextFile(tmp_path / "a.txt", "gbk"), tmp_path / "b.txt"], "auto")
    assert own.encodings == {names[0]: "gbk", names[1]: "big5"}
    (tmp_path / "a.txt").write_bytes(SIMPLIFIED.encode() + b"\n\xff\n")
    with pytest.raises(DataError, match=r"a\.txt, line 4: byte \d+ \(0xff\) is not utf-8"):
        list(open_text(tmp_path / "a.txt", "auto"))


def test_every_reader_finds_it_out(tmp_path):
    def write(name, text):
        (tmp_path / name).write_bytes(text.encode("gb18030"))
        return tmp_path / name

    lines = SIMPLIFIED.splitlines()
    segmented = open_segmented(write("a.seg", SIMPLIFIED), "auto")
    assert [record.words[0] for record in segmented] == lines
    assert [r.tokens for r in open_tagged(write("a.pos", "".join(f"{x}/n\n" for x in lines)), "auto")] == [
        (x,) for x in lines
    ]
    rows = open_labelled(write("rows.txt", "".join(f"{x}\tyes\n" for x in lines)), "auto")
    assert ([row.text for row in rows], set(rows.encodings.values())) == (lines, {"gb18030"})
    pairs = open_parallel([write("x.zh", SIMPLIFIED), write("y.zh", SIMPLIFIED)], "auto")
    assert ([pair.source for pair in pairs], set(pairs.encodings.values())) == (lines, {"gb18030"})
    assert list(as_they_come(tmp_path / "x.zh", "auto")) == [lines]
    assert list(as_they_come([SIMPLIFIED.encode("gb18030")], "auto")) == [lines]
