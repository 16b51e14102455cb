"""The families of segmenters and taggers."""

from typing import Any

from seqlab.config import Segmentation, SentenceTask
from seqlab.errors import ConfigError
from seqlab.modeldir import ModelDirectory
from seqlab.tasks.family import Family, Rows, duration, network_brief, network_rows


def _features(config: SentenceTask, training: dict[str, Any]) -> Rows:
    parts = [f"{size:,} {_plural(name)}" for name, size in training["tables"].items()]
    parts += [f"the words of {name}" for name in config.features.lexicons]
    rows = network_rows(config, training)
    return [rows[0], ("reads", ", ".join(parts)), ("output", "CRF" if config.network.crf else "softmax"), *rows[1:]]


def _plural(name: str) -> str:
    """Several of what a table holds: "bigrams", "prefixes of 2"."""
    noun, _, length = name.partition(" ")
    return f"{noun}es of {length}" if length else f"{noun}s"


def _hmm(config: SentenceTask, training: dict[str, Any]) -> Rows:
    return [
        ("model", f"hidden Markov model of order {config.hmm.order}, {config.hmm.smoothing}"),
        ("counting", duration(training["seconds"])),
    ]


def _hmm_brief(config: SentenceTask, training: dict[str, Any]) -> tuple[str, str]:
    return f"hmm, order {config.hmm.order}", f"{training['n_tags']:,} tags"


def _matching(config: Segmentation, training: dict[str, Any]) -> Rows:
    return [("model", f"{config.matching.direction} maximum matching, {training['n_words']:,} words")]


def _matching_brief(config: Segmentation, training: dict[str, Any]) -> tuple[str, str]:
    return f"max-match, {config.matching.direction}", f"{training['n_words']:,} words"


def refuse_devices(device: str) -> None:
    """Raise ConfigError for another device than the CPU."""
    if device not in ("cpu", "auto"):
        raise ConfigError(f"device: counts are looked up by the CPU, not by '{device}'; leave it out")


def _load_neural_segmenter(directory: ModelDirectory, device: str) -> Any:
    from seqlab.device import available
    from seqlab.tasks.neural_segmenter import NeuralSegmenter

    return NeuralSegmenter.load(directory, available(device))


def _load_hmm_segmenter(directory: ModelDirectory, device: str) -> Any:
    from seqlab.tasks.segment import load_hmm

    refuse_devices(device)
    return load_hmm(directory)


def _load_matching(directory: ModelDirectory, device: str) -> Any:
    from seqlab.tasks.segment import load_matching

    refuse_devices(device)
    return load_matching(directory)


def _load_neural_tagger(directory: ModelDirectory, device: str) -> Any:
    from seqlab.device import available
    from seqlab.tasks.neural_tagger import NeuralTagger

    return NeuralTagger.load(directory, available(device))


def _load_hmm_tagger(directory: ModelDirectory, device: str) -> Any:
    from seqlab.tasks.tag import load_hmm

    refuse_devices(device)
    return load_hmm(directory)


SEGMENTERS = {
    "rnn": Family("A recurrent word segmenter", _features, network_brief, _load_neural_segmenter),
    "hmm": Family("A word segmenter by a hidden Markov model", _hmm, _hmm_brief, _load_hmm_segmenter),
    "max-match": Family("A word segmenter by maximum matching", _matching, _matching_brief, _load_matching),
}
TAGGERS = {
    "rnn": Family("A recurrent tagger", _features, network_brief, _load_neural_tagger),
    "hmm": Family("A tagger by a hidden Markov model", _hmm, _hmm_brief, _load_hmm_tagger),
}
