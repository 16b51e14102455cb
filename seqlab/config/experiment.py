"""What every experiment has, whatever its task."""

import json
from typing import ClassVar, Self

from pydantic import Field, model_validator

from seqlab.config.section import Section
from seqlab.config.text import Data
from seqlab.config.training import Training

NETWORKS = ("rnn", "textcnn", "bag", "mlp", "softmax")
"""The models that learn by gradient descent, of whatever task; the others count."""


class Experiment(Section):
    """What every experiment has; a task's own schema adds what is its own."""

    OWN_SECTIONS: ClassVar[dict[str, tuple[str, ...]]]
    """The sections that each family of models has for itself, by the names of `model`."""

    task: str
    """The task."""
    model: str
    """What predicts."""
    seed: int = Field(1, ge=0, lt=2**63)
    """Seed of everything that is drawn: the split, the first weights, the batches, dropout."""
    baseline: bool = True
    """Score simple models on the same data, as the floor to beat."""
    data: Data = Data()
    training: Training = Training()

    @model_validator(mode="after")
    def _of_one_family(self) -> Self:
        for family, sections in self.OWN_SECTIONS.items():
            for section in sections if family != self.model else ():
                given, default = getattr(self, section), type(self).model_fields[section].default
                changed = [name for name in type(given).model_fields if getattr(given, name) != getattr(default, name)]
                if changed and section not in self.OWN_SECTIONS[self.model]:
                    raise ValueError(
                        f"{section}.{changed[0]}: the model is {self.model}, which has no such setting; leave it out, or "
                        f"set model to {family}"
                    )
        return self

    def to_json(self) -> str:
        """Every setting with its value, defaults written out."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"
