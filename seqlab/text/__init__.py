"""From text to ids and back: normalization, tokenizers, vocabulary, ids in files. Imports no torch."""

from seqlab.text.indexed import IdWriter, open_ids, smallest_dtype
from seqlab.text.normalize import Normalizer
from seqlab.text.pipeline import IndexStatistics, TextPipeline
from seqlab.text.tokenizers import TOKENIZERS, Joiner, Token, Tokenizer, join
from seqlab.text.vocab import BOS, EOS, PAD, SPECIALS, UNK, Vocab

__all__ = [
    "BOS",
    "EOS",
    "PAD",
    "SPECIALS",
    "TOKENIZERS",
    "UNK",
    "IdWriter",
    "IndexStatistics",
    "Joiner",
    "Normalizer",
    "TextPipeline",
    "Token",
    "Tokenizer",
    "Vocab",
    "join",
    "open_ids",
    "smallest_dtype",
]
