"""Text that is cut into words: a sentence a line, white space between the words."""

from collections.abc import Iterator

from seqlab.corpora.files import TEXT_SUFFIXES, Paths, find_files, nothing_in
from seqlab.corpora.lines import read_lines
from seqlab.records import Segmented

SUFFIXES = (*TEXT_SUFFIXES, ".utf8", ".seg")


class SegmentedText:
    """Sentences in words from files, in constant memory: one a line, with any white space between the words.

    Blank lines are passed over. Files, folders and compression are those of `PlainText`; in a folder `.utf8` and `.seg`
    files are read too.

    Raises DataError when it is made for a path that is missing or unreadable, and ConfigError for an unknown encoding;
    DataError while it is read for what is not text, with the file and the line, and where there is no word at all.
    """

    def __init__(self, paths: Paths, encoding: str = "utf-8", *, fold_widths: bool = False) -> None:
        """Take the paths and the encoding of all files that do not bring their own.

        Where `fold_widths`, full-width ASCII becomes ASCII, for a corpus that mixes them or is to be used beside another.
        """
        self.files = find_files(paths, encoding, SUFFIXES)
        self._fold_widths = fold_widths

    def __repr__(self) -> str:
        return f"SegmentedText({[str(file.path) for file in self.files]})"

    def __iter__(self) -> Iterator[Segmented]:
        empty = True
        for file in self.files:
            for number, line in read_lines(file, self._fold_widths):
                words = tuple(line.split())
                if words:
                    empty = False
                    yield Segmented(words, f"{file.path}, line {number}")
        if empty:
            raise nothing_in(self.files, "word")
