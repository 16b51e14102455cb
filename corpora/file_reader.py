"""What every reader of files has."""

from collections import Counter

from seqlab.corpora.files import TextFile


class FileReader:
    """A reader of files: which these are, what encodings they are in, and what happened while they were read."""

    files: tuple[TextFile, ...]
    """The files, in the order in which they are read."""
    tally: Counter[str]
    """What was done with undecodable bytes since the last iteration began: places `replaced`, and lines `skipped`."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({[file.name for file in self.files]})"

    @property
    def encodings(self) -> dict[str, str]:
        """The encoding of each file, by what it is called in records; where auto was asked for, what was found."""
        return {file.name: file.encoding for file in self.files}
