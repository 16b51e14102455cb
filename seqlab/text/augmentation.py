"""Changed copies of texts in tokens, so that a model does not learn the training texts by heart (Wei & Zou 2019)."""

from collections.abc import Sequence

import numpy as np

MASK = "\uffff"
"""A token that no vocabulary has: Unicode assigns no character to this code point."""


def augmented(
    tokens: str | Sequence[str],
    draw: np.random.Generator,
    *,
    delete: float = 0.0,
    swap: float = 0.0,
    mask_span: float = 0.0,
) -> str | list[str]:
    """A changed copy of a text: a string, whose characters are the tokens, or a list of tokens.

    Args:
        tokens: N tokens; none gives none.
        draw: what all is drawn from.
        delete: the chance of each token to be left out; where all would be, one drawn at random stays.
        swap: the chance of each token to change places with the one behind it.
        mask_span: the share of the text that becomes `MASK`, in one stretch drawn at random.
    """
    changed = list(tokens)
    if delete and changed:
        kept = np.flatnonzero(draw.random(len(changed)) >= delete)
        changed = [changed[place] for place in (kept if len(kept) else [draw.integers(len(changed))])]
    if swap:
        for place in np.flatnonzero(draw.random(max(0, len(changed) - 1)) < swap).tolist():
            changed[place], changed[place + 1] = changed[place + 1], changed[place]
    if mask_span and (length := round(mask_span * len(changed))):
        first = int(draw.integers(len(changed) - length + 1))
        changed[first : first + length] = [MASK] * length
    return "".join(changed) if isinstance(tokens, str) else changed
