"""Several recurrent classifiers as one: trained side by side, and of one opinion in use."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from seqlab.models.classifier import RecurrentClassifier


class RecurrentClassifiers(nn.Module):
    """Classifiers of different first weights, dropped in different places, whose log-probabilities are averaged in use.

    The errors that single networks make by chance mostly cancel out (Hansen & Salamon 1990). Of the same texts M networks
    take M times the time.

    Args:
        members: M of them, of the same layers, over the same features and classes.
    """

    def __init__(self, members: Sequence[RecurrentClassifier]):
        super().__init__()
        made: Any = nn.ModuleList(members)
        self.members: Sequence[RecurrentClassifier] = made

    @property
    def attends(self) -> bool:
        """Whether members weigh tokens, so that `attention` tells how."""
        return self.members[0].attends

    def runs_on(self, *, training: bool | None = None) -> list[str]:
        """What runs each layer of a member; see `RecurrentClassifier.runs_on`."""
        return self.members[0].runs_on(training=training)

    def groups(self) -> list[tuple[str, list[Parameter]]]:
        """The parameters of all members from the bottom up, each once; see the members' `groups`."""
        of_each = zip(*(member.groups() for member in self.members), strict=True)
        return [(layer[0][0], [parameter for _, own in layer for parameter in own]) for layer in of_each]

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """The mean of the members' logits (B, K); arguments as for `RecurrentClassifier.forward`.

        It gives the mean of ln p but for one number a row, which a softmax takes away again.
        """
        return self.of_each(ids, lengths).mean(0)

    def of_each(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """The logits of each member by itself, (M, B, K); arguments as for `RecurrentClassifier.forward`."""
        return torch.stack([member(ids, lengths) for member in self.members])

    def embed(self, ids: Tensor) -> Tensor:
        """The members' vectors side by side, (B, T, M E), of ids (B, T, C)."""
        return torch.cat([member.embed(ids) for member in self.members], -1)

    def from_vectors(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        """The logits (B, K), as of `forward`, of vectors (B, T, M E) and lengths (B,)."""
        own = vectors.chunk(len(self.members), -1)
        return torch.stack(
            [member.from_vectors(read, lengths) for member, read in zip(self.members, own, strict=True)]
        ).mean(0)

    def attention(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """What each token counts for in its row's mean, in the mean over the members; see `RecurrentClassifier.attention`.

        Raises:
            ConfigError: they pool in another way.
        """
        return torch.stack([member.attention(ids, lengths) for member in self.members]).mean(0)
