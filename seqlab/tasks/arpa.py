"""N-gram language models to and from ARPA files: which of its words are which tokens. No torch."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from seqlab.errors import ConfigError
from seqlab.ngram.arpa import read_arpa, write_arpa
from seqlab.ngram.model import NGramModel
from seqlab.tasks.ngram_lm import NgramLanguageModel
from seqlab.text.normalize import Normalizer
from seqlab.text.pipeline import TextPipeline
from seqlab.text.tokenizers import TOKENIZERS
from seqlab.text.vocab import BOS, EOS, SPECIALS, Vocab

CUT_BY = ("whitespace", "character", "word", "jieba")
"""Tokenizers whose vocabulary can be any words."""


class Imported(NamedTuple):
    """What was read from an ARPA file."""

    text: TextPipeline
    model: NGramModel
    notes: list[str]
    """What one may overlook, a sentence each."""


def write(model: NgramLanguageModel, path: Path) -> None:
    """Write an n-gram language model as an ARPA file, compressed where its name ends in `.gz`.

    Where a line is a sequence, the line end is `</s>`. Where contexts reach over line ends it is a word, as `<U+000A>`;
    `<s>` then is the beginning of the whole text.

    Raises:
        ModelError: the model has no ARPA form. DataError: the file cannot be written.
    """
    ngrams = model.model
    if ngrams.end is None:  # a text begins as if after a line end, which is no mark
        ngrams = dataclasses.replace(ngrams, start=BOS)
    write_arpa(ngrams, (*SPECIALS, *model.text.vocab.tokens), path)


def read(path: Path, tokenizer: str) -> Imported:
    """Read an ARPA file as a language model of lines, or of running text where the file has no `</s>`.

    The text it is used on stays as it is but for being cut into tokens.

    Raises:
        DataError: no ARPA file. ConfigError: words that the tokenizer cannot find.
    """
    ngrams, words = read_arpa(path)
    words = words[len(SPECIALS) :]
    if tokenizer == "character" and (longer := next((word for word in words if len(word) != 1), None)) is not None:
        raise ConfigError(f"{path}: its words are no characters, such as {longer!r:.60}; leave out --tokenizer")
    text = TextPipeline(Normalizer(unicode="none"), TOKENIZERS[tokenizer](), Vocab(words))
    if ngrams.end in (None, EOS):  # which no text has: it goes on from a line end, as where contexts reach over them
        ngrams = dataclasses.replace(ngrams, start=text.start, end=None)
    return Imported(text, ngrams, _notes(ngrams, words, tokenizer))


def _notes(ngrams: NGramModel, words: Sequence[str], tokenizer: str) -> list[str]:
    notes = []
    if ngrams.levels[0].log_probs[ngrams.unknown] == -float("inf"):
        notes.append("the file gives <unk> no probability, so a text with a word that it lacks is impossible")
    if tokenizer == "whitespace" and all(len(word) == 1 for word in words):
        notes.append("all words are single characters: if tokens are not parted by blanks, give --tokenizer character")
    return notes
