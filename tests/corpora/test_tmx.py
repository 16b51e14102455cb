"""Translation memories."""

import pytest

from seqlab.corpora import open_parallel
from seqlab.errors import DataError

HEAD = (
    '<?xml version="1.0" encoding="{}"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n'
    '<tmx version="1.4"><header srclang="{}"/>\n<body>\n'
)


def unit(**sides):
    inside = "".join(
        f'<tuv xml:lang="{name.replace("_", "-")}"><seg>{text}</seg></tuv>' for name, text in sides.items()
    )
    return f'<tu tuid="1"><prop type="x">no</prop>{inside}</tu>\n'


def write(path, *units, encoding="utf-8", source="*all*"):
    text = HEAD.format(encoding, source) + "".join(units) + "</body></tmx>\n"
    path.write_bytes(text.encode(encoding))
    return path


def sides(path, *more, **options):
    return [(pair.source, pair.target) for pair in open_parallel([path, *more], **options)]


def test_units_and_their_places(tmp_path):
    inner = 'one <bpt i="1">&lt;b></bpt>two<ept i="1">&lt;/b></ept>\n <hi>three</hi><ph>x<sub>y</sub></ph>'
    path = write(tmp_path / "a.tmx", unit(en=inner, de="eins &amp; zwei"), unit(en="four", de="vier"))
    assert sides(path) == [("one two three", "eins & zwei"), ("four", "vier")]
    assert [pair.where for pair in open_parallel(path)] == [f"{path}, line 5", f"{path}, line 7"]
    assert sides(path.rename(tmp_path / "b.xml"), form="tmx") == [("one two three", "eins & zwei"), ("four", "vier")]


def test_the_languages_are_told_or_chosen(tmp_path):
    path = write(tmp_path / "a.tmx", unit(de_DE="eins", en_GB="one"), source="en")
    assert sides(path) == [("one", "eins")], "the source is what the file says"
    assert sides(write(path, unit(de="eins", en="one"))) == [("eins", "one")]
    assert sides(path, source_column="en") == sides(path, target_column="de") == [("one", "eins")]
    assert sides(path, source_column="en", target_column="de") == [("one", "eins")]
    three = write(path, unit(en="one"), unit(de="eins", en_GB="one", fr="un"), unit(EN_gb="two", fr="deux"))
    with pytest.raises(
        DataError, match=r"line 6: several languages, de, en-GB, fr: name two, by --source-column and --tar"
    ):
        sides(three)
    reader = open_parallel(three, source_column="en", target_column="fr")
    for _ in range(2):
        assert [(pair.source, pair.target) for pair in reader] == [("one", "un"), ("two", "deux")]
        assert reader.tally == {"one-sided": 1}
    with pytest.raises(
        DataError, match=r"a\.tmx: no unit has en and zh; there are en, de, en-GB, fr, EN-gb: name two that"
    ):
        sides(three, source_column="en", target_column="zh")
    with pytest.raises(DataError, match="no unit has two languages; there are en: name"):
        sides(write(path, unit(en="one")))
    with pytest.raises(DataError, match="empty, there is no pair of sentences to read"):
        sides(write(path))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "gb18030", "latin-1", "utf-8-sig"])
def test_the_encoding_is_the_one_declared(tmp_path, encoding):
    path = write(tmp_path / "a.tmx", unit(en="a b", fr="é"), encoding=encoding)
    assert sides(path) == sides(path, encoding="auto") == [("a b", "é")]


def test_another_encoding_can_be_given_and_errors_chosen(tmp_path):
    path = write(tmp_path / "a.tmx", unit(en="x", fr="é"), unit(en="y", fr="z"))
    path.write_bytes(path.read_bytes().decode().encode("latin-1"))
    with pytest.raises(DataError, match=r"a\.tmx, line 5: byte \d+ \(0xe9\) is not utf-8"):
        sides(path)
    assert sides(path, encoding="latin-1")[0] == ("x", "é")
    assert sides(path, errors="replace")[0] == ("x", "\ufffd")
    assert sides(path, errors="skip-line") == [("y", "z")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('<!DOCTYPE tmx [<!ENTITY a "b">]><tmx><body/></tmx>', "line 1: declares the entity a, and none is taken"),
        ('<!DOCTYPE tmx [<!ENTITY a SYSTEM "file:///etc/hostname">]><tmx/>', "declares the entity a"),
        ('<!DOCTYPE tmx [<!ENTITY % a SYSTEM "http://localhost/a.dtd"> %a;]><tmx/>', "declares the entity a"),
        ('<!DOCTYPE tmx SYSTEM "a.dtd">\n<tmx><tu>&x;</tu></tmx>', "line 2: has the unknown entity &x;"),
        ("<tmx><tu>&x;</tu></tmx>", "line 1: no XML of a translation memory (undefined entity)"),
        ("<tmx>\n<tu>", "line 2: no XML of a translation memory (no element found)"),
        ("", "no XML of a translation memory (no element found)"),
        ("plain text", "no XML of a translation memory (syntax error)"),
        ("<html></html>", "line 1: begins with <html>, and a translation memory with <tmx>"),
        ("<tmx><tu><tuv><seg>a</seg></tuv></tu></tmx>", "a <tuv> without xml:lang"),
        ('<?xml version="1.0" encoding="utf-9"?><tmx/>', "declares the unknown encoding 'utf-9'"),
        ("<tmx>\0</tmx>", "no XML"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path, text, says):
    (tmp_path / "a.tmx").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        sides(tmp_path / "a.tmx")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
