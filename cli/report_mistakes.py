"""The mistakes in a report: each text with its tokens shaded by what they weighed."""

from collections.abc import Sequence
from html import escape

from seqlab.cli.plain import amount, plain
from seqlab.tasks.classifier import Weight
from seqlab.tasks.mistakes import N_AGAINST, N_FOR, Mistake, heaviest, stretches
from seqlab.wording import counted

LONGEST = 1200
"""Characters of a text that are shown."""
STRONGEST, FAINTEST = 0.7, 0.04
"""How strongly the heaviest token of a text is shaded, and from which strength on one is shaded at all."""


def article(mistake: Mistake) -> str:
    """A mistake with its text and what weighed most."""
    true = ", ".join(mistake.true) or "none"
    where = mistake.source or f"text {mistake.number:,}"
    spoke, spoke_against = heaviest(stretches(mistake.text, mistake.weights), N_FOR, N_AGAINST)
    looked_at, _ = heaviest(stretches(mistake.text, mistake.attention), N_FOR, 0)
    listed = [("for", spoke), ("against", spoke_against), ("looked at", looked_at)]
    said = "".join(f'<p class="said">{head}: {_listed(weights)}</p>' for head, weights in listed if weights)
    return (
        f'<article class="mistake"><p class="labels">true <b>{shown(true)}</b> predicted <b>{shown(mistake.predicted)}</b> '
        f"probability <b>{mistake.probability:.4f}</b></p>"
        f'<p class="text" dir="auto">{shaded(mistake.text, mistake.weights)}</p>{said}'
        f'<p class="quiet">{shown(where)}</p></article>'
    )


def shown(text: str) -> str:
    """A text in one line as HTML."""
    return escape(plain(text))


def shaded(text: str, weights: Sequence[Weight]) -> str:
    """A text as HTML, its tokens shaded by their weights and with the number as a tooltip; the end of a long one is cut."""
    together: dict[tuple[int, int], float] = {}
    for weight in weights:  # several tokens can come from the same characters, as by a normalisation
        if weight.start < weight.end <= LONGEST:
            place = (weight.start, weight.end)
            together[place] = together.get(place, 0.0) + weight.weight
    heaviest_weight = max(map(abs, together.values()), default=0.0)
    parts, at = [], 0
    for (start, end), weight_here in sorted(together.items()):
        if start < at:
            continue
        parts += [_kept(text[at:start]), _token(text[start:end], weight_here, heaviest_weight)]
        at = end
    parts.append(_kept(text[at : max(at, LONGEST)]))
    n_left = len(text) - max(at, LONGEST)
    if n_left > 0:
        parts.append(f' <span class="quiet">… and {counted(n_left, "more character")}</span>')
    return "".join(parts)


def _kept(text: str) -> str:
    """A text as HTML with its line breaks."""
    return "\n".join(escape(_with_blanks(line)) for line in text.split("\n"))


def _with_blanks(line: str) -> str:
    """A line whose control characters do nothing, and whose blanks stay at both ends."""
    begun, words = len(line) - len(line.lstrip()), line.strip()
    ended = len(line) - len(line.rstrip()) if words else 0
    return " " * begun + plain(words) + " " * ended


def _token(token: str, weight: float, heaviest_weight: float) -> str:
    strength = STRONGEST * abs(weight) / heaviest_weight if heaviest_weight else 0.0
    if strength < FAINTEST:
        return _kept(token)
    kind = "for" if weight > 0 else "against"
    return f'<span class="{kind}" style="--strength:{strength:.2f}" title="{weight:+.3f}">{_kept(token)}</span>'


def _listed(weights: Sequence[Weight]) -> str:
    return " · ".join(f"<b>{shown(weight.token)} {amount(weight.weight)}</b>" for weight in weights)
