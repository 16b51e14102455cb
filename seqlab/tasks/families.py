"""The families of language models: what each is called, what it tells of itself, and how it is loaded.

A family is imported when one of its models is loaded, so that n-grams need no torch.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from seqlab.config import LanguageModelling
from seqlab.errors import ConfigError
from seqlab.modeldir import CONFIG, ModelDirectory, is_network
from seqlab.tasks.language_model import LanguageModel

Rows = list[tuple[str, str]]


class Family(NamedTuple):
    """A row of the table `FAMILIES`."""

    noun: str
    """What one of its models is, at the beginning of a sentence."""
    rows: Callable[[LanguageModelling, dict[str, Any]], Rows]
    """(config, what training took by name, as in `seqlab.json`): what a model is, a fact a row under a name."""
    brief: Callable[[LanguageModelling, dict[str, Any]], tuple[str, str]]
    """Likewise: what a model is, and how large, in a word or two each."""
    load: Callable[[ModelDirectory, str], LanguageModel]
    """(model directory, device): its predictor."""


def of(config: LanguageModelling) -> Family:
    """The family that the settings name."""
    return FAMILIES[config.model]


def load(directory: ModelDirectory, device: str) -> LanguageModel:
    """The predictor in a model directory, on a device."""
    return of(directory.config).load(directory, device)


def load_all(directories: Sequence[ModelDirectory], device: str) -> Iterator[LanguageModel]:
    """The predictors in several model directories, one after another; the device is for the networks among them.

    Raises:
        ConfigError: a device that no network is for.
    """
    networks = [_holds_a_network(directory.path) for directory in directories]
    if device not in ("cpu", "auto") and not any(networks):
        raise ConfigError(f"device: n-grams are looked up by the CPU, not by '{device}'; leave it out")
    for directory, network in zip(directories, networks, strict=True):
        yield load(directory, device if network else "cpu")


def _holds_a_network(folder: Path) -> bool:
    """Whether the model in a folder is a network, or a mixture with one in it at any depth."""
    return any(map(is_network, folder.rglob(CONFIG)))


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


def _brief_network(config: LanguageModelling, training: dict[str, Any]) -> tuple[str, str]:
    network = config.network
    return f"{network.cell}, {network.layers} x {network.hidden}", f"{training['n_parameters']:,} parameters"


def _load_network(directory: ModelDirectory, device: str) -> LanguageModel:
    from seqlab.device import available
    from seqlab.tasks.neural_lm import NeuralLanguageModel

    return NeuralLanguageModel.load(directory, available(device))


def _ngrams(config: LanguageModelling, training: dict[str, Any]) -> Rows:
    sizes = training["n_grams"]
    by_order = ", ".join(f"{size:,}" for size in sizes)
    rows = [
        ("n-grams", f"order {len(sizes)}, {config.ngram.smoothing}"),
        ("size", f"{sum(sizes):,} n-grams in {training['n_bytes'] / 1e6:,.1f} MB; by order: {by_order}"),
    ]
    if "source" in training:
        return [*rows, ("read from", training["source"])]
    return [*rows, ("counting", duration(training["seconds"]))]


def _brief_ngrams(config: LanguageModelling, training: dict[str, Any]) -> tuple[str, str]:
    sizes = training["n_grams"]
    return f"{len(sizes)}-gram, {config.ngram.smoothing}", f"{sum(sizes):,} n-grams"


def _load_ngrams(directory: ModelDirectory, device: str) -> LanguageModel:
    from seqlab.tasks.ngram_lm import NgramLanguageModel

    return NgramLanguageModel.load(directory, device)


def _parts(config: LanguageModelling, training: dict[str, Any]) -> Rows:
    rows = []
    for number, part in enumerate(training["parts"], start=1):
        rows.append((f"part {number}", f"{part['name']} ({part['what']}, {part['size']}), weight {part['weight']:.4f}"))
    return rows


def _brief_mixture(config: LanguageModelling, training: dict[str, Any]) -> tuple[str, str]:
    parts = training["parts"]
    return f"mixture: {' + '.join(part['what'].partition(',')[0] for part in parts)}", f"{len(parts)} models"


def _load_mixture(directory: ModelDirectory, device: str) -> LanguageModel:
    from seqlab.tasks.mixture import MixedLanguageModel

    return MixedLanguageModel.load(directory, device)


FAMILIES = {
    "rnn": Family("A recurrent language model", _network, _brief_network, _load_network),
    "ngram": Family("An n-gram language model", _ngrams, _brief_ngrams, _load_ngrams),
    "mixture": Family("A mixture of language models", _parts, _brief_mixture, _load_mixture),
}
