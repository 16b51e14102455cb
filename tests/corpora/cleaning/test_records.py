import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from seqlab.config import Cleaning
from seqlab.corpora.cleaning import Cleaner
from seqlab.corpora.cleaning.records import clean_record, clean_records
from seqlab.errors import ConfigError
from seqlab.records import Labelled, Pair, Segmented, Tagged, Text

WORD = st.lists(st.sampled_from(["a", "好", "<b>", "&nbsp;", "&amp;", "\u200b", " ", "\n", "e\u0301"]), max_size=3).map(
    "".join
)
WORDS = st.lists(WORD, min_size=1, max_size=5).map(tuple)
RECORDS = st.one_of(
    st.builds(Text, st.lists(WORD, max_size=4).map("\n".join), st.just("here")),
    st.builds(Labelled, WORD, st.just(("x",)), st.just("here")),
    st.builds(Pair, WORD, WORD, st.just("here")),
    st.builds(Segmented, WORDS, st.just("here")),
    WORDS.map(lambda words: Tagged(words, tuple("T" * len(words)), "here")),
)
SETTINGS = st.builds(Cleaning, html=st.booleans(), min_length=st.integers(0, 3), max_length=st.sampled_from([0, 6]))


def clean(record, **settings):
    return clean_record(record, Cleaner(Cleaning(**settings)))


@effort(deadline=None)
@given(st.lists(RECORDS, max_size=8), SETTINGS)
def test_many_are_each_by_itself_and_clean_ones_stay(records, settings):
    cleaner, single = Cleaner(settings), Cleaner(settings)
    cleaned = list(clean_records(records, cleaner))
    assert cleaned == [clean_record(record, single) for record in records]
    assert +cleaner.counts == +single.counts
    kept = [record for record in cleaned if record is not None]
    assert list(clean_records(kept, Cleaner(settings))) == kept


@effort(deadline=None)
@given(st.lists(RECORDS, max_size=8), SETTINGS)
def test_each_record_is_read_and_kept_or_dropped(records, settings):
    records = [record for record in records if not isinstance(record, Text)]  # of which lines are counted
    cleaner = Cleaner(settings)
    cleaned = list(clean_records(records, cleaner))
    n_kept = sum(record is not None for record in cleaned)
    n_dropped = sum(n for name, n in cleaner.counts.items() if name.startswith("dropped: "))
    assert (cleaner.counts["read"], cleaner.counts["kept"], n_dropped) == (len(records), n_kept, len(records) - n_kept)


@effort(deadline=None)
@given(WORDS, SETTINGS)
def test_tokens_keep_their_tags(tokens, settings):
    tags = tuple(f"T{index}" for index in range(len(tokens)))
    cleaned = clean_record(Tagged(tokens, tags), Cleaner(settings))
    assert cleaned is None or (cleaned.tags == tags and len(cleaned.tokens) == len(tokens))


def test_labels_and_sources_stay():
    assert clean(Text("<b>a</b>\n\nb ", "file")) == Text("a\n\nb ", "file")
    assert clean(Labelled("<b>a</b>\n b", ("<b>",), "file:1")) == Labelled("a\nb", ("<b>",), "file:1")
    assert clean(Pair("a &amp; b", "c<br>d", "file:1")) == Pair("a & b", "c d", "file:1")
    assert clean(Tagged(("&lt;", "b"), ("<b>", "X"), "file:1")) == Tagged(("<", "b"), ("<b>", "X"), "file:1")


def test_a_pair_goes_with_one_of_its_sides():
    assert clean(Pair("a", "<br>")) is None
    assert clean(Pair("a", "")) == Pair("a", "")  # as it was in the corpus
    assert clean(Pair("abc", "abcd"), max_length=3) is None
    assert clean(Pair("ab", "abc"), min_length=3) is None


def test_words_that_vanish_go_and_those_with_blanks_become_several():
    assert clean(Segmented(("a", "<b>", "c&nbsp;d"))) == Segmented(("a", "c", "d"))
    assert clean(Segmented(("<b>", "\u200b"))) is None
    assert clean(Segmented(("ab", "c")), min_length=3) == Segmented(("ab", "c"))
    assert clean(Segmented(("ab", "c")), max_length=2) is None


def test_a_sentence_with_a_token_left_empty_goes():
    cleaner = Cleaner(Cleaning())
    assert [*clean_records([Tagged(("a", "<b>"), ("X", "Y")), Tagged(("a",), ("X",))], cleaner)][:1] == [None]
    assert cleaner.counts == {
        "read": 2, "kept": 1, "HTML tags removed": 1, "dropped: a token left empty": 1
    }  # fmt: skip


def test_changes_are_counted_by_record():
    cleaner = Cleaner(Cleaning())
    list(clean_records([Segmented(("&lt;", "&gt;", "a")), Segmented(("b",))], cleaner))
    list(clean_records([Pair("&lt;", "&gt;")], cleaner))
    assert cleaner.counts == {"read": 3, "kept": 3, "HTML entities decoded": 2}


def test_only_running_text_is_split_into_sentences():
    assert clean(Text("One. Two.\n三。四。\n"), split_sentences=True) == Text("One.\nTwo.\n三。\n四。\n")
    with pytest.raises(ConfigError, match="split_sentences: only running text"):
        clean(Labelled("One. Two.", ("x",)), split_sentences=True)


def test_running_text_of_which_nothing_stays_goes():
    assert clean(Text("<br>\n")) is None
    assert clean(Text("\n\n")) == Text("\n\n")
