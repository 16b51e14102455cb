"""A decoder in training whose steps read what its own steps made: input feeding, scheduled sampling."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from seqlab.models.translation_state import Memory
from seqlab.recurrent.dropout import locked
from seqlab.recurrent.stepping import Steps

if TYPE_CHECKING:
    from seqlab.models.translator import RecurrentTranslator


def step_by_step(
    model: "RecurrentTranslator", memory: Memory, target: Tensor, sampling: float
) -> tuple[Tensor, Tensor | None]:
    """h~ and attention as `RecurrentTranslator.decode` gives them, one step after another."""
    steps, decoded, weights = Steps(model.decoder, memory.before), list[Tensor](), list[Tensor | None]()
    ones = model.target.weight.new_ones(len(target), 1, model.target.embedding_dim)
    kept = locked(ones, model.embedding_dropout, model.training)[:, 0]
    tokens, fed = target[:, 0], None
    for at in range(target.shape[1]):
        if at:
            tokens = _tokens_read(model, target[:, at], target[:, 0], decoded[-1], sampling)
        vectors = model.target(tokens) * kept
        hidden = steps(model.with_fed(vectors, fed))
        fed, attended = model.attend(hidden, memory)
        fed = F.dropout(fed, model.dropout, model.training)
        decoded.append(fed)
        weights.append(attended)
    seen = [part for part in weights if part is not None]
    return torch.stack(decoded, 1), torch.stack(seen, 1) if seen else None


@torch.no_grad()
def _tokens_read(model: "RecurrentTranslator", given: Tensor, begin: Tensor, before: Tensor, sampling: float) -> Tensor:
    """The tokens (B,) that a step reads: those given, or at random the likeliest by h~ (B, A) of the step before.

    Padding and the begin (B,) are in no translation, so neither is the likeliest.
    """
    if not sampling:
        return given
    drawn = torch.rand(len(given), device=given.device) < sampling
    logits = model.output(before).scatter(1, begin[:, None], -torch.inf)
    logits[:, 0] = -torch.inf
    return torch.where(drawn, logits.argmax(-1), given)
