"""The sample corpora that come with the package."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_FOLDER = Path(__file__).parent / "samples"


@dataclass(frozen=True)
class Sample:
    """A bundled corpus: a file in UTF-8."""

    name: str
    language: str
    summary: str
    licence: str
    path: Path
    form: Literal["text", "segmented", "columns", "labelled", "parallel"] = "text"
    """text: running text. segmented: a sentence a line, its words parted by spaces. columns: a token and its tag a line,
    sentences parted by a blank one. labelled: a table with tabs, a text and its label a line, below a line with their
    names. parallel: a table with tabs, a sentence and its translation a line, below a line with their languages."""


SAMPLES: dict[str, Sample] = {
    "lyrics": Sample(
        name="lyrics",
        language="Chinese",
        summary="song lyrics and verse",
        licence="CC0-1.0",
        path=_FOLDER / "lyrics.txt",
    ),
    "tales": Sample(
        name="tales",
        language="English",
        summary="short prose",
        licence="CC0-1.0",
        path=_FOLDER / "tales.txt",
    ),
    "segmented": Sample(
        name="segmented",
        language="Chinese",
        summary="sentences cut into words",
        licence="CC0-1.0",
        path=_FOLDER / "segmented.txt",
        form="segmented",
    ),
    "entities": Sample(
        name="entities",
        language="Chinese",
        summary="sentences with persons, places, organisations",
        licence="CC0-1.0",
        path=_FOLDER / "entities.txt",
        form="columns",
    ),
    "reviews": Sample(
        name="reviews",
        language="Chinese, English",
        summary="reviews of everyday things, positive or negative",
        licence="CC0-1.0",
        path=_FOLDER / "reviews.tsv",
        form="labelled",
    ),
    "phrases": Sample(
        name="phrases",
        language="English, Chinese",
        summary="everyday sentences with their translations",
        licence="CC0-1.0",
        path=_FOLDER / "phrases.tsv",
        form="parallel",
    ),
}
"""The samples by name; a corpus `sample:NAME` is one of them."""
