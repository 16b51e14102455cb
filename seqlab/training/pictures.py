"""Pictures: their forms, the fonts that have the characters in them, and how they are written."""

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from seqlab.errors import ConfigError
from seqlab.modeldir import written_beside

FORMATS = (".png", ".svg", ".pdf")
USUAL = "DejaVu Sans"
"""The font that comes with matplotlib."""
LAST_RESORT = "Last Resort"
"""How fonts are called that have a box for each character there is."""


def check(output: Path) -> None:
    """Refuse a picture that could not be written.

    Raises:
        ConfigError: its suffix is none of `FORMATS`, or matplotlib is not installed.
    """
    if output.suffix.lower() not in FORMATS:
        raise ConfigError(f"{output}: the picture's name ends in {', '.join(FORMATS)}")
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise ConfigError("drawing needs matplotlib: pip install 'seqlab[plots]'") from None


def save(figure: Callable[[], Any], texts: str, output: Path) -> str:
    """Write a picture, drawn with fonts that have the characters of the texts in it.

    Args:
        figure: draws it. texts: what stands in it. output: where to.

    Returns:
        characters for which no font is there, sorted; empty where all can be read.
    """
    import matplotlib as mpl

    fonts, missing = fonts_for(texts)
    with mpl.rc_context({"font.family": fonts, "text.usetex": False}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")  # it is said in one line instead
        drawn = figure()
        with written_beside(output) as beside:
            drawn.savefig(beside, format=output.suffix[1:].lower(), dpi=150)
    return missing


def fonts_for(text: str) -> tuple[list[str], str]:
    """The names of fonts that together have the characters of a text, and the characters that none of them has."""
    from matplotlib.font_manager import findfont, fontManager
    from matplotlib.ft2font import FT2Font

    wanted = {character for character in text if character.isprintable() and not character.isspace()}
    fonts, missing = [USUAL], _missing(wanted, FT2Font(findfont(USUAL)).get_charmap())
    # Fonts without serifs first, so that the names look like the rest; each file is opened only while something is missing.
    for entry in sorted(fontManager.ttflist, key=lambda font: ("Sans" not in font.name, font.name)):
        if not missing:
            break
        if LAST_RESORT in entry.name:
            continue
        if entry.weight in (400, "normal", "regular") and entry.style == "normal" and entry.name not in fonts:
            left = _missing(missing, FT2Font(entry.fname).get_charmap())
            if len(left) < len(missing):
                fonts, missing = [*fonts, entry.name], left
    return fonts, "".join(sorted(missing))


def _missing(wanted: Iterable[str], charmap: dict[int, Any]) -> set[str]:
    return {character for character in wanted if ord(character) not in charmap}
