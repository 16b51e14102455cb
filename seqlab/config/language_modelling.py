"""Every setting of a language model."""

from typing import ClassVar, Literal

from seqlab.config.experiment import Experiment
from seqlab.config.network import Batches, Network
from seqlab.config.ngram import Ngram
from seqlab.config.text import Text


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
    text: Text = Text()
    batches: Batches = Batches()
    network: Network = Network()
    ngram: Ngram = Ngram()
