"""Word segmentation by a hidden Markov model of characters and their tags."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.config import Segmentation
from seqlab.decoding.viterbi import Candidates, best_paths
from seqlab.errors import ModelError
from seqlab.ngram.tagging import HMMTagger
from seqlab.tasks.legal_hmm import every_tag, legal_chain
from seqlab.tasks.segmenter import Mask, Segmenter
from seqlab.text.bmes import LEGAL, LEGAL_END, LEGAL_START, TAGS
from seqlab.text.codepoints import text_of
from seqlab.text.schemes import Legality
from seqlab.text.sentences import Sentences

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class HmmSegmenter(Segmenter):
    """Finds the tags B, M, E and S of the characters that are likeliest together, among sequences that make words.

    Where characters cannot have tags that make words, because training saw them with a few tags only, any tag is allowed
    in the sentence, at the price that the model has for a tag which a word never had.
    """

    def __init__(
        self,
        config: Segmentation,
        tagger: HMMTagger,
        words: Iterable[str],
        scores: Mapping[str, Any] | None = None,
        *,
        fold: bool = False,
    ) -> None:
        """Take a tagger of single characters, widths folded in its training where `fold`; see `Segmenter`.

        Raises ModelError where the tagger has other tags than B, M, E and S.
        """
        super().__init__(config, words, scores, fold=fold)
        if not set(tagger.tags) <= set(TAGS):
            raise ModelError(f"a tagger with the tags {', '.join(tagger.tags)}: those of a segmenter are B, M, E and S")
        self.tagger = tagger
        """The tagger of characters."""
        self._tags = np.array([TAGS.index(tag) for tag in tagger.tags])
        legality = Legality(LEGAL_START[self._tags], LEGAL[self._tags][:, self._tags], LEGAL_END[self._tags])
        self._chain = legal_chain(tagger, legality)

    def _begins(self, sentences: Sentences) -> Mask:
        kinds, which = np.unique(sentences.codes, return_inverse=True)
        characters = list(self._read(text_of(kinds)))
        allowed = self._allowed(sentences)
        own = _among(_repeated(self.tagger.emissions.candidates(characters), which), allowed)
        lengths = np.diff(sentences.starts)
        of_sentence = np.repeat(np.arange(len(lengths)), lengths)
        lost = np.zeros(len(lengths), np.bool_)
        lost[of_sentence[np.diff(own.starts) == 0]] = True
        tags = np.zeros(len(which), np.int64)
        found = ~lost[of_sentence]
        tags[found], log_probs = best_paths(self._chain, _of(own, found), lengths[~lost])
        lost[~lost] = log_probs == -np.inf
        again = lost[of_sentence]
        if again.any():
            allowed |= ~allowed.any(
                1, keepdims=True
            )  # only a tag that training never saw: the borders have the last word
            every = _among(_repeated(every_tag(self.tagger, characters), which), allowed)
            tags[again], _ = best_paths(self._chain, _of(every, again), lengths[lost])
        begins: Mask = LEGAL_START[self._tags[tags]]
        begins[sentences.borders == 1] = True
        begins[sentences.borders == -1] = False
        return begins

    def _allowed(self, sentences: Sentences) -> Mask:
        """(N, K) True: the borders on both sides of the character allow the tag."""
        before, after = sentences.borders, np.append(sentences.borders[1:], np.int8(1))
        first, last = LEGAL_START[self._tags], LEGAL_END[self._tags]
        open_before, open_after = (before == 0)[:, None], (after == 0)[:, None]
        allowed: Mask = open_before | ((before == 1)[:, None] == first)
        allowed &= open_after | ((after == 1)[:, None] == last)
        return allowed


def _repeated(candidates: Candidates, which: Ints) -> Candidates:
    """Give the candidates of positions `which` (N,)."""
    sizes = np.diff(candidates.starts)[which]
    starts = np.append(0, np.cumsum(sizes))
    at = np.arange(starts[-1]) + np.repeat(candidates.starts[which] - starts[:-1], sizes)
    return Candidates(starts, candidates.labels[at], candidates.log_probs[at])


def _among(candidates: Candidates, allowed: Mask) -> Candidates:
    """Leave the candidates that are allowed (N, K) where they stand; a position may have none."""
    position = np.repeat(np.arange(len(allowed)), np.diff(candidates.starts))
    kept = allowed[position, candidates.labels]
    starts = np.append(0, np.cumsum(kept))[candidates.starts]
    return Candidates(starts, candidates.labels[kept], candidates.log_probs[kept])


def _of(candidates: Candidates, positions: Mask) -> Candidates:
    """Give the candidates of some positions."""
    return _repeated(candidates, np.flatnonzero(positions))
