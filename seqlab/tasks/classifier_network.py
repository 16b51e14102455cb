"""The networks of text classifiers: made, loaded, begun from another run, and run over texts of different lengths."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seqlab import modeldir, precision, weights
from seqlab.config import Classification, LanguageModelling
from seqlab.config.classification import BAGS
from seqlab.errors import ConfigError, DataError
from seqlab.modeldir import WEIGHTS, ModelDirectory
from seqlab.models.bag import BagClassifier
from seqlab.models.classifier import RecurrentClassifier
from seqlab.models.classifier_ensemble import RecurrentClassifiers
from seqlab.models.textcnn import TextCnn
from seqlab.tasks.classifier_text import ClassifierText, Ints
from seqlab.text.ngram_features import NgramFeatures
from seqlab.text.vectors import read_vectors

Network = RecurrentClassifier | RecurrentClassifiers | TextCnn | BagClassifier
_FROM_RUN = ("cell", "hidden", "layers", "embedding", "residual", "learned_state")


class Sequences(NamedTuple):
    """Texts side by side, read token by token."""

    ids: NDArray[np.int64]
    """(B, T, C) what is read of each token; anything in padding."""
    lengths: Ints
    """(B,)"""


class Bags(NamedTuple):
    """Texts as n-grams, one after another."""

    ids: Ints
    """(M,) the numbers of their n-grams."""
    offsets: Ints
    """(B + 1,) where those of each text begin, and where the last ones end."""
    weights: NDArray[np.float32] | None
    """(M,) what each counts for; 1 where None."""


def build(config: Classification, text: ClassifierText, n_labels: int) -> Network:
    """The network that the settings describe, with its first weights, or those of a run."""
    network, model = config.network, config.model
    if model in BAGS:
        assert text.ngrams is not None
        return BagClassifier(
            text.ngrams.n_features,
            n_labels,
            embedding=0 if model == "softmax" else network.embedding,
            hidden=network.hidden if model == "mlp" else 0,
            dropout=0.0 if model == "softmax" else network.dropout,
            embedding_dropout=network.embedding_dropout,
            mode="mean",
            sparse=config.training.optimizer == "sparse-adam",
        )
    if network.members > 1:
        return RecurrentClassifiers([_recurrent(config, text, n_labels) for _ in range(network.members)])
    return _convolutional(config, text, n_labels) if model == "textcnn" else _recurrent(config, text, n_labels)


def _recurrent(config: Classification, text: ClassifierText, n_labels: int) -> RecurrentClassifier:
    assert text.features is not None
    options = config.network.model_dump(exclude={"embedding", "use", "members"})
    made = RecurrentClassifier(_tables(config, text), text.features.columns, n_labels, **options)
    _begin_with_vectors(made, config, text)
    return made


def _convolutional(config: Classification, text: ClassifierText, n_labels: int) -> TextCnn:
    assert text.features is not None
    made = TextCnn(
        _tables(config, text),
        text.features.columns,
        n_labels,
        widths=config.convolution.widths,
        channels=config.convolution.channels,
        dropout=config.network.dropout,
        embedding_dropout=config.network.embedding_dropout,
    )
    _begin_with_vectors(made, config, text)
    return made


def _tables(config: Classification, text: ClassifierText) -> list[tuple[int, int]]:
    """Size and width of each table of learned vectors."""
    assert text.features is not None
    width_of = {"token": config.network.embedding, "bigram": config.features.bigram_width}
    return [(table.size, width_of[table.name]) for table in text.features.tables]


def _begin_with_vectors(model: RecurrentClassifier | TextCnn, config: Classification, text: ClassifierText) -> None:
    """Put vectors of a file, where the settings name one, in place of the first ones of the tokens.

    Raises:
        DataError: none is of a token here. ConfigError: they are not as wide as those of the network.
    """
    if config.features.vectors is None:
        return
    assert text.features is not None
    path, width = Path(config.features.vectors), config.network.embedding
    ids = text.features.token_ids()
    found, vectors = read_vectors(path, ids)
    if not found:
        raise DataError(f"{path}: has a vector of none of the {len(ids):,} tokens; it is of other tokens")
    if vectors.shape[1] != width:
        raise ConfigError(f"network.embedding: the vectors of {path} are {vectors.shape[1]} wide, and it is {width}")
    with torch.no_grad():
        model.tables[0].weight[torch.tensor([ids[token] for token in found])] = torch.from_numpy(vectors)


def with_settings_of_run(config: Classification) -> Classification:
    """The settings with the sizes of the layers of the run that training begins with, and without pairs of tokens.

    Raises:
        ModelError: there is no such run. ConfigError: it is no recurrent language model of learned vectors.
    """
    if config.training.from_run is None:
        return config
    directory = modeldir.open_directory(Path(config.training.from_run))
    run = directory.config
    if not isinstance(run, LanguageModelling) or run.model != "rnn" or run.network.input != "embedding":
        raise ConfigError(
            f"training.from_run: {directory.path} is no recurrent language model with learned vectors; make one with: "
            "seqlab train lm CORPUS -o RUN"
        )
    sizes = run.network.model_dump(include=set(_FROM_RUN)) | {"bidirectional": False}
    sizes["embedding"] = sizes["embedding"] or sizes["hidden"]
    taken = {
        "text": run.text,
        "features": type(config.features)(bigrams=False),
        "network": config.network.model_copy(update=sizes),
        # The run knows tokens well that stand once in a few labelled texts: none is to be trained as unknown.
        "batches": config.batches.model_copy(update={"rare_as_unknown": 0.0}),
    }
    for section, values in taken.items():
        given = getattr(config, section)
        for name in (name for name in type(given).model_fields if name in given.model_fields_set):
            if getattr(given, name) != getattr(values, name):
                raise ConfigError(f"{section}.{name}: is taken from the run {directory.path}; leave it out")
    return config.model_copy(update=taken)


def begin_from_run(model: Network, run: Path) -> None:
    """Put the learned vectors and recurrent layers of a language model in place of the first ones, in each member.

    Raises:
        ModelError: the run cannot be read.
    """
    from seqlab.tasks.neural_lm import NeuralLanguageModel

    assert isinstance(model, RecurrentClassifier | RecurrentClassifiers)
    learned = NeuralLanguageModel.load(modeldir.open_directory(run)).model
    assert learned.embedding is not None
    for member in model.members if isinstance(model, RecurrentClassifiers) else [model]:
        with torch.no_grad():
            member.tables[0].weight.copy_(learned.embedding.weight)
        member.recurrent.load_state_dict(learned.recurrent.state_dict())


def load(directory: ModelDirectory, text: ClassifierText, n_labels: int) -> Network:
    """The network that a model directory holds.

    Raises:
        ModelError: the weights do not fit the configuration or the text parts.
    """
    config = directory.config
    assert isinstance(config, Classification)
    features = config.features.model_copy(update={"vectors": None})
    with torch.random.fork_rng(devices=[]):  # first weights are drawn, and replaced; the caller's generator is not ours
        model = build(config.model_copy(update={"features": features}), text, n_labels)
    weights.load(model, directory.path / WEIGHTS)
    return model


def in_use(model: Network, config: Classification, device: str) -> Network:
    """A network as it is used: its own copy on a device, in the precision that the settings name, if the device has it."""
    used = copy.deepcopy(model).to(device).eval().requires_grad_(False)
    if config.model == "rnn" and config.network.use == "bf16" and precision.multiplies_bfloat16(device):
        used = used.bfloat16()
    return used


def sequences(columns: NDArray[np.int32], starts: Ints, rows: Ints) -> Sequences:
    """Some of the texts whose columns (N, C) stand one after another, side by side."""
    lengths = np.diff(starts)[rows]
    steps = np.arange(max(1, int(lengths.max(initial=0))))
    last = np.maximum(lengths[:, None] - 1, 0)
    places = np.minimum(starts[rows][:, None] + np.minimum(steps, last), max(0, len(columns) - 1))
    if not len(columns):
        return Sequences(np.zeros((len(rows), 1, columns.shape[1]), np.int64), lengths)
    return Sequences(columns[places].astype(np.int64), lengths)


def bags(ngrams: NgramFeatures, ids: Ints, starts: Ints, rows: Ints, weighting: str) -> Bags:
    """Some of the texts whose n-grams (M,) stand one after another."""
    lengths = np.diff(starts)[rows]
    offsets = np.cumsum([0, *lengths.tolist()])
    places = np.repeat(starts[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
    found = ids[places]
    return Bags(found, offsets, ngrams.idf[found].astype(np.float32) if weighting == "idf" else None)


def logits(model: nn.Module, batch: Sequences | Bags, device: str) -> Tensor:
    """The logits (B, K) of a batch."""
    found: Tensor = model(*_on(device, batch))
    return found


def logits_to_learn(model: nn.Module, batch: Sequences | Bags, device: str) -> Tensor:
    """The logits (M, B, K) of a batch by each of M members, which learn each by itself; M is 1 for a network alone."""
    if isinstance(model, RecurrentClassifiers):
        return model.of_each(*_on(device, batch))
    return logits(model, batch, device)[None]


def _on(device: str, batch: Sequences | Bags) -> list[Any]:
    return [None if part is None else torch.from_numpy(part).to(device) for part in batch]


def by_length(starts: Ints, n_tokens: int) -> Sequence[Ints]:
    """Texts of similar length together, the longest first, at most `n_tokens` tokens or so many texts at a time."""
    from seqlab.tasks.by_length import grouped

    lengths = np.maximum(np.diff(starts), 1)
    return grouped(lengths, np.argsort(-lengths, kind="stable"), n_tokens)
