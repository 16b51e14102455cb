"""The text parts of segmenters and taggers, as their settings describe them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from seqlab.config import SentenceTask
from seqlab.errors import DataError
from seqlab.text.features import TokenFeatures
from seqlab.text.lexicon import Lexicon


def fit_features(config: SentenceTask, sentences: Iterable[Sequence[str]]) -> TokenFeatures:
    """What a network reads of each token, fitted on training sentences: a text of characters each, or a list of tokens.

    Raises:
        DataError: the word list cannot be read.
    """
    features, text = config.features, config.text
    lexicon = None
    if features.lexicon:
        lexicon = Lexicon.jieba() if features.lexicon == "jieba" else Lexicon.read(Path(features.lexicon))
    return TokenFeatures.fit(
        sentences,
        width=text.width,
        case=text.case,
        min_count=text.min_count,
        bigrams=features.bigrams,
        bigram_min_count=features.bigram_min_count,
        affixes=getattr(features, "affixes", 0),
        kinds=features.kinds,
        lexicon=lexicon,
    )


def refuse_lexicon_of_words(config: SentenceTask, sentences: Iterable[Sequence[str]]) -> None:
    """Refuse to look words of a lexicon up in tokens that are words themselves.

    Raises:
        DataError: with what to do.
    """
    if config.features.lexicon and any(len(token) != 1 for sentence in sentences for token in sentence):
        raise DataError("features.lexicon: it is for tokens of one character, and some here are longer; leave it out")
