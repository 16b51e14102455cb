"""The lines of a text file."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from seqlab.corpora.encodings import check_encoding, decode
from seqlab.corpora.files import TextFile, read_blocks
from seqlab.text.width import to_half


def read_lines(file: TextFile, fold_widths: bool = False, *, lone_returns: bool = True) -> Iterator[tuple[int, str]]:
    """Give the lines of a file with their numbers, from 1, and without their ends; never more than a block in memory.

    Where `fold_widths`, full-width ASCII and the ideographic space become ASCII. Without `lone_returns`, a carriage return
    that no line feed follows is no line end. Raises DataError as `decode` does.
    """
    number = 1
    rest = ""
    for block in decode(read_blocks(file.path), file.encoding, file.path, lone_returns=lone_returns):
        *lines, rest = (rest + (to_half(block) if fold_widths else block)).split("\n")
        for line in lines:
            yield number, line
            number += 1
    if rest:
        yield number, rest


def as_they_come(source: Path | Iterable[bytes], encoding: str) -> Iterator[list[str]]:
    """Give the lines of a file, or of bytes that come in blocks, without their ends: as many together as have come.

    A file may be compressed. Raises ConfigError for an unknown encoding, DataError for what cannot be read or is not in
    the encoding; bytes are called "standard input" in its message.
    """
    check_encoding(encoding)
    blocks, name = (read_blocks(source), source) if isinstance(source, Path) else (source, Path("standard input"))
    begun: list[str] = []  # of a line whose end has not come
    for block in decode(blocks, encoding, name):
        first, *others = block.split("\n")
        begun.append(first)
        if others:
            yield ["".join(begun), *others[:-1]]
            begun = [others[-1]]
    if rest := "".join(begun):
        yield [rest]
