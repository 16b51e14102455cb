"""Pairs of sentences: checked, held out by their sources, written down, read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from seqlab.errors import DataError
from seqlab.records import Pair
from seqlab.resolve import resolve
from seqlab.tasks.pairs_kept import Sides, divided, keep, kept, sides_of


def config(**changes):
    return resolve("translate", {}, changes)


def numbered(n, versions=1):
    return [(f"source {number}", f"target {number} {version}") for number in range(n) for version in range(versions)]


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ("a text", "a record is a pair of a source and a target or seqlab.records.Pair, not 'a text'"),
        (("a", "b", "c"), "a record is a pair"),
        (("a", None), "source and target are strings, not ('a', None)"),
        (Pair("a", 3, "x.tsv:7"), "x.tsv:7: source and target are strings"),
        (7, "a record is a pair"),
    ],
)
def test_what_is_no_pair_is_named(record, says):
    with pytest.raises(DataError) as error:
        sides_of(record)
    assert says in str(error.value)


def test_runs_of_blanks_are_one_space_and_none_stands_at_the_ends():
    assert sides_of(Pair("  a\t b\u3000c\n", "d  e", "x:1")) == Sides("a b c", "d e") == sides_of(["a b c", "d e"])


@given(some.lists(some.tuples(some.sampled_from("abcdefghijklmnop"), some.text("xyz", min_size=1)), min_size=30),
       some.floats(0.05, 0.9), some.sampled_from(["random", "end"]))  # fmt: skip
def test_no_source_sentence_is_on_both_sides_and_no_pair_is_lost(records, share, split):
    if len({source for source, _ in records}) < 10:
        return
    parts = divided(config(validation_share=share, validation_split=split), records, None)
    assert parts.train
    assert parts.validation
    assert {pair.source for pair in parts.train}.isdisjoint(pair.source for pair in parts.validation)
    assert sorted(parts.train + parts.validation) == sorted(map(sides_of, records))


def test_a_share_of_the_sources_is_held_out_with_all_of_their_translations():
    parts = divided(config(), numbered(40, versions=3), None)
    assert (len(parts.train), len(parts.validation)) == (108, 12)
    again, other = divided(config(), numbered(40, 3), None), divided(config(seed=2), numbered(40, 3), None)
    assert parts == again
    assert parts != other
    end = divided(config(validation_split="end"), numbered(40, 3), None)
    assert {pair.source for pair in end.validation} == {f"source {number}" for number in range(36, 40)}


def test_pairs_with_an_empty_side_are_left_out_and_counted():
    records = [("a", ""), (" ", "b"), ("", ""), *numbered(20)]
    parts = divided(config(), records, [("", "x"), ("v", "w")])
    assert parts == (list(map(sides_of, numbered(20))), [Sides("v", "w")], 4)


@pytest.mark.parametrize(
    ("records", "validation", "changes", "says"),
    [
        ([], None, {}, "there is no pair of sentences to train on"),
        ([("a", ""), ("", "b")], None, {}, "there is no pair of sentences to train on"),
        (numbered(9, 5), None, {}, "there are 9 source sentences to train on, too few to hold out a share"),
        (numbered(9), [("a", " ")], {}, "there is no pair of sentences to validate on"),
    ],
)
def test_what_cannot_be_divided_is_refused(records, validation, changes, says):
    with pytest.raises(DataError, match=says):
        divided(config(**changes), records, validation)


def test_few_are_enough_where_nothing_is_held_out():
    assert divided(config(validation_share=0), numbered(2), None) == (list(map(sides_of, numbered(2))), None, 0)
    assert len(divided(config(limit=12), numbered(40), None).train) == 11


@given(some.lists(some.tuples(some.text(), some.text())))
def test_what_is_kept_is_read_back(tmp_path_factory, pairs):
    folder = tmp_path_factory.mktemp("kept")
    sides = [Sides(*pair) for pair in pairs]
    keep(folder, sides, None)
    assert kept(folder) == (sides, None)
    keep(folder, sides, sides[:1])
    assert kept(folder) == (sides, sides[:1])
