"""The sample corpora that come with the package."""

from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent / "samples"


@dataclass(frozen=True)
class Sample:
    """A bundled corpus: plain text in UTF-8."""

    name: str
    language: str
    summary: str
    licence: str
    path: Path


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
}
"""The samples by name; a corpus `sample:NAME` is one of them."""
