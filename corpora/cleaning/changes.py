"""The changes that cleaning makes, one after another, as the settings want them."""

from collections.abc import Callable
from functools import partial

from seqlab.config import Cleaning
from seqlab.corpora.cleaning.addresses import MAIL, URL, replace_mails, replace_urls
from seqlab.corpora.cleaning.controls import remove_controls
from seqlab.corpora.cleaning.entities import decode_entities
from seqlab.corpora.cleaning.tags import remove_tags
from seqlab.text import Normalizer

Change = Callable[[str], str]
"""From a text to a text. No change adds, removes or looks across a line feed, so lines may be put together for it."""


CONTROLS, BLANKS, WIDTHS = "controls removed", "blanks collapsed", "widths folded"
FINAL = (CONTROLS, BLANKS)
"""Changes after which no other change has to be made once more: controls are removed first, and no other change sees how
many blanks there are."""


def changes(settings: Cleaning) -> dict[str, Change]:
    """Give the changes by name, in their order, but for the conversion of Chinese, which is made once."""
    made: dict[str, Change] = {}
    if settings.controls:
        made[CONTROLS] = remove_controls
    if settings.html:
        made["HTML entities decoded"] = decode_entities
        made["HTML tags removed"] = remove_tags
    if settings.urls != "keep":
        made["URLs replaced"] = partial(replace_urls, replacement=URL if settings.urls == "mask" else "")
    if settings.mails != "keep":
        made["mail addresses replaced"] = partial(replace_mails, replacement=MAIL if settings.mails == "mask" else "")
    if settings.character_width == "half":
        made[WIDTHS] = Normalizer(unicode="none", width="half")
    if settings.unicode_form != "none":
        made["Unicode form changed"] = Normalizer(unicode=settings.unicode_form)
    if settings.letter_case == "lower":
        made["letters made small"] = Normalizer(unicode=settings.unicode_form, case="lower")
    if settings.character_width == "full":  # blanks too, of which the full-width one would be collapsed again
        made[WIDTHS] = partial(_widened, collapsing=settings.blanks == "collapse")
    elif settings.blanks == "collapse":
        made[BLANKS] = _collapsed
    return made


_COLLAPSE = Normalizer(unicode="none", whitespace="collapse")
_WIDEN = Normalizer(unicode="none", width="full")


def _collapsed(text: str) -> str:
    """Collapse blanks, at the end of the text too."""
    return _COLLAPSE(text).removesuffix(" ")


def _widened(text: str, collapsing: bool) -> str:
    return _WIDEN(_collapsed(text) if collapsing else text)
