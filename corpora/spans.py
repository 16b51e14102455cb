"""Parts of a file that can be read by themselves: cut at line ends, at bytes that depend on the file alone."""

import codecs
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from seqlab.corpora import compression
from seqlab.corpora.archives import archive_of
from seqlab.corpora.encoding_detection import encoding_of
from seqlab.corpora.encodings import AUTO, check_encoding
from seqlab.corpora.files import TextFile, read_blocks
from seqlab.errors import DataError

# Of encodings with several bytes a character, those in which the byte 0x0A is always a line end, and 0x0D a return.
_LINE_END_IS_A_BYTE = frozenset(
    codecs.lookup(name).name
    for name in (
        "utf-8", "utf-8-sig", "gb18030", "gbk", "gb2312", "big5", "big5hkscs", "cp950", "shift_jis", "cp932",
        "shift_jis_2004", "shift_jisx0213", "euc_jp", "euc_jis_2004", "euc_jisx0213", "euc_kr", "cp949", "johab",
    )
)  # fmt: skip


def line_spans(path: str | os.PathLike[str], encoding: str, size: int) -> list[tuple[int, int]]:
    """Give the spans (first byte, byte behind the last) of a file, each of `size` bytes or more, up to a line end.

    There is none for a file that has to be read whole: one that is compressed, or in an encoding whose line ends are not
    one byte, as UTF-16. Constant memory, and little of the file is read. Raises DataError where it cannot be.
    """
    path = Path(path)
    if encoding == AUTO:
        encoding = encoding_of(read_blocks(path), str(path))
    if not _can_be_cut(path, encoding):
        return []
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            cuts = [0]
            while cuts[-1] + size < end:
                at = file.seek(cuts[-1] + size - 1)
                while block := file.read(1 << 16):
                    if (found := block.find(b"\n")) >= 0:
                        at += found + 1
                        break
                    at += len(block)
                cuts.append(at)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    if end and cuts[-1] == end:
        cuts.pop()
    return list(zip(cuts, [*cuts[1:], end], strict=True))


def cut(file: TextFile, size: int) -> list[TextFile]:
    """Give a file as its spans (`line_spans`), each with the number of its first line; as it is where it has none.

    All of the file is read once, so that no span has to count the lines before it.
    """
    parts: list[TextFile] = []
    line = 1
    for span in line_spans(file.path, file.encoding, size):
        parts.append(replace(file, span=span, first_line=line))
        line += _n_lines(file.path, span)
    return parts or [file]


def first_line(file: TextFile, lone_returns: bool = True) -> int:
    """Give the number of the line that the span of a file begins in; where that is not known, the lines are counted."""
    if file.first_line is not None:
        return file.first_line
    return 1 + _n_lines(file.path, (0, file.span[0]), lone_returns) if file.span and file.span[0] else 1


def _can_be_cut(path: Path, encoding: str) -> bool:
    check_encoding(encoding)
    if path.suffix.lower() in (*compression.SUFFIXES, compression.ARCHIVE) or archive_of(path):
        return False
    name = codecs.lookup(encoding).name
    return name in _LINE_END_IS_A_BYTE or _one_byte_a_character(name)


def _one_byte_a_character(encoding: str) -> bool:
    """Tell whether each byte is a character, the line end and the return those of ASCII and no others."""
    if codecs.lookup(encoding).name.startswith(
        ("utf", "iso2022", "hz", "punycode", "idna", "unicode", "raw", "undefined")
    ):
        return False
    text = bytes(range(256)).decode(encoding, "replace")
    return len(text) == 256 and all(text[ord(end)] == end and text.count(end) == 1 for end in "\n\r")


def _n_lines(path: Path, span: tuple[int, int], lone_returns: bool = True) -> int:
    return sum(_line_ends(read_blocks(path, span), lone_returns))


def _line_ends(blocks: Iterator[bytes], lone_returns: bool) -> Iterator[int]:
    returned = False  # whether the block before ended in a return
    for block in blocks:
        yield block.count(b"\n")
        if lone_returns and (returned or b"\r" in block):
            yield block.count(b"\r") - block.count(b"\r\n") - (returned and block.startswith(b"\n"))
            returned = block.endswith(b"\r")
