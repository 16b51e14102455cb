"""Cleaning of corpora: what is changed in texts, which are left out, and which are there twice."""

from seqlab.corpora.cleaning.cleaner import Cleaner

__all__ = ["Cleaner"]
