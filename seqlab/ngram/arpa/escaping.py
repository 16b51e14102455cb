"""How words stand in ARPA files, where white space ends a word and three words are marks."""

import re

START, END, UNKNOWN = "<s>", "</s>", "<unk>"
"""The marks of an ARPA file: what stands before a sentence, what ends it, and the unknown word."""

_MARKS = (START, END, UNKNOWN, "<UNK>")  # KenLM takes <UNK> for <unk>
_UNSAFE = re.compile(r"[\s\0\ud800-\udfff]|<(?=U\+[0-9A-F]*>)")
_ESCAPE = re.compile(r"<U\+([0-9A-F]*)>")


def escape(word: str) -> str:
    r"""Give a word as it stands in an ARPA file: "new york" as `new<U+0020>york`.

    White space, NUL, and what is no character (half of a surrogate pair) become `<U+XXXX>`; so does the first character
    of a mark and of anything that looks like such an escape. The empty word is `<U+>`. Other words stay as they are.
    """
    if word in _MARKS:
        return _escaped(word[0]) + word[1:]
    return _UNSAFE.sub(lambda match: _escaped(match[0]), word) if word else "<U+>"


def unescape(text: str) -> str:
    """Undo `escape`; what `escape` cannot have written, such as `<U+0041>` for A, is a word as it stands."""
    if "<U+" not in text:
        return text
    word = _ESCAPE.sub(_character, text)
    return word if escape(word) == text else text


def _escaped(character: str) -> str:
    return f"<U+{ord(character):04X}>"


def _character(match: re.Match[str]) -> str:
    code = int(match[1] or "0", 16)
    return chr(code) if match[1] and code < 0x110000 else ""
