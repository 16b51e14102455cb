"""What is read, and how it becomes tokens."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from seqlab.config.section import Section


def _utf8(name: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in name):
        raise ValueError(f"the name {name!r} is not UTF-8, so no model directory can record it; rename the file")
    return name


Paths = Annotated[tuple[Annotated[str, AfterValidator(_utf8)], ...], Field(strict=False)]


class Data(Section):
    """What is read."""

    train: Paths = ()
    """Corpora to train on: paths of files or folders, or sample:NAME."""
    validation: Paths = ()
    """Corpora to validate on; where none is given, a share of the training corpora is held out."""
    encoding: str = "utf-8"
    """Encoding of the corpora, any that Python knows: utf-8, gb18030, big5, utf-16, ...; auto finds it out."""
    encoding_errors: Literal["strict", "replace", "skip-line"] = "strict"
    """What is done with bytes that are not in the encoding: refuse the file, put U+FFFD there, or leave out their lines."""
    validation_share: float = Field(0.1, ge=0.0, lt=1.0)
    """Share of the characters, or sentences, that is held out; 0 holds nothing out and scores what is trained on."""
    validation_split: Literal["random", "end"] = "random"
    """Which characters, or sentences, are held out: drawn by the seed all over the corpora, or their end."""
    limit: int | None = Field(None, ge=1)
    """Read only this many characters, or sentences, of the training corpora."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.validation and (self.validation_share not in (0.0, 0.1) or self.validation_split != "random"):
            raise ValueError(
                "validation: a corpus to validate on is given, so nothing is held out; leave out validation_share and "
                "validation_split"
            )
        return self


class Text(Section):
    """How text becomes tokens."""

    tokenizer: Literal["character", "byte", "word", "whitespace", "jieba", "sentencepiece"] = "character"
    """What a token is."""
    unicode: Literal["none", "NFC", "NFKC"] = "NFC"
    """Unicode normalization form."""
    width: Literal["keep", "half", "full"] = "keep"
    """Fold full-width letters, digits and signs to half width, or the other way round."""
    case: Literal["keep", "lower"] = "keep"
    """Keep letters as they are, or make them lower case."""
    whitespace: Literal["keep", "collapse"] = "keep"
    """Keep blanks as they are, or make runs of them one space."""
    min_count: int = Field(1, ge=1)
    """Tokens seen less often than this in the training text are unknown."""
    max_size: int | None = Field(None, ge=2)
    """Largest vocabulary, the most frequent tokens first; for sentencepiece the number of pieces (8000 where not given)."""
    sentencepiece_model: Literal["unigram", "bpe"] = "unigram"
    """Which segmentation model sentencepiece trains."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.sentencepiece_model != "unigram" and self.tokenizer != "sentencepiece":
            raise ValueError(f"sentencepiece_model: the tokenizer is {self.tokenizer}; leave it out or set tokenizer")
        return self
