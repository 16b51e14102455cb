"""A linear-chain conditional random field: which sequence of tags, where neighbours have a say in each other."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seqlab.errors import ConfigError
from seqlab.models.crf_partition import Weights, log_partition
from seqlab.models.crf_paths import best_paths
from seqlab.recurrent.ragged import Lengths, Ragged

Mask = Tensor | NDArray[np.bool_] | Sequence[bool] | Sequence[Sequence[bool]]


class Crf(nn.Module):
    """Scores sequences of tags y_1 .. y_T by emissions and by which tag follows which (Lafferty, McCallum & Pereira 2001).

        s(y) = start(y_1) + sum over t of e_t(y_t) + sum over t > 1 of A(y_{t-1}, y_t) + end(y_T)
        p(y) = exp(s(y)) / Z,   Z = sum over all y of exp(s(y))

    At first A, start and end are zero: each tag is then chosen by its own emissions, and nothing is random.

    Rows are padded at their ends; padding may hold anything, NaN or a tag that there is not, and reaches nothing. A row
    without steps has one sequence, the empty one, and s = 0 for it. Sums are taken in float64.

    Illegal sequences are never decoded. What the model has learned of them is another matter: by default all sequences
    share the probability, as the tagger then learns what is illegal; with `legal_only` legal ones alone do.

    Args:
        n_tags: K, how many tags.
        allowed: (K, K) True where the tag of the column may follow that of the row; all may where not given.
        allowed_start: (K,) True where a tag may be the first; all may where not given.
        allowed_end: (K,) True where a tag may be the last; all may where not given.

    Attributes:
        transitions: (K, K) A, from the tag of the row to that of the column, in nats.
        start, end: (K,) of the first and of the last tag, in nats.

    Raises:
        ConfigError: a number of tags or a mask that cannot be.
    """

    allowed: Tensor
    allowed_start: Tensor
    allowed_end: Tensor

    def __init__(
        self,
        n_tags: int,
        *,
        allowed: Mask | None = None,
        allowed_start: Mask | None = None,
        allowed_end: Mask | None = None,
    ):
        super().__init__()
        if n_tags < 1:
            raise ConfigError(f"a CRF needs at least 1 tag; given: {n_tags}")
        self.n_tags = n_tags
        self.transitions = nn.Parameter(torch.zeros(n_tags, n_tags))
        self.start = nn.Parameter(torch.zeros(n_tags))
        self.end = nn.Parameter(torch.zeros(n_tags))
        masks = {"allowed": allowed, "allowed_start": allowed_start, "allowed_end": allowed_end}
        for name, mask in masks.items():  # which tags these are is known from elsewhere: weights alone are saved
            shape = (n_tags, n_tags) if name == "allowed" else (n_tags,)
            self.register_buffer(name, _mask(name, mask, shape), persistent=False)

    def extra_repr(self) -> str:
        """What stands in brackets where the module is printed."""
        n_illegal = int((~self.allowed).sum())
        return f"{self.n_tags}, {n_illegal} illegal transitions" if n_illegal else str(self.n_tags)

    def log_partition(self, emissions: Tensor, lengths: Lengths | None = None, *, legal_only: bool = False) -> Tensor:
        """ln Z of each row, (B,) in nats.

        Args:
            emissions: (B, T, K) of each tag at each step, in nats up to a constant.
            lengths: (B,) integer, 0 to T: the steps of each row, the rest of which is padding; all T where not given.
            legal_only: Z runs over legal sequences; -inf where a row can have none.

        Raises:
            ValueError: emissions or lengths that do not fit.
        """
        rows = self._rows(emissions, lengths)
        return log_partition(emissions, self._weights(legal_only), rows).to(emissions.dtype)

    def score(
        self, emissions: Tensor, tags: Tensor, lengths: Lengths | None = None, *, legal_only: bool = False
    ) -> Tensor:
        """s of one sequence of each row, (B,) in nats; not normalised.

        Args:
            emissions: (B, T, K) as for `log_partition`.
            tags: (B, T) integer, 0 to K - 1.
            lengths: (B,) as for `log_partition`.
            legal_only: illegal sequences have -inf.

        Raises:
            ValueError: emissions, tags or lengths that do not fit.
        """
        rows = self._rows(emissions, lengths)
        return self._score(emissions, self._tags(tags, rows), rows, self._weights(legal_only)).to(emissions.dtype)

    def nll(
        self, emissions: Tensor, tags: Tensor, lengths: Lengths | None = None, *, legal_only: bool = False
    ) -> Tensor:
        """The sum of -ln p over the sequences of all rows, in nats: what training makes small.

        Args:
            emissions: (B, T, K) as for `log_partition`.
            tags: (B, T) integer, 0 to K - 1: the right ones.
            lengths: (B,) as for `log_partition`.
            legal_only: illegal sequences have no share of the probability, and inf here.

        Raises:
            ValueError: emissions, tags or lengths that do not fit.
        """
        rows, weights = self._rows(emissions, lengths), self._weights(legal_only)
        right = self._score(emissions, self._tags(tags, rows), rows, weights)
        return (log_partition(emissions, weights, rows) - right).sum().to(emissions.dtype)

    def marginals(self, emissions: Tensor, lengths: Lengths | None = None, *, legal_only: bool = False) -> Tensor:
        """The probability of each tag at each step, (B, T, K), whatever the others are; 0 in padding. Without gradients.

        It is the derivative of ln Z with respect to the emissions.

        Args:
            emissions: (B, T, K) as for `log_partition`.
            lengths: (B,) as for `log_partition`.
            legal_only: of legal sequences; 0 where a row can have none.

        Raises:
            ValueError: emissions or lengths that do not fit.
        """
        rows = self._rows(emissions, lengths)
        with torch.inference_mode(False), torch.enable_grad():
            seen = rows.zeroed(emissions.detach()).double().requires_grad_()
            weights = Weights(*(part.detach().clone() for part in self._weights(legal_only)))
            total = log_partition(seen, weights, rows)
            (found,) = torch.autograd.grad(total.sum(), seen)
        return found.to(emissions.dtype)

    def viterbi(self, emissions: Tensor, lengths: Lengths | None = None) -> tuple[Tensor, Tensor]:
        """The best legal sequence of each row (Viterbi 1967).

        Args:
            emissions: (B, T, K) as for `log_partition`.
            lengths: (B,) as for `log_partition`.

        Returns:
            paths (B, T) in int64, 0 in padding; and s of each, (B,) in nats. Where a row of some length can have no legal
            sequence at all, s is -inf and the path is 0 throughout.

        Raises:
            ValueError: emissions or lengths that do not fit.
        """
        paths, scores = self.k_best(emissions, lengths, 1)
        return paths[:, 0], scores[:, 0]

    def k_best(self, emissions: Tensor, lengths: Lengths | None = None, k: int = 1) -> tuple[Tensor, Tensor]:
        """The k best legal sequences of each row, all of them different.

        Args:
            emissions: (B, T, K) as for `log_partition`.
            lengths: (B,) as for `log_partition`.
            k: how many.

        Returns:
            paths (B, k, T) in int64, the best first, 0 in padding; and s of each, (B, k) in nats. Where a row has fewer
            legal sequences, s is -inf for the rest and their paths are 0 throughout.

        Raises:
            ValueError: emissions, lengths or k that do not fit.
        """
        if k < 1:
            raise ValueError(f"k is how many sequences, at least 1; given: {k}")
        rows = self._rows(emissions, lengths)
        paths, scores = best_paths(emissions, self._weights(legal_only=True), rows, k)
        return paths, scores.to(emissions.dtype)

    def _weights(self, legal_only: bool) -> Weights:
        if not legal_only:
            return Weights(self.transitions, self.start, self.end)
        return Weights(
            self.transitions.masked_fill(~self.allowed, -math.inf),
            self.start.masked_fill(~self.allowed_start, -math.inf),
            self.end.masked_fill(~self.allowed_end, -math.inf),
        )

    def _rows(self, emissions: Tensor, lengths: Lengths | None) -> Ragged:
        """Which steps are a row's own, of emissions that have been checked."""
        if emissions.dim() != 3 or emissions.shape[2] != self.n_tags or not emissions.is_floating_point():
            raise ValueError(
                f"emissions are real numbers (B, T, {self.n_tags}); given: {tuple(emissions.shape)} in "
                f"{str(emissions.dtype).removeprefix('torch.')}"
            )
        if emissions.device != self.start.device:
            raise ValueError(
                f"emissions are on {emissions.device}, but the CRF on {self.start.device}; move one of them"
            )
        n_rows, n_steps = emissions.shape[:2]
        rows = Ragged.of(lengths, emissions) if n_rows else None
        if rows is None:
            full = torch.full((n_rows,), n_steps, device=emissions.device)
            rows = Ragged(full, torch.ones(n_rows, n_steps, dtype=torch.bool, device=emissions.device))
        return rows

    def _tags(self, tags: Tensor, rows: Ragged) -> Tensor:
        """Checked tags (B, T) in int64 with zeros for padding."""
        if tags.shape != rows.inside.shape or tags.is_floating_point() or tags.is_complex() or tags.dtype == torch.bool:
            raise ValueError(
                f"tags are whole numbers {tuple(rows.inside.shape)}; given: {tuple(tags.shape)} in "
                f"{str(tags.dtype).removeprefix('torch.')}"
            )
        tags = torch.where(rows.inside, tags.to(rows.inside.device, torch.int64), 0)
        outside = (tags < 0) | (tags >= self.n_tags)
        if bool(outside.any()):
            row, step = outside.nonzero()[0].tolist()
            raise ValueError(f"tags[{row}, {step}] is {int(tags[row, step])}; tags are 0 to {self.n_tags - 1}")
        return tags

    def _score(self, emissions: Tensor, tags: Tensor, rows: Ragged, weights: Weights) -> Tensor:
        """s of each row, (B,) in float64, of tags that have been checked."""
        if not tags.numel():
            return emissions.sum((1, 2), dtype=torch.float64)
        seen = emissions.gather(2, tags.unsqueeze(2)).squeeze(2)
        pairs = (tags[:, :-1] * self.n_tags + tags[:, 1:]).flatten()
        # As a selection of numbers in one row, whose gradient is one addition.
        followed = weights.transitions.flatten().index_select(0, pairs).view(len(tags), -1)
        last = tags.gather(1, (rows.lengths - 1).clamp(min=0).unsqueeze(1)).squeeze(1)
        edges = weights.start.index_select(0, tags[:, 0]).double() + weights.end.index_select(0, last).double()
        inside = rows.zeroed(seen).sum(1, dtype=torch.float64)
        between = torch.where(rows.inside[:, 1:], followed, 0.0).sum(1, dtype=torch.float64)
        return torch.where(rows.lengths == 0, 0.0, inside + between + edges)


def _mask(name: str, mask: Mask | None, shape: tuple[int, ...]) -> Tensor:
    """A mask as a tensor of its own, all True where there is none."""
    given = torch.ones(shape, dtype=torch.bool) if mask is None else torch.as_tensor(mask).clone()
    if given.dtype != torch.bool or given.shape != shape:
        raise ConfigError(
            f"{name} is a mask of True and False {shape}; given: {tuple(given.shape)} in "
            f"{str(given.dtype).removeprefix('torch.')}"
        )
    if len(shape) == 1 and not given.any():
        raise ConfigError(f"{name} is False for every tag, so that no sequence is legal; allow at least one")
    return given
