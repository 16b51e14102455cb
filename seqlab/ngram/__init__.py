"""Count-based models, in NumPy: n-grams counted exactly, smoothed, and kept as a trie of sorted arrays. No torch."""

from seqlab.ngram.arpa import read_arpa, write_arpa
from seqlab.ngram.binary import open_model, save
from seqlab.ngram.classifier import NGramClassifier
from seqlab.ngram.counts import Counts, count
from seqlab.ngram.estimation import estimate
from seqlab.ngram.interpolation import jelinek_mercer, mixture_weights
from seqlab.ngram.model import NGramModel, Scored, State
from seqlab.ngram.pruning import pruned
from seqlab.ngram.smoothing import SMOOTHINGS
from seqlab.ngram.tagging import HMMTagger

__all__ = [
    "SMOOTHINGS",
    "Counts",
    "HMMTagger",
    "NGramClassifier",
    "NGramModel",
    "Scored",
    "State",
    "count",
    "estimate",
    "jelinek_mercer",
    "mixture_weights",
    "open_model",
    "pruned",
    "read_arpa",
    "save",
    "write_arpa",
]
