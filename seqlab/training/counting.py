"""Training an n-gram model: the text is counted, and the counts are smoothed. No torch."""

import time
from pathlib import Path

from seqlab.config import LanguageModelling
from seqlab.errors import ConfigError
from seqlab.modeldir import WEIGHTS, writing
from seqlab.ngram.binary import open_model, save
from seqlab.tasks import ngram_training
from seqlab.tasks.floors import floors
from seqlab.tasks.lm import IndexedText
from seqlab.tasks.ngram_lm import NgramLanguageModel
from seqlab.tasks.ngram_training import Estimated
from seqlab.training.watcher import Watcher
from seqlab.training.ways import Outcome


def check(config: LanguageModelling) -> None:
    """Refuse to count what was estimated elsewhere.

    Raises:
        ConfigError: with what to do.
    """
    if config.ngram.smoothing == "arpa":
        raise ConfigError("ngram.smoothing: arpa is that of models which `seqlab convert` has read; choose another")


def check_text(config: LanguageModelling, folder: Path) -> None:
    """Refuse a text that is shorter than the n-grams, or has no lines where they are asked for.

    Raises:
        DataError, ConfigError: with what to do.
    """
    ngram_training.check(config.ngram, IndexedText(config, folder))


def can_go_on(folder: Path) -> bool:
    """Counting begins anew."""
    return False


def train(config: LanguageModelling, folder: Path, output: Path, watcher: Watcher) -> Outcome:
    """Count the text prepared in a folder, and write the model there."""
    data, started = IndexedText(config, folder), time.perf_counter()
    watcher.told("data", data.summary())
    for note in data.notes:
        watcher.noted(note)
    watcher.counted(0.0)
    with writing(folder):
        made = ngram_training.estimated(config.ngram, data, folder, watcher.counted)
        save(made.model, folder / WEIGHTS)
        seconds = time.perf_counter() - started
        _tell(watcher, made)
        n_grams = [len(level) for level in made.model.levels]
        del made  # what is scored is what was saved
        model = NgramLanguageModel(config, data.text, open_model(folder / WEIGHTS))
        scores = model.evaluate_ids(data.validation).to_dict() | {"floors": floors(config, data, folder)}
    training = {
        "n_grams": n_grams,
        "n_bytes": (folder / WEIGHTS).stat().st_size,
        "seconds": round(seconds, 1),
        "sizes": data.sizes,
    }
    return Outcome(scores, training)


def _tell(watcher: Watcher, made: Estimated) -> None:
    """Say what was found."""
    sizes = ", ".join(f"{len(level):,}" for level in made.model.levels)
    watcher.told("n-grams", f"{sizes} of order 1 to {made.model.order}, {made.model.smoothing}")
    if made.discounts:
        by_order = (f"{' '.join(f'{d:.2f}' for d in taken)} ({n})" for n, taken in made.discounts.items())
        watcher.told("discounts", f"of the counts 1, 2, 3 and more (by order): {', '.join(by_order)}")
    for note in made.notes:
        watcher.noted(note)
    if not made.model.normalized:
        watcher.noted(f"the figures of {made.model.smoothing} do not sum to one, so compare them with no other model's")
