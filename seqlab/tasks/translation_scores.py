"""What the evaluation of a translator finds: how likely the references are, and how near the translations come to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from seqlab.config import Translation
from seqlab.languages import code, is_language
from seqlab.metrics.translation import TranslationScores, bleu_tokenizer

OF_LANGUAGE = {"zh": "zh", "ja": "char", "ko": "char"}
"""How BLEU cuts the words of languages that blanks do not show them of; all others as "13a" does."""


@dataclass(frozen=True)
class TranslatorScores:
    """The figures of a translator over pairs of sentences."""

    nats: float
    """-ln p of a token of the references, their ends among them, each given those before it."""
    n_tokens: int
    """How many tokens these are."""
    unit: str
    """What a token of the target is."""
    beam: int
    """How many unfinished translations were followed at a time."""
    translations: TranslationScores
    """BLEU, chrF and TER of the translations."""
    best_by: Literal["loss", "bleu"] = "bleu"
    """What is to be small: nats, or 1 - BLEU / 100."""

    @property
    def figure(self) -> float:
        """What decides which weights are the best."""
        return self.nats if self.best_by == "loss" else self.translations.figure

    def brief(self) -> str:
        """The figures that matter most, in a few words."""
        return f"{self.nats:.4f} nats a {self.unit}, {self.translations.brief()}"

    def to_dict(self) -> dict[str, Any]:
        """All figures by name, for JSON."""
        figures = {"nats": self.nats, "n_tokens": self.n_tokens, "unit": self.unit, "beam": self.beam}
        return figures | self.translations.to_dict()


def tokenize(config: Translation, references: Iterable[str]) -> str:
    """How BLEU is to cut translations: by their language where it is known, else by the letters of the references."""
    language = config.data.target_language
    if language is None or not is_language(language):
        return bleu_tokenizer(references)
    return OF_LANGUAGE.get(code(language), "13a")
