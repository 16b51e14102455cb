"""What a compressed file holds, block by block: .gz, .bz2, .xz and .zst, of one stream or several."""

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

import zstandard

SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
"""The suffixes of files with one compressed content."""
ARCHIVE = ".zip"
"""The suffix of archives, which have members (`archives`)."""
DAMAGE = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, zstandard.ZstdError, zipfile.BadZipFile)
"""What the libraries raise where a compressed file is cut short or damaged."""
BLOCK = 1 << 20
"""Bytes that are read at a time."""

_ZSTANDARD_INPUT = 1 << 12  # bytes; what is given back at once is up to some ten thousand times that, in a bad file


def without_compression(name: str) -> str:
    """Give the name of a file in small letters, without the suffix of its compression."""
    name = name.lower()
    for suffix in (*SUFFIXES, ARCHIVE):
        name = name.removesuffix(suffix)
    return name


def decompressed(raw: IO[bytes], suffix: str) -> Iterator[bytes]:
    """Give the content of an open file, whose suffix in small letters says how it is compressed, in blocks.

    Raises one of `DAMAGE`, or for bz2 an OSError without a number, where it is cut short or of another kind.
    """
    if suffix == ".zst":
        yield from _zstandard(raw)
        return
    with _opened(raw, suffix) as file:
        while block := file.read(BLOCK):
            yield block


def _opened(raw: IO[bytes], suffix: str) -> IO[bytes]:
    if suffix == ".gz":
        return gzip.open(raw, "rb")  # type: ignore[return-value]
    if suffix == ".bz2":
        return bz2.open(raw, "rb")
    if suffix == ".xz":
        return lzma.open(raw, "rb")
    return raw


def _zstandard(raw: IO[bytes]) -> Iterator[bytes]:
    """The library's own stream takes a file that is cut short for one that has ended, so its frames are read one by one."""
    frame = None
    waiting: list[bytes] = []
    n_waiting = 0
    while given := raw.read(_ZSTANDARD_INPUT):
        while given:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            waiting.append(frame.decompress(given))
            n_waiting += len(waiting[-1])
            given, frame = (frame.unused_data, None) if frame.eof else (b"", frame)
        if n_waiting >= BLOCK:
            yield from _cut(b"".join(waiting))
            waiting, n_waiting = [], 0
    yield from _cut(b"".join(waiting))
    if frame is not None:
        raise EOFError("the last frame does not end")


def _cut(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), BLOCK):
        yield content[start : start + BLOCK]
