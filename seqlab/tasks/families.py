"""The families of language models: what each is called, what it tells of itself, and how it is loaded.

A family is imported when one of its models is loaded, so that n-grams need no torch.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from seqlab.config import LanguageModelling
from seqlab.modeldir import ModelDirectory
from seqlab.tasks.language_model import LanguageModel

Rows = list[tuple[str, str]]


class Family(NamedTuple):
    """A row of the table `FAMILIES`."""

    noun: str
    """What one of its models is, at the beginning of a sentence."""
    rows: Callable[[LanguageModelling, dict[str, Any]], Rows]
    """(config, what training took by name, as in `seqlab.json`): what a model is, a fact a row under a name."""
    load: Callable[[ModelDirectory, str], LanguageModel]
    """(model directory, device): its predictor."""


def of(config: LanguageModelling) -> Family:
    """The family that the settings name."""
    return FAMILIES[config.model]


def load(directory: ModelDirectory, device: str) -> LanguageModel:
    """The predictor in a model directory, on a device."""
    return of(directory.config).load(directory, device)


def duration(seconds: float) -> str:
    """A time to read: seconds, or minutes from two of them on."""
    if seconds >= 120:
        return f"{seconds / 60:.1f} minutes"
    return f"{seconds:.1f} seconds" if seconds < 10 else f"{seconds:.0f} seconds"


def _network(config: LanguageModelling, training: dict[str, Any]) -> Rows:
    network, settings = config.network, config.training
    sizes = f"{network.cell}, {network.layers} x {network.hidden} units, {training['n_parameters']:,} parameters"
    steps = f"{training['steps']:,} steps, {training['epochs']} epochs, of {settings.optimizer} at {settings.lr:g}"
    return [
        ("network", sizes),
        ("runs on", ", ".join(dict.fromkeys(training["runs_on"]))),
        ("training", f"{steps}; {duration(training['seconds'])} on {training['device']}"),
    ]


def _load_network(directory: ModelDirectory, device: str) -> LanguageModel:
    from seqlab.device import available
    from seqlab.tasks.neural_lm import NeuralLanguageModel

    return NeuralLanguageModel.load(directory, available(device))


def _ngrams(config: LanguageModelling, training: dict[str, Any]) -> Rows:
    sizes = training["n_grams"]
    by_order = ", ".join(f"{size:,}" for size in sizes)
    return [
        ("n-grams", f"order {len(sizes)}, {config.ngram.smoothing}"),
        ("size", f"{sum(sizes):,} n-grams in {training['n_bytes'] / 1e6:,.1f} MB; by order: {by_order}"),
        ("counting", duration(training["seconds"])),
    ]


def _load_ngrams(directory: ModelDirectory, device: str) -> LanguageModel:
    from seqlab.tasks.ngram_lm import NgramLanguageModel

    return NgramLanguageModel.load(directory, device)


FAMILIES = {
    "rnn": Family("A recurrent language model", _network, _load_network),
    "ngram": Family("An n-gram language model", _ngrams, _load_ngrams),
}
