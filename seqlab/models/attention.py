"""Attention of a decoder: what it makes of an encoder's outputs, by scores of one against the other.

In the equations h_t is the state of the decoder, h_s the output of the encoder at the token s of the source.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqlab.errors import ConfigError, unknown

AT_ONCE = 1 << 25
"""How many numbers the layer inside `additive` and `concat` may have at once; more queries are taken in parts."""


class Attention(nn.Module, ABC):
    """The mean of the encoder's outputs, weighted by the softmax of scores.

        a_t(s) = softmax over s of score(h_t, h_s)
        c_t    = sum over s of a_t(s) h_s

    Source: Bahdanau et al. 2015 (arXiv 1409.0473), eq. 5 and 6; Luong et al. 2015 (arXiv 1508.04025), eq. 7.

    Args:
        query_width: Q, of the decoder's states.
        width: W, of the encoder's outputs.
    """

    def __init__(self, query_width: int, width: int):
        super().__init__()
        self.query_width, self.width = query_width, width

    @abstractmethod
    def keys(self, values: Tensor) -> Tensor:
        """What queries are held against, (B, S, K), of the encoder's outputs (B, S, W); once a sentence."""

    @abstractmethod
    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """The scores (B, T, S) of queries (B, T, Q) and keys (B, S, K)."""

    def forward(
        self, queries: Tensor, keys: Tensor, values: Tensor, inside: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The context and the weights of each query.

        Args:
            queries: (B, Q), one a row, or (B, T, Q).
            keys: (B, S, K), what `keys` made of `values`.
            values: (B, S, W), zero in padding.
            inside: (B, S) True where a token of the source stands, False where padding does; None where there is none.

        Returns:
            context (B, W) or (B, T, W), and weights (B, S) or (B, T, S): at least 0, 0 in padding, 1 in all over the tokens
            of a row. A row without tokens has the context 0.
        """
        if queries.dim() == 2:
            context, weights = self(queries.unsqueeze(1), keys, values, inside)
            return context[:, 0], weights[:, 0]
        scores = self.scores(queries, keys)
        if inside is None:
            weights = scores.softmax(-1)
        else:
            # The lowest number and not minus infinity, from which a row without tokens would get NaN.
            outside = ~inside.unsqueeze(1)
            weights = scores.masked_fill(outside, torch.finfo(scores.dtype).min).softmax(-1).masked_fill(outside, 0.0)
        return weights.to(values.dtype) @ values, weights


class Dot(Attention):
    """score(h_t, h_s) = h_t · h_s, which takes both to be as wide.

    Source: Luong et al. 2015, eq. 8, "dot".

    Raises:
        ConfigError: they are not.
    """

    def __init__(self, query_width: int, width: int):
        super().__init__(query_width, width)
        if query_width != width:
            raise ConfigError(
                f"attention: 'dot' multiplies states of the decoder, {query_width} wide, with outputs of the encoder, "
                f"{width} wide; take 'general', or make them equal"
            )

    def keys(self, values: Tensor) -> Tensor:
        """The outputs themselves."""
        return values

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """As `Attention.scores`."""
        return queries @ keys.transpose(1, 2)


class General(Attention):
    """score(h_t, h_s) = h_t · W h_s

    Source: Luong et al. 2015, eq. 8, "general".
    """

    def __init__(self, query_width: int, width: int):
        super().__init__(query_width, width)
        self.key = nn.Linear(width, query_width, bias=False)
        nn.init.xavier_uniform_(self.key.weight)

    def keys(self, values: Tensor) -> Tensor:
        """W h_s."""
        keys: Tensor = self.key(values)
        return keys

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """As `Attention.scores`."""
        return queries @ keys.transpose(1, 2)


class Additive(Attention):
    """score(h_t, h_s) = v · tanh(W h_t + U h_s + b), the layer inside as wide as h_t.

    Source: Bahdanau et al. 2015, appendix A.1.2; there h_t is the state before the step.
    """

    def __init__(self, query_width: int, width: int):
        super().__init__(query_width, width)
        self.key = nn.Linear(width, query_width)
        self.query = nn.Linear(query_width, query_width, bias=False)
        self.direction = nn.Parameter(torch.empty(query_width))
        for linear in (self.key, self.query):
            nn.init.xavier_uniform_(linear.weight)
        nn.init.zeros_(self.key.bias)
        nn.init.normal_(self.direction, std=query_width**-0.5)

    def keys(self, values: Tensor) -> Tensor:
        """U h_s + b."""
        keys: Tensor = self.key(values)
        return keys

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """As `Attention.scores`."""
        return scores_of_layer(self.query(queries), keys, self.direction)


class Concat(Attention):
    """score(h_t, h_s) = v · tanh(W [h_t; h_s]), the layer inside as wide as h_t.

    Since W [h_t; h_s] is a sum of two products, this is `Additive` without a bias, and is computed in the same way; the
    matrix begins as one, with smaller weights.

    Source: Luong et al. 2015, eq. 8, "concat".
    """

    def __init__(self, query_width: int, width: int):
        super().__init__(query_width, width)
        self.inner = nn.Parameter(torch.empty(query_width, query_width + width))
        self.direction = nn.Parameter(torch.empty(query_width))
        nn.init.xavier_uniform_(self.inner)
        nn.init.normal_(self.direction, std=query_width**-0.5)

    def keys(self, values: Tensor) -> Tensor:
        """The part of W [h_t; h_s] that reads h_s."""
        return F.linear(values, self.inner[:, self.query_width :])

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """As `Attention.scores`."""
        return scores_of_layer(F.linear(queries, self.inner[:, : self.query_width]), keys, self.direction)


def scores_of_layer(queries: Tensor, keys: Tensor, direction: Tensor) -> Tensor:
    """v · tanh(query + key) for each of both: (B, T, S) of queries (B, T, K), keys (B, S, K) and v (K,)."""
    n_queries = max(1, AT_ONCE // max(1, keys.numel()))
    asked = torch.split(queries, n_queries, 1)
    parts = [torch.tanh(part.unsqueeze(2) + keys.unsqueeze(1)) @ direction for part in asked]
    return torch.cat(parts, 1) if len(parts) > 1 else parts[0]


ATTENTIONS: dict[str, type[Attention]] = {
    "additive": Additive,
    "dot": Dot,
    "general": General,
    "concat": Concat,
}
"""Every attention by its name."""


def build(name: str, query_width: int, width: int) -> Attention:
    """The attention of a name in `ATTENTIONS`; the widths are those of `Attention`.

    Raises:
        ConfigError: an unknown name, or widths that it cannot do with.
    """
    if name not in ATTENTIONS:
        raise ConfigError(unknown("attention", name, ("none", *ATTENTIONS)))
    return ATTENTIONS[name](query_width, width)
