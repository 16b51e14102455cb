"""Translation memories (TMX): XML with units of one text in several languages, two of which are read."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple
from xml.parsers import expat

from seqlab.corpora.columns import Columns
from seqlab.corpora.encoding_detection import declared_in
from seqlab.corpora.encodings import check_encoding
from seqlab.corpora.files import TextFile, read_blocks
from seqlab.corpora.lines import read_text
from seqlab.errors import ConfigError, DataError
from seqlab.records import Pair

WITHOUT_OTHER_SIDE = "one-sided"
"""What is counted of units that lack one of the two languages; they are left out."""

_WIDE = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_CODES = ("bpt", "ept", "it", "ph", "ut")  # elements that hold codes of a layout, and not text
_LOOK = 1000  # bytes in which an encoding is declared


class Unit(NamedTuple):
    """A text in several languages."""

    place: str
    """File and line, for messages and records."""
    sides: dict[str, str]
    """The text in each language, whose code is as the file has it."""


def read_tmx(file: TextFile, columns: Columns) -> Iterator[Pair]:
    """Give the pairs of a translation memory: its units that have both languages; others are counted and left out.

    The languages are asked for as columns; `en` stands for `en-GB` too. Without them the first unit with two languages has
    to have no more; the source is then what the file says is one (`srclang`), or what comes first. Codes of a layout within
    a text are dropped. A unit is in memory at a time. Raises DataError, with the line, as `decode` and `Memory.units` do,
    where several languages are left to choose from, and where no unit has both.
    """
    asked = [None if column is None else str(column) for column in columns.asked]
    keys: tuple[str, str] | None = None
    seen: dict[str, None] = {}
    empty = True
    memory = Memory(file)
    for unit in memory.units():
        seen.update(dict.fromkeys(unit.sides))
        keys = keys or _chosen(unit, asked, memory.source_language)
        source, target = (_of_language(unit.sides, key) for key in keys or ("", ""))
        if source is None or target is None:
            file.tally[WITHOUT_OTHER_SIDE] += 1
            continue
        empty = False
        yield Pair(source, target, unit.place)
    if empty and seen:
        wanted = " and ".join(keys) if keys else "two languages"
        raise DataError(
            f"{file.name}: no unit has {wanted}; there are {', '.join(list(seen)[:12])}: name two that are there"
        )


def declared(file: TextFile) -> TextFile:
    """Give a file of XML in the encoding that it declares, unless one other than UTF-8 is given for it."""
    if file.encoding.lower() not in ("utf-8", "utf8"):
        return file
    start = next(read_blocks(file.path, name=file.name), b"")[:_LOOK]
    found = (
        next((encoding for mark, encoding in _WIDE if start.startswith(mark)), None) or declared_in(start) or "utf-8"
    )
    try:
        check_encoding(found)
    except ConfigError as error:
        raise DataError(f"{file.name}: declares the {error}; use --encoding NAME") from error
    return replace(file, encoding=found)


class Memory:
    """A translation memory, whose units are given as they come."""

    def __init__(self, file: TextFile) -> None:
        """Take a file; nothing is read yet."""
        self._file = declared(file)
        self.source_language: str | None = None
        """What the file says is the language of the sources; known once the first unit is."""
        self._done: list[Unit] = []
        self._sides: dict[str, str] = {}
        self._line = 1
        self._language = ""
        self._text: list[str] | None = None  # of the segment that is open
        self._codes = 0  # elements of codes that are open within it
        self._root = False

    def units(self) -> Iterator[Unit]:
        """Give the units. Raises DataError, with the line, for other XML, and for entities that the file declares."""
        parser = self._parser()
        try:
            for block in read_text(self._file):
                parser.Parse(block.encode("utf-8", "replace"), False)
                yield from self._done
                self._done.clear()
            parser.Parse(b"", True)
            yield from self._done
        except expat.ExpatError as error:
            says = expat.ErrorString(error.code)
            raise DataError(
                f"{self._file.name}, line {error.lineno}: no XML of a translation memory ({says}); correct it"
            ) from error

    def _parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartElementHandler = lambda tag, attributes: self._begin(tag, attributes, parser.CurrentLineNumber)
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = lambda name, *others: self._refuse(f"declares the entity {name}", parser)
        parser.SkippedEntityHandler = lambda name, *others: self._refuse(f"has the unknown entity &{name};", parser)
        return parser

    def _refuse(self, says: str, parser: expat.XMLParserType) -> None:
        raise DataError(
            f"{self._file.name}, line {parser.CurrentLineNumber}: {says:.80}, and none is taken from a file; write out "
            "what it stands for"
        )

    def _begin(self, tag: str, attributes: dict[str, str], line: int) -> None:
        if not self._root and tag != "tmx":
            raise DataError(f"{self._file.name}, line {line}: begins with <{tag}>, and a translation memory with <tmx>")
        self._root = True
        if tag == "header" and attributes.get("srclang", "*all*").lower() != "*all*":
            self.source_language = attributes["srclang"]
        elif tag == "tu":
            self._sides, self._line = {}, line
        elif tag == "tuv":
            self._language = attributes.get("xml:lang") or attributes.get("lang") or ""
            if not self._language:
                raise DataError(f"{self._file.name}, line {line}: a <tuv> without xml:lang; say its language")
        elif tag == "seg" and self._text is None:
            self._text = []
        elif self._text is not None and tag in _CODES:
            self._codes += 1

    def _characters(self, text: str) -> None:
        if self._text is not None and not self._codes:
            self._text.append(text)

    def _end(self, tag: str) -> None:
        if tag == "seg" and self._text is not None:
            self._sides.setdefault(self._language, " ".join("".join(self._text).split()))
            self._text, self._codes = None, 0
        elif tag == "tu":
            self._done.append(Unit(f"{self._file.name}, line {self._line}", self._sides))
        elif self._text is not None and tag in _CODES:
            self._codes -= 1


def _chosen(unit: Unit, asked: list[str | None], declared: str | None) -> tuple[str, str] | None:
    """Give the two languages: those asked for, or that this unit has; None where it has too few to tell."""
    source, target = asked
    if source and target:
        return source, target
    left = [name for name in unit.sides if not _is(name, source or target or "")]
    if len(left) > (1 if source or target else 2):
        raise DataError(
            f"{unit.place}: several languages, {', '.join(unit.sides)}: name two, by --source-column and --target-column"
        )
    if source or target:
        return (source or left[0], target or left[0]) if left else None
    if len(left) < 2:
        return None
    return (left[1], left[0]) if declared and _is(left[1], declared) else (left[0], left[1])


def _is(name: str, asked: str) -> bool:
    """Tell whether a language is the one that is asked for, or a form of it, as en-GB is of en."""
    name, asked = (code.lower().replace("_", "-") for code in (name, asked))
    return name == asked or name.startswith(f"{asked}-")


def _of_language(sides: dict[str, str], asked: str) -> str | None:
    return next((text for name, text in sides.items() if _is(name, asked)), None)
