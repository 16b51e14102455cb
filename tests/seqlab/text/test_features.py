"""What a network reads of each token, held against a description token by token."""

import json
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.errors import ConfigError, DataError, ModelError
from seqlab.text import codepoints
from seqlab.text.codepoints import codes_of
from seqlab.text.features import TokenFeatures
from seqlab.text.lexicon import Lexicon
from seqlab.text.vocab import BOS, EOS, SPECIALS, UNK

LINES = ["我在二〇二六年买了３本书。", "他买了3本书，我没买。", "买书", "Ａb", "书"]
WORDS = [["Running", "is", "fun", "."], ["Run", "!"], ["He", "is", "running", "."], ["running", "is", "."]]


def flat(sentences):
    """The tokens of all sentences, and where these start."""
    return [token for sentence in sentences for token in sentence], np.cumsum([0, *map(len, sentences)])


def characters(features, lines):
    return features.of_characters(codes_of("".join(lines)), flat(lines)[1])


def described(features, sentences, fold):
    """Rows of ids, as the docstrings say."""
    rows, tokens = [], [None, None, BOS, EOS, *features.vocab.tokens]
    pairs = [
        divmod(key, len(features.vocab)) for key in ([] if features.bigrams is None else features.bigrams.tolist())
    ]
    known = {(tokens[left], tokens[right]): place for place, (left, right) in enumerate(pairs, start=len(SPECIALS))}
    longest = len(features.affixes) // 2
    for sentence in sentences:
        read = [BOS, *map(fold, sentence), EOS]
        for before, token, after in zip(read, read[1:], read[2:], strict=False):
            row = [features.vocab.id(token)]
            if features.kinds:
                row.append(sum({int(codepoints.kinds()[ord(character)]) for character in token}))
            if features.bigrams is not None:
                row += [known.get((before, token), UNK), known.get((token, after), UNK)]
            row += [features.affixes[length - 1].id(token[:length]) for length in range(1, longest + 1)]
            row += [features.affixes[longest + length - 1].id(token[-length:]) for length in range(1, longest + 1)]
            rows.append(row)
    return rows


def narrow(text):
    return "".join(chr(ord(sign) - 0xFEE0) if 0xFF01 <= ord(sign) < 0xFF5F else sign for sign in text)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text("我买书了3３ＡaＡb。İΣ\U00020000", max_size=6), max_size=5),
    st.sampled_from([{}, {"width": "half"}, {"case": "lower"}, {"bigrams": False, "kinds": False}, {"min_count": 2}]),
)
def test_characters_as_described(lines, options):
    features = TokenFeatures.fit(LINES, **options)

    def fold(text):
        text = narrow(text) if features.width == "half" else text
        return text.lower() if features.case == "lower" and len(text.lower()) == 1 else text

    found = characters(features, lines)
    assert found.ids.dtype == np.int32
    assert found.flags.shape == (len(found.ids), 0)
    assert found.ids.tolist() == described(features, lines, fold)
    tokens, starts = flat(lines)
    np.testing.assert_array_equal(features.of_tokens(tokens, starts).ids, found.ids)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.text("Runigfs.3ｓ书", min_size=1, max_size=5), max_size=4), max_size=4),
    st.sampled_from(
        [{"affixes": 3}, {"affixes": 2, "case": "lower", "width": "half"}, {"affix_min_count": 1, "affixes": 1}]
    ),
)
def test_words_as_described(sentences, options):
    features = TokenFeatures.fit(WORDS, **options)

    def fold(text):
        return narrow(text).lower() if features.case == "lower" else text

    sentences = WORDS + sentences
    found = features.of_tokens(*flat(sentences))
    assert found.ids.tolist() == described(features, sentences, fold)
    sizes = [features.tables[table].size for table in features.columns]
    assert (found.ids.max(0) < sizes).all()


def test_tables_and_columns():
    features = TokenFeatures.fit(WORDS, affixes=2, bigram_min_count=1)
    names = [features.tables[table].name for table in features.columns]
    assert names == ["token", "kind", "bigram", "bigram", "prefix 1", "prefix 2", "suffix 1", "suffix 2"]
    assert len(features.tables) == 7
    assert features.tables[0].size == len(features.vocab)
    assert [table.name for table in TokenFeatures.fit(LINES, bigrams=False, kinds=False).tables] == ["token"]


def test_at_most_so_many_tokens_are_known():
    assert TokenFeatures.fit(["abbccc"], max_size=2).vocab.tokens == ("c", "b")
    words = [["rain", "sun", "sun"], ["sun", "rain", "fog"]]
    assert TokenFeatures.fit(words, max_size=1).vocab.tokens == ("sun",)


def test_what_is_seen_seldom_is_unknown():
    features = TokenFeatures.fit(["ab", "ab", "ac"], min_count=2, bigram_min_count=3)
    assert features.vocab.tokens == ("a", "b")
    assert features.counts.tolist() == [0, 1, 0, 0, 3, 2]
    assert features.bigrams.tolist() == [BOS * 6 + 4]
    assert features.rare(2).tolist() == [5]
    assert features.token_ids() == {"a": 4, "b": 5}
    assert TokenFeatures.fit(["ab", "ab"]).bigram_ids() == {"ab": 5}  # behind the one with BOS
    assert TokenFeatures.fit(["ab"], bigrams=False).bigram_ids() == {}


def test_kinds_of_characters():
    table = codepoints.kinds()
    for signs, kind in {
        "二〇两": codepoints.NUMERAL,
        "3３Ⅳ①": codepoints.DIGIT,
        "aÉＺ": codepoints.LATIN,
        "。!，": codepoints.STOP,
        "《-\u3000 $": codepoints.SIGN,
        "书㐀々\U0002a6d6": codepoints.HAN,
        "かアﾌ한жα": codepoints.LETTER,
        "\u0301\ue000\ud800\U0010ffff": codepoints.OTHER,
    }.items():
        assert table[codes_of(signs)].tolist() == [kind] * len(signs)
    assert TokenFeatures.fit([["a3", ""]]).of_tokens(["3a.", "", "3"], np.array([0, 3])).ids[:, 1].tolist() == [
        codepoints.DIGIT | codepoints.LATIN | codepoints.STOP,
        0,
        codepoints.DIGIT,
    ]


def test_above_a_code_point_there_is_no_case():
    for first in (0x20000, 0x90000):
        above = "".join(map(chr, range(first, first + 0x70000)))
        assert above.lower() == above
    assert all(unicodedata.category(chr(code)) in ("Lo", "Cn") for code in range(0x20000, 0x40000, 97))


def test_flags_are_those_of_the_lexicon():
    lexicon = Lexicon(["买书", "本书"])
    features = TokenFeatures.fit(LINES, lexicons=[lexicon])
    found = characters(features, LINES)
    assert found.flags.shape[1] == features.n_flags == lexicon.n_flags
    assert found.flags.sum() == 2 * 3
    np.testing.assert_array_equal(features.of_tokens(*flat(LINES)).flags, found.flags)
    with pytest.raises(ValueError, match="give characters"):
        features.of_tokens(["买书"], np.array([0, 1]))
    with pytest.raises(ConfigError, match="lexicon"):
        TokenFeatures.fit(WORDS, lexicons=[lexicon])


CASES = [
    (LINES, {"lexicons": [Lexicon(["买书"]), Lexicon(["本书"])], "width": "half"}),
    (WORDS, {"affixes": 2, "case": "lower", "kinds": False}),
]


@pytest.mark.parametrize(("sentences", "options"), CASES)
def test_what_is_saved_is_read(tmp_path, sentences, options):
    features = TokenFeatures.fit(sentences, **options)
    features.save(tmp_path / "text")
    read = TokenFeatures.load(tmp_path / "text")
    for expected, found in zip(features.of_tokens(*flat(sentences)), read.of_tokens(*flat(sentences)), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert read.tables == features.tables
    assert read.rare(1).tolist() == features.rare(1).tolist()
    for path in (tmp_path / "text").iterdir():
        whole = path.read_bytes()
        for damaged in (None, b"", whole[:-3], whole + b"1", b'{"format": 1}'):
            if damaged is None:
                path.unlink()
            else:
                path.write_bytes(damaged)
            with pytest.raises(ModelError, match=path.name):
                TokenFeatures.load(tmp_path / "text")
        path.write_bytes(whole)


def test_files_of_two_models_are_told_apart(tmp_path):
    TokenFeatures.fit(LINES).save(tmp_path)
    settings = json.loads((tmp_path / "features.json").read_text())
    for change in ({"width": "full"}, {"affixes": True}, {"format": 2}, {"kinds": 1}):
        (tmp_path / "features.json").write_text(json.dumps(settings | change))
        with pytest.raises(ModelError, match=r"features\.json"):
            TokenFeatures.load(tmp_path)
    TokenFeatures.fit(["ab"], bigrams=False).save(tmp_path)
    (tmp_path / "features.json").write_text(json.dumps(settings))
    with pytest.raises(ModelError, match=r"bigrams\.npy"):
        TokenFeatures.load(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="cannot be written"):
        TokenFeatures.fit(["ab"]).save(tmp_path / "file")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"width": "full"}, "width"),
        ({"case": "upper"}, "case"),
        ({"bigram_min_count": 0}, "bigram_min_count"),
        ({"affixes": -1}, "affixes"),
        ({"min_count": 0}, "min_count"),
    ],
)
def test_refusals(options, says):
    with pytest.raises(ConfigError, match=says):
        TokenFeatures.fit(LINES, **options)


def test_no_token_at_all():
    with pytest.raises(DataError, match="no token"):
        TokenFeatures.fit(["", []])
