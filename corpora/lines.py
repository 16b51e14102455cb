"""The text of a file, and its lines."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from seqlab.corpora.encoding_detection import encoding_of
from seqlab.corpora.encodings import AUTO, MARK, SKIPPED, check_encoding, decode
from seqlab.corpora.files import TextFile, read_blocks
from seqlab.corpora.spans import first_line
from seqlab.text.width import to_half

_MARKED_LINE = re.compile(f"[^\n]*{MARK}[^\n]*\n?")


def read_text(file: TextFile, *, lone_returns: bool = True) -> Iterator[str]:
    """Give the text of a file, or of its span, in blocks, as `decode` does; lines left out with skip-line are missing.

    With skip-line a line is in memory at a time, else a block. Raises DataError as `decode` and `read_blocks` do.
    """
    blocks = _decoded(file, lone_returns)
    return _without_marked(blocks, file) if file.errors == "skip-line" else blocks


def read_lines(file: TextFile, fold_widths: bool = False, *, lone_returns: bool = True) -> Iterator[tuple[int, str]]:
    """Give the lines of a file with their numbers, from 1, and without their ends; a block or a line is in memory.

    Where `fold_widths`, full-width ASCII and the ideographic space become ASCII. Without `lone_returns`, a carriage return
    that no line feed follows is no line end. Lines left out with skip-line are missing, and counted. Raises DataError as
    `decode` does.
    """
    for number, line in read_all_lines(file, fold_widths, lone_returns=lone_returns):
        if line is not None:
            yield number, line


def read_all_lines(
    file: TextFile, fold_widths: bool = False, *, lone_returns: bool = True
) -> Iterator[tuple[int, str | None]]:
    """Give what `read_lines` does, with None in the place of each line that is left out."""
    number = first_line(file, lone_returns)
    skips = file.errors == "skip-line"
    begun: list[str] = []  # of a line whose end has not come
    for block in _decoded(file, lone_returns):
        first, *others = (to_half(block) if fold_widths else block).split("\n")
        begun.append(first)
        if not others:
            continue
        others.insert(0, "".join(begun))
        begun = [others.pop()]
        for line in others:
            yield number, _kept(line, file) if skips else line
            number += 1
    if rest := "".join(begun):
        yield number, _kept(rest, file) if skips else rest


def as_they_come(source: Path | Iterable[bytes], encoding: str) -> Iterator[list[str]]:
    """Give the lines of a file, or of bytes that come in blocks, without their ends: as many together as have come.

    A file may be compressed. With the encoding auto, that of the first lines is found out. Raises ConfigError for an
    unknown encoding, DataError for what cannot be read or is not in the encoding; bytes are called "standard input" in
    its message.
    """
    blocks, name = (read_blocks(source), source) if isinstance(source, Path) else (iter(source), Path("standard input"))
    if encoding == AUTO:
        first = next(blocks, b"")
        encoding, blocks = encoding_of([first], str(name)), chain([first], blocks)
    check_encoding(encoding)
    begun: list[str] = []  # of a line whose end has not come
    for block in decode(blocks, encoding, name):
        first_line_, *others = block.split("\n")
        begun.append(first_line_)
        if others:
            yield ["".join(begun), *others[:-1]]
            begun = [others[-1]]
    if rest := "".join(begun):
        yield [rest]


def _decoded(file: TextFile, lone_returns: bool) -> Iterator[str]:
    """Give the text of a file; with skip-line, `MARK` stands for undecodable bytes in it."""
    begins = file.span[0] if file.span else 0
    return decode(
        read_blocks(file.path, file.span, file.name),
        file.encoding if begins == 0 else file.encoding.replace("-sig", "").replace("_sig", ""),
        file.name,
        lone_returns=lone_returns,
        errors=file.errors,
        tally=file.tally,
        begins=begins,
        first_line=lambda: first_line(file, lone_returns),
    )


def _without_marked(blocks: Iterable[str], file: TextFile) -> Iterator[str]:
    begun: list[str] = []
    for block in blocks:
        end = block.rfind("\n") + 1
        if not end:
            begun.append(block)
            continue
        yield from _unmarked("".join((*begun, block[:end])), file)
        begun = [block[end:]]
    yield from _unmarked("".join(begun), file)


def _unmarked(lines: str, file: TextFile) -> Iterator[str]:
    if MARK in lines:
        lines, n = _MARKED_LINE.subn("", lines)
        file.tally[SKIPPED] += n
    if lines:
        yield lines


def _kept(line: str, file: TextFile) -> str | None:
    if MARK in line:
        file.tally[SKIPPED] += 1
        return None
    return line
