"""Every setting of a language model."""

from typing import ClassVar, Literal

from seqlab.config.experiment import Experiment
from seqlab.config.network import Batches, Network
from seqlab.config.ngram import Ngram
from seqlab.config.text import Data, Text


class TextData(Data):
    """What is read, and where it stands in tables."""

    text_column: str | None = None
    """Of tables, JSON and Parquet, the column of the text: its name, or its number from 1; by usual names where not
    given."""


class LanguageModelling(Experiment):
    """A language model: every setting of `seqlab train lm`."""

    OWN_SECTIONS: ClassVar[dict[str, tuple[str, ...]]] = {
        "rnn": ("batches", "network", "training"),
        "ngram": ("ngram",),
        "mixture": (),
    }

    task: Literal["lm"] = "lm"
    """The task."""
    model: Literal["rnn", "ngram", "mixture"] = "rnn"
    """What predicts: a recurrent network, counts of n-grams, or several models mixed (made by `seqlab mix`)."""
    baseline: bool = True
    """Score simple models on the same text as the floor to beat: unigrams, bigrams, and for a network longer n-grams."""
    data: TextData = TextData()
    text: Text = Text()
    batches: Batches = Batches()
    network: Network = Network()
    ngram: Ngram = Ngram()
