"""Beam search: the best translations of many sentences at once, by a model that steps from state to state."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.decoding.penalties import Penalties
from seqlab.decoding.stepwise import Hypothesis, Ids, LogProbs, State, Stepwise, Weights
from seqlab.errors import ConfigError

__all__ = ["Hypothesis", "beam_search"]


def beam_search(
    model: Stepwise[State],
    state: State,
    *,
    n: int,
    begin: int,
    end: int,
    beam: int,
    n_best: int = 1,
    longest: Sequence[int],
    length_penalty: float = 0.6,
    coverage_penalty: float = 0.0,
    never: Sequence[int] = (0,),
) -> list[list[Hypothesis]]:
    """The best translations of each sentence that are found with `beam` hypotheses of each at a time.

    At each step the continuations of a sentence's live hypotheses are ordered by log-probability. Of the first `beam` those
    that end are translations; the first `beam` that do not end live on. With one beam this is greedy search. After
    `longest` tokens the end is the only continuation.

    A sentence is over, and costs nothing more, once no live hypothesis can come among the `n_best`: where the best of them,
    of log-probability l, has l / lp(`longest`) no higher than the score of the last of the `n_best` so far. Tokens to come
    can only lower l <= 0, lp grows with length and is at most lp(`longest`), and the coverage penalty is at most 0; so what
    is found is what would be found without this rule. Greedy search is over with its first translation. (That `beam`
    translations have ended, or that as many are likelier than all that lives on, is no reason to stop: under a length
    penalty longer ones may still score better.)

    Source: Sutskever et al. 2014 (arXiv 1409.3215), section 3.2; penalties: Wu et al. 2016 (arXiv 1609.08144), eq. 14.

    Args:
        model: what steps.
        state: before the first token, of n rows, one a sentence.
        n: how many sentences.
        begin, end: the ids of the two ends. `begin` never comes out.
        beam: live hypotheses of a sentence.
        n_best: how many translations of each sentence are wanted.
        longest: (n,) how many tokens a translation may have, the end not counted.
        length_penalty, coverage_penalty: alpha and beta of `Penalties`.
        never: ids that never come out, such as padding; their probability is nobody's.

    Returns:
        for each sentence at most `n_best` translations, the one with the highest score first.

    Raises:
        ConfigError: a number out of its range, or a coverage penalty for a model without attention.
    """
    penalties = Penalties(length_penalty, coverage_penalty)
    if not 1 <= n_best <= beam:
        raise ConfigError(f"beam {beam}, n-best {n_best}: at least 1 hypothesis, and no more wanted than beams")
    if len(longest) != n:
        raise ValueError(f"longest has {len(longest)} numbers, and there are {n} sentences")
    if not n:
        return []
    search = _Search(penalties, beam, n_best, np.asarray(longest), model.source_lengths(state))
    live, tokens, never = _Live.of(n), np.full(n, begin), (*never, begin, end)
    while True:
        step = model.step(tokens, state)
        log_probs, ids = step.best(beam, never)
        search.attention.append(step.weights())
        new, rows = search.advance(live, log_probs, ids, step.of(end))
        if not len(rows):
            return [search.translations(sentence) for sentence in range(n)]
        live, tokens, state = new, new.tokens[:, :, -1].flatten(), model.select(step.state, rows)


class _Live(NamedTuple):
    """The live hypotheses of M sentences, W each, after t tokens."""

    sentences: Ids
    """(M,) which sentences these are."""
    log_probs: LogProbs
    """(M, W) in nats, minus infinity for one that is none."""
    tokens: Ids
    """(M, W, t)"""
    rows: Ids
    """(M, W, t) in which row of its step each token came out."""

    @classmethod
    def of(cls, n: int) -> "_Live":
        """Before the first token, one of each of n sentences."""
        none = np.zeros((n, 1, 0), np.int64)
        return cls(np.arange(n), np.zeros((n, 1)), none, none)


@dataclass(frozen=True)
class _Ended:
    """A translation."""

    score: float
    log_prob: float
    tokens: Ids
    rows: Ids
    finished: bool


class _Search:
    """What has been found so far."""

    def __init__(self, penalties: Penalties, beam: int, n_best: int, longest: Ids, source_lengths: Ids):
        self.penalties, self.beam, self.n_best = penalties, beam, n_best
        self.longest, self.source_lengths = longest, source_lengths
        self.attention: list[Weights | None] = []
        self.ended: list[list[_Ended]] = [[] for _ in longest]
        self.to_beat = np.full(len(longest), -np.inf)
        """The score of the last of the `n_best` translations of each sentence."""

    def advance(self, live: _Live, log_probs: LogProbs, ids: Ids, ends: LogProbs) -> tuple[_Live, Ids]:
        """One token further.

        Args:
            live: M sentences, W hypotheses each.
            log_probs, ids: (M * W, k) how they may go on.
            ends: (M * W,) the log-probabilities of their end.

        Returns:
            the live hypotheses after it, `beam` of each sentence that is not over; and from which row each came.
        """
        (n_sentences, width), k = live.log_probs.shape, log_probs.shape[1]
        going = (live.log_probs[:, :, None] + log_probs.reshape(n_sentences, width, k)).reshape(n_sentences, -1)
        ending = live.log_probs + ends.reshape(n_sentences, width)
        last = live.tokens.shape[2] >= self.longest[live.sentences]
        self._end(live, going, ending, last)
        lacking = max(0, self.beam - width * k)  # so that there are as many in any case
        going = np.pad(going, ((0, 0), (0, lacking)), constant_values=-np.inf)
        chosen = np.argsort(-going, 1, kind="stable")[:, : self.beam]
        best = np.take_along_axis(going, chosen, 1)
        kept = np.flatnonzero(~last & self._goes_on(live.sentences, best[:, 0]))
        chosen = np.minimum(chosen[kept], width * k - 1)
        parents, sentence = chosen // k, kept[:, None]
        rows = sentence * width + parents
        tokens = ids[rows, chosen % k]
        history = (np.concatenate((live.tokens[sentence, parents], tokens[:, :, None]), 2),
                   np.concatenate((live.rows[sentence, parents], rows[:, :, None]), 2))  # fmt: skip
        return _Live(live.sentences[kept], best[kept], *history), rows.flatten()

    def _goes_on(self, sentences: Ids, best: LogProbs) -> NDArray[np.bool_]:
        """True for each of M sentences whose best live hypothesis, of log-probability (M,), may still become something."""
        to_beat = self.to_beat[sentences]
        if self.beam == 1:
            return np.isneginf(to_beat) & (best > -np.inf)
        can_win: NDArray[np.bool_] = best / self.penalties.length(self.longest[sentences]) > to_beat
        return can_win

    def _end(self, live: _Live, going: LogProbs, ending: LogProbs, last: NDArray[np.bool_]) -> None:
        """Take up the translations that end with a step; all live ones where `last`, (M,), is True."""
        everything = np.concatenate((going, ending), 1)
        first = np.argsort(-everything, 1, kind="stable")[:, : self.beam]
        chosen = np.zeros(everything.shape, bool)
        np.put_along_axis(chosen, first, True, 1)
        by_itself = chosen[:, going.shape[1] :] & (ending > -np.inf)
        for at, beam in zip(*np.nonzero(by_itself | (last[:, None] & (ending > -np.inf))), strict=True):
            self._take(live, at, beam, float(ending[at, beam]), bool(by_itself[at, beam]))

    def _take(self, live: _Live, at: int, beam: int, log_prob: float, by_itself: bool) -> None:
        sentence, tokens, rows = live.sentences[at], live.tokens[at, beam], live.rows[at, beam]
        attention = self._attention(sentence, rows) if self.penalties.coverage_penalty else None
        ended = self.ended[sentence]
        ended.append(_Ended(self.penalties.score(log_prob, len(tokens), attention), log_prob, tokens, rows, by_itself))
        ended.sort(key=lambda one: -one.score)
        del ended[self.n_best :]
        if len(ended) == self.n_best:
            self.to_beat[sentence] = ended[-1].score

    def _attention(self, sentence: int, rows: Ids) -> Weights | None:
        """(T, S) of the tokens that came out in these rows of the steps, S being the sentence's own length."""
        if self.attention[0] is None:
            return None
        n_tokens = self.source_lengths[sentence]
        parts = [
            weights[row, :n_tokens] for weights, row in zip(self.attention, rows, strict=False) if weights is not None
        ]
        return np.stack(parts) if parts else np.zeros((0, n_tokens), np.float32)

    def translations(self, sentence: int) -> list[Hypothesis]:
        """The best ones of a sentence, the best first."""
        return [
            Hypothesis(
                tuple(map(int, one.tokens)), one.log_prob, one.score, self._attention(sentence, one.rows), one.finished
            )
            for one in self.ended[sentence]
        ]
