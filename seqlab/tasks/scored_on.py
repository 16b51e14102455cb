"""What the figures that a classifier reached in training are of. No torch."""

from typing import Any

HELD_OUT, FOLDS, SEEN = "held out", "folds", "seen"
"""Texts that were held out; each text once, by a model of the other folds; or the very texts it was trained on, which say
nothing of others."""


def scored_on(scores: dict[str, Any]) -> str:
    """One of the three, from the scores as they stand in a model directory.

    What a model reaches on its training texts stands beside its figures only where these are of others.
    """
    if "folds" in scores:
        return FOLDS
    return HELD_OUT if "training" in scores else SEEN
