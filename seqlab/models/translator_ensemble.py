"""Several translators as one: each steps by itself, and the mean of their probabilities counts."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seqlab.errors import ConfigError
from seqlab.models.translation_state import Forced, Ids, Memory, State, Step
from seqlab.models.translator import RecurrentTranslator

Memories = tuple[Memory, ...]
States = tuple[State, ...]


class TranslatorEnsemble(nn.Module):
    """Translators into the same target vocabulary, in use: p(y) is the mean of what its members give.

    The attention is the mean over the members that have one. Of the same tokens M networks take M times the time.
    Source: Sutskever et al. 2014 (arXiv 1409.3215), section 3.6.

    Args:
        members: M of them.

    Raises:
        ConfigError: none, or target vocabularies of different sizes.
    """

    def __init__(self, members: Sequence[RecurrentTranslator]):
        super().__init__()
        sizes = sorted({member.output.out_features for member in members})
        if len(sizes) != 1:
            found = " and ".join(map(str, sizes)) or "no"
            raise ConfigError(f"an ensemble has members with one target vocabulary; these have {found} types")
        made: Any = nn.ModuleList(members)
        self.members: Sequence[RecurrentTranslator] = made

    def encode(self, source: Tensor, lengths: Tensor) -> Memories:
        """What each member makes of the sources, as `RecurrentTranslator.encode`; they may also be encoded one by one."""
        return tuple(member.encode(source, lengths) for member in self.members)

    def begin(self, memory: Memories) -> States:
        """The state before the first token, one row a sentence."""
        return tuple(member.begin(own) for member, own in zip(self.members, memory, strict=True))

    @torch.no_grad()
    def step(self, tokens: Ids, state: States) -> Step[States]:
        """One token further; arguments as for `RecurrentTranslator.step`."""
        steps = [member.step(tokens, own) for member, own in zip(self.members, state, strict=True)]
        log_probs = _mean([step.log_probs for step in steps])
        return Step(log_probs, _mean_attention([step.attention for step in steps]), tuple(step.state for step in steps))

    def select(self, state: States, rows: Ids) -> States:
        """The state of these rows (N,), which may repeat or be fewer."""
        return tuple(own.select(rows) for own in state)

    def source_lengths(self, state: States) -> NDArray[Any]:
        """How many tokens the source of each row has, (N,)."""
        return self.members[0].source_lengths(state[0])

    @torch.no_grad()
    def forced(self, memory: Memories, target: Tensor, lengths: Tensor) -> Forced:
        """How likely given translations are; arguments as for `RecurrentTranslator.forced`."""
        each = [member.forced(own, target, lengths) for member, own in zip(self.members, memory, strict=True)]
        return Forced(_mean([one.log_probs for one in each]), _mean_attention([one.attention for one in each]))


def _mean(log_probs: Sequence[Tensor]) -> Tensor:
    """The logarithm of the mean probability."""
    return torch.stack([*log_probs]).logsumexp(0) - math.log(len(log_probs))


def _mean_attention(attentions: Sequence[Tensor | None]) -> Tensor | None:
    seen = [attention for attention in attentions if attention is not None]
    return torch.stack(seen).mean(0) if seen else None
