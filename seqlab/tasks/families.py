"""The families of models of each task: what each is called, what it tells of itself, and how it is loaded.

A family is imported when one of its models is loaded, so that those that count need no torch.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from seqlab.config import Experiment
from seqlab.errors import ConfigError
from seqlab.modeldir import CONFIG, ModelDirectory, is_network
from seqlab.tasks import classify_families, lm_families, sentence_families, translate_families
from seqlab.tasks.family import Family

FAMILIES: dict[str, dict[str, Family]] = {
    "lm": lm_families.FAMILIES,
    "segment": sentence_families.SEGMENTERS,
    "tag": sentence_families.TAGGERS,
    "classify": classify_families.CLASSIFIERS,
    "translate": translate_families.TRANSLATORS,
}


def of(config: Experiment) -> Family:
    """The family that the settings name."""
    return FAMILIES[config.task][config.model]


def load(directory: ModelDirectory, device: str) -> Any:
    """The predictor in a model directory, on a device."""
    return of(directory.config).load(directory, device)


def load_all(directories: Sequence[ModelDirectory], device: str) -> Iterator[Any]:
    """The predictors in several model directories, one after another; the device is for the networks among them.

    Raises:
        ConfigError: a device that no network is for.
    """
    networks = [_holds_a_network(directory.path) for directory in directories]
    if device not in ("cpu", "auto") and not any(networks):
        raise ConfigError(f"device: counts are looked up by the CPU, not by '{device}'; leave it out")
    for directory, network in zip(directories, networks, strict=True):
        yield load(directory, device if network else "cpu")


def _holds_a_network(folder: Path) -> bool:
    """Whether the model in a folder is a network, or a mixture with one in it at any depth."""
    return any(map(is_network, folder.rglob(CONFIG)))
