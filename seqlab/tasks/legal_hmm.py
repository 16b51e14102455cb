"""A hidden Markov model that gives none but legal sequences of tags: words of B, M, E and S, or spans in a scheme."""

from dataclasses import replace

import numpy as np

from seqlab.decoding.viterbi import Candidates, Chain
from seqlab.ngram.tagging import HMMTagger
from seqlab.ngram.tagging.chain import chain
from seqlab.ngram.tagging.hmm import FIRST
from seqlab.text.schemes import Legality


def legal_chain(tagger: HMMTagger, legality: Legality) -> Chain:
    """The machine of a tagger without the sequences that are not legal, by the numbers of its tags."""
    machine = chain(tagger.transitions, len(tagger.tags), FIRST)
    last = np.full(len(machine.finals), -1)
    last[machine.next_states.ravel()] = np.tile(np.arange(len(tagger.tags)), len(machine.next_states))
    last[machine.begin] = -1
    legal = np.where((last >= 0)[:, None], legality.transitions[last], legality.start)
    ends = np.where(last >= 0, legality.end[last], True)
    return replace(
        machine, log_probs=np.where(legal, machine.log_probs, -np.inf), finals=np.where(ends, machine.finals, -np.inf)
    )


def every_tag(tagger: HMMTagger, words: list[str]) -> Candidates:
    """Every tag as a candidate for each word, at the price that the model has for a tag which a word never had."""
    n_tags = len(tagger.tags)
    repeated = [word for word in words for _ in range(n_tags)]
    only = np.tile(np.eye(n_tags, dtype=np.bool_), (len(words), 1))
    single = tagger.emissions.candidates(repeated, only)
    return replace(single, starts=single.starts[::n_tags])
