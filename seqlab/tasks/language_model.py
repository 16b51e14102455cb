"""The language model in use: scores texts and writes new ones, whatever predicts."""

import itertools
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.config import LanguageModelling
from seqlab.decoding.sample import NOTHING, Choice, sample
from seqlab.errors import ConfigError, DataError
from seqlab.metrics.perplexity import CrossEntropy, LanguageScores
from seqlab.records import Text
from seqlab.tasks.continuation import Continuation
from seqlab.tasks.lm import Texts
from seqlab.text.indexed import open_ids
from seqlab.text.pipeline import TextPipeline
from seqlab.text.vocab import BOS, EOS, PAD, UNK

CONTEXT, SCORING_ROWS = 512, 64
NEVER_WRITTEN = (PAD, UNK, BOS, EOS)
Ids = NDArray[np.integer]
State = Any
"""What a model remembers of the tokens before, for n texts side by side; each kind of model has its own."""


class LanguageModel(ABC):
    """A trained language model; `seqlab.load` and `seqlab.train` return one.

    Attributes:
        config: every setting it was trained with.
        text: its text pipeline.
        scores: the figures it reached in training, by name.
    """

    def __init__(self, config: LanguageModelling, text: TextPipeline, scores: dict[str, Any] | None = None):
        self.config, self.text, self.scores = config, text, scores or {}

    @abstractmethod
    def begin(self, n: int = 1) -> State:
        """The state of n texts side by side before their first token, which is `text.start`."""

    @abstractmethod
    def step(self, ids: NDArray[np.int64], state: State) -> tuple[NDArray[np.floating], State]:
        """One token further.

        Args:
            ids: (n,) the last token of each text so far.
            state: the state before these tokens, from `begin`, `read` or an earlier step.

        Returns:
            log-probabilities (n, V) in nats of the token after `ids`; and the state after `ids`.
        """

    @abstractmethod
    def read(self, ids: Ids, n: int = 1) -> tuple[NDArray[np.int64], State]:
        """Read the beginning of a text, `ids` (T,) with T >= 1, for n copies of it side by side.

        Returns:
            the last of the ids (n,), and the state before it: what `step` takes.
        """

    @abstractmethod
    def token_log_probs(
        self, ids: Ids, *, batch_size: int = SCORING_ROWS, context: int = CONTEXT
    ) -> Iterator[NDArray[np.float64]]:
        """Log-probabilities in nats of the tokens of a text, given those before.

        Args:
            ids: (T,) the text, which may be a memory map longer than memory.
            batch_size: stretches read side by side, where that is how a model reads; changes the speed, not the figures.
            context: tokens that each prediction knows at least, or all before it, where a model has no bound of its own.

        Yields:
            one stretch of the text after another, in order: T values in all.
        """

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
        if isinstance(records, str | Path):
            raise DataError("give a list of texts, [text], or the records of a reader, not a single string")
        with tempfile.TemporaryDirectory() as folder:  # a long text is not held in memory
            self.text.index(Texts(records), Path(folder) / "ids.npy")
            return self.evaluate_ids(open_ids(Path(folder) / "ids.npy"), batch_size=batch_size, context=context)

    def evaluate_ids(self, ids: Ids, *, batch_size: int = SCORING_ROWS, context: int = CONTEXT) -> LanguageScores:
        """The scores of a text that is indexed already; the arguments are those of `token_log_probs`.

        Raises:
            DataError: the text is empty. ConfigError: a number out of its range.
        """
        if batch_size < 1 or context < 0:
            raise ConfigError(
                f"batch_size {batch_size}, context {context}: one stretch or more, after 0 or more tokens"
            )
        if len(ids) == 0:
            raise DataError("the text to score is empty: give one with at least one token")
        return scores_of(self.token_log_probs(ids, batch_size=batch_size, context=context), ids, self.text.unit)

    def perplexity(self, text: str) -> float:
        """exp of the mean negative log-probability of a token of the text."""
        return self.evaluate([text]).perplexity

    def score(self, text: str) -> NDArray[np.float64]:
        """Log-probability in nats of each token of the text, given all before it: (T,)."""
        ids = self.text.encode(text)
        return np.concatenate([np.zeros(0), *self.token_log_probs(ids, batch_size=1, context=len(ids))])

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
        ids, state = self.read(np.concatenate(([self.text.start], self.text.encode(prompt).astype(np.int64))), n)
        texts = [Continuation(self.text.joiner(after=prompt), stops) for _ in range(n)]
        drawn = sample(self.step, ids, state, choice, seed=seed, never=NEVER_WRITTEN)
        for tokens in itertools.islice(drawn, length):
            for which, (text, token) in enumerate(zip(texts, tokens, strict=True)):
                piece = text.finish() if token == NOTHING else text.add(int(token))
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


def scores_of(blocks: Iterable[NDArray[np.float64]], ids: Ids, unit: str) -> LanguageScores:
    """The scores of a text (T,) whose tokens have these log-probabilities, of which one stretch comes after another."""
    total, known = CrossEntropy(), CrossEntropy()
    for log_probs in blocks:
        here = ids[total.n_tokens : total.n_tokens + len(log_probs)]
        in_vocabulary = log_probs[here != UNK]
        known.add(-float(in_vocabulary.sum()), len(in_vocabulary))
        total.add(-float(log_probs.sum()), len(log_probs))
    return LanguageScores(total.mean(), unit, total.n_tokens, total.n_tokens - known.n_tokens, known.mean())
