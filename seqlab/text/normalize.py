"""Normalization of text: Unicode form, width, case and blanks, with the way back to the original text."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Literal, get_args

import numpy as np

from seqlab.errors import ConfigError, unknown
from seqlab.text.blanks import align_collapse, collapse
from seqlab.text.forms import align_form, in_form
from seqlab.text.offsets import Aligned, unmoved
from seqlab.text.width import to_full, to_half


@dataclass(frozen=True)
class Normalizer:
    """A pure function from text to text, and the offsets back.

    The steps are, in this order: half width, Unicode form, lower case (and the form once more, since `"H\\u0331"` has a
    composed lower-case form only), blanks, full width. The result is a fixed point: normalizing it again changes
    nothing. Text cut after line ends and normalized piece by piece gives the same as the whole.

    Raises ConfigError for a value that is not in the table.
    """

    unicode: Literal["none", "NFC", "NFKC"] = "NFC"
    """The Unicode normalization form; "none" leaves code points as they are."""

    width: Literal["keep", "half", "full"] = "keep"
    """"half" turns full-width ASCII (U+FF01 to U+FF5E) and the ideographic space into ASCII, "full" does the reverse.

    Half-width kana and hangul are left alone; the form NFKC widens them.
    """

    case: Literal["keep", "lower"] = "keep"
    """"lower" turns text into lower case as `str.lower` does, final sigma included."""

    whitespace: Literal["keep", "collapse"] = "keep"
    """"collapse" makes of each run of blanks one space, and of a run at the start of a line or before a line end nothing.

    A blank is any white space but "\\n". Line ends stay, all of them. A run at the very end of the text is kept as one
    space: there, the line may go on.
    """

    def __post_init__(self) -> None:
        for field in fields(self):
            value, known = getattr(self, field.name), get_args(field.type)
            if value not in known:
                raise ConfigError(unknown(field.name, str(value), known))

    def __call__(self, text: str) -> str:
        """Give the normalized text; quick where nothing is to be changed."""
        if self.width == "half":
            text = to_half(text)
        text = in_form(text, self.unicode)
        if self.case == "lower":
            text = in_form(text.lower(), self.unicode)
        if self.whitespace == "collapse":
            text = collapse(text)
        return to_full(text) if self.width == "full" else text

    def align(self, text: str) -> Aligned:
        """Give the normalized text and where each of its characters starts in `text`.

        The offsets are int64, one more than the normalized text has characters; they never fall, and the last is
        `len(text)`. Characters that come out of one character ("ﬁ"), or together out of a sequence that was composed
        anew, share an offset. Blanks that vanish beside a line end belong to that line end.
        """
        form = self.unicode
        steps: list[Callable[[str], Aligned]] = []
        if self.width == "half":
            steps.append(lambda now: unmoved(to_half(now)))
        if form != "none":
            steps.append(lambda now: align_form(now, form))
        if self.case == "lower":
            steps.append(_align_lower)
            if form != "none":
                steps.append(lambda now: align_form(now, form))
        if self.whitespace == "collapse":
            steps.append(align_collapse)
        if self.width == "full":
            steps.append(lambda now: unmoved(to_full(now)))
        offsets = np.arange(len(text) + 1, dtype=np.int64)
        for step in steps:
            text, moved = step(text)
            offsets = offsets[moved]
        return text, offsets


def _align_lower(text: str) -> Aligned:
    lowered = text.lower()
    if len(lowered) == len(text):
        return unmoved(lowered)
    lengths = [len(character.lower()) for character in text]  # "İ" becomes two characters
    starts = np.repeat(np.arange(len(text), dtype=np.int64), lengths)
    return lowered, np.append(starts, len(text))
