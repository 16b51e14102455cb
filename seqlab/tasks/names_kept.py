"""The names that a model can give, tags or labels, in its directory; and what is to be known of the data they come from."""

import json
from collections.abc import Sequence
from pathlib import Path

from seqlab.errors import ModelError
from seqlab.modeldir import read_json


def keep_names(path: Path, what: str, names: Sequence[str], notes: Sequence[str]) -> None:
    """Write names, in the order of their numbers, and notes; `what` is what the names are, in the plural."""
    content = {what: list(names), "notes": list(notes)}
    path.write_text(json.dumps(content, indent=0) + "\n", encoding="ascii", newline="")


def kept_names(path: Path, what: str) -> tuple[list[str], list[str]]:
    """The names and the notes that `keep_names` has left.

    Raises:
        ModelError: the file is missing or altered.
    """
    content = read_json(path)
    names, notes = content.get(what), content.get("notes")
    for part in (names, notes):
        if not isinstance(part, list) or not all(isinstance(text, str) for text in part):
            raise ModelError(f"{path}: does not hold a list of {what}; copy the model directory again")
    return list(names or ()), list(notes or ())
