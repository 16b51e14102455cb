"""ARPA files, the text form of n-gram models that KenLM, SRILM and others read and write."""

from seqlab.ngram.arpa.reading import SPECIALS, read_arpa
from seqlab.ngram.arpa.writing import write_arpa

__all__ = ["SPECIALS", "read_arpa", "write_arpa"]
