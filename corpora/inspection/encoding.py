"""In which encoding a file seems to be, by its bytes."""

import codecs
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from seqlab.corpora.encoding_detection import encoding_of
from seqlab.corpora.files import read_blocks
from seqlab.corpora.inspection.sampling import head, is_compressed
from seqlab.errors import DataError

_MARKS = (  # the longer ones first: that of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF8, "utf-8", "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32", "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16-be"),
)
_PART = 1 << 16
_PARTS = 4
_BLOCKS = 4


@dataclass(frozen=True)
class Encoding:
    """What the bytes of a file seem to mean."""

    name: str
    """As `--encoding` takes it."""
    codec: str
    """What decodes it, marks of the byte order apart."""
    mark: bool = False
    """Whether the file begins with a mark."""
    certain: bool = True
    """Whether the bytes say so; else it is what they look like most, or what was asked for."""

    @property
    def unit(self) -> int:
        """Bytes of the smallest character, at whose multiples characters start."""
        return {"utf-16": 2, "utf-32": 4}.get(self.codec[:6], 1)


def named(name: str, start: bytes) -> Encoding:
    """Give the encoding of this name for a file that begins so."""
    plain = codecs.lookup(name).name
    for mark, family, codec in _MARKS:
        if start.startswith(mark) and plain in (codec, family, f"{family}-sig"):
            return Encoding(name, codec, mark=True, certain=False)
    codec = {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(plain, plain)
    return Encoding(name, codec, certain=False)


def guessed(path: Path, name: str) -> Encoding:
    """Find the encoding of a file, by its first megabytes and some parts further down.

    Raises DataError as `read_blocks` does.
    """
    start = head(path)
    for mark, family, codec in _MARKS:
        if start.startswith(mark):
            return Encoding(family, codec, mark=True)
    parts = [*islice(read_blocks(path), _BLOCKS), *_further(path)]
    if start.count(0) < len(start) / 20 and _is_utf8(start):  # with some zeros that are no halves of characters
        found = "utf-8"
    else:
        try:
            found = encoding_of(parts, name)
        except DataError:
            found = "latin-1"  # every byte is a character of it
        if found.startswith(("utf-16", "utf-32")) and not _is_text(start, found):
            found = "utf-8" if _is_utf8(start) else "latin-1"
    if found == "utf-8":
        return Encoding("ascii" if all(part.isascii() for part in parts) else found, found)
    if all(_same(part, found, "latin-1") for part in parts):
        found = "latin-1"
    return Encoding(found.replace("_", "-"), found, certain=False)


def _is_utf8(data: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(data)
    except UnicodeDecodeError:
        return False
    return not data.isascii() or 0 in data


def _is_text(data: bytes, codec: str) -> bool:
    """Tell whether nearly all characters are such as one sees; of numbers that are no text, every fifth is none."""
    text = data.decode(codec, "replace")
    return sum(sign.isprintable() or sign.isspace() for sign in text) - text.count("\ufffd") > 0.95 * len(text)


def _same(data: bytes, one: str, other: str) -> bool:
    return data.decode(one, "replace") == data.decode(other, "replace")


def _further(path: Path) -> list[bytes]:
    """Give some parts from further down in a large file, from line end to line end."""
    if is_compressed(path):
        return []
    size, parts = path.stat().st_size, []
    try:
        with path.open("rb") as file:
            for number in range(1, _PARTS + 1):
                if size > _PARTS * 8 * _PART:
                    file.seek(size * number // (_PARTS + 1))
                    parts.append(b"\n".join(file.read(_PART).split(b"\n")[1:-1]))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    return parts
