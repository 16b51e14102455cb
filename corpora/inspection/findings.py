"""What was found out about a corpus."""

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from seqlab.corpora.inspection.characters import Odd
from seqlab.corpora.inspection.duplicates import Repeated
from seqlab.corpora.inspection.forms import Form
from seqlab.corpora.inspection.places import Place
from seqlab.corpora.inspection.suspicion import Suspect


@dataclass
class FileFindings:
    """What was found out about a file."""

    file: str
    size: int
    """Bytes of the file; of a compressed one, of what it holds."""
    compressed: bool = False
    rows: bool = False
    """Whether it is a table of rows, without an encoding and line ends; of a large one the first rows are read."""
    sampled: bool = False
    """Whether only parts of it were read."""
    n_read: int = 0
    """Bytes that were read."""
    not_text: str = ""
    """What the file is if it is no text, such as a PNG image; then nothing below is known."""
    fault: str = ""
    """Why it could not be read to its end."""
    encoding: str = ""
    encoding_certain: bool = True
    """Whether its bytes say so; else it is what they look like, or what was asked for."""
    byte_order_mark: bool = False
    n_undecodable: int = 0
    """Bytes in what was read that are not in this encoding."""
    line_feeds: int = 0
    returns_with_line_feed: int = 0
    returns: int = 0
    """Line ends in what was read."""
    last_line_ends: bool = True
    n_lines: int = 0
    """Of the whole file: counted, or where it was sampled estimated."""
    n_characters: int = 0
    """In what was read, line ends counted as one each."""
    form: Form | None = None


@dataclass
class Lengths:
    """The lengths of lines, in characters."""

    median: int
    mean: float
    p90: int
    p99: int
    longest: int
    longest_at: Place | None
    histogram: list[tuple[int, int, int]]
    """Of so many characters, to so many: lines."""


@dataclass
class Tokens:
    """How many tokens and types there are of a kind."""

    n_tokens: int
    n_types: int
    n_hapaxes: int
    """Types that were seen once."""
    most_frequent: list[tuple[str, int]]
    n_bytes: int
    """Bytes of UTF-8 of the text in which they were counted."""


@dataclass
class TextFindings:
    """What was found out about the text of all files."""

    n_lines: int
    """That were read."""
    n_blank: int
    lengths: Lengths
    scripts: dict[str, float]
    """Share of all letters, by script."""
    has_tags: bool
    """Whether letters of tags are among them, and tags among the characters; words are without them."""
    simplified: int
    traditional: int
    """Chinese characters that are only in GB2312, and only in Big5."""
    characters: Tokens
    """White space apart."""
    words: Tokens
    words_parted: str
    """What parts them: "Unicode rules", "white space", "column 1", ..."""
    n_compared_lines: int
    """Lines that are compared: blank ones are not, and lines of one token are not."""
    n_repeated_lines: int
    """Those of them that stand further up already."""
    most_repeated: list[Repeated]
    odd: list[Odd]
    mojibake: list[tuple[str, str, int, Place]]
    """Signs, what they were, how often they were seen, and where first."""
    suspicious: dict[str, int]
    """Lines by reason."""
    first_suspicious: list[Suspect]


@dataclass
class Findings:
    """What was found out about a corpus of one file or several."""

    files: list[FileFindings]
    sampled: bool
    n_read: int
    text: TextFindings | None
    """None where there is no text in any of the files."""
    command: str = ""
    """What would train on it; "" where nothing does as it stands."""


def as_json(value: Any) -> Any:
    """Give findings in lists and dictionaries, with their names."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if hasattr(value, "_asdict"):
        return {name: as_json(item) for name, item in value._asdict().items()}
    if isinstance(value, dict):
        return {name: as_json(item) for name, item in value.items()}
    return [as_json(item) for item in value] if isinstance(value, list | tuple) else value
