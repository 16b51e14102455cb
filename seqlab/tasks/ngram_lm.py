"""The n-gram language model in use. No torch."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.config import LanguageModelling
from seqlab.errors import ConfigError, ModelError
from seqlab.modeldir import WEIGHTS, ModelDirectory
from seqlab.ngram.binary import open_model
from seqlab.ngram.model import NGramModel
from seqlab.ngram.model import State as Context
from seqlab.tasks.language_model import CONTEXT, SCORING_ROWS, Ids, LanguageModel
from seqlab.text.pipeline import TextPipeline

State = list[Context]


class NgramLanguageModel(LanguageModel):
    """A language model whose predictions come from counts.

    Attributes:
        model: the n-grams.
    """

    def __init__(
        self,
        config: LanguageModelling,
        text: TextPipeline,
        model: NGramModel,
        scores: dict[str, Any] | None = None,
    ):
        super().__init__(config, text, scores)
        self.model = model

    @classmethod
    def load(cls, directory: ModelDirectory, device: str = "cpu") -> "NgramLanguageModel":
        """The model that a model directory holds, which stays on disk and is read where it is asked.

        Raises:
            ConfigError: another device than the CPU. ModelError: the n-grams are unreadable, or not over the vocabulary.
        """
        if device not in ("cpu", "auto"):
            raise ConfigError(f"device: n-grams are looked up by the CPU, not by '{device}'; leave it out")
        text, model = TextPipeline.load(directory.path / "text"), open_model(directory.path / WEIGHTS)
        if model.n_types != len(text.vocab):
            raise ModelError(
                f"{directory.path / WEIGHTS}: its n-grams are over {model.n_types} types, and text/vocab.json has "
                f"{len(text.vocab)}; copy the folder again or train anew"
            )
        assert isinstance(directory.config, LanguageModelling)
        return cls(directory.config, text, model, directory.scores)

    def begin(self, n: int = 1) -> State:
        """The state before a text: nothing is known of what was before."""
        return [()] * n

    def step(self, ids: NDArray[np.int64], state: State) -> tuple[NDArray[np.float64], State]:
        """Log-probabilities (n, V) of the token after `ids` (n,), and the state after it; see `LanguageModel.step`."""
        after = [self.model.step(context, int(id))[1] for context, id in zip(state, ids, strict=True)]
        return np.stack([self.model.log_probs(context) for context in after]), after

    def read(self, ids: Ids, n: int = 1) -> tuple[NDArray[np.int64], State]:
        """The last id for each of n texts, and the state before it; see `LanguageModel.read`."""
        context: Context = ()
        for id in ids[max(0, len(ids) - self.model.order) : -1].tolist():  # more is not remembered
            context = self.model.step(context, id)[1]
        return np.repeat(ids[-1:].astype(np.int64), n), [context] * n

    def token_log_probs(
        self, ids: Ids, *, batch_size: int = SCORING_ROWS, context: int = CONTEXT
    ) -> Iterator[NDArray[np.float64]]:
        """Log-probabilities of the tokens of a text, each from as many before it as the order knows."""
        return (scored.log_probs for scored in self.model.score_blocks(ids))
