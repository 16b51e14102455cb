"""The scores of a language model as one reads them."""

import math
from typing import Any

from seqlab.tasks.base import Table


def table(scores: dict[str, Any]) -> Table:
    """The model and the floors, by nats, bits and perplexity."""
    unit = scores["unit"]
    rows = [("this model", scores["nats"]), *((f"{name} floor", nats) for name, nats in scores["floors"].items())]
    heads = (f"{scores['n_tokens']:,} {unit}s", f"nats a {unit}", f"bits a {unit}", "perplexity")
    without = f"; perplexity without them {scores['perplexity_known']:.4g}" if 0 < scores["oov_rate"] < 1 else ""
    unknown = f"{scores['oov_rate']:.2%} of the {unit}s are out of the vocabulary{without}"
    return Table(heads, [(name, *figures(nats)) for name, nats in rows], [unknown])


def lines(scores: dict[str, Any]) -> list[tuple[str, str]]:
    """The same as lines under names."""
    unit = scores["unit"]
    return [
        ("validation", f"{scores['nats']:.4f} nats a {unit}, perplexity {scores['perplexity']:.4g}"),
        ("", f"{scores['n_tokens']:,} {unit}s, {scores['oov_rate']:.2%} out of vocabulary"),
        *((f"{name} floor", f"{nats:.4f} nats a {unit}") for name, nats in scores["floors"].items()),
    ]


def figures(nats: float) -> tuple[str, str, str]:
    """Nats, bits and perplexity as they are printed."""
    return f"{nats:.4f}", f"{nats / math.log(2):.4f}", f"{math.exp(nats):.4g}" if nats < 700 else "inf"
