"""JSON in one piece: an array of objects, or an object with one array of them, read an object at a time."""

import json
import re
from collections.abc import Iterable, Iterator

from seqlab.corpora.files import TextFile
from seqlab.corpora.json_objects import Object, parsed, read_objects
from seqlab.corpora.lines import read_text
from seqlab.errors import DataError

_SIGNS = re.compile(r'\\.|["{}\[\]]', re.DOTALL)
_BLANKS = re.compile(r"\s*")
_END_OF_WORD = re.compile(r"[\s,\]}]")
_DECODER = json.JSONDecoder()
_LONGEST = 1 << 28


def read_json(file: TextFile, example: str) -> Iterator[Object]:
    """Give the objects of a JSON file: of an array, or of the one array of objects in an object; one object by itself.

    A file with an object a line is read as such. An object is in memory at a time. Raises DataError, with the line, as
    `read_objects` does, for what has another form, and for an object with several arrays of objects.
    """
    document = _Document(file, read_text(file), example)
    if document.next_sign() == "[":
        yield from document.array()
    elif document.next_sign() != "{":
        if document.next_sign():
            raise document.refused("neither an array of objects nor an object with one")
    elif document.has_object_a_line():
        yield from read_objects(file, example)
        return
    else:
        yield from document.array_in_object()
    if document.next_sign():
        raise document.refused("there is more behind its end; write one array")


class _Document:
    """A JSON text that comes in blocks; only what is read of it, a value at a time, is looked at."""

    def __init__(self, file: TextFile, blocks: Iterable[str], example: str) -> None:
        self._file, self._blocks, self._example = file, iter(blocks), example
        self._text, self._at, self._line = "", 0, 1

    def refused(self, says: str) -> DataError:
        """Give the error for what stands here."""
        return DataError(f"{self._place()}: no JSON of records, {says}: as in [{self._example}, ...]")

    def next_sign(self) -> str:
        """Give the next character that is no blank, without taking it; "" at the end."""
        while True:
            blanks = _BLANKS.match(self._text, self._at)
            assert blanks is not None
            self._take(blanks.end())
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def has_object_a_line(self) -> bool:
        """Tell whether the first line is an object by itself and another object follows."""
        line, end, others = self._text[self._at :].partition("\n")
        try:
            return bool(end) and isinstance(json.loads(line), dict) and others.lstrip()[:1] == "{"
        except (ValueError, RecursionError):
            return False

    def array(self) -> Iterator[Object]:
        """Take an array of objects."""
        self._sign("[")
        while self.next_sign() != "]":
            if self.next_sign() != "{":
                raise self.refused("an element of the array is no object")
            yield self._object()
            if self.next_sign() != "]":
                self._sign(",")
                if self.next_sign() == "]":
                    raise self.refused("a comma stands before its end")
        self._sign("]")

    def _object(self) -> Object:
        """Take an object; most end in the text that is there, and are parsed as they stand."""
        place = self._place()
        try:
            values, end = _DECODER.raw_decode(self._text, self._at)
        except (ValueError, RecursionError):
            text = self._value()
            return Object(place, parsed(text, place, self._example), "\\u" in text)
        return Object(place, values, "\\u" in self._take(end))

    def array_in_object(self) -> Iterator[Object]:
        """Take an object: give those of the one array of objects in it, or where there is none the object itself."""
        place, others, arrays = self._place(), ["{"], list[str]()
        self._sign("{")
        while self.next_sign() != "}":
            key = self._value()
            self._sign(":")
            if self.next_sign() == "[" and self._begins_with_object():
                arrays.append(key)
                if len(arrays) > 1:
                    raise self.refused(f"the object has several arrays, {' and '.join(arrays)}; keep one")
                yield from self.array()
            else:
                others += [", " if len(others) > 1 else "", key, ":", self._value()]
            if self.next_sign() != "}":
                self._sign(",")
        self._sign("}")
        if not arrays:
            text = "".join((*others, "}"))
            yield Object(place, parsed(text, place, self._example), "\\u" in text)

    def _begins_with_object(self) -> bool:
        while not (begin := self._text[self._at + 1 :].lstrip()[:1]) and self._more():
            pass
        return begin == "{"

    def _place(self) -> str:
        return f"{self._file.name}, line {self._line}"

    def _sign(self, sign: str) -> None:
        if (found := self.next_sign()) != sign:
            raise self.refused(f"where {sign} is to stand {found or 'it ends'}")
        self._take(self._at + 1)

    def _value(self) -> str:
        """Take a value, whatever it is, up to where its quotes or brackets close."""
        begins = self.next_sign()
        if begins not in ('"', "{", "["):
            while (end := _END_OF_WORD.search(self._text, self._at)) is None and self._more():
                pass
            return self._take(len(self._text) if end is None else end.start())
        pieces: list[str] = []
        n_characters = depth = 0
        quoted = False
        line = self._place()
        while n_characters < _LONGEST:
            for sign in _SIGNS.finditer(self._text, self._at):
                if quoted or sign[0] == '"':
                    quoted = quoted != (sign[0] == '"')
                else:
                    depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(sign[0], 0)
                if not quoted and depth <= 0:
                    return "".join((*pieces, self._take(sign.end())))
            pieces.append(self._take(len(self._text)))
            n_characters += len(pieces[-1])
            if not self._more():
                break
        raise DataError(f"{line}: no JSON of records, what begins here with {begins} is not closed; close it")

    def _take(self, end: int) -> str:
        taken = self._text[self._at : end]
        self._line += taken.count("\n")
        self._at = end
        return taken

    def _more(self) -> bool:
        """Put the next block behind what has not been taken; False at the end."""
        block = next(self._blocks, "")
        while block.endswith("\\") and (following := next(self._blocks, "")):
            block += following
        self._text, self._at = self._text[self._at :] + block, 0
        return bool(block)
