"""The floors that a segmenter and a tagger have to beat: simple models of the same sentences. No torch."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from seqlab.config import Segmentation, Tagging
from seqlab.tasks import segment, tag
from seqlab.tasks.hmm_tagger import HmmTagger
from seqlab.tasks.majority_tagger import MajorityTagger
from seqlab.tasks.sentences_kept import Sentence


def of_segmentation(
    config: Segmentation, train: Sequence[Sentence], validation: Sequence[Sentence], words: frozenset[str]
) -> dict[str, Any]:
    """The scores of maximum matching with the training words, and of a hidden Markov model; but not of the model itself."""
    if not config.baseline:
        return {}
    found: dict[str, Any] = {}
    if config.model != "max-match":
        matching = segment.matching_segmenter(config, words)
        found["max-match"] = matching.evaluate(validation).to_dict() | {"confusions": []}
    if config.model != "hmm":
        hmm = segment.hmm_segmenter(config, segment.count_hmm(config, train), words)
        found["hmm"] = hmm.evaluate(validation).to_dict() | {"confusions": []}
    return found


def of_tagging(
    config: Tagging, train: Sequence[Sentence], validation: Sequence[Sentence], words: frozenset[str]
) -> dict[str, Any]:
    """The scores of the most frequent tag of each token, and of a hidden Markov model; but not of the model itself."""
    if not config.baseline:
        return {}
    by_token: dict[str, Counter[str]] = {}
    for tokens, tags, *_ in train:
        for token, name in zip(tokens, tags, strict=True):
            by_token.setdefault(token, Counter())[name] += 1
    majority = MajorityTagger(config, by_token, words)
    found = {"most frequent tag": majority.evaluate(_pairs(validation)).to_dict() | {"confusions": []}}
    if config.model != "hmm":
        hmm = HmmTagger(config, tag.count_hmm(config, train), words)
        found["hmm"] = hmm.evaluate(_pairs(validation)).to_dict() | {"confusions": []}
    return found


def _pairs(sentences: Sequence[Sentence]) -> list[tuple[list[str], list[str]]]:
    return [(tokens, tags) for tokens, tags, *_ in sentences]
