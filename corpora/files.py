"""Which files a corpus consists of, and how to open them: folders, compression, hints for a wrong name."""

import bz2
import difflib
import gzip
import lzma
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from seqlab.corpora.encodings import check_encoding
from seqlab.errors import DataError

TEXT_SUFFIXES = (".txt", ".text", ".md")
COMPRESSED_SUFFIXES = (".gz", ".bz2", ".xz")

_DAMAGE = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)
_BLOCK = 1 << 20


@dataclass(frozen=True)
class TextFile:
    """A file or folder of text in an encoding of its own."""

    path: Path
    encoding: str = "utf-8"


Paths = Sequence[str | os.PathLike[str] | TextFile] | str | os.PathLike[str]
"""What a reader takes: paths of files and folders, or one path."""


def find_files(paths: Paths, encoding: str, suffixes: tuple[str, ...] = TEXT_SUFFIXES) -> tuple[TextFile, ...]:
    """Give the files of a corpus, folders replaced by the files with these suffixes below them, sorted.

    Every file is opened once, so that a mistake shows before the work begins. Raises DataError for an empty list, a path
    that is missing or cannot be read, and a folder without text files; ConfigError for an unknown encoding.
    """
    if isinstance(paths, str | os.PathLike):
        paths = [paths]
    if not paths:
        raise DataError("no corpus given: name a text file, a folder of text files or a sample")
    files: list[TextFile] = []
    for given in paths:
        entry = given if isinstance(given, TextFile) else TextFile(Path(given), encoding)
        check_encoding(entry.encoding)
        found = _in_folder(entry.path, suffixes) if entry.path.is_dir() else [entry.path]
        files += [TextFile(path, entry.encoding) for path in found]
    for file in files:
        _open(file.path).close()
    return tuple(files)


def nothing_in(files: Sequence[TextFile], what: str) -> DataError:
    """Give the error for files that were read to their end without finding any `what`."""
    names = ", ".join(str(file.path) for file in files[:3])
    more = f" and {len(files) - 3} more" if len(files) > 3 else ""
    return DataError(f"{names}{more}: empty, there is no {what} to read")


def read_blocks(path: Path) -> Iterator[bytes]:
    """Give the content of a file, decompressed where its suffix says so, in blocks; DataError where it cannot be read."""
    with _open(path) as raw:
        suffix = path.suffix.lower()
        try:
            with _decompressed(raw, suffix) as file:
                while block := file.read(_BLOCK):
                    yield block
        except _DAMAGE as error:
            raise _damaged(path, suffix, error) from error
        except OSError as error:
            if suffix in COMPRESSED_SUFFIXES and error.errno is None:  # bz2 has no error class of its own
                raise _damaged(path, suffix, error) from error
            raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error


def _decompressed(raw: IO[bytes], suffix: str) -> IO[bytes]:
    if suffix == ".gz":
        return gzip.open(raw, "rb")  # type: ignore[return-value]
    if suffix == ".bz2":
        return bz2.open(raw, "rb")
    if suffix == ".xz":
        return lzma.open(raw, "rb")
    return raw


def _damaged(path: Path, suffix: str, error: Exception) -> DataError:
    kind = "is cut short" if isinstance(error, EOFError) else "is damaged or not of that kind"
    return DataError(f"{path}: the {suffix} file {kind}; make or download it again")


def _open(path: Path) -> IO[bytes]:
    try:
        if path.exists() and not path.is_file():
            raise DataError(f"{path}: not a file or folder; write the text to a file, since it is read more than once")
        return path.open("rb")
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file or folder{_nearest(path)}") from error
    except PermissionError as error:
        raise DataError(f"{path}: no permission to read it") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be opened ({getattr(error, 'strerror', None) or error})") from error


def _nearest(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"; its folder {path.parent} is not there either" if not path.parent.exists() else ""
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.5)
    return f"; did you mean '{path.parent / near[0]}'?" if near else ""


def _in_folder(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    found: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=_refuse_folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(parent, name) for name in names if not name.startswith(".") and _has_suffix(name, suffixes)]
    if not found:
        taken = ", ".join(suffixes)
        raise DataError(f"{folder}: no text files below this folder; taken are {taken}, also with .gz, .bz2 or .xz")
    return sorted((path for path in found if path.is_file()), key=lambda path: path.relative_to(folder).parts)


def _refuse_folder(error: OSError) -> None:
    raise DataError(f"{error.filename}: the folder cannot be read ({error.strerror})") from error


def _has_suffix(name: str, suffixes: tuple[str, ...]) -> bool:
    lowered = name.lower()
    for suffix in COMPRESSED_SUFFIXES:
        lowered = lowered.removesuffix(suffix)
    return lowered.endswith(suffixes)
