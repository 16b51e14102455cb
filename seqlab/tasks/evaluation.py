"""What the evaluation of a segmenter or a tagger finds: figures, confusions, and what each sentence adds to them."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.metrics.segmentation import SegmentationScores
from seqlab.metrics.spans import SpanScores
from seqlab.metrics.tags import Confusion, TagScores

KEPT = 20
"""How many confusions are kept in a model directory."""


@dataclass(frozen=True)
class Evaluation:
    """The figures of a segmenter or a tagger over sentences."""

    of: str
    """What is found or missed: words, spans or tags."""
    unit: str
    """What the model reads, and what may be out of vocabulary: word or token."""
    scores: SegmentationScores | SpanScores | TagScores
    """Those that count."""
    tags: TagScores | None = None
    """Where these are of spans: how many tokens have the right tag."""
    by_type: dict[str, SpanScores] = field(default_factory=dict)
    """Of spans: the figures of each type."""
    confusions: list[Confusion] = field(default_factory=list)
    """What was taken for what, the most frequent first."""
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 3), np.int64))
    """(S, 3) what each sentence has: true ones, predicted ones, right ones; of tags: tokens, tokens, right ones."""

    @property
    def figure(self) -> float:
        """What is to be small: 1 - F1, or 1 - accuracy; 1 where nothing is there to be found and nothing was."""
        reached = self.scores.accuracy if isinstance(self.scores, TagScores) else self.scores.f1
        return 1.0 if math.isnan(reached) else 1.0 - reached

    def brief(self) -> str:
        """The figures that matter most, in a few words."""
        if isinstance(self.scores, TagScores):
            return f"accuracy {self.scores.accuracy:.4f}"
        if isinstance(self.scores, SegmentationScores):
            return f"F1 {self.scores.f1:.4f}, OOV recall {self.scores.oov_recall:.4f}"
        return f"F1 {self.scores.f1:.4f}"

    def to_dict(self) -> dict[str, Any]:
        """All figures by name, for JSON; those over nothing are None."""
        figures = (self.tags.to_dict() if self.tags else {}) | self.scores.to_dict()
        if isinstance(self.scores, TagScores):
            figures["n_true"] = self.scores.n_tokens
        figures = {name: None if value != value else value for name, value in figures.items()}
        if self.by_type:
            figures["by_type"] = {name: scores.f1 for name, scores in self.by_type.items()}
        confusions = [confusion._asdict() for confusion in self.confusions[:KEPT]]
        return {"of": self.of, "unit": self.unit, **figures, "confusions": confusions}
