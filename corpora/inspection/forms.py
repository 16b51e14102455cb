"""In which form a text seems to be, by its first lines, and what would train on it."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from seqlab.corpora.inspection.tables import table_form, task_of_columns
from seqlab.corpora.labelled_lines import MARK
from seqlab.corpora.object_files import SUFFIXES as OBJECT_SUFFIXES
from seqlab.corpora.parallel_lines import SEPARATOR

LOOK = 2000
"""Lines that are looked at."""

_HAN = re.compile("[\u3400-\u9fff]")
_MARKUP = (
    (
        re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!DOCTYPE tmx[^>]*>\s*)?<tmx\b", re.IGNORECASE),
        "a translation memory (TMX)",
    ),
    (re.compile(r"\s*(?:<!doctype html|<html\b)", re.IGNORECASE), "a page of HTML; take the text out of it first"),
    (re.compile(r"\s*<\?xml\b"), "XML; take the text out of it first"),
)
_SEPARATORS = ("/", "_")
_MOST = 0.95


@dataclass(frozen=True)
class Form:
    """What the lines of a text are."""

    what: str
    """In words."""
    task: str = ""
    """The task that trains on it; "" where none does as it stands."""
    layout: Mapping[str, str] = field(default_factory=dict)
    """The settings that have to say where things stand, by their names."""
    parted: str = ""
    """How words are told from one another already; "" where they are not, else in words."""
    separator: str = ""
    """What parts a word from its tag."""
    column: int | None = None
    """Where the token stands in a line, from 0."""

    @property
    def options(self) -> str:
        """The layout as a command is told it."""
        return " ".join(f"--{name.replace('_', '-')} {shlex.quote(value)}" for name, value in self.layout.items())

    @property
    def has_tags(self) -> bool:
        """Whether there are tags among the words."""
        return bool(self.separator) or self.column is not None

    def words(self, lines: Sequence[str]) -> list[str]:
        """Give the words of lines in which they are parted already."""
        if self.column is not None:
            rows = [line.split("\t") if "\t" in line else line.split() for line in lines]
            return [row[self.column] for row in rows if len(row) > self.column + 1]
        pieces = [piece for line in lines for piece in line.split()]
        return [piece.rpartition(self.separator)[0] or piece for piece in pieces] if self.separator else pieces


def form_of(lines: Sequence[str], suffix: str = "") -> Form:
    """Tell the form of a text by its first lines, blank ones too, and the suffix of its file."""
    filled = [line for line in lines if line and not line.isspace()]
    if not filled:
        return Form("nothing but white space")
    for begins, what in _MARKUP:
        if begins.match("\n".join(filled[:5])):
            return Form(what)
    return (
        _json_lines(filled, suffix)
        or _fasttext(filled)
        or _moses(filled)
        or _columns(lines)
        or table_form(filled, suffix, Form)
        or _word_and_tag(filled)
        or _segmented(filled)
        or Form("running text" if sum(map(len, filled)) > 30 * len(filled) else "short lines of text", "lm")
    )


def _json_lines(filled: list[str], suffix: str) -> Form | None:
    if filled[0].lstrip()[:1] not in ("{", "["):
        return None
    rows = []
    for line in filled[:200]:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        rows.append(row)
    objects = [row for row in rows if isinstance(row, dict)]
    if len(objects) < _MOST * len(rows):
        return Form("JSON, one document over several lines") if _looks_json(filled) else None
    keys = list(dict.fromkeys(key for row in objects for key in row))
    what = f"JSON lines with the keys {', '.join(keys[:6])}{', ...' if len(keys) > 6 else ''}"
    layout = {} if suffix in OBJECT_SUFFIXES else {"form": "jsonl"}
    return Form(what, task_of_columns(keys), layout)


def _looks_json(filled: list[str]) -> bool:
    start, end = filled[0].lstrip(), filled[-1].rstrip()
    return bool(re.match(r'[\[{]\s*(?:$|["\[{\d])', start)) and (len(filled) > 1 or end.endswith(("]", "}", ",")))


def _fasttext(filled: list[str]) -> Form | None:
    marked = sum(line.lstrip().startswith(MARK) for line in filled)
    return Form(f"lines of fastText, {MARK}NAME text", "classify") if marked >= 0.9 * len(filled) else None


def _moses(filled: list[str]) -> Form | None:
    pairs = sum(line.count(f" {SEPARATOR} ") == 1 for line in filled)
    return Form(f"pairs, source {SEPARATOR} target", "translate") if pairs >= _MOST * len(filled) else None


def _columns(lines: Sequence[str]) -> Form | None:
    """Tell a token a line, its tag in another column, and a blank line after each sentence."""
    filled = [line for line in lines if line and not line.isspace() and not line.startswith("# ")]
    if len(filled) < 3 or len(filled) > 0.998 * len(lines):  # some lines are blank
        return None
    separator = "\t" if sum("\t" in line for line in filled) > len(filled) / 2 else None
    rows = [line.split(separator) for line in filled]
    n_columns = max(set(map(len, rows)), key=[len(row) for row in rows].count)
    rows = [row for row in rows if len(row) == n_columns]
    if n_columns < 2 or len(rows) < _MOST * len(filled):
        return None
    if n_columns == 10 and sum(row[0][:1].isdigit() for row in rows) >= _MOST * len(rows):
        return Form("CoNLL-U, a token a line", "tag", {"token_column": "2", "tag_column": "4"}, "column 2", column=1)
    tokens, tags = {row[0] for row in rows}, {row[-1] for row in rows}
    if len(tags) > max(3, 0.2 * len(rows)) or max(map(len, tags)) > 20 or len(tags) > len(tokens):
        return None
    parted = "tabs" if separator else "blanks"
    what = f"a token and its tag a line, {n_columns} columns parted by {parted}, {len(tags)} tags"
    return Form(what, "tag", {"token_column": "1", "tag_column": "-1"}, "column 1", column=0)


def _word_and_tag(filled: list[str]) -> Form | None:
    pieces = [piece for line in filled for piece in line.split()]
    for separator in _SEPARATORS:
        parted = [piece.rpartition(separator) for piece in pieces]
        tags = {tag for word, _, tag in parted if word and tag}
        n = sum(bool(word and tag) for word, _, tag in parted)
        if n >= _MOST * len(pieces) and len(tags) <= max(3, min(200, len(pieces) // 3)):
            layout = {} if separator == "/" else {"separator": separator}
            return Form(
                f"words with tags, word{separator}tag, {len(tags)} tags", "tag", layout, "white space", separator
            )
    return None


def _segmented(filled: list[str]) -> Form | None:
    """Tell Chinese with blanks between words: the words of a text that has not been cut are its clauses, and longer."""
    pieces = [piece for line in islice(filled, LOOK) for piece in line.split() if _HAN.search(piece)]
    n_lines = sum(_HAN.search(line) is not None for line in filled)
    if n_lines < 0.5 * len(filled) or len(pieces) < 3 * n_lines or sum(map(len, pieces)) > 3 * len(pieces):
        return None
    return Form("text cut into words, with blanks between them", "segment", parted="white space")
