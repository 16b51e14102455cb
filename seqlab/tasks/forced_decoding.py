"""Given translations: how likely a network finds them, and what it looks at meanwhile."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from seqlab.errors import DataError
from seqlab.models.translation_state import Forced
from seqlab.tasks import translator_network
from seqlab.tasks.cores import on_each_core
from seqlab.tasks.pairs_kept import Sides
from seqlab.tasks.translated import Attention, Likelihood
from seqlab.tasks.translator_network import Network
from seqlab.tasks.translator_text import Ints, TranslatorText
from seqlab.text.vocab import BOS, EOS


def likelihoods(
    model: Network, text: TranslatorText, pairs: Sequence[Sides], n_tokens: int, device: str
) -> list[Likelihood]:
    """How likely each target is, given its source.

    Args:
        model: a network in use, on `device`. text: how its sides are read.
        pairs: sources and targets; a target may be empty.
        n_tokens: of pairs that are scored at a time, padding included.

    Raises:
        DataError: a source is empty.
    """
    for pair in pairs:
        if not pair.source:
            raise DataError(f"an empty source has no translation, so none that is likely: {pair.target!r:.60}")
    sources = [text.source.encode(pair.source) for pair in pairs]
    targets = [text.target.encode(pair.target) for pair in pairs]
    log_probs = np.zeros(len(pairs))

    def force(rows: Ints) -> None:
        numbers = rows.tolist()
        found = _forced(model, [sources[number] for number in numbers], [targets[number] for number in numbers], device)
        log_probs[rows] = found.log_probs.double().sum(-1).cpu().numpy()

    lengths = np.array([max(len(s), len(t) + 1) for s, t in zip(sources, targets, strict=True)])
    on_each_core(force, translator_network.by_length(lengths, n_tokens), device)
    return [Likelihood(float(nats), len(target) + 1) for nats, target in zip(log_probs, targets, strict=True)]


def looked_at(model: Network, text: TranslatorText, source: str, target: str, device: str) -> Attention:
    """What each token of a given translation looked at, by a network with attention."""
    read, written = text.source.tokens(source), text.target.tokens(target)
    seen = _forced(model, [text.source.ids(read)], [text.target.ids(written)], device).attention
    assert seen is not None
    return Attention(tuple(read), tuple(written), seen[0, :-1].float().cpu().numpy())


def _forced(model: Network, sources: Sequence[Ints], targets: Sequence[Ints], device: str) -> Forced:
    """What is found of B targets with their ends."""
    ends = [np.concatenate(([BOS], ids, [EOS])) for ids in targets]
    (source, n_source), (target, n_target) = (
        (ids.to(device), lengths.to(device)) for ids, lengths in map(translator_network.side_by_side, (sources, ends))
    )
    with torch.inference_mode():
        memory: Any = model.encode(source, n_source)
        return model.forced(memory, target, n_target)
