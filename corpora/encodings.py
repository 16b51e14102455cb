"""Bytes to text: any encoding by name, where exactly a text is not in it, and what to do about that."""

import codecs
import contextlib
import difflib
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from encodings.aliases import aliases
from pathlib import Path

from seqlab.errors import ConfigError, DataError, unknown

AUTO = "auto"
"""The encoding that is found out, for each file (`encoding_detection`)."""
ERRORS = ("strict", "replace", "skip-line")
"""What is done with bytes that are not in the encoding: the file is refused, U+FFFD put there, the line left out."""
REPLACED, SKIPPED = "replaced", "skipped"
"""What is counted of a corpus: places where U+FFFD stands for undecodable bytes, and lines left out because of some."""
MARK = "\udc80"
"""Stands for undecodable bytes in decoded text, until they are replaced or their line is left out; no character."""

_COMMON = "utf-8, gb18030, big5, utf-16, shift_jis, euc-kr, latin-1"
_MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

# Control characters that text does not have; a form feed and an escape sequence may occur in it.
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_CONTROL_BYTES = _CONTROLS.pattern.encode("ascii")
_LOOK = 8192


_MARKED = "seqlab.marked"
codecs.register_error(_MARKED, lambda error: (MARK, error.end))  # type: ignore[attr-defined]


def check_errors(name: str) -> None:
    """Raise ConfigError for a name that is none of `ERRORS`."""
    if name not in ERRORS:
        raise ConfigError(unknown("way with undecodable bytes", name, ERRORS))


def check_encoding(name: str) -> None:
    """Raise ConfigError, with the nearest names, where Python knows no text encoding of this name."""
    try:
        if codecs.lookup(name)._is_text_encoding:
            return
    except (LookupError, ValueError, ImportError):
        pass
    known = sorted({*aliases, *aliases.values()})
    near = difflib.get_close_matches(name.lower().replace("-", "_"), known, n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else ";"
    raise ConfigError(f"unknown encoding '{name}'{hint} common ones: {_COMMON}")


def decode(
    blocks: Iterable[bytes],
    encoding: str,
    path: Path | str,
    *,
    lone_returns: bool = True,
    errors: str = "strict",
    tally: Counter[str] | None = None,
    begins: int = 0,
    first_line: Callable[[], int] = lambda: 1,
) -> Iterator[str]:
    """Give the text of a file in blocks; every kind of line end becomes a line feed, a byte order mark is dropped.

    Without `lone_returns`, a carriage return that no line feed follows is no line end and stays. The blocks are those from
    the byte `begins` on, where the line `first_line()` begins. `errors` is one of `ERRORS`: with replace, U+FFFD stands for
    undecodable bytes and is counted in `tally`; with skip-line `MARK` does, for whoever takes the lines out. With strict,
    raises DataError with file, line (from 1) and byte (from 0) where the bytes are not in the encoding; always, where the
    file looks binary.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict" if errors == "strict" else _MARKED)
    line_ends = io.IncrementalNewlineDecoder(None, translate=True) if lone_returns else _Returns()
    n_bytes, n_lines = begins, 0
    looked = begins > 0
    for block, last in _with_last(blocks):
        n_bytes += len(block)
        before = decoder.getstate()
        try:
            decoded = decoder.decode(block, final=last)
        except UnicodeDecodeError as error:
            decoder.setstate(before)
            good = len(block) - (len(error.object) - error.start)
            with contextlib.suppress(UnicodeError):  # a file without its mark fails at the very start
                n_lines += line_ends.decode(decoder.decode(block[: max(good, 0)]), final=True).count("\n")
            line, byte = first_line() + n_lines, n_bytes - len(block) + good
            raise _undecodable(error, path, encoding, line, byte) from error
        except UnicodeError as error:
            raise DataError(
                f"{path}: cannot be read as {encoding} ({error}); use --encoding NAME ({_COMMON})"
            ) from error
        if not looked and decoded:
            decoded = decoded.removeprefix("\ufeff")
            _refuse_binary(decoded[:_LOOK], path)
            looked = True
        text = line_ends.decode(decoded, final=last)
        n_lines += text.count("\n")
        if errors == "replace" and MARK in text:
            if tally is not None:
                tally[REPLACED] += text.count(MARK)
            text = text.replace(MARK, "\ufffd")
        if text:
            yield text


class _Returns:
    """Makes "\\r\\n" a line feed and leaves "\\r" by itself, in text that comes in blocks."""

    def __init__(self) -> None:
        self._waits = False  # whether the last block ended in a return, which is held back

    def decode(self, text: str, final: bool = False) -> str:
        """Give the text of the next block."""
        if self._waits:
            text = "\r" + text
        self._waits = text.endswith("\r") and not final
        return text[: len(text) - self._waits].replace("\r\n", "\n")


def _with_last(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    for block in blocks:
        yield block, False
    yield b"", True


def _undecodable(error: UnicodeDecodeError, path: Path | str, encoding: str, line: int, byte: int) -> DataError:
    where = f"{path}, line {line}: byte {byte} (0x{error.object[error.start]:02x}) is not {encoding}"
    if byte == 0:
        for mark, name in _MARKS:
            if error.object.startswith(mark):
                return DataError(f"{where}; the file begins with the mark of {name}: use --encoding {name}")
    start = error.object[:_LOOK]
    wide = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))  # half of its bytes may be zero
    if not wide and len(re.findall(_CONTROL_BYTES, start)) > max(3, len(start) // 20):
        return DataError(f"{where}; it looks like a binary file, and text is needed")
    return DataError(f"{where}; use --encoding NAME (gb18030, big5, utf-16, shift_jis, latin-1, ...)")


def _refuse_binary(start: str, path: Path | str) -> None:
    """Raise DataError where more than one in twenty of the first characters, and at least 16, are control characters."""
    n_controls = len(_CONTROLS.findall(start))
    if n_controls >= 16 and n_controls > len(start) // 20:
        raise DataError(
            f"{path}: looks like a binary file ({n_controls} control characters among the first {len(start)}); "
            "text is needed, or, where it is text, another --encoding (utf-16, ...)"
        )
