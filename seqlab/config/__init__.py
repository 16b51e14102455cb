"""The schema of an experiment: strict, frozen, and the same from a TOML file, from flags or from code.

Every setting has a name of its own within the schema, so that `--hidden 256`, `hidden = 256` in the section `[network]`
of a TOML file, `-s network.hidden=256` and `seqlab.train("lm", records, hidden=256)` all mean the same. The sentence
under a field is its help text on the command line.
"""

import json
from typing import Literal, Self

from pydantic import Field, model_validator

from seqlab.config.network import Batches, Network
from seqlab.config.ngram import Ngram, n_bytes
from seqlab.config.section import Section
from seqlab.config.text import Data, Text
from seqlab.config.training import OptimizerName, Training

__all__ = ["SCHEMAS", "LanguageModelling", "Network", "Ngram", "OptimizerName", "Section", "Training", "n_bytes"]

OWN_SECTIONS: dict[str, tuple[str, ...]] = {
    "rnn": ("batches", "network", "training"),
    "ngram": ("ngram",),
    "mixture": (),
}
"""The sections that each family of models has for itself."""


class LanguageModelling(Section):
    """A language model: every setting of `seqlab train lm`."""

    task: Literal["lm"] = "lm"
    """The task."""
    model: Literal["rnn", "ngram", "mixture"] = "rnn"
    """What predicts: a recurrent network, counts of n-grams, or several models mixed (made by `seqlab mix`)."""
    seed: int = Field(1, ge=0, lt=2**63)
    """Seed of everything that is drawn: the split, the first weights, the batches, dropout."""
    baseline: bool = True
    """Score simple models on the same text as the floor to beat: unigrams, bigrams, and for a network longer n-grams."""
    data: Data = Data()
    text: Text = Text()
    batches: Batches = Batches()
    network: Network = Network()
    training: Training = Training()
    ngram: Ngram = Ngram()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for family, sections in OWN_SECTIONS.items():
            for section in sections if family != self.model else ():
                given, default = getattr(self, section), type(self).model_fields[section].default
                changed = [name for name in type(given).model_fields if getattr(given, name) != getattr(default, name)]
                if changed:
                    raise ValueError(
                        f"{section}.{changed[0]}: the model is {self.model}, which has no such setting; leave it out, or "
                        f"set model to {family}"
                    )
        return self

    def to_json(self) -> str:
        """Every setting with its value, defaults written out."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


SCHEMAS: dict[str, type[LanguageModelling]] = {"lm": LanguageModelling}
