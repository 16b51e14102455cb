"""Unicode normalization forms, quick on text that is nearly normalized, and with the offsets."""

import re
import unicodedata
from functools import lru_cache
from typing import Literal

import numpy as np

from seqlab.text.offsets import Aligned, unmoved
from seqlab.text.width import to_half

# Characters that the form leaves alone wherever they stand, but for a mark that follows: they do not decompose, and
# nothing before them takes them in. Not all there are, but those that most text consists of.
INERT = {
    "NFC": "\0-\u02ff\u0400-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e\u3001-\u3029\u3041-\u3096\u30a1-\u30fa"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff9d\U0001f300-\U0001faff",
    "NFKC": "\0-\x9f\xc0-\u0131\u0400-\u0482\u048a-\u052f\u2010\u2012-\u2016\u2018-\u2023\u3001-\u3029\u3041-\u3096"
    "\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U0001f300-\U0001faff",
}
# Not `[^...]+`, which `re` searches three times as slowly.
_LIVELY = {form: re.compile(f"[^{inert}][^{inert}]*") for form, inert in INERT.items()}


def in_form(text: str, form: Literal["none", "NFC", "NFKC"]) -> str:
    """Give `unicodedata.normalize(form, text)`, or for "none" the text.

    Only the stretches that may change are given to `unicodedata`, which normalizes a whole text for one mark in it.
    """
    if form == "none" or text.isascii():
        return text
    if form == "NFKC":
        text = to_half(text)  # as the form does it, in a twentieth of the time
    head = text[:2000]
    if len(_LIVELY[form].findall(head)) > len(head) // 20:  # a script of marks, or a short text
        return unicodedata.normalize(form, text)
    parts: list[str] = []
    done = 0
    for stretch in _LIVELY[form].finditer(text):
        start, end = stretch.span()
        start -= start > done  # the character that a mark joins
        parts += text[done:start], unicodedata.normalize(form, text[start:end])
        done = end
    return "".join([*parts, text[done:]]) if parts else text


def align_form(text: str, form: Literal["NFC", "NFKC"]) -> Aligned:
    """Give the normalized text and where each of its characters starts in `text`."""
    normalized = in_form(text, form)
    if normalized == text:
        return unmoved(text)
    bounds = [index for index, character in enumerate(text) if index == 0 or not _joins_backwards(character)]
    parts: list[str] = []
    starts: list[int] = []
    for start, end in zip(bounds, [*bounds[1:], len(text)], strict=True):
        segment = text[start:end]
        part = unicodedata.normalize(form, segment)
        parts.append(part)
        starts.extend(range(start, end) if part == segment else [start] * len(part))
    if "".join(parts) != normalized:  # a composition this file does not know of: one segment, still in bounds
        starts = [0] * len(normalized)
    return normalized, np.array([*starts, len(text)], dtype=np.int64)


@lru_cache(maxsize=1 << 16)
def _joins_backwards(character: str) -> bool:
    """Say whether normalization may join a character to the one before it: marks, vowels and finals of hangul."""
    first = unicodedata.normalize("NFKD", character)[0]
    return (
        unicodedata.category(first).startswith("M")
        or unicodedata.combining(first) != 0
        or "\u1160" <= first <= "\u11ff"
        or "\U00016d63" <= first <= "\U00016d6a"  # vowel signs of Kirat Rai, which are letters
    )
