"""Tokenizers whose tokens are single code units: characters and bytes."""

import codecs
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqlab.text.tokens import Token

BYTE_PIECES = tuple(f"<0x{byte:02X}>" for byte in range(256))
"""The pieces that stand for bytes, by the value of the byte."""

_BYTES = {piece: bytes([byte]) for byte, piece in enumerate(BYTE_PIECES)}


@dataclass(frozen=True)
class CharacterTokenizer:
    """One Unicode code point a token, white space included."""

    name = "character"
    unit = "character"
    n_codes = 0x110000

    def pieces(self, text: str) -> list[str]:
        """Give the characters."""
        return list(text)

    def tokenize(self, text: str) -> list[Token]:
        """Give the characters with their offsets."""
        return [Token(character, index, index + 1) for index, character in enumerate(text)]

    def joiner(self) -> "CharacterJoiner":
        """Give a joiner that writes each character at once."""
        return CharacterJoiner()

    def codes(self, text: str) -> NDArray[np.uint32]:
        """Give the code points, uint32, lone surrogates as such."""
        return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")

    def symbol(self, code: int) -> str:
        """Give the character of a code point."""
        return chr(code)

    def code(self, symbol: str) -> int:
        """Give the code point of a character."""
        return ord(symbol)


@dataclass(frozen=True)
class ByteTokenizer:
    """One byte of UTF-8 a token, written "<0x0A>"; the bytes of one character share its offsets.

    A lone surrogate becomes the three bytes that the rule of UTF-8 would give it. Joining such bytes, or any others that
    are not UTF-8, gives U+FFFD.
    """

    name = "byte"
    unit = "byte"
    n_codes = 256

    def pieces(self, text: str) -> list[str]:
        """Give the bytes as pieces."""
        return [BYTE_PIECES[byte] for byte in text.encode("utf-8", "surrogatepass")]

    def tokenize(self, text: str) -> list[Token]:
        """Give the bytes with the offsets of their characters."""
        return [
            Token(piece, index, index + 1) for index, character in enumerate(text) for piece in self.pieces(character)
        ]

    def joiner(self) -> "ByteJoiner":
        """Give a joiner that writes each character when its last byte has come."""
        return ByteJoiner()

    def codes(self, text: str) -> NDArray[np.uint8]:
        """Give the bytes, uint8."""
        return np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)

    def symbol(self, code: int) -> str:
        """Give the piece of a byte."""
        return BYTE_PIECES[code]

    def code(self, symbol: str) -> int:
        """Give the byte of a piece."""
        return _BYTES[symbol][0]


class CharacterJoiner:
    """Writes every piece as it is."""

    def add(self, piece: str) -> str:
        """Give the piece."""
        return piece

    def finish(self) -> str:
        """Give nothing: no character is held back."""
        return ""


class ByteJoiner:
    """Decodes byte pieces as they come, with U+FFFD for what is not UTF-8; other pieces stand for themselves."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, piece: str) -> str:
        """Give the characters that are complete with this piece."""
        if piece in _BYTES:
            return self._decoder.decode(_BYTES[piece])
        return self.finish() + piece

    def finish(self) -> str:
        """Give U+FFFD where a character was left unfinished."""
        held_back = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return held_back
