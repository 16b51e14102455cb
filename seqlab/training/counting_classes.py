"""Training a text classifier that counts: an n-gram model of each class. No torch."""

import time
from pathlib import Path

from seqlab.config import Classification
from seqlab.modeldir import writing
from seqlab.tasks import classify, classify_floors, gap, labelled_kept
from seqlab.tasks.classifier_text import ClassifierText
from seqlab.tasks.ngram_text_classifier import NgramTextClassifier
from seqlab.text.vocab import SPECIALS
from seqlab.training.watcher import Watcher
from seqlab.training.ways import Outcome


def check(config: Classification) -> None:
    """Nothing is left to be refused."""


def check_text(config: Classification, folder: Path) -> None:
    """Any texts will do."""


def can_go_on(folder: Path) -> bool:
    """Counting begins anew."""
    return False


def train(config: Classification, folder: Path, output: Path, watcher: Watcher) -> Outcome:
    """Count the texts prepared in a folder, and write the model there."""
    labels, notes = classify.kept_labels(folder)
    text = ClassifierText.load(config, folder / "text")
    examples, held_out = labelled_kept.kept(folder)
    validation = examples if held_out is None else held_out
    sizes = {
        "train": len(examples),
        "validation": len(validation),
        "vocabulary": len(text.pipeline.vocab) - len(SPECIALS),
    }
    held = "none" if config.data.folds else f"{len(validation):,}"
    watcher.told("data", f"{len(examples):,} texts to train on, {held} to validate on, {len(labels)} labels")
    if held_out is None and not config.data.folds:
        watcher.noted("nothing is held out: the training data themselves are scored")
    for note in notes:
        watcher.noted(note)
    started = time.perf_counter()
    with writing(folder):
        model = classify.count_ngrams(config, text, examples)
        model.save(folder / classify.NGRAM)
    classifier = NgramTextClassifier(config, labels, text, model)
    log_probs = classifier.log_probs((example.text for example in validation), calibrated=False)
    temperature = 1.0 if held_out is None else classify.temperature(config, held_out, labels, log_probs)
    floors = classify_floors.floors(config, labels, text, examples, validation)
    scores = classifier.score_of(validation, log_probs).to_dict() | {"floors": floors}
    if held_out is not None:
        scores["training"] = gap.training_scores(classifier, examples, config.seed)
    facts = {"n_labels": len(labels), "temperature": temperature, "sizes": sizes}
    return Outcome(scores, facts | {"seconds": round(time.perf_counter() - started, 1)})
