"""The families of language models."""

from typing import Any

from seqlab.config import LanguageModelling
from seqlab.modeldir import ModelDirectory
from seqlab.tasks.family import Family, Rows, duration, network_brief, network_rows
from seqlab.tasks.language_model import LanguageModel


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
    "rnn": Family("A recurrent language model", network_rows, network_brief, _load_network),
    "ngram": Family("An n-gram language model", _ngrams, _brief_ngrams, _load_ngrams),
    "mixture": Family("A mixture of language models", _parts, _brief_mixture, _load_mixture),
}
