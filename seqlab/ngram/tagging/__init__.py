"""Tagging by a hidden Markov model whose states are n-grams of tags."""

from seqlab.ngram.tagging.hmm import HMMTagger

__all__ = ["HMMTagger"]
