"""The lines of a text file."""

from collections.abc import Iterator

from seqlab.corpora.encodings import decode
from seqlab.corpora.files import TextFile, read_blocks
from seqlab.text.width import to_half


def read_lines(file: TextFile, fold_widths: bool = False) -> Iterator[tuple[int, str]]:
    """Give the lines of a file with their numbers, from 1, and without their ends; never more than a block in memory.

    Where `fold_widths`, full-width ASCII and the ideographic space become ASCII. Raises DataError as `decode` does.
    """
    number = 1
    rest = ""
    for block in decode(read_blocks(file.path), file.encoding, file.path):
        *lines, rest = (rest + (to_half(block) if fold_widths else block)).split("\n")
        for line in lines:
            yield number, line
            number += 1
    if rest:
        yield number, rest
