"""The network of segmenters and taggers: made, loaded, and run over sentences of different lengths."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqlab import precision, weights
from seqlab.config import SentenceTask
from seqlab.errors import ConfigError, DataError
from seqlab.modeldir import WEIGHTS, ModelDirectory
from seqlab.models.tagger import SequenceTagger
from seqlab.models.tagger_ensemble import TaggerEnsemble, Tagging
from seqlab.tasks.by_length import grouped
from seqlab.tasks.cores import on_each_core
from seqlab.text.features import Columns, TokenFeatures
from seqlab.text.schemes import Legality
from seqlab.text.vectors import read_vectors

TOKENS = 1 << 13
"""Of a batch in use, padding included."""
SMALL = TOKENS // 8
"""Batches of up to so many tokens are of few shapes, see `_of_few_shapes`."""

PART = 1 << 14
"""Characters from which on it pays to look them up on another core."""

Mask = NDArray[np.bool_]


class Batch(NamedTuple):
    """Sentences side by side."""

    places: NDArray[np.int64]
    """(B, T) where their tokens stand; padding repeats a sentence's last one, and the last sentence."""
    inside: Mask
    """(B, T) what is no padding."""
    lengths: Tensor
    """(B,)"""


def build(config: SentenceTask, features: TokenFeatures, legality: Legality) -> Tagging:
    """The network that the settings describe, with its first weights; or several as one."""
    if config.network.members > 1:
        return TaggerEnsemble([_member(config, features, legality) for _ in range(config.network.members)])
    return _member(config, features, legality)


def _member(config: SentenceTask, features: TokenFeatures, legality: Legality) -> SequenceTagger:
    network, widths = config.network, config.features
    width_of = {"token": network.embedding, "bigram": widths.bigram_width, "kind": widths.kind_width}
    tables = [(table.size, width_of.get(table.name, getattr(widths, "affix_width", 0))) for table in features.tables]
    model = SequenceTagger(
        tables,
        features.columns,
        features.n_flags,
        len(legality.start),
        legality=legality,
        output="crf" if network.crf else "softmax",
        **network.model_dump(exclude={"embedding", "use", "crf", "members"}),
    )
    with torch.no_grad():
        for name, path in (("token", widths.vectors), ("bigram", widths.bigram_vectors)):
            if path is not None:
                _begin_with(model, features, name, path)
    return model


def _begin_with(model: SequenceTagger, features: TokenFeatures, name: str, path: str) -> None:
    """Put vectors of a file in place of the first ones of a table."""
    number = next(number for number, table in enumerate(features.tables) if table.name == name)
    ids = features.token_ids() if name == "token" else features.bigram_ids()
    found, vectors = read_vectors(Path(path), ids)
    setting = "network.embedding" if name == "token" else "features.bigram_width"
    table = model.tables[number].weight
    if not found:
        raise DataError(f"{path}: has a vector of none of the {len(ids):,} {name}s; it is of other tokens")
    if vectors.shape[1] != table.shape[1]:
        raise ConfigError(
            f"{setting}: the vectors of {path} are {vectors.shape[1]} wide, and it is {table.shape[1]}; make it as wide"
        )
    table[torch.tensor([ids[token] for token in found])] = torch.from_numpy(vectors)


def load(directory: ModelDirectory, features: TokenFeatures, legality: Legality) -> Tagging:
    """The network that a model directory holds.

    Raises:
        ModelError: the weights do not fit the configuration or the text parts.
    """
    config = directory.config
    assert isinstance(config, SentenceTask)
    without = config.features.model_copy(update={"vectors": None, "bigram_vectors": None})
    with torch.random.fork_rng(devices=[]):  # first weights are drawn, and replaced; the caller's generator is not ours
        model = build(config.model_copy(update={"features": without}), features, legality)
    weights.load(model, directory.path / WEIGHTS)
    return model


def in_use(model: Tagging, config: SentenceTask, device: str) -> Tagging:
    """A network as it is used: its own copy on a device, in the precision that the settings name, if the device has it."""
    used = copy.deepcopy(model).to(device).eval().requires_grad_(False)
    if config.network.use == "bf16" and precision.multiplies_bfloat16(device):
        used = used.bfloat16()
    return used


def columns(features: TokenFeatures, codes: NDArray[np.uint32], starts: NDArray[np.int64]) -> Columns:
    """What `TokenFeatures.of_characters` gives, found on each core for some of the sentences."""
    n_parts = min(torch.get_num_threads(), len(codes) // PART)
    if n_parts < 2:
        return features.of_characters(codes, starts)
    bounds = np.unique(np.searchsorted(starts, np.linspace(0, len(codes), n_parts + 1)))
    found: dict[int, Columns] = {}

    def find(part: int) -> None:
        first, last = bounds[part], bounds[part + 1]
        begin, end = starts[first], starts[last]
        found[part] = features.of_characters(codes[begin:end], starts[first : last + 1] - begin)

    on_each_core(find, range(len(bounds) - 1), "cpu")
    parts = (found[part] for part in range(len(bounds) - 1))
    return Columns(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def tags(model: Tagging, columns: Columns, starts: NDArray[np.int64], allowed: Mask | None = None) -> NDArray[np.int64]:
    """The numbers of the best legal tags (N,) of sentences.

    Args:
        model: in use.
        columns: of N tokens. starts: (S + 1,) where sentences begin among them, and where the last one ends.
        allowed: (N, K) which tags may stand at each token; all may where None.
    """
    found = np.zeros(len(columns.ids), np.int64)
    device = next(model.parameters()).device

    def decode(batch: Batch) -> None:
        places, inside, lengths = batch
        with torch.inference_mode():
            ids, flags = (torch.from_numpy(part[places]).to(device) for part in (columns.ids, columns.flags))
            emissions = model(ids, flags, lengths.to(device))
        paths = model.viterbi(emissions, lengths, None if allowed is None else allowed[places])
        found[places[inside]] = paths[inside]

    on_each_core(decode, list(batches(starts)), device.type)
    return found


def batches(starts: NDArray[np.int64]) -> Iterator[Batch]:
    """Sentences of similar length together, at most TOKENS tokens at a time; see `_of_few_shapes` for more of padding."""
    lengths = np.diff(starts)
    for group in grouped(lengths, np.argsort(-lengths, kind="stable"), TOKENS):
        n_rows, longest = len(group), int(lengths[group].max())
        if n_rows * longest <= SMALL:
            n_rows, longest = _of_few_shapes(n_rows, longest)
        rows = np.concatenate((group, np.repeat(group[-1:], n_rows - len(group))))
        own = lengths[rows]
        steps = np.arange(longest)
        inside = steps < own[:, None]
        inside[len(group) :] = False
        places = starts[rows][:, None] + np.minimum(steps, own[:, None] - 1)
        yield Batch(places, inside, torch.from_numpy(own))


def _of_few_shapes(n_rows: int, length: int) -> tuple[int, int]:
    """The shape that a small batch is padded to: the next power of two, and the next eighth of one, of eight at least.

    oneDNN keeps half a megabyte of code for each shape it has met, and the sentences of single calls come in all of them.
    """
    step = max(8, (1 << (length - 1).bit_length()) // 8)
    return 1 << (n_rows - 1).bit_length(), -(-length // step) * step
