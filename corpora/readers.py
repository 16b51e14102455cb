"""Readers of corpora. A reader is iterated as often as one likes, and each time gives the records from the start."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from seqlab.corpora.file_reader import FileReader
from seqlab.corpora.files import Paths, TextFile, find_files, nothing_in
from seqlab.corpora.lines import read_text
from seqlab.records import Text

PIECE = 1 << 20
"""Characters of a piece at most."""

_LAST_BLANK = re.compile(r"(?s).*\s")


class PlainText(FileReader):
    """Running text from files, in pieces, in constant memory.

    A path is a file, a pattern such as `data/*.txt`, `-` for standard input, or a folder or an archive (`.zip`), of
    which all `.txt`, `.text` and `.md` files are read, at any depth, sorted, hidden ones left out; files may be
    compressed (`.gz`, `.bz2`, `.xz`, `.zst`). A byte order mark is dropped, and every kind of line end becomes "\\n".
    Where a file does not end in a line end and another follows, one is put between them.

    A piece is cut after a line end; in a line that is longer than a piece after white space; in a longer word anywhere,
    but not inside a surrogate pair. The pieces put together are the text.

    Raises DataError when it is made for a path that is missing, unreadable or has no text files, and ConfigError for an
    unknown encoding; DataError while it is read for what is not text, with the file and, where it can be told, the line.
    Undecodable bytes are replaced, or their lines left out, where `errors` says so, and counted in `tally`.
    """

    def __init__(self, paths: Paths, encoding: str = "utf-8", *, errors: str = "strict", piece: int = PIECE) -> None:
        """Take the paths, and the encoding of all files that do not bring their own; auto finds it out for each.

        `errors` is what is done with bytes that are not in it: strict, replace or skip-line. `piece` is in characters.
        """
        if piece < 1:
            raise ValueError(f"a piece has at least one character, not {piece}")
        self.tally = Counter()
        self.files = find_files(paths, encoding, errors=errors, tally=self.tally)
        self._piece = piece

    def __iter__(self) -> Iterator[Text]:
        self.tally.clear()
        empty = True
        for record in set_apart(pieces(file, self._piece) for file in self.files):
            empty = False
            yield record
        if empty:
            raise nothing_in(self.files, "text")


def set_apart(files: Iterable[Iterator[Text]]) -> Iterator[Text]:
    """Give the records of files one after another; one that does not end in a line end gets one where another follows."""
    waiting: Text | None = None  # the last piece, until it is known whether another file follows
    for records in files:
        starts = True
        for record in records:
            if waiting is not None:
                apart = "\n" if starts and not waiting.text.endswith("\n") else ""
                yield Text(waiting.text + apart, waiting.source)
            waiting, starts = record, False
    if waiting is not None:
        yield waiting


def pieces(file: TextFile, size: int = PIECE) -> Iterator[Text]:
    """Give the text of a file in pieces of so many characters at most, cut as `PlainText` says."""
    rest = ""
    for block in read_text(file):
        rest += block
        start = 0
        while len(rest) - start > size:
            end = _cut(rest, start, start + size)
            yield Text(rest[start:end], file.name)
            start = end
        rest = rest[start:]
    if rest:
        yield Text(rest, file.name)


def in_pieces(rows: Iterable[str | None], source: str, size: int = PIECE) -> Iterator[Text]:
    """Give rows of text as records of about so many characters, every line end "\\n" and one behind each row.

    Rows without a value are passed over.
    """
    taken: list[str] = []
    n_characters = 0
    for row in rows:
        if row is not None:
            text = row.replace("\r\n", "\n").replace("\r", "\n")
            taken.append(text if text.endswith("\n") else text + "\n")
            n_characters += len(taken[-1])
        if n_characters >= size:
            yield Text("".join(taken), source)
            taken, n_characters = [], 0
    if taken:
        yield Text("".join(taken), source)


def _cut(text: str, start: int, end: int) -> int:
    """Give where to end the piece that begins at `start` and may go to `end`, which is before the end of the text."""
    line_end = text.rfind("\n", start, end)
    if line_end >= 0:
        return line_end + 1
    blank = _LAST_BLANK.match(text, start, end)
    if blank:
        return blank.end()
    pair = "\ud800" <= text[end - 1] <= "\udbff" and "\udc00" <= text[end] <= "\udfff"
    return end - 1 if pair and end - 1 > start else end
