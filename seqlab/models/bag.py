"""The bag classifier: which features a text has in, scores of its classes out; their order is not known to it."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import Parameter
from torch.nn import functional as F

from seqlab.errors import ConfigError, unknown

Mode = Literal["mean", "sum"]


class BagClassifier(nn.Module):
    """The average of the learned vectors of a text's features, layers above it, and a linear layer to the classes.

    Without a layer in between it is fastText (Joulin et al. 2017, "Bag of Tricks for Efficient Text Classification"); with
    them a perceptron (the deep averaging network, Iyyer et al. 2015); without vectors it is softmax regression.

    Args:
        n_features: F, ids of features are below it.
        n_classes: K, how many classes.
        embedding: E, width of the learned vectors; 0: the table holds the K logits of each feature, to whose average a bias
            is added.
        hidden: width of a ReLU layer above the average, or of several from the bottom up; 0 for none.
        dropout: share of the values of the average and of each ReLU layer that is zeroed in training.
        embedding_dropout: share of the features of a text that is left out in training; the others count for more.
        mode: "mean" or "sum" of the vectors.
        sparse: the gradient of the table is a sparse tensor, for optimizers made for these.

    Attributes:
        table: (F, E or K).

    Raises:
        ConfigError: a size, name or share that cannot be; layers or dropout where there are no vectors.
    """

    def __init__(
        self,
        n_features: int,
        n_classes: int,
        *,
        embedding: int = 64,
        hidden: int | Sequence[int] = 0,
        dropout: float = 0.0,
        embedding_dropout: float = 0.0,
        mode: Mode = "mean",
        sparse: bool = False,
    ):
        super().__init__()
        widths = ([hidden] if hidden else []) if isinstance(hidden, int) else [*hidden]
        _check(n_features, n_classes, embedding, widths, mode)
        for name, share in (("dropout", dropout), ("embedding_dropout", embedding_dropout)):
            if not 0.0 <= share < 1.0:
                raise ConfigError(f"{name}: is a share from 0 to below 1, not {share}")
        if not embedding and (widths or dropout):
            raise ConfigError(
                "embedding 0: the average holds the logits; leave out hidden and dropout, or give a width"
            )
        self.table = Parameter(torch.empty(n_features, embedding or n_classes))
        self.layers = nn.ModuleList(nn.Linear(below, above) for below, above in pairwise([embedding, *widths]))
        self.output = nn.Linear([embedding, *widths][-1], n_classes) if embedding else None
        self.bias = None if embedding else Parameter(torch.empty(n_classes))
        self.n_classes, self.mode, self.sparse = n_classes, mode, sparse
        self.dropout, self.embedding_dropout = dropout, embedding_dropout
        self._reset_parameters()

    @torch.no_grad()
    def _reset_parameters(self) -> None:
        if self.bias is not None:
            nn.init.zeros_(self.table)
            nn.init.zeros_(self.bias)
            return
        # As in fastText: so small that a feature which is hardly ever seen in training counts for nothing in use.
        nn.init.uniform_(self.table, -1 / self.table.shape[1], 1 / self.table.shape[1])
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def groups(self) -> list[tuple[str, list[Parameter]]]:
        """The parameters from the bottom up, each once: "embedding", "hidden 0", "hidden 1", ..., "head"."""
        layers = [(f"hidden {at}", [*layer.parameters()]) for at, layer in enumerate(self.layers)]
        head = [*self.output.parameters()] if self.output is not None else [self.bias] if self.bias is not None else []
        return [("embedding", [self.table]), *layers, ("head", head)]

    def forward(self, ids: Tensor, offsets: Tensor, weights: Tensor | None = None) -> Tensor:
        """Scores of the classes of each text.

        Args:
            ids: (N,) integer, 0 to F - 1: the features of the texts one after another.
            offsets: (B + 1,) integer: text b has ids[offsets[b]:offsets[b + 1]]; the last one is N.
            weights: (N,) real, at least 0: what each feature counts for; 1 where not given. A "mean" is then the sum of
                the weighted vectors divided by the sum of the weights.

        Returns:
            logits (B, K) in float32 or wider, unnormalised; a text without features has those of an average of zero.

        Raises:
            ValueError: offsets that do not end at N.
        """
        return self.from_average(self.average(ids, offsets, weights))

    def average(self, ids: Tensor, offsets: Tensor, weights: Tensor | None = None) -> Tensor:
        """The average (B, E or K) of each text's vectors, of arguments as for `forward`; in training of a part of them."""
        _check_offsets(ids, offsets, weights)
        ids, offsets = ids.long(), offsets.long()
        scale: Tensor | None = None
        if self.mode == "mean" and weights is not None:
            totals = torch.zeros(len(offsets) - 1, dtype=weights.dtype, device=weights.device)
            totals = totals.index_add(0, _texts(offsets), weights)
            scale = torch.where(totals == 0, 0.0, 1 / torch.where(totals == 0, 1.0, totals))
        if self.training and self.embedding_dropout:
            # The lengths of all texts divide, not those of what is left, so that nothing changes on the average.
            if self.mode == "mean" and scale is None:
                scale = 1 / offsets.diff().clamp(min=1).to(self.table.dtype)
            scale = (1.0 if scale is None else scale) / self.table.new_tensor(1 - self.embedding_dropout)
            ids, offsets, weights = _part(ids, offsets, weights, self.embedding_dropout)
        mode = "sum" if scale is not None or weights is not None else self.mode
        weights = None if weights is None else weights.to(self.table.dtype)
        summed = F.embedding_bag(
            ids,
            self.table,
            offsets,
            mode=mode,
            sparse=self.sparse,
            per_sample_weights=weights,
            include_last_offset=True,
        )
        return summed if scale is None else summed * scale.to(summed.dtype).view(-1, 1)

    def from_average(self, average: Tensor) -> Tensor:
        """The logits (B, K) of averages (B, E or K)."""
        if self.output is None:
            logits = average if self.bias is None else average + self.bias
        else:
            for layer in self.layers:
                average = F.relu(layer(F.dropout(average, self.dropout, self.training)))
            logits = self.output(F.dropout(average, self.dropout, self.training))
        return logits.float() if logits.dtype in (torch.bfloat16, torch.float16) else logits

    def contributions(self, ids: Tensor, offsets: Tensor, classes: Tensor, weights: Tensor | None = None) -> Tensor:
        """What each feature weighs in the logit of a class: gradient times input, (N,).

        Without layers in between they are exact: with the output's bias those of a text sum to its logit.

        Args:
            ids, offsets, weights: as for `forward`.
            classes: (B,) integer: the class that is looked at in each text.
        """
        with torch.enable_grad():
            average = self.average(ids, offsets, weights).detach().requires_grad_()
            logits = self.from_average(average).gather(1, classes.long().view(-1, 1))
            (gradient,) = torch.autograd.grad(logits.sum(), average)
        with torch.no_grad():
            own = self.table.new_ones(len(ids)) if weights is None else weights.to(self.table.dtype)
            texts = _texts(offsets.long())
            if self.mode == "mean":
                totals = own.new_zeros(len(offsets) - 1).index_add(0, texts, own)
                own = own / torch.where(totals == 0, 1.0, totals)[texts]
            return own * (self.table[ids.long()] * gradient[texts]).sum(1)


def _check(n_features: int, n_classes: int, embedding: int, widths: list[int], mode: str) -> None:
    if mode not in get_args(Mode):
        raise ConfigError(unknown("mode", mode, get_args(Mode)))
    if min(n_features, n_classes, 1, *widths) < 1 or embedding < 0:
        raise ConfigError(
            f"{n_features} features, {n_classes} classes, embedding {embedding}, hidden {widths}: each is at least 1, "
            "and embedding at least 0"
        )


def _check_offsets(ids: Tensor, offsets: Tensor, weights: Tensor | None) -> None:
    if offsets.dim() != 1 or not len(offsets) or int(offsets[-1]) != len(ids) or int(offsets[0]):
        raise ValueError(
            f"offsets: from 0 to the {len(ids)} ids, one more than there are texts, not {offsets.tolist()!r:.60}"
        )
    if weights is not None and weights.shape != ids.shape:
        raise ValueError(f"weights: one for each of {len(ids)} ids, not {tuple(weights.shape)}")


def _texts(offsets: Tensor) -> Tensor:
    """Which text each feature (N,) belongs to."""
    return torch.repeat_interleave(torch.arange(len(offsets) - 1, device=offsets.device), offsets.diff())


def _part(ids: Tensor, offsets: Tensor, weights: Tensor | None, rate: float) -> tuple[Tensor, Tensor, Tensor | None]:
    """The features without a share of them that is drawn by chance."""
    kept = torch.rand(len(ids), device=ids.device) >= rate
    before = F.pad(kept.long().cumsum(0), (1, 0))
    return ids[kept], before[offsets], None if weights is None else weights[kept]
