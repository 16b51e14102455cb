"""Records as they are written: the one form in which a prepared corpus has those of a task."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from seqlab.records import Labelled, Pair, Segmented, Tagged, Text


class Form(NamedTuple):
    """How the records of a task are written, and read again."""

    suffix: str
    """Of the files."""
    written: Callable[[Any], str | None]
    """What a record is in such a file, its line end with it; None for one that could not be read again as it is."""


def _text(record: Text) -> str | None:
    return record.text if record.text.endswith("\n") else record.text + "\n"


def _words(record: Segmented) -> str | None:
    return " ".join(record.words) + "\n" if _parts(record.words) else None


def _columns(record: Tagged) -> str | None:
    rows = [f"{token}\t{tag}" for token, tag in zip(record.tokens, record.tags, strict=True)]
    text = "\n".join(rows)
    kept = text.count("\t") == len(rows) and text.count("\n") == len(rows) - 1 and "\r" not in text
    comments = all(token.startswith("#") for token in record.tokens) or record.tokens == ("-DOCSTART-",)
    return f"{text}\n\n" if kept and not comments and all(record.tokens) and all(record.tags) else None


def _slashed(record: Tagged) -> str | None:
    if not _parts(record.tokens) or not _parts(record.tags) or any("/" in tag for tag in record.tags):
        return None
    return " ".join(f"{token}/{tag}" for token, tag in zip(record.tokens, record.tags, strict=True)) + "\n"


def _parts(words: tuple[str, ...]) -> bool:
    """Tell whether there are words, and none is empty or has white space in it."""
    return bool(words) and list(words) == " ".join(words).split()


def _labelled(record: Labelled) -> str | None:
    label = record.labels[0] if len(record.labels) == 1 else list(record.labels)
    return _json({"text": record.text, "label": label})


def _pair(record: Pair) -> str | None:
    return _json({"source": record.source, "target": record.target})


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False) + "\n"


COLUMNS, SLASHES = "columns", "slashes"
"""The two forms of tagged text."""
FORMS = {
    "lm": Form(".txt", _text),
    "segment": Form(".txt", _words),
    f"tag {COLUMNS}": Form(".conll", _columns),
    f"tag {SLASHES}": Form(".txt", _slashed),
    "classify": Form(".jsonl", _labelled),
    "translate": Form(".jsonl", _pair),
}
"""The forms by task; of tags by how they are written as well."""
