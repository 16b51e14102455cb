"""Rules by which a text that has been changed is left out."""

from collections.abc import Sequence

from seqlab.config import Cleaning
from seqlab.corpora.cleaning.scripts import script_shares

NOTHING_LEFT, UNSETTLED = "dropped: nothing left", "dropped: never settles"
TOKEN_EMPTY = "dropped: a token left empty"
TOO_SHORT, TOO_LONG, OTHER_SCRIPT = "dropped: too short", "dropped: too long", "dropped: another script"


def refusals(texts: Sequence[str], settings: Cleaning) -> list[str | None]:
    """Give for each text the rule by which it is left out, None where it stays."""
    reasons: list[str | None] = [None] * len(texts)
    if settings.script != "any":
        shares = script_shares(texts, settings.script)
        for index in (shares < settings.min_script_share).nonzero()[0].tolist():  # false for texts without letters
            reasons[index] = OTHER_SCRIPT
    if settings.min_length or settings.max_length:
        longest = settings.max_length or float("inf")
        for index, text in enumerate(texts):
            if len(text) < settings.min_length:
                reasons[index] = TOO_SHORT
            elif len(text) > longest:
                reasons[index] = TOO_LONG
    return reasons
