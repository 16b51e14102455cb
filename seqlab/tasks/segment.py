"""Word segmentation: sentences in words, held out in part, as every kind of model reads them. No torch."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from seqlab.config import Segmentation
from seqlab.modeldir import ModelDirectory
from seqlab.ngram.tagging import HMMTagger
from seqlab.records import Segmented
from seqlab.tasks import sentences_kept
from seqlab.tasks.hmm_segmenter import HmmSegmenter
from seqlab.tasks.matching_segmenter import MatchingSegmenter
from seqlab.tasks.sentence_parts import fit_features
from seqlab.tasks.sentence_records import words_of
from seqlab.text.bmes import tags_of_words
from seqlab.text.sentences import split_words
from seqlab.text.width import to_half

HMM = "hmm"
"""The folder of a hidden Markov model in a model directory."""


def prepare(
    config: Segmentation,
    records: Iterable[Segmented | Sequence[str]],
    validation: Iterable[Segmented | Sequence[str]] | None,
    folder: Path,
) -> None:
    """Hold sentences out, and fit the text parts on the others, into `folder/text` and `folder/data`.

    Args:
        config: the experiment; its sections `data`, `text` and `features` are used.
        records: the training sentences. validation: likewise; None holds out a share.
        folder: an existing folder.

    Raises:
        DataError: no sentences, one without words, or a word that is empty or holds white space.
    """
    train, held_out = sentences_kept.divided(
        config, map(words_of, records), None if validation is None else map(words_of, validation)
    )
    sentences_kept.keep(folder, train, held_out)
    sentences_kept.keep_words(folder, known(config, train))
    if config.model == "rnn":
        texts = ["".join(words) for sentence in train for words in split_words(sentence)]
        counts = Counter(word for sentence in train for word in sentence)
        fit_features(config, texts, counts).save(folder / "text")


def known(config: Segmentation, sentences: Iterable[Sequence[str]]) -> set[str]:
    """The words of sentences, with widths folded where the settings say so."""
    words = {word for sentence in sentences for word in sentence}
    return {to_half(word) for word in words} if config.text.width == "half" else words


def count_hmm(config: Segmentation, sentences: Iterable[Sequence[str]]) -> HMMTagger:
    """A hidden Markov model of the characters and their tags."""
    cut = (part for sentence in sentences for part in split_words(sentence))
    fold = to_half if config.text.width == "half" else str
    pairs = ((list(fold("".join(words))), list(tags_of_words(words))) for words in cut)
    return HMMTagger.fit(pairs, config.hmm.order, config.hmm.smoothing)


def hmm_segmenter(
    config: Segmentation, tagger: HMMTagger, words: frozenset[str], scores: dict[str, Any] | None = None
) -> HmmSegmenter:
    """The segmenter that uses such a model."""
    return HmmSegmenter(config, tagger, words, scores, fold=config.text.width == "half")


def matching_segmenter(
    config: Segmentation, words: frozenset[str], scores: dict[str, Any] | None = None
) -> MatchingSegmenter:
    """The segmenter that takes the longest words of a list."""
    fold = config.text.width == "half"
    return MatchingSegmenter(config, words, config.matching.direction, scores, fold=fold)


def load_hmm(directory: ModelDirectory) -> HmmSegmenter:
    """The hidden Markov model that a model directory holds."""
    config, words = _config(directory), sentences_kept.kept_words(directory.path)
    return hmm_segmenter(config, HMMTagger.load(directory.path / HMM), words, directory.scores)


def load_matching(directory: ModelDirectory) -> MatchingSegmenter:
    """The word list that a model directory holds, in use."""
    return matching_segmenter(_config(directory), sentences_kept.kept_words(directory.path), directory.scores)


def _config(directory: ModelDirectory) -> Segmentation:
    assert isinstance(directory.config, Segmentation)
    return directory.config
