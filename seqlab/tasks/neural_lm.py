"""The recurrent language model in use."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from seqlab import precision, weights
from seqlab.batching import scoring
from seqlab.config import LanguageModelling, Network
from seqlab.modeldir import WEIGHTS, ModelDirectory
from seqlab.models.language import RecurrentLanguageModel
from seqlab.recurrent.stack import Carried
from seqlab.tasks.language_model import CONTEXT, SCORING_ROWS, Ids, LanguageModel
from seqlab.text.pipeline import TextPipeline
from seqlab.text.vocab import SPECIALS

STRETCH, SCORING_WINDOW = 2048, 128


class NeuralLanguageModel(LanguageModel):
    """A language model whose predictions are those of a recurrent network.

    Attributes:
        model: the network.
        device: where it computes.
    """

    def __init__(
        self,
        config: LanguageModelling,
        text: TextPipeline,
        model: RecurrentLanguageModel,
        device: str = "cpu",
        scores: dict[str, Any] | None = None,
    ):
        super().__init__(config, text, scores)
        self.model, self.device = model.to(device).eval(), device

    @classmethod
    def load(cls, directory: ModelDirectory, device: str = "cpu") -> "NeuralLanguageModel":
        """The model that a model directory holds, on a device; in float32 where that has no products of bfloat16.

        Raises:
            ModelError: weights or text parts do not fit the configuration.
        """
        config = directory.config
        assert isinstance(config, LanguageModelling)
        text, network = TextPipeline.load(directory.path / "text"), config.network
        usable = precision.in_use(network.precision, device)
        with torch.random.fork_rng(
            devices=[]
        ):  # first weights are drawn, and replaced; the caller's generator is not ours
            model = build(network.model_copy(update={"precision": usable}), len(text.vocab))
        weights.load(model, directory.path / WEIGHTS)
        return cls(config, text, model, device, directory.scores)

    def begin(self, n: int = 1) -> Carried:
        """The state before a text: zeros, or what was learned."""
        with torch.inference_mode():
            return self.model.recurrent.begin(n)

    def step(self, ids: NDArray[np.int64], state: Carried) -> tuple[NDArray[np.float32], Carried]:
        """Log-probabilities (n, V) of the token after `ids` (n,), and the state after it; see `LanguageModel.step`."""
        with torch.inference_mode():
            log_probs, state = self.model.step(torch.from_numpy(ids).to(self.device), state)
        return log_probs.cpu().numpy(), state

    def read(self, ids: Ids, n: int = 1) -> tuple[NDArray[np.int64], Carried]:
        """The last id for each of n texts, and the state before it; see `LanguageModel.read`."""
        read, state = ids.astype(np.int64), self.begin()
        with torch.inference_mode():
            for at in range(0, len(read) - 1, STRETCH):
                stretch = read[None, at : min(at + STRETCH, len(read) - 1)]
                _, state = self.model(torch.from_numpy(stretch).to(self.device), state)
            several = (
                tuple(part.repeat(1, n, 1) for part in state) if isinstance(state, tuple) else state.repeat(1, n, 1)
            )
        return np.repeat(read[-1:], n), several

    def token_log_probs(
        self, ids: Ids, *, batch_size: int = SCORING_ROWS, context: int = CONTEXT
    ) -> Iterator[NDArray[np.float64]]:
        """Log-probabilities of the tokens of a text, stretch by stretch; see `LanguageModel.token_log_probs`."""
        lengths = {"batch_size": batch_size, "context": context, "stretch": max(STRETCH, 4 * context)}
        return token_log_probs(self.model, ids, self.device, first=self.text.start, **lengths)


def build(network: Network, n_types: int, *, sparse: bool = False) -> RecurrentLanguageModel:
    """The model that the section `network` describes, over a vocabulary of `n_types`.

    The learned vectors of the special ids begin at zero: one that training never meets then says nothing.
    """
    model = RecurrentLanguageModel(n_types, **network.model_dump(exclude={"bidirectional"}), sparse=sparse)
    if model.embedding is not None:
        with torch.no_grad():
            model.embedding.weight[: len(SPECIALS)] = 0.0
    return model


def token_log_probs(
    model: nn.Module, ids: Ids, device: str, *, first: int, batch_size: int, context: int, stretch: int
) -> Iterator[NDArray[np.float64]]:
    """Log-probabilities in nats of the tokens of a text in order, `batch_size` stretches at a time.

    Each token is predicted from the tokens before it: from at least `context` of them, or all there are (see
    `seqlab.batching.scoring`). With `stretch` as long as the text it is read as one sequence. `first` is the id that
    stands before it.
    """
    model.eval()
    state: Carried | None = None
    group: list[tuple[NDArray[np.float64], NDArray[np.int64]]] = []
    for window in scoring(ids, first, batch_size=batch_size, context=context, stretch=stretch, window=SCORING_WINDOW):
        if window.fresh and group:
            yield _in_order(group)
            group = []
        with torch.inference_mode():
            inputs, targets = (torch.from_numpy(part).to(device) for part in (window.inputs, window.targets))
            logits, state = model(inputs, None if window.fresh else state)
            log_probs = logits.log_softmax(-1).gather(-1, targets.clamp(min=0)[..., None])[..., 0]
        group.append((log_probs.cpu().double().numpy(), window.targets))
    if group:
        yield _in_order(group)


def _in_order(group: list[tuple[NDArray[np.float64], NDArray[np.int64]]]) -> NDArray[np.float64]:
    """The windows (B, T) of stretches side by side, one stretch after another, without what is not to be predicted."""
    log_probs, targets = (np.concatenate(parts, 1) for parts in zip(*group, strict=True))
    predicted: NDArray[np.float64] = log_probs[targets >= 0]
    return predicted
