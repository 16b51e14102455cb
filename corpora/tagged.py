"""Text with tags, in the two forms it comes in: `word/tag` in running lines, and columns with a token a line."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from seqlab.corpora.file_reader import FileReader
from seqlab.corpora.files import TEXT_SUFFIXES, Paths, TextFile, find_files, nothing_in
from seqlab.corpora.lines import read_lines
from seqlab.errors import ConfigError, DataError
from seqlab.records import Tagged
from seqlab.text.schemes import Scheme, scheme_by_name

SUFFIXES = (*TEXT_SUFFIXES, ".utf8", ".pos", ".tsv", ".conll", ".conllu", ".bio", ".bmes", ".bioes")

_RANGE_OR_EMPTY = re.compile(r"\d+[-.]\d+")  # ids of CoNLL-U: several tokens written as one, and tokens not written
_CONLL_U_COLUMNS = 10
_DOCUMENT = ["-DOCSTART-"]  # stands between the documents of CoNLL-2003, in a sentence of its own


class TaggedLines(FileReader):
    """Sentences from lines of `word/tag`, in constant memory; white space stands between the words.

    The last separator of a word counts, so `1/2/CD` is the word `1/2`. Blank lines are passed over. Files, folders and
    compression are those of `PlainText`, with more suffixes in folders (`SUFFIXES`).

    Raises what `PlainText` does, ConfigError for an unknown scheme, and while it is read DataError, with file and line, for
    a word without tag, a tag without word, and tags that are not legal in the scheme.
    """

    def __init__(
        self,
        paths: Paths,
        encoding: str = "utf-8",
        *,
        errors: str = "strict",
        separator: str = "/",
        scheme: str | None = None,
        fold_widths: bool = False,
    ) -> None:
        """Take the paths, the encoding of all files that do not bring their own, and what is done with undecodable bytes.

        `scheme` is the one that the tags have to keep to (`seqlab.text.schemes`); where `fold_widths`, full-width ASCII
        becomes ASCII.
        """
        if not separator or any(character.isspace() for character in separator):
            raise ConfigError(f"the separator of word and tag is {separator!a}: give a sign that is no white space")
        self.tally = Counter()
        self.files = find_files(paths, encoding, SUFFIXES, errors=errors, tally=self.tally)
        self._separator = separator
        self._scheme = None if scheme is None else scheme_by_name(scheme)
        self._fold_widths = fold_widths

    def __iter__(self) -> Iterator[Tagged]:
        self.tally.clear()
        empty = True
        for file in self.files:
            for number, line in read_lines(file, self._fold_widths):
                pieces = line.split()
                if pieces:
                    empty = False
                    yield self._sentence(pieces, file, number)
        if empty:
            raise nothing_in(self.files, "word")

    def _sentence(self, pieces: list[str], file: TextFile, number: int) -> Tagged:
        tokens, _, tags = zip(*[piece.rpartition(self._separator) for piece in pieces], strict=True)
        if not all(tokens) or not all(tags):  # without a separator the whole piece comes out as the tag
            index = next(at for at, piece in enumerate(pieces) if not (tokens[at] and tags[at]))
            raise DataError(
                f"{file.name}, line {number}: '{pieces[index]}' (number {index + 1}) is not "
                f"word{self._separator}tag; write each word so, or, where a line holds one token, say which columns "
                "are token and tag"
            )
        _check(self._scheme, tags, file, [number] * len(tags))
        return Tagged(tokens, tags, f"{file.name}, line {number}")


class _Line(NamedTuple):
    number: int
    text: str


class TaggedColumns(FileReader):
    """Sentences from columns, a token a line and a blank line after each sentence: CoNLL-U, CoNLL-2003, character and tag.

    Columns are separated by tabs, or in a sentence without tabs by white space. All lines of a sentence have equally many.
    A line that begins with `#` and has another number of columns is a comment. Left out are what CoNLL-U repeats or adds
    (ids such as `3-4` and `3.1`) and the `-DOCSTART-` of CoNLL-2003. A sentence is in memory at a time.

    Raises what `PlainText` does, ConfigError for an unknown scheme or a column 0, and while it is read DataError, with file
    and line, for a column that is missing or empty, and for tags that are not legal in the scheme.
    """

    def __init__(
        self,
        paths: Paths,
        encoding: str = "utf-8",
        *,
        errors: str = "strict",
        token_column: int = 1,
        tag_column: int = -1,
        scheme: str | None = None,
        fold_widths: bool = False,
    ) -> None:
        """Take the paths, the encoding of all files that do not bring their own, and what is done with undecodable bytes.

        Columns count from 1, or from -1 backward. `scheme` is the one that the tags have to keep to
        (`seqlab.text.schemes`); where `fold_widths`, full-width ASCII becomes ASCII.
        """
        if token_column == 0 or tag_column == 0 or token_column == tag_column:
            raise ConfigError(
                f"token and tag are in the columns {token_column} and {tag_column}: "
                "give two different ones, counted from 1, or from -1 backward"
            )
        self.tally = Counter()
        self.files = find_files(paths, encoding, SUFFIXES, errors=errors, tally=self.tally)
        self._token_column, self._tag_column = token_column, tag_column
        self._scheme = None if scheme is None else scheme_by_name(scheme)
        self._fold_widths = fold_widths

    def __iter__(self) -> Iterator[Tagged]:
        self.tally.clear()
        empty = True
        for file in self.files:
            for lines in self._blocks(file):
                sentence = self._sentence(file, lines)
                if sentence is not None:
                    empty = False
                    yield sentence
        if empty:
            raise nothing_in(self.files, "token")

    def _blocks(self, file: TextFile) -> Iterator[list[_Line]]:
        block: list[_Line] = []
        for number, text in read_lines(file, self._fold_widths):
            if text and not text.isspace():
                block.append(_Line(number, text))
            elif block:
                yield block
                block = []
        if block:
            yield block

    def _sentence(self, file: TextFile, lines: list[_Line]) -> Tagged | None:
        first = next((line for line in lines if not line.text.startswith("#")), None)
        if first is None:
            return None
        separator = "\t" if "\t" in first.text else None
        n_columns = len(first.text.split(separator))
        token_at, tag_at = self._indices(n_columns, f"{file.name}, line {first.number}")
        tokens: list[str] = []
        tags: list[str] = []
        numbers: list[int] = []
        for number, text in lines:
            row = text.split(separator)
            if len(row) == n_columns:
                if n_columns == _CONLL_U_COLUMNS and _RANGE_OR_EMPTY.fullmatch(row[0]):
                    continue
                tokens.append(row[token_at])
                tags.append(row[tag_at])
                numbers.append(number)
                if not tokens[-1] or not tags[-1]:
                    empty = "tag" if tokens[-1] else "token"
                    raise DataError(f"{file.name}, line {number}: the {empty} is empty; fill it, or name other columns")
            elif not text.startswith("#"):
                raise DataError(
                    f"{file.name}, line {number}: {_columns(len(row))}, where line {first.number} of the same "
                    f"sentence has {n_columns}: fill the missing ones, and leave a blank line after each sentence"
                )
        if not tokens or tokens == _DOCUMENT:
            return None
        _check(self._scheme, tags, file, numbers)
        return Tagged(tuple(tokens), tuple(tags), f"{file.name}, line {numbers[0]}")

    def _indices(self, n_columns: int, place: str) -> tuple[int, int]:
        """Give where token and tag stand in a row, from 0."""
        columns = (self._token_column, self._tag_column)
        token_at, tag_at = (column - 1 if column > 0 else column + n_columns for column in columns)
        if token_at != tag_at and 0 <= token_at < n_columns and 0 <= tag_at < n_columns:
            return token_at, tag_at
        raise DataError(
            f"{place}: {_columns(n_columns)}, and the token is read from column {columns[0]}, the tag from column "
            f"{columns[1]}: name the columns that hold them, counted from 1, or from -1 backward"
        )


def _columns(n: int) -> str:
    return "1 column" if n == 1 else f"{n} columns"


def _check(scheme: Scheme | None, tags: Sequence[str], file: TextFile, numbers: Sequence[int]) -> None:
    fault = scheme.fault(tags) if scheme else None
    if fault:
        raise DataError(
            f"{file.name}, line {numbers[fault.index]}: {fault.says}; correct the tags, or name the scheme they are in"
        )
