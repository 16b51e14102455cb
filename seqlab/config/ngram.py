"""How n-grams are counted and smoothed."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from seqlab.config.section import Section

Thresholds = Annotated[tuple[Annotated[int, Field(strict=True, ge=1)], ...], Field(strict=False)]
SmoothingName = Literal[
    "maximum-likelihood", "additive", "jelinek-mercer", "katz", "witten-bell", "absolute-discounting", "kneser-ney",
    "modified-kneser-ney", "stupid-backoff", "arpa",
]  # fmt: skip


def _size(size: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,5}[KMGT]", size):
        raise ValueError(f"'{size}' is no amount of memory; write a whole number and K, M, G or T, such as 2G")
    return size


def n_bytes(size: str) -> int:
    """How many bytes "512M" or "2G" are."""
    return int(size[:-1]) << 10 * (1 + "KMGT".index(size[-1]))


class Ngram(Section):
    """How n-grams are counted and smoothed."""

    order: int | None = Field(None, ge=1, le=20)
    """Length of the longest n-grams; 7 for characters and bytes, 5 for words and pieces where not given."""
    smoothing: SmoothingName = "modified-kneser-ney"
    """How n-grams that were seen share probability with those that were not (arpa: as read by `seqlab convert`)."""
    pseudo_count: float = Field(1.0, gt=0.0)
    """What additive smoothing adds to each count."""
    min_counts: Thresholds = ()
    """N-grams seen less often than this are left out: a number for each order from 1 (the flag is given once for each), the
    last one for those above too; single tokens all stay (min_count is for them)."""
    prune: float = Field(0.0, ge=0.0, lt=1.0)
    """Leave out each n-gram without which the perplexity rises by less than this share; 1e-8 takes a little, 1e-6 much."""
    sentences: Literal["auto", "lines", "none"] = "auto"
    """lines: each line is predicted by itself, its end too; none: contexts reach over line ends; auto: lines for words."""

    memory: Annotated[str, AfterValidator(_size)] = "2G"
    """What counting may take, about; where a text needs more, it goes by way of the disk."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.pseudo_count != 1.0 and self.smoothing != "additive":
            raise ValueError(
                f"pseudo_count: {self.smoothing} smoothing adds none; leave it out or set smoothing to additive"
            )
        if self.prune and self.smoothing == "stupid-backoff":
            raise ValueError("prune: the figures of stupid-backoff are no probabilities; leave it out")
        if list(self.min_counts) != sorted(self.min_counts):
            raise ValueError(
                f"min_counts: {list(self.min_counts)} falls, but an n-gram needs those within it; let no number be "
                "below the one before it"
            )
        if self.order is not None and len(self.min_counts) > self.order:
            raise ValueError(
                f"min_counts: {len(self.min_counts)} numbers for the orders up to {self.order}; give fewer"
            )
        return self
