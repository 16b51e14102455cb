"""The table of tokenizers, and the names that all of them share."""

from seqlab.text.subwords import SentencePieceTokenizer
from seqlab.text.tokens import CodedTokenizer, Joiner, Token, Tokenizer, join
from seqlab.text.units import ByteTokenizer, CharacterTokenizer
from seqlab.text.words import JiebaTokenizer, WhitespaceTokenizer, WordTokenizer

TOKENIZERS: dict[str, type[Tokenizer]] = {
    "character": CharacterTokenizer,
    "byte": ByteTokenizer,
    "word": WordTokenizer,
    "whitespace": WhitespaceTokenizer,
    "jieba": JiebaTokenizer,
    "sentencepiece": SentencePieceTokenizer,
}
"""The class of each tokenizer by its name. All but "sentencepiece", which has a model, are made without arguments."""

__all__ = [
    "TOKENIZERS",
    "ByteTokenizer",
    "CharacterTokenizer",
    "CodedTokenizer",
    "JiebaTokenizer",
    "Joiner",
    "SentencePieceTokenizer",
    "Token",
    "Tokenizer",
    "WhitespaceTokenizer",
    "WordTokenizer",
    "join",
]
