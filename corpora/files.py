"""Which files a corpus consists of, and their bytes: globs, folders, archives, compression, hints for a wrong name."""

import difflib
import glob
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from seqlab.corpora import standard_input
from seqlab.corpora.archives import archive_of, is_archive, members, open_member
from seqlab.corpora.compression import BLOCK, DAMAGE, SUFFIXES, decompressed, without_compression
from seqlab.corpora.encoding_detection import encoding_of
from seqlab.corpora.encodings import AUTO, check_encoding, check_errors
from seqlab.corpora.unchanged import changed, state, state_of
from seqlab.errors import DataError

TEXT_SUFFIXES = (".txt", ".text", ".md")


@dataclass(frozen=True)
class TextFile:
    """A file or folder of text in an encoding of its own."""

    path: Path
    """Of a member of an archive `corpus.zip/a/b.txt`."""
    encoding: str = "utf-8"
    errors: str = "strict"
    """What is done with bytes that are not in the encoding (`encodings.ERRORS`)."""
    span: tuple[int, int] | None = None
    """The bytes that are read, from the first up to the one behind the last, if not all; lines begin and end there."""
    first_line: int | None = None
    """The number of the line that the span begins in; where it is not known, it is counted when it is needed."""
    given: str = ""
    """What the file is called in messages and records, if not by its path."""
    tally: Counter[str] = field(default_factory=Counter, compare=False, repr=False)
    """What happens while it is read: how often bytes were replaced, how many lines were left out."""

    @property
    def name(self) -> str:
        """What the file is called in messages and records."""
        return self.given or str(self.path)


Paths = Sequence[str | os.PathLike[str] | TextFile] | str | os.PathLike[str]
"""What a reader takes: paths of files, folders and archives, patterns such as `data/*.txt`, `-` for standard input."""


def entries(paths: Paths, encoding: str, errors: str = "strict", tally: Counter[str] | None = None) -> list[TextFile]:
    """Give what is named: patterns replaced by the paths that match them, sorted, and `-` by what standard input holds.

    Those that do not bring their own get the encoding, and what is done with undecodable bytes. All get the tally. Raises
    DataError for an empty list and a pattern that nothing matches, ConfigError for an unknown encoding or way.
    """
    if isinstance(paths, str | os.PathLike):
        paths = [paths]
    if not paths:
        raise DataError("no corpus given: name a text file, a folder of text files or a sample")
    check_errors(errors)
    found: list[TextFile] = []
    for path in paths:
        if isinstance(path, TextFile):
            found.append(path)
        elif str(path) == standard_input.NAME:
            found.append(TextFile(standard_input.spooled(), encoding, errors, given=standard_input.CALLED))
        else:
            found += [TextFile(match, encoding, errors) for match in _matches(Path(path))]
    for entry in found:
        if entry.encoding != AUTO:
            check_encoding(entry.encoding)
    return found if tally is None else [replace(entry, tally=tally) for entry in found]


def find_files(
    paths: Paths,
    encoding: str,
    suffixes: tuple[str, ...] = TEXT_SUFFIXES,
    *,
    errors: str = "strict",
    tally: Counter[str] | None = None,
) -> tuple[TextFile, ...]:
    """Give the files of a corpus, folders and archives replaced by the files with these suffixes below them, sorted.

    Every file is opened once, so that a mistake shows before the work begins, and where its encoding is auto, this is found
    out. Raises what `entries` does; DataError for a path that is missing or cannot be read, a folder without text files or
    with a link that leads back into it, an archive that is refused, and an encoding that cannot be told.
    """
    files: list[TextFile] = []
    for entry in entries(paths, encoding, errors, tally):
        files += [replace(entry, path=path) for path in _below(entry.path, suffixes)]
    for file in files:
        _open(file.path).close()
    return tuple(told(file) for file in files)


def told(file: TextFile) -> TextFile:
    """Give a file with the encoding it is in, where that is to be found out; DataError where it cannot be."""
    if file.encoding != AUTO or is_folder(file.path):
        return file
    if file.path.suffix.lower() == ".parquet":
        return replace(file, encoding="utf-8")  # as its strings are, of whatever encoding the rest may seem
    return replace(file, encoding=encoding_of(read_blocks(file.path, name=file.name), file.name))


def is_folder(path: Path) -> bool:
    """Tell whether a path is that of a folder or an archive, which stand for the files in them."""
    return path.is_dir() or is_archive(path)


def nothing_in(files: Sequence[TextFile], what: str) -> DataError:
    """Give the error for files that were read to their end without finding any `what`."""
    names = ", ".join(file.name for file in files[:3])
    more = f" and {len(files) - 3} more" if len(files) > 3 else ""
    return DataError(f"{names}{more}: empty, there is no {what} to read")


def read_blocks(path: Path, span: tuple[int, int] | None = None, name: str = "") -> Iterator[bytes]:
    """Give the content of a file, decompressed where its suffix says so, in blocks, or the bytes of a span of it.

    Raises DataError, with the name of the file, where it cannot be read, is damaged, or changes before its end is reached.
    """
    name = name or str(path)
    suffix = path.suffix.lower()
    before = state(path) if archive_of(path) else None
    with _open(path) as raw:
        try:
            before = before or state_of(os.fstat(raw.fileno()))
            yield from decompressed(raw, suffix) if span is None else _between(raw, *span)
        except DAMAGE as error:
            raise _damaged(name, suffix, error) from error
        except OSError as error:
            if suffix in SUFFIXES and error.errno is None:  # bz2 has no error class of its own
                raise _damaged(name, suffix, error) from error
            raise DataError(f"{name}: cannot be read ({error.strerror or error})") from error
    if state(path) != before:
        raise changed(name)


def _between(raw: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    raw.seek(start)
    while block := raw.read(min(BLOCK, end - start)):
        start += len(block)
        yield block


def _damaged(name: str, suffix: str, error: Exception) -> DataError:
    kind = "is cut short" if isinstance(error, EOFError) else "is damaged or not of that kind"
    return DataError(f"{name}: the {suffix if suffix in SUFFIXES else '.zip'} file {kind}; make or download it again")


def _open(path: Path) -> IO[bytes]:
    try:
        if archive := archive_of(path):
            return open_member(archive, path)
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


def _matches(path: Path) -> list[Path]:
    """Give the paths that a pattern stands for; a path itself where it is there or is no pattern."""
    pattern = str(path)
    if not glob.has_magic(pattern) or os.path.lexists(path):
        return [path]
    found = sorted(Path(match) for match in glob.glob(pattern, recursive=True))  # noqa: PTH207 - hidden ones are left out
    if not found:
        raise DataError(f"{path}: no file or folder has a name of this pattern; its folder is {_folder_of(pattern)}")
    return found


def _folder_of(pattern: str) -> Path:
    """Give the folder above the first part of a pattern that has a sign of patterns."""
    fixed: list[str] = []
    for part in Path(pattern).parts:
        if glob.has_magic(part):
            break
        fixed.append(part)
    return Path(*fixed)


def _below(path: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Give the files that a path stands for: those in a folder or an archive, else itself."""
    if path.is_dir():
        found = _in_folder(path, suffixes)
    elif is_archive(path):
        found = [member for member in members(path) if _has_suffix(member.name, suffixes)]
    else:
        return [path]
    if not found:
        kind, taken = "folder" if path.is_dir() else "archive", ", ".join(suffixes)
        raise DataError(f"{path}: no text files below this {kind}; taken are {taken}, also with .gz, .bz2, .xz or .zst")
    return found


def _in_folder(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Give the files below a folder, and where links lead, with these suffixes; archives are read if named `x.txt.zip`."""
    found: list[Path] = []
    above: dict[str, tuple[str, ...]] = {}  # the real paths of the folders that each folder is in
    for parent, folders, names in os.walk(folder, onerror=_refuse_folder, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        above[parent] = (*above.pop(parent, ()), os.path.realpath(parent))
        for inner in [os.path.join(parent, name) for name in folders]:  # noqa: PTH118 - as the walk writes them
            if os.path.realpath(inner) in above[parent]:
                raise DataError(f"{inner}: a link to a folder that it is in, so that there is no end; remove it")
            above[inner] = above[parent]
        for path in [Path(parent, name) for name in names if not name.startswith(".") and _has_suffix(name, suffixes)]:
            if path.is_file():
                found += _below(path, suffixes)
    return sorted(found, key=lambda path: path.relative_to(folder).parts)


def _refuse_folder(error: OSError) -> None:
    raise DataError(f"{error.filename}: the folder cannot be read ({error.strerror})") from error


def _has_suffix(name: str, suffixes: tuple[str, ...]) -> bool:
    return without_compression(name).endswith(suffixes)
