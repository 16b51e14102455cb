from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from seqlab.corpora.cleaning.keys import SIZE, group_key, key, text_key
from seqlab.records import Labelled, Pair, Segmented, Tagged, Text

PARTS = st.lists(st.text("\0\1\2\3ab", max_size=3), min_size=1, max_size=4)


@given(PARTS, PARTS)
def test_keys_are_the_same_for_the_same_words_only(one, other):
    keys = {key(Segmented(tuple(words))) for words in (one, other)}
    assert len(keys) == len({tuple(one), tuple(other)})


def test_all_that_a_record_says_counts():
    records = [
        Labelled("a", ()), Labelled("a", ("b",)), Labelled("a", ("c",)), Labelled("a", ("b", "c")), Labelled("b", ("a",)),
        Segmented(("a", "bc")), Segmented(("ab", "c")), Pair("x", "y"), Pair("y", "x"), Tagged(("v", "w"), ("N", "V")),
        Tagged(("v", "w"), ("V", "N")), Text("ab"), Text("ab\n"),
    ]  # fmt: skip
    assert all(key(one) != key(other) for one, other in combinations(records, 2))
    assert {len(key(record)) for record in records} == {SIZE}


def test_where_it_comes_from_and_the_order_of_labels_do_not_count():
    assert key(Text("a", "one")) == key(Text("a", "two")) == text_key("a")
    assert key(Pair("a", "b", "one")) == key(Pair("a", "b", "two"))
    assert key(Labelled("a", ("b", "c"))) == key(Labelled("a", ("c", "b")))


def test_groups_are_of_the_text_or_the_source_side():
    assert group_key(Labelled("a", ("b",))) == group_key(Labelled("a", ("c",))) != group_key(Labelled("b", ("b",)))
    assert group_key(Pair("a", "b")) == group_key(Pair("a", "c")) != group_key(Pair("b", "b"))
    assert group_key(Segmented(("a", "bc"))) == group_key(Segmented(("ab", "c"))) == group_key(Text("abc"))
    assert group_key(Tagged(("ab",), ("N",))) == group_key(Tagged(("ab",), ("V",))) == text_key("ab")


def test_keys_are_the_same_everywhere():
    assert key(Labelled("好\ud800", ("x",))).hex() == "1a13973be7a698513aef6f5e3d4c8749"
