"""Ways of smoothing, by their names."""

from typing import Any

from seqlab.ngram.smoothing.discounting import AbsoluteDiscounting, KneserNey, ModifiedKneserNey
from seqlab.ngram.smoothing.estimator import Smoothing
from seqlab.ngram.smoothing.katz import Katz
from seqlab.ngram.smoothing.simple import Additive, JelinekMercer, MaximumLikelihood, StupidBackoff, WittenBell

SMOOTHINGS: dict[str, type[Any]] = {
    "maximum-likelihood": MaximumLikelihood,
    "additive": Additive,
    "jelinek-mercer": JelinekMercer,
    "katz": Katz,
    "witten-bell": WittenBell,
    "absolute-discounting": AbsoluteDiscounting,
    "kneser-ney": KneserNey,
    "modified-kneser-ney": ModifiedKneserNey,
    "stupid-backoff": StupidBackoff,
}

__all__ = [
    "SMOOTHINGS",
    "AbsoluteDiscounting",
    "Additive",
    "JelinekMercer",
    "Katz",
    "KneserNey",
    "MaximumLikelihood",
    "ModifiedKneserNey",
    "Smoothing",
    "StupidBackoff",
    "WittenBell",
]
