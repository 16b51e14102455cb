"""The drawings of a report, as SVG that takes its colours from the page."""

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from seqlab.metrics.calibration import ReliabilityBin
from seqlab.wording import counted

WIDTH, HEIGHT = 360, 240
"""Of a drawing, in units that are about a pixel on a phone."""
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 14, 38
"""What stays free around the plot for the scales."""
MOST_POINTS, MOST_DOTS = 300, 24
"""Of a curve: how many are drawn, and up to how many as dots."""


class Words(NamedTuple):
    """What a reliability diagram is of."""

    one: str
    """One of those that are counted, "text" or "label","""
    sure: str
    """how sure the model is of each, "confidence" or "probability","""
    share: str
    """and what the share is that is compared with this, such as "right"."""


class Scale(NamedTuple):
    """Where a value stands on one of the two axes."""

    low: float
    high: float
    first: float
    """Where `low` is drawn,"""
    last: float
    """and where `high` is."""

    def __call__(self, value: float) -> float:
        """The place of a value."""
        return self.first + (value - self.low) / (self.high - self.low) * (self.last - self.first)


def curve(
    points: Sequence[tuple[float, float]], label: str, kind: str, *, best: tuple[float, float] | None = None
) -> str:
    """A curve over the steps of a training; the best point is marked where one is given.

    Args:
        points: (step, value), at least one. label: what the values are. kind: the class of the line in the style sheet.
    """
    points = _thinned(points)
    values = [value for _, value in points]
    y_ticks, x_ticks = ticks(min(values), max(values)), ticks(0, points[-1][0])
    x = Scale(0, max(x_ticks[-1], points[-1][0]), LEFT, WIDTH - RIGHT)
    y = Scale(y_ticks[0], y_ticks[-1], HEIGHT - BOTTOM, TOP)
    parts = [_axes(x, y, x_ticks, y_ticks, "steps")]
    if len(points) > 1:
        line = " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in points)
        parts.append(f'<polyline class="{kind}" points="{line}"/>')
    if len(points) <= MOST_DOTS:
        parts += [_dot(x(step), y(value), kind, f"step {step:,.0f}: {value:.4f}") for step, value in points]
    if best is not None:
        said = f"<title>step {best[0]:,.0f}: {best[1]:.4f}, the best</title>"
        parts.append(f'<circle class="best" cx="{x(best[0]):.1f}" cy="{y(best[1]):.1f}" r="6">{said}</circle>')
    return _drawing(label, parts)


def reliability(bins: Sequence[ReliabilityBin], words: Words) -> str:
    """A reliability diagram: of the predictions with a confidence, the share that is right.

    Args:
        bins: from 0 to 1. words: what they are of.
    """
    x, y = Scale(0, 1, LEFT, WIDTH - RIGHT), Scale(0, 1, HEIGHT - BOTTOM, TOP)
    fifths = [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    parts = [_axes(x, y, fifths, fifths, words.sure)]
    for each in bins:
        if not each.n:
            continue
        said = (
            f"{words.sure} {each.low:.2f} to {each.high:.2f}, in the mean {each.confidence:.3f}: "
            f"{each.accuracy:.3f} {words.share} of {counted(each.n, words.one)}"
        )
        left, top, width = x(each.low) + 1, y(each.accuracy), x(each.high) - x(each.low) - 2
        bar = f'<rect class="bar" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{y(0) - top:.1f}"/>'
        mean = f'<circle class="mean" cx="{x(each.confidence):.1f}" cy="{y(each.confidence):.1f}" r="3"/>'
        parts.append(f"<g><title>{escape(said)}</title>{bar}{mean}</g>")
    parts.append(f'<line class="ideal" x1="{x(0)}" y1="{y(0)}" x2="{x(1)}" y2="{y(1)}"/>')
    return _drawing(f"share {words.share}, by {words.sure}", parts)


def histogram(bins: Sequence[ReliabilityBin], words: Words) -> str:
    """How many predictions there are of each confidence."""
    height, most = 90, max(each.n for each in bins)
    x, y = Scale(0, 1, LEFT, WIDTH - RIGHT), Scale(0, most, height - 20, 8)
    parts = [f'<text class="tick" x="{LEFT - 6}" y="{y(most) + 4:.1f}" text-anchor="end">{_short(most)}</text>']
    parts.append(f'<text class="tick" x="{LEFT - 6}" y="{y(0) + 4:.1f}" text-anchor="end">0</text>')
    for each in bins:
        left, top, width = x(each.low) + 1, y(each.n), x(each.high) - x(each.low) - 2
        said = f"{counted(each.n, words.one)} with a {words.sure} of {each.low:.2f} to {each.high:.2f}"
        bar = f'<rect class="count" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{y(0) - top:.1f}"/>'
        parts.append(f"<g><title>{escape(said)}</title>{bar}</g>")
    parts.append(f'<line class="axis" x1="{LEFT}" y1="{y(0)}" x2="{WIDTH - RIGHT}" y2="{y(0)}"/>')
    name = f"{words.one}s by {words.sure}"
    parts.append(f'<text class="name" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{height - 4}">{escape(name)}</text>')
    return _drawing(name, parts, height)


def ticks(low: float, high: float) -> list[float]:
    """Four to seven round numbers, equally far apart, that enclose two numbers."""
    if high <= low:
        low, high = low - abs(low) * 0.05 - 1e-3, high + abs(high) * 0.05 + 1e-3
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """At most `MOST_POINTS` of them, the last one too."""
    every = -(-(len(points) - 1) // (MOST_POINTS - 1))
    return points if every <= 1 else [*points[:-1:every], points[-1]]


def _axes(x: Scale, y: Scale, x_ticks: Sequence[float], y_ticks: Sequence[float], name: str) -> str:
    """Lines across the plot at the ticks of y, the numbers at those of both, and what x is."""
    parts = []
    for value in y_ticks:
        place = y(value)
        parts.append(f'<line class="grid" x1="{x.first}" y1="{place:.1f}" x2="{x.last}" y2="{place:.1f}"/>')
        parts.append(f'<text class="tick" x="{x.first - 6}" y="{place + 4:.1f}" text-anchor="end">{value:.6g}</text>')
    for value in x_ticks:
        parts.append(
            f'<text class="tick" x="{x(value):.1f}" y="{y.first + 15}" text-anchor="middle">{_short(value)}</text>'
        )
    parts.append(f'<line class="axis" x1="{x.first}" y1="{y.first}" x2="{x.last}" y2="{y.first}"/>')
    parts.append(f'<text class="name" x="{(x.first + x.last) / 2:.1f}" y="{y.first + 31}">{escape(name)}</text>')
    return "".join(parts)


def _short(value: float) -> str:
    """A number on an axis: thousands and millions by a letter."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= 10 * size or (value >= size and value % (size / 10) == 0):
            return f"{value / size:.4g}{letter}"
    return f"{value:,.6g}"


def _dot(x: float, y: float, kind: str, said: str) -> str:
    return f'<circle class="{kind} dot" cx="{x:.1f}" cy="{y:.1f}" r="3"><title>{escape(said)}</title></circle>'


def _drawing(label: str, parts: Sequence[str], height: int = HEIGHT) -> str:
    content = "".join(parts)
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}">{content}</svg>'
