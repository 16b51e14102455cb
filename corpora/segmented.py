"""Text that is cut into words: a sentence a line, white space between the words."""

from collections import Counter
from collections.abc import Iterator

from seqlab.corpora.file_reader import FileReader
from seqlab.corpora.files import TEXT_SUFFIXES, Paths, find_files, nothing_in
from seqlab.corpora.lines import read_lines
from seqlab.records import Segmented

SUFFIXES = (*TEXT_SUFFIXES, ".utf8", ".seg")


class SegmentedText(FileReader):
    """Sentences in words from files, in constant memory: one a line, with any white space between the words.

    Blank lines are passed over. Files, folders and compression are those of `PlainText`; in a folder `.utf8` and `.seg`
    files are read too.

    Raises DataError when it is made for a path that is missing or unreadable, and ConfigError for an unknown encoding;
    DataError while it is read for what is not text, with the file and the line, and where there is no word at all.
    """

    def __init__(
        self, paths: Paths, encoding: str = "utf-8", *, errors: str = "strict", fold_widths: bool = False
    ) -> None:
        """Take the paths, the encoding of all files that do not bring their own, and what is done with undecodable bytes.

        Where `fold_widths`, full-width ASCII becomes ASCII, for a corpus that mixes them or is to be used beside another.
        """
        self.tally = Counter()
        self.files = find_files(paths, encoding, SUFFIXES, errors=errors, tally=self.tally)
        self._fold_widths = fold_widths

    def __iter__(self) -> Iterator[Segmented]:
        self.tally.clear()
        empty = True
        for file in self.files:
            name = file.name
            for number, line in read_lines(file, self._fold_widths):
                words = tuple(line.split())
                if words:
                    empty = False
                    yield Segmented(words, f"{name}, line {number}")
        if empty:
            raise nothing_in(self.files, "word")
