import doctest
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.errors import DataError
from seqlab.text import bmes

TEXT = st.text(st.characters(exclude_categories=()), min_size=1)  # any code point, single surrogates too
WORDS = st.lists(TEXT, max_size=12)


def legal(tags):
    """By the tables alone."""
    numbers = [bmes.TAGS.index(tag) for tag in tags]
    return not tags or bool(
        bmes.LEGAL_START[numbers[0]]
        and bmes.LEGAL_END[numbers[-1]]
        and all(bmes.LEGAL[pair] for pair in itertools.pairwise(numbers))
    )


def test_the_example_of_the_course_notes():
    outcome = doctest.testmod(bmes)
    assert outcome.attempted > 0
    assert outcome.failed == 0


@given(WORDS)
def test_words_come_back_from_their_tags_and_spans(words):
    text, tags = "".join(words), bmes.tags_of_words(words)
    assert len(tags) == len(text)
    assert legal(tags)
    assert bmes.words_of_tags(text, tags) == words
    spans = bmes.spans_of_words(words)
    assert bmes.words_of_spans(text, spans) == words
    assert bmes.spans_of_tags(tags) == spans
    assert bmes.tags_of_spans(spans) == tags


@given(st.data())
def test_any_tags_cut_the_text_and_lose_nothing(data):
    text = data.draw(TEXT)
    tags = data.draw(st.text(bmes.TAGS, min_size=len(text), max_size=len(text)))
    repaired = bmes.repair(tags)
    assert "".join(bmes.words_of_tags(text, repaired)) == text
    assert bmes.repair(repaired) == repaired
    assert (repaired == tags) == legal(tags)


def test_tables_and_check_agree_on_every_short_sequence():
    n_legal = 0
    for length in range(7):
        for letters in itertools.product(bmes.TAGS, repeat=length):
            tags = "".join(letters)
            if legal(tags):
                bmes.check(tags)
                n_legal += 1
            else:
                with pytest.raises(DataError, match=r"^the tag [BMES] at position \d+ cannot "):
                    bmes.check(tags)
    # n characters can be cut in 2 ** (n - 1) ways.
    assert n_legal == 1 + sum(2 ** (length - 1) for length in range(1, 7))


def test_repair_keeps_every_boundary_that_a_tag_claims():
    for length in range(1, 7):
        for letters in itertools.product(bmes.TAGS, repeat=length):
            tags = "".join(letters)
            starts = {start for start, _ in bmes.spans_of_tags(bmes.repair(tags))}
            claimed = {0} | {at for at, tag in enumerate(tags) if tag in "BS"}
            claimed |= {at + 1 for at, tag in enumerate(tags[:-1]) if tag in "ES"}
            assert starts == claimed


@pytest.mark.parametrize(
    ("tags", "says"),
    [
        ("SMES", "the tag M at position 2 cannot follow S"),
        ("BMBE", "the tag B at position 3 cannot follow M"),
        ("ES", "the tag E at position 1 cannot begin a sentence"),
        ("SBM", "the tag M at position 3 cannot end a sentence"),
        ("B", "the tag B at position 1 cannot end a sentence"),
        ("SXB", "'X' at position 2 is no tag; known: B, M, E, S"),
        ("S\n", r"'\n' at position 2 is no tag"),
    ],
)
def test_what_is_illegal_is_named_with_its_position(tags, says):
    with pytest.raises(DataError) as caught:
        bmes.words_of_tags("x" * len(tags), tags)
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


def test_what_does_not_fit_is_refused():
    with pytest.raises(DataError, match="2 tags for a text of 3 characters"):
        bmes.words_of_tags("abc", "BE")
    with pytest.raises(DataError, match="word 2 of the sentence is empty"):
        bmes.tags_of_words(["a", "", "b"])
    for spans in ([(0, 1), (2, 3)], [(0, 2), (1, 3)], [(0, 0)], [(1, 2)]):
        with pytest.raises(DataError, match=r"^span \d goes from"):
            bmes.tags_of_spans(spans)
    with pytest.raises(DataError, match="the spans end at 2, and the text has 3 characters"):
        bmes.words_of_spans("abc", [(0, 2)])
    for call in (bmes.repair, bmes.numbers_of_tags):
        with pytest.raises(DataError, match=r"'\\xc4' at position 2 is no tag"):
            call("SÄ")


@given(st.text(bmes.TAGS))
def test_numbers_and_letters(tags):
    numbers = bmes.numbers_of_tags(tags)
    assert numbers.tolist() == [bmes.TAGS.index(tag) for tag in tags]
    assert bmes.tags_of_numbers(numbers) == bmes.tags_of_numbers(numbers.astype(np.int64).tolist()) == tags


def test_numbers_that_are_no_tags():
    for numbers in ([0, 4], [-1]):
        with pytest.raises(DataError, match="a tag has a number from 0 to 3"):
            bmes.tags_of_numbers(numbers)


def test_the_tables_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        bmes.LEGAL[0, 0] = True
