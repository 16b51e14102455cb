"""Training a segmenter or a tagger that counts: words are listed, tags are counted. No torch."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seqlab.config import Segmentation, SentenceTask, Tagging
from seqlab.modeldir import writing
from seqlab.tasks import segment, sentence_floors, sentences_kept, tag
from seqlab.tasks.hmm_tagger import HmmTagger
from seqlab.training.watcher import Watcher
from seqlab.training.ways import Outcome


def check(config: SentenceTask) -> None:
    """Nothing is left to be refused."""


def check_text(config: SentenceTask, folder: Path) -> None:
    """Any sentences will do."""


def can_go_on(folder: Path) -> bool:
    """Counting begins anew."""
    return False


def train(config: SentenceTask, folder: Path, output: Path, watcher: Watcher) -> Outcome:
    """Count the sentences prepared in a folder, and write the model there."""
    sentences, held_out = sentences_kept.kept(folder)
    validation, words = sentences if held_out is None else held_out, sentences_kept.kept_words(folder)
    sizes = {"train": _size(config, sentences), "validation": _size(config, validation), "vocabulary": len(words)}
    unit = "word" if isinstance(config, Segmentation) else "token"
    watcher.told("data", f"{sizes['train']:,} {unit}s to train on, {sizes['validation']:,} to validate on")
    for note in _notes(config, folder, held_out is None):
        watcher.noted(note)
    started = time.perf_counter()
    with writing(folder):
        if isinstance(config, Segmentation):
            scores, facts = _segmenter(config, folder, sentences, validation, words)
        else:
            assert isinstance(config, Tagging)
            scores, facts = _tagger(config, folder, sentences, validation, words)
    return Outcome(scores, facts | {"sizes": sizes, "seconds": round(time.perf_counter() - started, 1)})


def _notes(config: SentenceTask, folder: Path, nothing_held_out: bool) -> Iterator[str]:
    """What one may overlook."""
    if nothing_held_out:
        yield "nothing is held out: the training data themselves are scored"
    if config.data.limit is not None:
        yield f"only the first {config.data.limit:,} sentences are read"
    if isinstance(config, Tagging):
        yield from tag.kept_tags(folder)[1]


def _segmenter(
    config: Segmentation, folder: Path, sentences: list[Any], validation: list[Any], words: frozenset[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Scores and facts of a segmenter, which is left in the folder."""
    floors = sentence_floors.of_segmentation(config, sentences, validation, words)
    if config.model == "max-match":
        matching = segment.matching_segmenter(config, words)
        return matching.evaluate(validation).to_dict() | {"floors": floors}, {"n_words": len(words)}
    tagger = segment.count_hmm(config, sentences)
    tagger.save(folder / segment.HMM)
    scores = segment.hmm_segmenter(config, tagger, words).evaluate(validation).to_dict()
    return scores | {"floors": floors}, {"n_tags": len(tagger.tags)}


def _tagger(
    config: Tagging, folder: Path, sentences: list[Any], validation: list[Any], words: frozenset[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Scores and facts of a tagger, which is left in the folder."""
    tagger = tag.count_hmm(config, sentences)
    tagger.save(folder / tag.HMM)
    scores = HmmTagger(config, tagger, words).evaluate([(tokens, tags) for tokens, tags in validation]).to_dict()
    floors = sentence_floors.of_tagging(config, sentences, validation, words)
    return scores | {"floors": floors}, {"n_tags": len(tagger.tags)}


def _size(config: SentenceTask, sentences: list[Any]) -> int:
    if isinstance(config, Segmentation):
        return sum(map(len, sentences))
    return sum(len(sentence[0]) for sentence in sentences)
