"""The network of a translator: made, loaded, and given sentences of different lengths."""

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from seqlab import weights
from seqlab.config import Translation
from seqlab.modeldir import WEIGHTS, ModelDirectory
from seqlab.models.translator import RecurrentTranslator
from seqlab.models.translator_ensemble import TranslatorEnsemble
from seqlab.tasks.by_length import grouped
from seqlab.tasks.translator_text import Ints, TranslatorText
from seqlab.text.vocab import PAD

Network = RecurrentTranslator | TranslatorEnsemble


def build(config: Translation, text: TranslatorText) -> RecurrentTranslator:
    """The network that the settings describe, with its first weights."""
    n_source, n_target = (len(side.pipeline.vocab) for side in (text.source, text.target))
    return RecurrentTranslator(n_source, n_target, **config.network.model_dump())


def load(directory: ModelDirectory, text: TranslatorText) -> RecurrentTranslator:
    """The network that a model directory holds.

    Raises:
        ModelError: the weights do not fit the configuration or the text parts.
    """
    config = directory.config
    assert isinstance(config, Translation)
    with torch.random.fork_rng(devices=[]):  # first weights are drawn, and replaced; the caller's generator is not ours
        model = build(config, text)
    weights.load(model, directory.path / WEIGHTS)
    return model


def in_use(model: Network, device: str) -> Network:
    """A network as it is used: its own copy on a device, nothing of which is trained."""
    return copy.deepcopy(model).to(device).eval().requires_grad_(False)


def side_by_side(sentences: Sequence[Ints]) -> tuple[Tensor, Tensor]:
    """The ids (B, T) of sentences, padded at their ends, and their lengths (B,)."""
    lengths = np.array([len(sentence) for sentence in sentences], np.int64)
    ids = np.full((len(sentences), lengths.max()), PAD, np.int64)
    ids[np.arange(ids.shape[1]) < lengths[:, None]] = np.concatenate(list(sentences))
    return torch.from_numpy(ids), torch.from_numpy(lengths)


def by_length(lengths: Ints, n_tokens: int) -> Sequence[Ints]:
    """Sentences by their numbers in batches of about the same lengths, of at most `n_tokens`, padding included."""
    return grouped(lengths, np.argsort(-lengths, kind="stable"), n_tokens)
