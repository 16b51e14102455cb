"""The language model in use: scores texts and writes new ones."""

import itertools
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seqlab import precision
from seqlab.config import LanguageModelling
from seqlab.decoding.sample import Choice, sample
from seqlab.errors import ConfigError, DataError
from seqlab.metrics.perplexity import LanguageScores
from seqlab.modeldir import ModelDirectory
from seqlab.models.language import RecurrentLanguageModel
from seqlab.records import Text
from seqlab.recurrent.stack import Carried
from seqlab.tasks.continuation import Continuation
from seqlab.tasks.lm import CONTEXT, SCORING_ROWS, STRETCH, Texts, build, score_ids
from seqlab.text.indexed import open_ids
from seqlab.text.pipeline import TextPipeline
from seqlab.text.vocab import BOS, EOS, PAD, UNK

NEVER_WRITTEN = (PAD, UNK, BOS, EOS)


class LanguageModel:
    """A trained language model; `seqlab.load` and `seqlab.train` return one.

    Attributes:
        config: every setting it was trained with.
        text: its text pipeline.
        model: the network.
        scores: the figures it reached in training, by name.
    """

    def __init__(
        self,
        config: LanguageModelling,
        text: TextPipeline,
        model: RecurrentLanguageModel,
        device: str = "cpu",
        scores: dict[str, Any] | None = None,
    ):
        self.config, self.text, self.model, self.device = config, text, model.to(device).eval(), device
        self.scores = scores or {}

    @classmethod
    def load(cls, directory: ModelDirectory, device: str = "cpu") -> "LanguageModel":
        """The model that a model directory holds, on a device; in float32 where that has no products of bfloat16.

        Raises:
            ModelError: weights or text parts do not fit the configuration.
        """
        text, network = TextPipeline.load(directory.path / "text"), directory.config.network
        usable = precision.in_use(network.precision, device)
        with torch.random.fork_rng(
            devices=[]
        ):  # first weights are drawn, and replaced; the caller's generator is not ours
            model = build(network.model_copy(update={"precision": usable}), len(text.vocab))
        directory.load_weights(model)
        return cls(directory.config, text, model, device, directory.scores)

    def evaluate(
        self, records: Iterable[Text | str], *, batch_size: int = SCORING_ROWS, context: int = CONTEXT
    ) -> LanguageScores:
        """Cross entropy and perplexity of a text; every token is counted once.

        Args:
            records: the text, in one or several parts.
            batch_size: stretches read side by side; changes the speed, not the figures.
            context: tokens that each prediction knows at least, or all before it; more is slower and closer to reading
                the text as one sequence.
        """
        if batch_size < 1 or context < 0:
            raise ConfigError(
                f"batch_size {batch_size}, context {context}: one stretch or more, after 0 or more tokens"
            )
        lengths = {
            "first": self.text.start,
            "batch_size": batch_size,
            "context": context,
            "stretch": max(STRETCH, 4 * context),
        }
        with tempfile.TemporaryDirectory() as folder:  # a long text is not held in memory
            self.text.index(Texts(_records(records)), Path(folder) / "ids.npy")
            return score_ids(self.model, open_ids(Path(folder) / "ids.npy"), self.text.unit, self.device, **lengths)

    def perplexity(self, text: str) -> float:
        """exp of the mean negative log-probability of a token of the text."""
        return self.evaluate([text]).perplexity

    @torch.inference_mode()
    def score(self, text: str) -> NDArray[np.float64]:
        """Log-probability in nats of each token of the text, given all before it: (T,)."""
        ids = self.text.encode(text).astype(np.int64)
        log_probs = np.zeros(len(ids))
        before = np.concatenate(([self.text.start], ids[:-1])) if len(ids) else ids
        state: Carried | None = None
        for at in range(0, len(ids), STRETCH):
            here = slice(at, at + STRETCH)
            logits, state = self.model(torch.from_numpy(before[None, here]).to(self.device), state)
            targets = torch.from_numpy(ids[here, None]).to(self.device)
            log_probs[here] = torch.log_softmax(logits[0].double(), -1).gather(1, targets)[:, 0].cpu().numpy()
        return log_probs

    def step(self, ids: NDArray[np.int64], state: Carried | None) -> tuple[NDArray[np.float32], Carried]:
        """Log-probabilities (B, V) in nats of the token after `ids` (B,), and the state after it; None is the start."""
        with torch.inference_mode():
            log_probs, state = self.model.step(torch.from_numpy(ids).to(self.device), state)
        return log_probs.cpu().numpy(), state

    def stream(
        self,
        prompt: str = "",
        *,
        n: int = 1,
        length: int = 200,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int = 0,
        stop: str | Sequence[str] = (),
        warn: Callable[[str], None] | None = None,
    ) -> Iterator[tuple[int, str]]:
        """New text after a prompt, piece by piece, as it is drawn.

        Args:
            prompt: what the text begins with; it is not repeated in the output.
            n: how many texts, written side by side.
            length: most tokens to write.
            temperature, top_k, top_p: see `seqlab.decoding.sample.Choice`.
            seed: the same seed gives the same texts.
            stop: a text ends before this text, or the first of several, that it would contain.
            warn: called with one sentence where the prompt holds tokens that the model does not know.

        Yields:
            (which of the n texts, the next piece of it)
        """
        if n < 1 or length < 0 or seed < 0:
            raise ConfigError(
                f"n {n}, length {length}, seed {seed}: one text or more, of zero or more tokens, seed from 0"
            )
        choice = Choice(temperature, top_k, top_p)
        stops = [stop] if isinstance(stop, str) else stop
        unknown = self.text.unknown_pieces(prompt)
        if unknown and warn:
            shown = ", ".join(map(repr, unknown[:5])) + (", ..." if len(unknown) > 5 else "")
            warn(f"the model has never seen {shown}; read as unknown")
        ids, state = self._read(prompt, n)
        texts = [Continuation(self.text.joiner(after=prompt), stops) for _ in range(n)]
        drawn = sample(self.step, ids, state, choice, seed=seed, never=NEVER_WRITTEN)
        for tokens in itertools.islice(drawn, length):
            for which, (text, token) in enumerate(zip(texts, tokens, strict=True)):
                piece = text.add(int(token))
                if piece:
                    yield which, piece
            if all(text.ended for text in texts):
                return
        for which, text in enumerate(texts):
            piece = text.finish()
            if piece:
                yield which, piece

    def generate(
        self,
        prompt: str = "",
        *,
        n: int = 1,
        length: int = 200,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int = 0,
        stop: str | Sequence[str] = (),
    ) -> list[str]:
        """n new texts after a prompt, without the prompt; the arguments are those of `stream`."""
        texts = [""] * n
        options = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
        for which, piece in self.stream(prompt, n=n, length=length, seed=seed, stop=stop, **options):  # type: ignore[arg-type]
            texts[which] += piece
        return texts

    @torch.inference_mode()
    def _read(self, prompt: str, n: int) -> tuple[NDArray[np.int64], Carried | None]:
        """The last token of the prompt for each of n texts, and the state before it."""
        ids = np.concatenate(([self.text.start], self.text.encode(prompt).astype(np.int64)))
        state: Carried | None = None
        for at in range(0, len(ids) - 1, STRETCH):
            stretch = ids[None, at : min(at + STRETCH, len(ids) - 1)]
            _, state = self.model(torch.from_numpy(stretch).to(self.device), state)
        if state is not None:
            parts = state if isinstance(state, tuple) else (state,)
            repeated = tuple(part.repeat(1, n, 1) for part in parts)
            state = repeated if len(repeated) > 1 else repeated[0]
        return np.repeat(ids[-1:], n), state


def _records(records: Iterable[Text | str]) -> Iterable[Text | str]:
    if isinstance(records, str | Path):
        raise DataError("give a list of texts, [text], or the records of a reader, not a single string")
    return records
