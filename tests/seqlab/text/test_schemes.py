import doctest
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval import scheme as seqeval_scheme

from seqlab.errors import ConfigError, DataError
from seqlab.text import schemes
from seqlab.text.schemes import OUTSIDE, SCHEMES, Span, convert, scheme_by_name

TYPES = ("PER", "LOC", "GPE-CITY", "")
ORACLES = {"BIO": seqeval_scheme.IOB2, "IOB1": seqeval_scheme.IOB1, "BIOES": seqeval_scheme.IOBES}


@st.composite
def spans_in(draw):
    """Spans that do not overlap, and how many tokens there are."""
    spans, end = [], 0
    for gap, length, type_ in draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from(TYPES)))):
        spans.append(Span(end + gap, end + gap + length, type_))
        end += gap + length
    return spans, end + draw(st.integers(0, 3))


def tags_of(scheme, types):
    letters = dict.fromkeys((scheme.first, scheme.between, scheme.last, scheme.alone, scheme.again))
    return [OUTSIDE, *(f"{letter}-{type_}" for letter in letters if letter for type_ in types)]


def of_seqeval(tags, name):
    entities = seqeval_scheme.Tokens(list(tags), ORACLES[name]).entities
    return [Span(entity.start, entity.end, entity.tag) for entity in entities]


def is_legal(scheme, tags):
    try:
        scheme.check(tags)
    except DataError:
        return False
    return True


def test_the_examples():
    outcome = doctest.testmod(schemes)
    assert outcome.attempted > 0
    assert outcome.failed == 0


@given(spans_in(), st.sampled_from(sorted(SCHEMES)), st.sampled_from(sorted(SCHEMES)))
def test_every_scheme_holds_any_spans_and_becomes_every_other(given_spans, source, target):
    spans, length = given_spans
    tags = SCHEMES[source].tags(reversed(spans), length)
    assert len(tags) == length
    assert SCHEMES[source].spans(tags) == spans
    converted = convert(tags, source, target)
    assert converted == SCHEMES[target].tags(spans, length)
    assert convert(converted, target, source) == tags


@pytest.mark.parametrize("name", SCHEMES)
def test_legal_sequences_are_those_that_spans_can_make(name):
    """All sequences of four tags: the legal ones are as many as there are ways to place spans, and each its own."""
    scheme = SCHEMES[name]
    tags = tags_of(scheme, ["X", "Y"])
    legal = [sequence for sequence in itertools.product(tags, repeat=4) if is_legal(scheme, sequence)]
    for sequence in legal:
        assert scheme.tags(scheme.spans(sequence), 4) == list(sequence)
    # A sequence of n tokens begins with O, or with a span of any length and one of two types.
    ways = [1]
    for n in range(1, 5):
        ways.append(ways[n - 1] + 2 * sum(ways[n - length] for length in range(1, n + 1)))
    assert len(legal) == ways[4]


@pytest.mark.parametrize("name", SCHEMES)
def test_tables_agree_with_the_check(name):
    scheme = SCHEMES[name]
    tags = tags_of(scheme, ["X", "Y"])
    start, transitions, end = scheme.legality(tags)
    assert start.shape == end.shape == (len(tags),)
    assert transitions.shape == (len(tags), len(tags))
    for sequence in itertools.product(range(len(tags)), repeat=3):
        by_table = (
            start[sequence[0]] and end[sequence[-1]] and all(transitions[p] for p in itertools.pairwise(sequence))
        )
        assert by_table == is_legal(scheme, [tags[index] for index in sequence])


@pytest.mark.parametrize("name", ["BIO", "BIOES"])
def test_whole_spans_of_any_sequence_are_those_of_seqeval(name):
    scheme = SCHEMES[name]
    tags = tags_of(scheme, ["X", "Y"])
    for length in range(5 if name == "BIOES" else 6):
        for sequence in itertools.product(tags, repeat=length):
            assert scheme.whole_spans(sequence) == of_seqeval(sequence, name), sequence


def test_spans_of_legal_iob1_are_those_of_seqeval():
    """In illegal sequences seqeval loses a span with an illegal B behind it."""
    scheme = SCHEMES["IOB1"]
    for sequence in itertools.product(tags_of(scheme, ["X", "Y"]), repeat=5):
        if is_legal(scheme, sequence):
            assert scheme.spans(sequence) == of_seqeval(sequence, "IOB1"), sequence


@pytest.mark.parametrize(
    ("name", "tags", "says"),
    [
        ("BIO", "O I-X", "the tag I-X at position 2 cannot stand after O in the scheme BIO"),
        ("BIO", "I-X", "the tag I-X at position 1 cannot stand at the start of a sentence"),
        ("BIO", "B-X I-Y", "the tag I-Y at position 2 cannot stand after B-X"),
        ("IOB1", "I-Y B-X", "the tag B-X at position 2 cannot stand after I-Y"),
        ("BIOES", "B-X", "the tag B-X at position 1 cannot end a sentence in the scheme BIOES"),
        ("BIOES", "S-X E-X", "the tag E-X at position 2 cannot stand after S-X"),
        ("BMES", "B-X O", "the tag O at position 2 cannot stand after B-X"),
        ("BMES", "B-X I-X", "'I-X' is no tag of the scheme BMES; known: B-TYPE, M-TYPE, E-TYPE, S-TYPE, O"),
        ("BIO", "B-X E-X", "'E-X' is no tag of the scheme BIO; known: B-TYPE, I-TYPE, O"),
        ("BIO", "O-X", "'O-X' is no tag of the scheme BIO"),
        ("BIO", "O-", "'O-' is no tag of the scheme BIO"),
        ("IOB1", "-X", "'-X' is no tag of the scheme IOB1"),
    ],
)
def test_what_is_illegal_is_named_with_its_position(name, tags, says):
    with pytest.raises(DataError) as caught:
        SCHEMES[name].spans(tags.split())
    assert str(caught.value).startswith(says)


def test_what_does_not_fit_is_refused():
    for spans in ([Span(0, 0)], [Span(2, 4)], [Span(0, 2), Span(1, 3)], [Span(-1, 1)]):
        with pytest.raises(DataError, match="a token belongs to one span at most"):
            SCHEMES["BIO"].tags(spans, 3)
    with pytest.raises(ConfigError, match=r"unknown scheme 'BILOU'; .*known: BIO, BIOES, BMES, IOB1"):
        scheme_by_name("BILOU")
    with pytest.raises(ConfigError, match="did you mean 'BIOES'"):
        convert([], "BIO", "IOES")


def test_nothing_at_all():
    for scheme in SCHEMES.values():
        assert scheme.spans([]) == scheme.tags([], 0) == []
        start, transitions, _ = scheme.legality([])
        assert start.dtype == np.bool_
        assert transitions.shape == (0, 0)
