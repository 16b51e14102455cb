"""Where something stands in a corpus, so that one finds it."""

from typing import NamedTuple


class Place(NamedTuple):
    """A line of a file."""

    file: str
    line: int
    """Its number, from 1: that of the file, or counted from a byte where only parts of the file are read."""
    byte: int = 0
    """The byte from which lines are counted, from 0."""

    def down(self, n_lines: int) -> "Place":
        """Give the place so many lines further down."""
        return self._replace(line=self.line + n_lines)

    def __str__(self) -> str:
        line = f"line {self.line:,}"
        return f"{line} from byte {self.byte:,} on" if self.byte else line
