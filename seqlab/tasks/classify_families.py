"""The families of text classifiers."""

from typing import Any

from seqlab.config import Classification
from seqlab.modeldir import ModelDirectory
from seqlab.tasks.family import Family, Rows, duration, network_brief, network_rows
from seqlab.tasks.sentence_families import refuse_devices
from seqlab.wording import counted


def _recurrent(config: Classification, training: dict[str, Any]) -> Rows:
    rows = network_rows(config, training)
    pairs = "and pairs of neighbours" if config.features.bigrams else "alone"
    return [rows[0], ("reads", f"{config.text.tokenizer} tokens {pairs}; {config.network.pooling} pooling"), *rows[1:]]


def _other(config: Classification, training: dict[str, Any]) -> Rows:
    what, size = _brief_other(config, training)
    settings = config.training
    epochs = counted(training["epochs"], "epoch")
    steps = f"{counted(training['steps'], 'step')}, {epochs}, of {settings.optimizer} at {settings.lr:g}"
    return [
        ("model", f"{what}, {size}"),
        ("training", f"{steps}; {duration(training['seconds'])} on {training['device']}"),
    ]


def _brief_other(config: Classification, training: dict[str, Any]) -> tuple[str, str]:
    size = f"{training['n_parameters']:,} parameters"
    if config.model == "textcnn":
        widths = ", ".join(map(str, config.convolution.widths))
        return f"textcnn, {config.convolution.channels} of {widths}", size
    return f"{config.model}, {config.text.tokenizer} n-grams to {config.bag.max_order}", size


def _ngram(config: Classification, training: dict[str, Any]) -> Rows:
    return [
        ("model", f"n-grams of order {config.ngram.order}, {config.ngram.smoothing}, a model of each class"),
        ("counting", duration(training["seconds"])),
    ]


def _brief_ngram(config: Classification, training: dict[str, Any]) -> tuple[str, str]:
    return f"{config.ngram.order}-gram, {config.ngram.smoothing}", f"{training['n_labels']:,} classes"


def _load_network(directory: ModelDirectory, device: str) -> Any:
    from seqlab.device import available
    from seqlab.tasks.neural_classifier import NeuralClassifier

    return NeuralClassifier.load(directory, available(device))


def _load_ngram(directory: ModelDirectory, device: str) -> Any:
    from seqlab.tasks.ngram_text_classifier import NgramTextClassifier

    refuse_devices(device)
    return NgramTextClassifier.load(directory)


CLASSIFIERS = {
    "rnn": Family("A recurrent text classifier", _recurrent, network_brief, _load_network),
    "textcnn": Family("A convolutional text classifier", _other, _brief_other, _load_network),
    "bag": Family("A text classifier of averaged n-gram vectors", _other, _brief_other, _load_network),
    "mlp": Family(
        "A text classifier of averaged n-gram vectors with a hidden layer", _other, _brief_other, _load_network
    ),
    "softmax": Family("A softmax regression over n-grams of texts", _other, _brief_other, _load_network),
    "ngram": Family("A text classifier by an n-gram model of each class", _ngram, _brief_ngram, _load_ngram),
}
