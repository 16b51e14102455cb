import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.corpora import TaggedColumns, TaggedLines, open_tagged
from seqlab.errors import ConfigError, DataError
from seqlab.records import Tagged

CONLL_U = """\
# sent_id = 1
# text = We'll row.
1-2\tWe'll\t_\t_\t_\t_\t_\t_\t_\t_
1\tWe\twe\tPRON\tPRP\t_\t3\tnsubj\t_\t_
2\t'll\twill\tAUX\tMD\t_\t3\taux\t_\t_
2.1\tnow\t_\tADV\t_\t_\t_\t_\t_\t_
3\trow\trow\tVERB\tVB\t_\t0\troot\t_\t_
# a note with\ta tab
4\t.\t.\tPUNCT\t.\t_\t3\tpunct\t_\t_

# a remark that belongs to no sentence

1\tNew York\tNew York\tPROPN\tNNP\t_\t0\troot\t_\t_
"""


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def pairs(reader):
    return [list(zip(record.tokens, record.tags, strict=True)) for record in reader]


def test_words_with_tags_in_lines(tmp_path):
    path = write(tmp_path / "a.txt", "老人/n  划/v　船/n ./w\n\n1/2/m //w\r\n")
    reader = open_tagged(path)
    assert isinstance(reader, TaggedLines)
    expected = [
        Tagged(("老人", "划", "船", "."), ("n", "v", "n", "w"), f"{path}, line 1"),
        Tagged(("1/2", "/"), ("m", "w"), f"{path}, line 3"),
    ]
    assert list(reader) == list(reader) == expected
    assert repr(reader) == f"TaggedLines(['{path}'])"
    other = write(tmp_path / "b.pos", "row_VB ./_.\n")
    assert pairs(open_tagged(other, separator="_")) == [[("row", "VB"), ("./", ".")]]


def test_columns_of_conll_u(tmp_path):
    path = write(tmp_path / "a.conllu", CONLL_U)
    reader = open_tagged(tmp_path, columns=(2, 4))
    assert isinstance(reader, TaggedColumns)
    assert list(reader) == list(reader)
    assert pairs(reader) == [
        [("We", "PRON"), ("'ll", "AUX"), ("row", "VERB"), (".", "PUNCT")],
        [("New York", "PROPN")],
    ]
    assert [record.source for record in reader] == [f"{path}, line 4", f"{path}, line 13"]
    assert pairs(open_tagged(path, columns=(3, 5)))[0][1] == ("will", "MD")
    assert repr(reader) == f"TaggedColumns(['{path}'])"


def test_columns_of_a_character_and_its_tag(tmp_path):
    text = "高 B-NAME\n青 E-NAME\n# O\n\n\n# O\n１ O\n \n-DOCSTART- O\n\n完 O"
    path = write(tmp_path / "a.bmes", text)
    expected = [[("高", "B-NAME"), ("青", "E-NAME"), ("#", "O")], [("#", "O"), ("１", "O")], [("完", "O")]]
    assert pairs(open_tagged(path, columns=(1, 2), scheme="BMES")) == expected
    assert pairs(TaggedColumns(path)) == expected  # the first and the last
    assert pairs(open_tagged(path, columns=(2, 1)))[3] == [("O", "完")]
    assert pairs(open_tagged(path, columns=(-2, -1), fold_widths=True))[1][1] == ("1", "O")


def test_a_file_ends_a_sentence(tmp_path):
    paths = [write(tmp_path / name, f"{name} X\n") for name in "ab"]
    assert pairs(open_tagged(paths, columns=(1, 2))) == [[("a", "X")], [("b", "X")]]


TOKEN = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda token: token.split() == [token]
)
TAG = st.text("BIESO-NV", min_size=1)
SENTENCES = st.lists(st.lists(st.tuples(TOKEN, TAG), min_size=1, max_size=6), min_size=1, max_size=6)


@settings(deadline=None)
@given(SENTENCES, st.sampled_from([" ", "\u3000", "\t", "\tx\t"]), st.sampled_from(["\n", "\r\n"]))
def test_tokens_and_tags_come_back_whatever_they_are(tmp_path_factory, sentences, blank, line_end):
    folder = tmp_path_factory.mktemp("tagged")
    lines = line_end.join(" ".join(f"{token}/{tag}" for token, tag in sentence) for sentence in sentences)
    if not lines.startswith("\ufeff"):
        assert pairs(TaggedLines(write(folder / "a.txt", lines))) == sentences
    rows = [line_end.join(token + blank + tag for token, tag in sentence) for sentence in sentences]
    columns = (line_end * 2).join(rows)
    # Where all lines of a sentence begin with the sign of a comment they are comments.
    if not columns.startswith("\ufeff") and all(any(token[0] != "#" for token, _ in rows) for rows in sentences):
        assert pairs(TaggedColumns(write(folder / "b.txt", columns))) == sentences


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("老人/n 船", r"'船' \(number 2\) is not word/tag; write each word so, or, .* which columns are token and tag"),
        ("老人/n 船/", r"'船/' \(number 2\) is not word/tag"),
        ("/n", r"'/n' \(number 1\) is not word/tag"),
    ],
)
def test_a_word_without_tag(tmp_path, line, says):
    path = write(tmp_path / "a.txt", f"好/a\n\n{line}\n")
    with pytest.raises(DataError, match=rf"a\.txt, line 3: {says}"):
        list(open_tagged(path))


@pytest.mark.parametrize(
    ("text", "columns", "says"),
    [
        ("a X\n\nb X\nc\n", (1, 2), "line 4: 1 column, where line 3 of the same sentence has 2: fill the missing ones"),
        ("a X\n\nb\n", (1, 2), "line 3: 1 column, and the token is read from column 1, the tag from column 2: name"),
        ("a X\n", (1, 4), "line 1: 2 columns, and the token is read from column 1, the tag from column 4"),
        ("a X\n", (-3, 2), "line 1: 2 columns, and the token is read from column -3"),
        ("a X\n", (2, -1), "line 1: 2 columns, and the token is read from column 2, the tag from column -1"),
        ("a\tX\n\tX\n", (1, 2), "line 2: the token is empty; fill it, or name other columns"),
        ("# x\n1\ta\tX\n2\tb\t\n", (2, 3), "line 3: the tag is empty"),
    ],
)
def test_columns_that_are_missing(tmp_path, text, columns, says):
    path = write(tmp_path / "a.txt", text)
    with pytest.raises(DataError) as caught:
        list(open_tagged(path, columns=columns))
    assert str(caught.value).startswith(f"{path}, {says}")
    assert "\n" not in str(caught.value)


def test_tags_are_held_to_a_scheme(tmp_path):
    columns = write(tmp_path / "a.txt", "a B-X\n\n# a note\nb O\nc I-X\n")
    lines = write(tmp_path / "b.txt", "a/B-X b/I-X\nc/O d/I-X\n")
    assert len(pairs(open_tagged(columns, columns=(1, 2)))) == 2
    says = "the tag I-X at position 2 cannot stand after O in the scheme BIO; correct the tags, or name the scheme"
    with pytest.raises(DataError, match=rf"a\.txt, line 5: {says}"):
        list(open_tagged(columns, columns=(1, 2), scheme="BIO"))
    with pytest.raises(DataError, match=rf"b\.txt, line 2: {says}"):
        list(open_tagged(lines, scheme="BIO"))
    with pytest.raises(DataError, match=r"a\.txt, line 1: the tag B-X at position 1 cannot end a sentence"):
        list(open_tagged(columns, columns=(1, 2), scheme="BIOES"))
    with pytest.raises(DataError, match=r"b\.txt, line 1: 'I-X' is no tag of the scheme BMES; .* \(position 2\)"):
        list(open_tagged(lines, scheme="BMES"))


def test_settings_that_make_no_sense(tmp_path):
    path = write(tmp_path / "a.txt", "a/X\n")
    for columns in ((0, 1), (1, 0), (2, 2)):
        with pytest.raises(ConfigError, match="give two different ones, counted from 1"):
            open_tagged(path, columns=columns)
    with pytest.raises(ConfigError, match=r"unknown scheme 'bio'; .*known: BIO, BIOES"):
        open_tagged(path, scheme="bio")
    with pytest.raises(ConfigError, match="unknown scheme 'BILOU'"):
        open_tagged(path, columns=(1, 2), scheme="BILOU")
    for separator in ("", " ", "/ "):
        with pytest.raises(ConfigError, match="the separator of word and tag is"):
            open_tagged(path, separator=separator)
    with pytest.raises(ConfigError, match="columns have no separator"):
        open_tagged(path, columns=(1, 2), separator="_")


def test_nothing_to_read(tmp_path):
    with pytest.raises(DataError, match=r"a\.txt: empty, there is no word to read"):
        list(open_tagged(write(tmp_path / "a.txt", "\n \n")))
    with pytest.raises(DataError, match=r"b\.txt: empty, there is no token to read"):
        list(open_tagged(write(tmp_path / "b.txt", "# nothing\n\n"), columns=(1, 2)))
    with pytest.raises(DataError, match=r"c\.txt, line 1: byte 0"):
        list(open_tagged(write(tmp_path / "c.txt", b"\xff"), columns=(1, 2)))
    (tmp_path / "d").mkdir()
    with pytest.raises(DataError, match=r"taken are .*\.conllu, \.bio"):
        open_tagged(tmp_path / "d")
