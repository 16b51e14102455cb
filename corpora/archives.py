"""Archives (.zip) as folders whose files are their members: `corpus.zip/a/b.txt`. Nothing is ever unpacked to disk."""

import functools
import os
import re
import stat
import struct
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from seqlab.corpora.compression import ARCHIVE
from seqlab.errors import DataError

_CLIMBS = re.compile(r"(?:.*[/\\])?\.\.(?:[/\\].*)?|[/\\].*|[A-Za-z]:.*", re.DOTALL)


def is_archive(path: Path) -> bool:
    """Tell whether a path is that of a .zip file."""
    return path.suffix.lower() == ARCHIVE and path.is_file()


def archive_of(path: Path) -> Path | None:
    """Give the archive whose member a path names, `corpus.zip/a/b.txt`; None if it names none."""
    if ARCHIVE not in str(path).lower():
        return None
    return next((parent for parent in path.parents if is_archive(parent)), None)


def members(archive: Path) -> list[Path]:
    """Give the files in an archive, by name, hidden ones and links left out, as paths below its own.

    Raises DataError for an archive with a member whose path leads out of it or that is encrypted, and for what is none.
    """
    files = {name: info for name, info in _index(archive).items() if not info.is_dir() and not _is_link(info)}
    shown = [name for name in files if not any(part.startswith((".", "__MACOSX")) for part in Path(name).parts)]
    return [archive / name for name in sorted(shown, key=lambda name: Path(name).parts)]


def open_member(archive: Path, path: Path) -> IO[bytes]:
    """Open the member that `archive_of` has found for reading; DataError as `members` raises, and where it is not there."""
    name = path.relative_to(archive).as_posix()
    info = _index(archive).get(name)
    if info is None or info.is_dir():
        raise DataError(f"{path}: no such file in the archive; {_some(archive)}")
    try:
        return _opened(archive, *_state(archive), os.getpid()).open(info)
    except (OSError, EOFError, zipfile.BadZipFile, ValueError, struct.error) as error:
        raise _damaged(archive) from error
    except NotImplementedError as error:
        raise DataError(
            f"{path}: compressed in a way that is not known here ({error}); unpack the archive, and name its files"
        ) from error


def _is_link(info: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(info.external_attr >> 16)


def _damaged(archive: Path) -> DataError:
    return DataError(
        f"{archive}: the {ARCHIVE} file is cut short, damaged or not of that kind; make or download it again"
    )


def _some(archive: Path) -> str:
    names = [path.relative_to(archive).as_posix() for path in members(archive)[:5]]
    return f"there are {', '.join(names)}" if names else "it is empty"


def _index(archive: Path) -> dict[str, zipfile.ZipInfo]:
    found: dict[str, zipfile.ZipInfo] = {}
    try:
        opened = _opened(archive, *_state(archive), os.getpid())
    except (OSError, EOFError, zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        if isinstance(error, PermissionError):
            raise DataError(f"{archive}: no permission to read it") from error
        raise _damaged(archive) from error
    for info in opened.infolist():
        if _CLIMBS.fullmatch(info.filename):
            raise DataError(
                f"{archive}: the path of its member {info.filename!r:.80} leads out of it; name the files of one you trust"
            )
        if info.flag_bits & 1:
            raise DataError(f"{archive}: its member {info.filename!r:.80} is encrypted; unpack it, and name its files")
        found[PurePosixPath(info.filename).as_posix()] = info
    return found


def _state(archive: Path) -> tuple[int, int]:
    found = archive.stat()
    return found.st_size, found.st_mtime_ns


@functools.lru_cache(maxsize=2)
def _opened(archive: Path, size: int, changed: int, process: int) -> zipfile.ZipFile:
    """Open an archive once for all of its members, since its list may be long; anew where it or the process is another."""
    return zipfile.ZipFile(archive)
