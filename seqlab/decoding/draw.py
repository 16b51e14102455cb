"""Drawing whole translations at random, from any model that steps from state to state."""

from collections.abc import Sequence
from typing import Any, Generic

import numpy as np
from numpy.typing import NDArray

from seqlab.decoding.sample import Choice, sample
from seqlab.decoding.stepwise import Hypothesis, Ids, State, Stepwise, Weights


def draw(
    model: Stepwise[State],
    state: State,
    *,
    n: int,
    begin: int,
    end: int,
    longest: Sequence[int],
    choice: Choice,
    seed: int,
    rows: Sequence[int] | None = None,
    never: Sequence[int] = (0,),
) -> list[Hypothesis]:
    """A translation of each row, drawn token by token.

    Args:
        model: what steps.
        state: before the first token, of n rows.
        n: how many rows; for several translations of a sentence there are as many rows of it (`model.select`).
        begin, end: the ids of the two ends. `begin` never comes out.
        longest: (n,) how many tokens a translation may have, the end not counted; after them it ends.
        choice: how each next token is chosen.
        seed: where the draws come from; each row has a generator of its own (see `sample`).
        rows: (n,) the numbers of the rows to these generators; from 0 on where not given.
        never: ids that are never drawn.

    Returns:
        a translation for each row. Its score is its log-probability by the model, whatever `choice` made of it.
    """
    if not n:
        return []
    steps, bounds, sources = _Steps(model), np.asarray(longest), model.source_lengths(state)
    tokens, lengths, log_probs = list[Ids](), np.full(n, -1), np.zeros(n)
    by_itself = np.zeros(n, bool)
    for drawn in sample(steps, np.full(n, begin), state, choice, seed=seed, rows=rows, never=(*never, begin)):
        ids = np.where((len(tokens) >= bounds) | (drawn < 0), end, drawn)
        log_probs += np.where(lengths < 0, steps.log_probs[np.arange(n), ids], 0.0)
        ends = (lengths < 0) & (ids == end)
        lengths[ends], by_itself[ends] = len(tokens), drawn[ends] == end
        tokens.append(ids)
        if (lengths >= 0).all():
            break
    made, found = np.stack(tokens, 1), list[Hypothesis]()
    for row in range(n):
        own, total = made[row, : lengths[row]], float(log_probs[row])
        attention = steps.attention(row, len(own), sources[row])
        found.append(Hypothesis(tuple(map(int, own)), total, total, attention, bool(by_itself[row])))
    return found


class _Steps(Generic[State]):
    """The steps of a model, for `sample`; what else comes out of them is kept."""

    def __init__(self, model: Stepwise[State]):
        self._model = model
        self._weights: list[Weights | None] = []
        self.log_probs: NDArray[np.floating[Any]] = np.zeros((0, 0))
        """Of the last step, (N, V)."""

    def __call__(self, tokens: Ids, state: State) -> tuple[NDArray[np.floating[Any]], State]:
        step = self._model.step(tokens, state)
        self.log_probs = step.all()
        self._weights.append(step.weights())
        return self.log_probs, step.state

    def attention(self, row: int, n_steps: int, n_tokens: int) -> Weights | None:
        """What the tokens of a row's source counted for in its first steps, (n_steps, n_tokens)."""
        parts = [weights[row, :n_tokens] for weights in self._weights[:n_steps] if weights is not None]
        if self._weights[0] is None:
            return None
        return np.stack(parts) if parts else np.zeros((0, n_tokens), np.float32)
