"""Training a text classifier that counts: an n-gram model of each class. No torch."""

import time
from pathlib import Path

from seqlab.config import Classification
from seqlab.modeldir import writing
from seqlab.tasks import classify, classify_floors
from seqlab.tasks.ngram_text_classifier import NGRAM, NgramTextClassifier
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
    prepared = classify.Prepared.load(config, folder)
    watcher.told("data", prepared.summary())
    for note in prepared.notes:
        watcher.noted(note)
    started = time.perf_counter()
    with writing(folder):
        model = classify.count_ngrams(config, prepared.text, prepared.train)
        model.save(folder / NGRAM)
    classifier = NgramTextClassifier(config, prepared.labels, prepared.text, model)
    log_probs = classifier.log_probs((example.text for example in prepared.scored), calibrated=False)
    floors = classify_floors.floors(config, prepared.labels, prepared.text, prepared.train, prepared.held_out)
    scores = classifier.score_of(prepared.scored, log_probs).to_dict() | {"floors": floors}
    if reached := prepared.training_scores(classifier):
        scores["training"] = reached
    training = {
        "n_labels": len(prepared.labels),
        "temperature": prepared.temperature(log_probs),
        "sizes": prepared.sizes,
        "seconds": round(time.perf_counter() - started, 1),
    }
    return Outcome(scores, training)
