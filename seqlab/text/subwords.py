"""Tokenizer of subword pieces that are learned from the text, by sentencepiece."""

import io
import random
import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from seqlab.errors import ConfigError, DataError, ModelError
from seqlab.text.tokens import Token, join
from seqlab.text.units import BYTE_PIECES, ByteJoiner, ByteTokenizer

SPACE = "▁"
"""What sentencepiece writes for a space (U+2581)."""

MOST_LINES = 4_000_000
MOST_CHARACTERS = 64_000_000
"""What a model is trained on at most: above it, a random part of the lines, spread evenly over the text."""

_LINE = 1000
"""Characters of a training line; sentencepiece drops lines of more than 4192 bytes."""

# What sentencepiece cannot be given: its own sign for a space, NUL and what UTF-8 has no form for. Written as bytes.
_FOREIGN = re.compile("([\0▁\ud800-\udfff])")
_BYTE_OF = {piece: byte for byte, piece in enumerate(BYTE_PIECES)}


class SentencePieceTokenizer:
    """Subword pieces of a sentencepiece model (Kudo and Richardson, 2018), unigram or BPE.

    The text is taken as it is: joining the pieces gives it back, every space and line end of it. A space is written "▁"
    in a piece, a line end is a piece of its own, and a character that the model has not learned becomes the pieces of its
    UTF-8 bytes, which share its offsets; so nothing is unknown. The sign "▁" itself is written in bytes too. Only lone
    surrogates do not come back: they join to U+FFFD.
    """

    name = "sentencepiece"
    unit = "piece"

    def __init__(self, model: bytes) -> None:
        self._model = model
        self._processor = _processor(model)
        if self.all_pieces()[:257] != ["\n", *BYTE_PIECES] or join(self, self.pieces(" a  b \nc")) != " a  b \nc":
            raise ModelError("a sentencepiece model that changes text cannot be used: train it with seqlab")

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        model: Literal["unigram", "bpe"] = "unigram",
        size: int = 8000,
        seed: int = 0,
    ) -> "SentencePieceTokenizer":
        """Learn a model of at most `size` pieces, the 256 bytes and the line end among them.

        A small text gives fewer pieces. The same texts, settings and seed give the same model; the seed chooses the lines
        where there are more than `MOST_LINES` or `MOST_CHARACTERS`. Raises DataError where there is no text or the size
        is too small for it, ConfigError for an unknown kind of model.
        """
        if model not in ("unigram", "bpe"):
            raise ConfigError(f"unknown kind of sentencepiece model '{model}'; known: bpe, unigram")
        lines = _sample(_training_lines(texts), seed)
        if not lines:
            raise DataError("no text to learn sentencepiece pieces from: the corpus is empty or blank")
        return cls(_train(lines, model, size))

    @classmethod
    def from_bytes(cls, model: bytes) -> "SentencePieceTokenizer":
        """Take a model that `to_bytes` gave; raises ModelError for anything else."""
        return cls(model)

    def to_bytes(self) -> bytes:
        """Give the model as it is saved."""
        return self._model

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SentencePieceTokenizer) and self._model == other._model

    def __hash__(self) -> int:
        return hash(self._model)

    def __repr__(self) -> str:
        return f"SentencePieceTokenizer(<{self._processor.get_piece_size()} pieces>)"

    def __reduce__(self) -> tuple[type["SentencePieceTokenizer"], tuple[bytes]]:
        return SentencePieceTokenizer, (self._model,)

    def all_pieces(self) -> list[str]:
        """Give every piece that a text can have, in the order of the model: line end, bytes, learned pieces."""
        processor = self._processor
        return [
            processor.id_to_piece(index)
            for index in range(processor.get_piece_size())
            if not processor.is_unknown(index)
        ]

    def pieces(self, text: str) -> list[str]:
        """Give the pieces."""
        found: list[str] = []
        # Line by line: no piece goes over a line end, and the memory does not grow with the text.
        lines = text.split("\n")
        plain = self._processor.encode([_FOREIGN.sub("", line) for line in lines], out_type=str, num_threads=1)
        for number, (line, encoded) in enumerate(zip(lines, plain, strict=True)):
            if number:
                found.append("\n")
            found.extend(self._with_foreign(line) if _FOREIGN.search(line) else encoded)
        return found

    def tokenize(self, text: str) -> list[Token]:
        """Give the pieces with their offsets."""
        tokens: list[Token] = []
        start = 0
        missing = 0  # bytes still to come of the character at `start`
        for piece in self.pieces(text):
            if piece not in _BYTE_OF:
                tokens.append(Token(piece, start, start + len(piece)))
                start += len(piece)
                continue
            missing = (missing or len(text[start].encode("utf-8", "surrogatepass"))) - 1
            tokens.append(Token(piece, start, start + 1))
            start += missing == 0
        return tokens

    def joiner(self) -> "SubwordJoiner":
        """Give a joiner that writes each piece at once and each character of bytes when it is complete."""
        return SubwordJoiner()

    def _with_foreign(self, line: str) -> list[str]:
        found: list[str] = []
        for part in _FOREIGN.split(line):
            foreign = _FOREIGN.fullmatch(part) is not None
            found.extend(ByteTokenizer().pieces(part) if foreign else self._processor.encode(part, out_type=str))
        return found


class SubwordJoiner:
    """Writes pieces with their spaces, and byte pieces as the characters they make."""

    def __init__(self) -> None:
        self._bytes = ByteJoiner()

    def add(self, piece: str) -> str:
        """Give the text that is complete with this piece."""
        return self._bytes.add(piece if piece in _BYTE_OF else piece.replace(SPACE, " "))

    def finish(self) -> str:
        """Give U+FFFD where a character was left unfinished."""
        return self._bytes.finish()


def _processor(model: bytes) -> Any:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wrapper's types have no module
        import sentencepiece
    try:
        return sentencepiece.SentencePieceProcessor(model_proto=model)
    except (RuntimeError, ValueError, TypeError) as error:
        raise ModelError("not a sentencepiece model, or a damaged one") from error


def _training_lines(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for line in text.split("\n"):
            clean = _FOREIGN.sub("", line)
            for start in range(0, len(clean), _LINE):
                yield clean[start : start + _LINE]


def _sample(lines: Iterable[str], seed: int) -> list[str]:
    """Keep all lines, or, each time there are too many, half of those so far and as many of those to come."""
    generator = random.Random(seed)
    kept: list[str] = []
    n_characters, rate = 0, 1.0
    for line in lines:
        if rate < 1.0 and generator.random() >= rate:
            continue
        kept.append(line)
        n_characters += len(line)
        while len(kept) > MOST_LINES or n_characters > MOST_CHARACTERS:
            kept = [line for line in kept if generator.random() < 0.5]
            n_characters = sum(map(len, kept))
            rate /= 2
    return kept


def _train(lines: list[str], model: str, size: int) -> bytes:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import sentencepiece
    written = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines),
            model_writer=written,
            model_type=model,
            vocab_size=size,
            hard_vocab_limit=False,
            character_coverage=0.9995,
            required_chars="▁",  # the space, even where the text has none: Chinese
            byte_fallback=True,
            user_defined_symbols=["\n"],
            bos_id=-1,
            eos_id=-1,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            add_dummy_prefix=False,
            num_threads=4,  # fixed: the sums of the EM algorithm depend on it
            minloglevel=2,
        )
    except (RuntimeError, OSError, ValueError, TypeError) as error:
        raise DataError(_reason(str(error), size)) from error
    return written.getvalue()


def _reason(message: str, size: int) -> str:
    needed = re.search(r"required_chars\. \d+ vs (\d+)", message)
    if needed or size < 1:
        least = int(needed.group(1)) if needed else 300
        return (
            f"{size} sentencepiece pieces are too few for this text: 256 bytes and its frequent characters alone are "
            f"{least}; set the vocabulary size above {least}"
        )
    return f"sentencepiece cannot learn from this text: {' '.join(message.split())}"
