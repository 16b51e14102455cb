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
        lexicons=[_lexicon(name, config, words) for name in features.lexicons],
    )


def _lexicon(name: str, config: SentenceTask, words: Mapping[str, int]) -> Lexicon:
    if isinstance(config, Segmentation) and name == TRAIN:
        return words_seen(words, config.features.lexicon_min_count)
    return Lexicon.jieba() if name == JIEBA else Lexicon.read(Path(name))


def words_seen(counts: Mapping[str, int], min_count: int) -> Lexicon:
    """The words seen at least `min_count` times, as a lexicon."""
    return Lexicon(word for word, count in counts.items() if count >= min_count)


def refuse_lexicon_of_words(config: SentenceTask, sentences: Iterable[Sequence[str]]) -> None:
    """Refuse to look words of a lexicon up in tokens that are words themselves.

    Raises:
        DataError: with what to do.
    """
    if config.features.lexicons and any(len(token) != 1 for sentence in sentences for token in sentence):
        raise DataError(
            "features.lexicons: they are for tokens of one character, and some here are longer; leave them out"
        )
