"""What is found out about files, held against what was put into them; and no file is too bad to be looked at."""

import gzip
import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqlab.corpora.files import TextFile
from seqlab.corpora.inspection import as_json, inspect
from seqlab.errors import DataError
from seqlab.text.words import WordTokenizer

ENGLISH = "The harbour was quiet.\nTwo boats came in, and nobody spoke.\n"
CHINESE = (
    "小船靠岸了，船上有人。\n风停了以后，大家都在岸上等消息，没有人说话。\n他们的孩子也来了，这是一个很好的日子。\n"
)
TRADITIONAL = "這個時候我們還沒有說話，他們從學校來。\n"


@pytest.fixture
def looked(tmp_path):
    def run(content, name="a.txt", **options):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return inspect([TextFile(path)], **options)

    return run


@pytest.mark.parametrize(
    ("encoding", "name", "certain"),
    [
        ("utf-8", "utf-8", True),
        ("utf-8-sig", "utf-8", True),
        ("gb18030", "gb18030", False),
        ("utf-16", "utf-16", True),
        ("utf-16-be", "utf-16-be", False),
    ],
)
def test_encodings_and_that_they_change_nothing_else(looked, encoding, name, certain):
    plain = looked(CHINESE * 20)
    found = looked((CHINESE * 20).encode(encoding))
    (facts,) = found.files
    assert (facts.encoding, facts.encoding_certain, facts.n_undecodable) == (name, certain, 0)
    assert facts.byte_order_mark == (encoding in ("utf-8-sig", "utf-16"))
    assert found.text == plain.text
    assert facts.n_lines == 60


def test_other_encodings(looked):
    assert looked(ENGLISH).files[0].encoding == "ascii"
    assert looked(("Über die Brücke gehen fünf Männer.\n" * 30).encode("latin-1")).files[0].encoding == "latin-1"
    assert looked(("這個人說他們不會來。\n" * 30).encode("big5")).files[0].encoding == "big5"
    assert looked("é\n".encode("latin-1") * 30, encoding="utf-8").files[0].n_undecodable == 30
    assert looked("é\n".encode("latin-1") * 30, encoding="cp1252").files[0].n_undecodable == 0


def test_some_undecodable_bytes_leave_it_utf8(looked):
    found = looked((CHINESE * 20).encode() + b"ab\xff\xfe\n" + CHINESE.encode())
    (facts,) = found.files
    assert (facts.encoding, facts.n_undecodable) == ("utf-8", 2)
    assert found.text.suspicious == {"not decodable": 1}
    assert found.text.first_suspicious[0].place.line == 61
    (odd,) = found.text.odd
    assert (odd.kind, odd.n, odd.first.line) == ("undecodable bytes", 2, 61)
    assert "0xff" in odd.name.lower()
    assert "--encoding-errors replace" in found.command


@pytest.mark.parametrize(
    ("text", "ends", "last"),
    [
        ("a\nb\n", (2, 0, 0), True),
        ("a\r\nb", (0, 1, 0), False),
        ("a\rb\r", (0, 0, 2), True),
        ("a\nb\r\nc\r", (1, 1, 1), True),
    ],
)
def test_line_ends(looked, text, ends, last):
    for encoding in ("utf-8", "utf-16"):
        facts = looked(text.encode(encoding)).files[0]
        assert (facts.line_feeds, facts.returns_with_line_feed, facts.returns) == ends
        assert facts.last_line_ends == last


def test_lengths(looked):
    lengths = [0, 0, 1, 3, 3, 7, 12, 400]
    found = looked("".join("x" * n + "\n" for n in lengths)).text
    assert found.n_lines == 8
    assert found.n_blank == 2
    assert (found.lengths.median, found.lengths.p90, found.lengths.longest) == (3, 400, 400)
    assert found.lengths.mean == pytest.approx(sum(lengths) / 8)
    assert found.lengths.longest_at.line == 8
    assert [row for row in found.lengths.histogram if row[2]] == [
        (0, 0, 2), (1, 1, 1), (2, 4, 2), (5, 9, 1), (10, 19, 1), (200, 499, 1),
    ]  # fmt: skip


@settings(max_examples=40)
@given(st.text(st.sampled_from("ab é您好,.\n\t\x1c\u200b0a\u0301"), max_size=80))
def test_words_are_those_of_the_tokenizer(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("words") / "a.txt"
    path.write_text(text + "\nmore plain text that has no form of its own\n", encoding="utf-8", newline="")
    found = inspect([TextFile(path)]).text
    if found.words_parted == "Unicode rules":
        words = Counter(WordTokenizer().pieces(path.read_text(encoding="utf-8")))
        del words["\n"]
        assert (found.words.n_tokens, found.words.n_types) == (words.total(), len(words))
        assert found.words.n_hapaxes == sum(n == 1 for n in words.values())
        assert dict(found.words.most_frequent).items() <= words.items()


def test_scripts_and_forms_of_chinese(looked):
    found = looked("abc 您好吗 привет かな カタ 한 x 1 ! \n").text
    n = {name: round(18 * share) for name, share in found.scripts.items()}
    assert n == {"Latin": 4, "Han": 3, "Cyrillic": 6, "Hiragana": 2, "Katakana": 2, "Hangul": 1}
    assert looked(CHINESE).text.simplified > 5
    assert looked(CHINESE).text.traditional == 0
    assert looked(TRADITIONAL).text.traditional > 5
    assert looked(TRADITIONAL).text.simplified == 0


def test_repeated_lines(looked):
    found = looked("x y z\n" * 3 + "other\n" * 2 + "\n" * 5 + "once\n").text
    assert (found.n_repeated_lines, found.n_compared_lines, found.n_blank) == (3, 6, 5)
    assert [(line.text, line.n) for line in found.most_repeated] == [("x y z", 3), ("other", 2)]


def test_odd_characters_with_place_and_name(looked):
    text = "plain\na\u200bb\n\x07\ufeffx\ue000\n \u0301x e\u0301\n\ufffd \ufffe \x85\xa0\n\U0003fff0\n👍\u200d🏽\n"
    found = {odd.code: odd for odd in looked(text).text.odd}
    kinds = {
        0x200B: ("invisible", 2, "ZERO WIDTH SPACE"),
        0x07: ("control character", 3, "BELL"),
        0xFEFF: ("byte order mark inside", 3, "ZERO WIDTH NO-BREAK SPACE"),
        0xE000: ("private use", 3, ""),
        0x301: ("lone combining mark", 4, "COMBINING ACUTE ACCENT"),
        0xFFFD: ("replacement character", 5, "REPLACEMENT CHARACTER"),
        0xFFFE: ("non-character", 5, ""),
        0x85: ("line end of another kind", 5, "NEXT LINE"),
        0xA0: ("space of another kind", 5, "NO-BREAK SPACE"),
        0x3FFF0: ("unassigned", 6, ""),
    }
    assert {code: (odd.kind, odd.first.line, odd.name) for code, odd in found.items()} == kinds
    assert all(odd.n == 1 for odd in found.values())


def test_mojibake_is_known_and_good_german_is_none(looked):
    good = "„Ein Spaß“, sagt er: „Übung“ und café à la carte, ÉCOLE »là«.\n"
    assert looked(good * 5).text.mojibake == []
    wrong = "Übung – café’s 您好 😀".encode().decode("cp1252", "replace").replace("\ufffd", "")
    found = looked(good * 5 + wrong + "\n锟斤拷\n").text
    assert found.suspicious["mojibake"] == 2
    was = {signs: (before, n, place.line) for signs, before, n, place in found.mojibake}
    assert was["Ã©"] == ("é", 1, 6)
    assert was["â€“"] == ("–", 1, 6)
    assert was["锟斤拷"] == ("", 1, 7)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("bad \x01 sign", "control characters"),
        ("lost \ufffd sign", "lost characters"),
        ("<p>hello</p>", "HTML"),
        ("this &amp; that", "HTML"),
        ("so goooooooooooooooooooooooooood", "repeated character"),
        ("*** === --- +++ a", "mostly symbols"),
        ("word " * 1000, "very long"),
        ("эта строка по-русски", "letters of another script (Cyrillic)"),
    ],
)
def test_suspicious_lines(looked, line, reason):
    assert looked(ENGLISH * 200).text.suspicious == {}
    found = looked(ENGLISH * 100 + line + "\n" + ENGLISH * 100).text
    (suspect,) = found.first_suspicious
    assert (suspect.reason, suspect.place.line) == (reason, 201)
    assert found.suspicious == {reason.partition(" (")[0]: 1}


def test_no_reason_hides_another(looked):
    found = looked(ENGLISH * 20 + "".join(f"<p>{n}</p>\n" for n in range(100)) + "bad \x01 sign\n").text
    assert len(found.first_suspicious) == 10
    assert {suspect.reason for suspect in found.first_suspicious} == {"HTML", "control characters"}
    assert found.suspicious == {"control characters": 1, "HTML": 100}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "a PNG image"),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
        (b"\x7fELF\x02\x01\x01\0", "a program (ELF)"),
        (gzip.compress(b"abc"), "data compressed by gzip, under a name without .gz"),
        (bytes(range(256)) * 20, "binary, of no kind that is known here"),
    ],
)
def test_what_is_no_text(looked, content, what):
    found = looked(content)
    assert (found.files[0].not_text, found.text, found.command) == (what, None, "")


def test_only_white_space(looked):
    found = looked(" \n\n\t\n")
    assert found.files[0].form.what == "nothing but white space"
    assert (found.command, found.text.n_lines, found.text.n_blank) == ("", 3, 3)


def test_zeros_in_text_do_not_make_it_utf16(looked):
    found = looked("Fünf Männer gehen.\n" * 50 + "a\0b\n")
    assert found.files[0].encoding == "utf-8"
    assert found.text.suspicious == {"control characters": 1}


def test_several_files_and_one_that_is_damaged(tmp_path):
    (tmp_path / "a.txt").write_text(ENGLISH, encoding="utf-8")
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(CHINESE.encode() * 200)[:200])
    (tmp_path / "c.txt.gz").write_bytes(gzip.compress(CHINESE.encode()))
    files = [TextFile(path) for path in sorted(tmp_path.iterdir())]
    found = inspect(files)
    assert [facts.n_lines for facts in found.files] == [2, 0, 3]
    assert "is cut short" in found.files[1].fault
    assert found.text.n_lines == 5
    assert found.files[2].compressed
    assert found.files[2].size == len(CHINESE.encode())
    with pytest.raises(DataError, match=r"b\.txt\.gz: the \.gz file is cut short"):
        inspect(files[1:2])


PIECES = [
    b"\n",
    b"\r",
    b"a b",
    "您".encode(),
    b"\xff",
    b"\0",
    b"\x1b",
    b'"',
    b",",
    b"\t",
    b'{"a": 1}',
    b"<",
    b"/",
    b"_",
]


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.lists(st.sampled_from(PIECES)).map(b"".join),
    ),
    st.sampled_from(["a.txt", "a.csv", "a.jsonl"]),
    st.sampled_from([None, "utf-8", "utf-16", "gb18030", "utf-7"]),
)  # fmt: skip
def test_any_bytes_are_looked_at(tmp_path_factory, content, name, encoding):
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(content)
    try:
        found = inspect([TextFile(path)], encoding=encoding)
    except DataError:  # such as an encoding that cannot go on behind a mistake; nothing else may come
        return
    json.dumps(as_json(found))
    (facts,) = found.files
    assert facts.size == len(content)
    if found.text is not None:
        assert found.text.n_lines == facts.n_lines
