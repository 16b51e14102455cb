"""What a tokenizer is: text to tokens with offsets, and pieces back to text, one by one."""

from typing import Any, NamedTuple, Protocol, runtime_checkable

from numpy.typing import NDArray


class Token(NamedTuple):
    """A token and where it stands: characters `start` to `end` (exclusive) of the given text."""

    text: str
    start: int
    end: int


class Joiner(Protocol):
    """Puts pieces back together while they come, as generation does; one joiner for one text."""

    def add(self, piece: str) -> str:
        """Take the next piece and give the text that can be written now, which may be empty."""

    def finish(self) -> str:
        """Give the text that was held back, such as the replacement of an unfinished character."""


class Tokenizer(Protocol):
    """Cuts text into pieces and joins pieces to text. A tokenizer has no state: one serves all threads."""

    @property
    def name(self) -> str:
        """Its name in the table of tokenizers."""

    @property
    def unit(self) -> str:
        """What a score per token is per: "character", "byte", "word" or "piece"."""

    def pieces(self, text: str) -> list[str]:
        """Give the strings of the tokens; quicker than `tokenize`."""

    def tokenize(self, text: str) -> list[Token]:
        """Give the tokens with their offsets in `text`, in order."""

    def joiner(self) -> Joiner:
        """Give a joiner for one text."""


@runtime_checkable
class CodedTokenizer(Tokenizer, Protocol):
    """A tokenizer whose tokens are single code units, so that text becomes ids by one look-up in a table."""

    @property
    def n_codes(self) -> int:
        """The number of possible code units: every code is below it."""

    def codes(self, text: str) -> NDArray[Any]:
        """Give the code units of the text, of an unsigned integer type."""

    def symbol(self, code: int) -> str:
        """Give the piece that a code unit stands for."""

    def code(self, symbol: str) -> int:
        """Give the code unit of a piece."""


def join(tokenizer: Tokenizer, pieces: list[str]) -> str:
    """Put the pieces of one text together."""
    joiner = tokenizer.joiner()
    return "".join([joiner.add(piece) for piece in pieces]) + joiner.finish()
