"""Several sequence taggers as one: trained side by side, and of one opinion in use."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seqlab.models.tagger import SequenceTagger


class TaggerEnsemble(nn.Module):
    """Taggers that differ in their first weights and in what is dropped, and whose log-probabilities are averaged in use.

    The errors that single networks make by chance mostly cancel out (Hansen & Salamon 1990; for recurrent taggers Reimers &
    Gurevych 2017 show how much chance there is). Of the same tokens M networks take M times the time.

    Args:
        members: M of them, over the same features and tags, with softmax output.
    """

    def __init__(self, members: Sequence[SequenceTagger]):
        super().__init__()
        made: Any = nn.ModuleList(members)
        self.members: Sequence[SequenceTagger] = made

    def runs_on(self, *, training: bool | None = None) -> list[str]:
        """What runs each layer of a member; see `SequenceTagger.runs_on`."""
        return self.members[0].runs_on(training=training)

    def forward(self, ids: Tensor, flags: Tensor, lengths: Tensor) -> Tensor:
        """Scores of the tags of each token by each member, (M, B, T, K); arguments as for `SequenceTagger.forward`."""
        return torch.stack([member(ids, flags, lengths) for member in self.members])

    def nll(self, emissions: Tensor, tags: Tensor, lengths: Tensor, shares: Tensor | None = None) -> Tensor:
        """The sum of -ln p of the right tags, in nats, in the mean over the members: each learns as if it were alone, from
        1 / M of its own gradient, which an optimizer such as Adam does not notice.

        Args:
            emissions: (M, B, T, K) what `forward` gave. tags, lengths, shares: as for `SequenceTagger.nll`.
        """
        each = [member.nll(own, tags, lengths, shares) for member, own in zip(self.members, emissions, strict=True)]
        return torch.stack(each).mean()

    @torch.no_grad()
    def viterbi(
        self, emissions: Tensor, lengths: Tensor, allowed: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int64]:
        """The legal tags (B, T) of each row that are best by the mean of ln p over the members.

        The mean of the logits gives the same: what makes a probability of them is one number a token, whatever its tag.

        Args:
            emissions: (M, B, T, K) what `forward` gave. lengths, allowed: as for `SequenceTagger.viterbi`.
        """
        return self.members[0].viterbi(emissions.mean(0, dtype=torch.float32), lengths, allowed)


Tagging = SequenceTagger | TaggerEnsemble
"""A network that tags: one, or several as one."""
