"""The text parts of segmenters and taggers, as their settings describe them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from seqlab.config import Segmentation, SentenceTask
from seqlab.config.sentences import JIEBA, TRAIN
from seqlab.errors import DataError
from seqlab.text.features import TokenFeatures
from seqlab.text.lexicon import Lexicon


def fit_features(
    config: SentenceTask, sentences: Iterable[Sequence[str]], words: Mapping[str, int] = MappingProxyType({})
) -> TokenFeatures:
    """What a network reads of each token, fitted on training sentences: a text of characters each, or a list of tokens.

    Args:
        config: the experiment; its sections `text` and `features` are used.
        sentences: to train on.
        words: how often each word stands in them, where tokens are characters.

    Raises:
        DataError: the word list cannot be read.
    """
    features, text = config.features, config.text
    return TokenFeatures.fit(
        sentences,
        width=text.width,
        case=text.case,
        min_count=text.min_count,
        bigrams=features.bigrams,
        bigram_min_count=features.bigram_min_count,
        affixes=getattr(features, "affixes", 0),
        kinds=features.kinds,
        lexicons=lexicons(config, words),
    )


def lexicons(config: SentenceTask, words: Mapping[str, int]) -> list[Lexicon]:
    """The word lists that a model reads, one after another; train is two, of all words and of frequent ones.

    Args:
        config: the experiment. words: how often each word stands in the training data.

    Raises:
        DataError: a list cannot be read.
    """
    found: list[Lexicon] = []
    for name in config.features.lexicons:
        if isinstance(config, Segmentation) and name == TRAIN:
            found += lists_of_training(config, words)
        else:
            found.append(Lexicon.jieba() if name == JIEBA else Lexicon.read(Path(name)))
    return found


def lists_of_training(config: Segmentation, words: Mapping[str, int]) -> list[Lexicon]:
    """The two lists of training words: those seen often enough, and those seen often."""
    bounds = (config.features.lexicon_min_count, config.features.lexicon_frequent)
    return [Lexicon(word for word, count in words.items() if count >= bound) for bound in bounds]


def refuse_lexicon_of_words(config: SentenceTask, sentences: Iterable[Sequence[str]]) -> None:
    """Refuse to look words of a lexicon up in tokens that are words themselves.

    Raises:
        DataError: with what to do.
    """
    if config.features.lexicons and any(len(token) != 1 for sentence in sentences for token in sentence):
        raise DataError(
            "features.lexicons: they are for tokens of one character, and some here are longer; leave them out"
        )
