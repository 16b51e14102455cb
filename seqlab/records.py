"""One example of each task, as the readers give it and the tasks take it."""

import re
from dataclasses import dataclass

_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Text:
    """A stretch of running text, for language modelling.

    A corpus is the texts of its records one after another, with nothing put between them; a long file is many records.
    A record is best cut after a line end: blanks are collapsed, and words found, within each of them.
    """

    text: str
    source: str = ""
    """Where it comes from, for messages: a path, a URL, a name."""


@dataclass(frozen=True, slots=True)
class Segmented:
    """A sentence in words; the text is the words put together, with nothing between them."""

    words: tuple[str, ...]
    source: str = ""
    """Where it comes from, for messages: a path and a line."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """A sentence in tokens, words or characters, each with its tag; there are as many of the ones as of the others."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    source: str = ""
    """Where it comes from, for messages: a path and a line."""


def breaks_lines(label: str) -> bool:
    """Whether a label has a line end, a tab or another control character, so that it does not fit in a line."""
    return _CONTROL.search(label) is not None


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with its labels: one, or in a task with several labels a text any number, none too."""

    text: str
    labels: tuple[str, ...]
    source: str = ""
    """Where it comes from, for messages: a path and a line."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence and its translation, for translation; a side that is empty in the corpus is empty here."""

    source: str
    target: str
    where: str = ""
    """Where it comes from, for messages: a path and a line."""
