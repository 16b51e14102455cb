"""Schemes: spans of a type, such as names of persons, written as tags of the tokens they cover.

A tag is a letter and, after a hyphen, the type: `B-PER`; a type may hold hyphens, and may be left out altogether. `O` is
outside of all spans.

    >>> spans = [Span(0, 2, "PER"), Span(2, 3, "PER"), Span(4, 7, "LOC")]
    >>> for scheme in SCHEMES.values():
    ...     print(f"{scheme.name:5}", *scheme.tags(spans, length=7))
    BIO   B-PER I-PER B-PER O B-LOC I-LOC I-LOC
    IOB1  I-PER I-PER B-PER O I-LOC I-LOC I-LOC
    BIOES B-PER E-PER S-PER O B-LOC I-LOC E-LOC
    BMES  B-PER E-PER S-PER O B-LOC M-LOC E-LOC
    >>> convert(["I-PER", "B-PER", "O"], "IOB1", "BIOES")
    ['S-PER', 'S-PER', 'O']
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import ConfigError, DataError, unknown

OUTSIDE = "O"
"""The tag of a token that belongs to no span."""


class Span(NamedTuple):
    """The tokens `start` to `end` (exclusive) and the type of what they are."""

    start: int
    end: int
    type: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What makes a sequence of tags illegal."""

    index: int
    """Of the token, from 0."""
    says: str
    """The sentence for the user, with tag and position."""


class Legality(NamedTuple):
    """Which of K tags may stand where: True is legal."""

    start: NDArray[np.bool_]
    """`(K,)`: at the beginning of a sentence."""
    transitions: NDArray[np.bool_]
    """`(K, K)`: the tag of the column after the tag of the row."""
    end: NDArray[np.bool_]
    """`(K,)`: at the end of a sentence."""


@dataclass(frozen=True)
class Scheme:
    """The letters that a scheme gives to the first token of a span, to the last one, to those between, to one alone.

    Where the last token has the letter of those between, a span ends with the token before the first that does not go on.
    """

    name: str
    first: str
    between: str
    last: str
    alone: str
    again: str = ""
    """The first token of a span right behind another one of its type, where it has a letter of its own."""

    def tags(self, spans: Iterable[Span], length: int) -> list[str]:
        """Write spans as the tags of `length` tokens; DataError for one that is empty, overlaps or goes past the end."""
        tags = [OUTSIDE] * length
        before = Span(0, 0)
        for span in sorted(spans):
            if not before.end <= span.start < span.end <= length:
                raise DataError(
                    f"the span {span.start} to {span.end} ({span.type}) is empty, overlaps another one or goes past "
                    f"the {length} tokens: a token belongs to one span at most"
                )
            letters = [self.between] * (span.end - span.start)
            letters[-1], letters[0] = self.last, self.first if len(letters) > 1 else self.alone
            if self.again and before.end == span.start > 0 and before.type == span.type:
                letters[0] = self.again
            tags[span.start : span.end] = [f"{letter}-{span.type}" if span.type else letter for letter in letters]
            before = span
        return tags

    def spans(self, tags: Sequence[str]) -> list[Span]:
        """Read the spans; DataError, with position and tag, for a sequence that is not legal."""
        self.check(tags)
        return self.whole_spans(tags)

    def whole_spans(self, tags: Iterable[str]) -> list[Span]:
        """Read the spans that are whole, whatever else stands there: a span without its first or last token is none.

        This is how the strict mode of seqeval reads what a model has predicted.
        """
        found: list[Span] = []
        start, type_ = -1, ""  # of the span that is open; none is at -1
        before = OUTSIDE
        position = -1
        for position, tag in enumerate(tags):
            letter, own = _parts(tag)
            if start >= 0 and own == type_ and letter in (self.between, self.last):
                if letter == self.last != self.between:
                    found.append(Span(start, position + 1, type_))
                    start = -1
            else:
                if start >= 0 and self.last == self.between:
                    found.append(Span(start, position, type_))
                start = position if self._starts(before, letter, own) else -1
                type_ = own
                if start >= 0 and letter == self.alone != self.first:
                    found.append(Span(start, position + 1, type_))
                    start = -1
            before = tag
        if start >= 0 and self.last == self.between:
            found.append(Span(start, position + 1, type_))
        return found

    def check(self, tags: Iterable[str]) -> None:
        """Raise DataError, with the position from 1, for what is no tag of the scheme and for a tag that cannot stand."""
        fault = self.fault(tags)
        if fault:
            raise DataError(fault.says)

    def fault(self, tags: Iterable[str]) -> Fault | None:
        """Give the first thing that makes a sequence illegal; None where it is legal."""
        before = OUTSIDE
        position = 0
        for position, tag in enumerate(tags, start=1):
            try:
                legal = self.may_follow(before, tag)
            except DataError as error:
                return Fault(position - 1, f"{error} (position {position})")
            if not legal:
                after = f"after {before}" if position > 1 else "at the start of a sentence"
                says = f"the tag {tag} at position {position} cannot stand {after} in the scheme {self.name}"
                return Fault(position - 1, says)
            before = tag
        if self.may_follow(before, OUTSIDE):
            return None
        return Fault(
            position - 1,
            f"the tag {before} at position {position} cannot end a sentence in the scheme {self.name}: "
            "its span has no last token",
        )

    def may_follow(self, before: str, tag: str) -> bool:
        """Say whether a tag may come after another; `O` stands for what is before and after a sentence.

        Raises DataError for what is no tag of the scheme.
        """
        before_letter, before_type = self._known(before)
        letter, type_ = self._known(tag)
        same = before_letter != OUTSIDE and before_type == type_
        if letter == self.again:
            return same
        complete = before_letter in (OUTSIDE, self.last, self.alone) or self.last == self.between
        starts = letter in (OUTSIDE, self.first, self.alone)
        goes_on = letter in (self.between, self.last)
        return (starts and complete) or (goes_on and same and before_letter in (self.first, self.between, self.again))

    def legality(self, tags: Sequence[str]) -> Legality:
        """Say which of K tags may stand where, for decoding; DataError for what is no tag of the scheme."""
        return Legality(
            np.array([self.may_follow(OUTSIDE, tag) for tag in tags], dtype=np.bool_),
            np.array([self.may_follow(before, tag) for before in tags for tag in tags], dtype=np.bool_).reshape(
                len(tags), len(tags)
            ),
            np.array([self.may_follow(tag, OUTSIDE) for tag in tags], dtype=np.bool_),
        )

    def _starts(self, before: str, letter: str, type_: str) -> bool:
        if letter and letter == self.again:
            before_letter, before_type = _parts(before)
            return before_letter != OUTSIDE and before_type == type_
        return letter in (self.first, self.alone)

    def _known(self, tag: str) -> tuple[str, str]:
        letter, type_ = _parts(tag)
        letters = dict.fromkeys((self.first, self.between, self.last, self.alone, self.again))
        if (letter == OUTSIDE and not type_ and tag == OUTSIDE) or (letter and letter in letters):
            return letter, type_
        known = ", ".join(f"{letter}-TYPE" for letter in letters if letter)
        raise DataError(f"'{tag}' is no tag of the scheme {self.name}; known: {known}, {OUTSIDE}")


SCHEMES: dict[str, Scheme] = {
    scheme.name: scheme
    for scheme in (
        Scheme("BIO", first="B", between="I", last="I", alone="B"),
        Scheme("IOB1", first="I", between="I", last="I", alone="I", again="B"),
        Scheme("BIOES", first="B", between="I", last="E", alone="S"),
        Scheme("BMES", first="B", between="M", last="E", alone="S"),
    )
}
"""The schemes by name. BIO is also called IOB2; IOB1 is that of Ramshaw & Marcus 1995, where `B` stands only between two
spans of a type that touch; BIOES is also called IOBES, and with other letters BILOU."""


def scheme_by_name(name: str) -> Scheme:
    """Give the scheme of a name; ConfigError, with the nearest name, where there is none."""
    if name not in SCHEMES:
        raise ConfigError(unknown("scheme", name, SCHEMES))
    return SCHEMES[name]


def convert(tags: Sequence[str], source: str, target: str) -> list[str]:
    """Write the tags of one scheme in another; DataError where they are not legal in the first."""
    return scheme_by_name(target).tags(scheme_by_name(source).spans(tags), len(tags))


@lru_cache(maxsize=4096)
def _parts(tag: str) -> tuple[str, str]:
    letter, _, type_ = tag.partition("-")
    return letter, type_
