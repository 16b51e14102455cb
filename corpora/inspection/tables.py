"""Whether lines are the rows of a table, and which of its columns hold texts, labels or translations."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from seqlab.corpora.labelled_columns import ROLES

Made = TypeVar("Made")

_MOST = 0.95
_NAME = re.compile(r"[A-Za-z][\w .-]{0,30}")
_HAN = re.compile("[\u3400-\u9fff\u3040-\u30ff\uac00-\ud7a3]")


def table_form(filled: Sequence[str], suffix: str, made: Callable[[str, str, str], Made]) -> Made | None:
    """Tell the table that lines are, as `made` of what it is, the task and the options; None where they are none."""
    for kind, sign, rows in (("TSV", "tabs", _tsv(filled)), ("CSV", "commas", _csv(filled, suffix))):
        if rows:
            n_columns = len(rows[0])
            task, options, header = _use(rows)
            names = f": {', '.join(rows[0])}" if header else ""
            return made(f"a table ({kind}), {n_columns} columns parted by {sign}{names}", task, options)
    return None


def _tsv(filled: Sequence[str]) -> list[list[str]]:
    return _even([line.split("\t") for line in filled])


def _csv(filled: Sequence[str], suffix: str) -> list[list[str]]:
    quoted = sum('"' in line for line in filled) > len(filled) / 2
    if suffix != ".csv" and not (quoted and filled[0].count(",")):
        return []
    try:
        return _even(list(csv.reader(line + "\n" for line in filled)))
    except csv.Error:
        return []


def _even(rows: list[list[str]]) -> list[list[str]]:
    """Give the rows that have as many cells as most have, or none where others are too many, or all have one."""
    rows = [row for row in rows if row]
    n_columns, n = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
    return [row for row in rows if len(row) == n_columns] if n_columns > 1 and n >= _MOST * len(rows) else []


def _use(rows: list[list[str]]) -> tuple[str, str, bool]:
    """Give the task, its options, and whether the first row is a header."""
    body = rows[1:] or rows
    labels = [column for column in range(len(rows[0])) if _is_label([row[column] for row in body])]
    texts = [
        column for column in range(len(rows[0])) if column not in labels and _is_text([row[column] for row in body])
    ]
    header = _is_header(rows, labels)
    if labels and texts:
        label = labels[0]
        text = max(texts, key=lambda column: sum(len(row[column]) for row in body))
        return "classify", _options(rows[0], header, ("text", text), ("label", label)), header
    if len(texts) > 1:
        return "translate", _options(rows[0], header, ("source", texts[0]), ("target", texts[1])), header
    return "", "", header


def _options(heads: list[str], header: bool, *places: tuple[str, int]) -> str:
    """Name two columns, unless they are the first two of a table without a header, which are read by themselves."""
    if not header and [place for _, place in places] == [0, 1]:
        return ""
    if header and all(heads[place].lower() == name for name, place in places):
        return ""
    return " ".join(f"--{name}-column {_quoted(heads[place]) if header else place + 1}" for name, place in places)


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[\w.-]+", name) else f"'{name}'"


def _is_label(cells: list[str]) -> bool:
    types = Counter(cells)
    return len(types) <= max(2, min(200, len(cells) // 5)) and max(map(len, types)) <= 30 and len(cells) > len(types)


def _is_text(cells: list[str]) -> bool:
    """Tell texts from numbers and ids by their letters, and by blanks or ideographs in most of them."""
    words = sum((" " in cell.strip() or bool(_HAN.search(cell)) or cell[-1:] in ".!?") for cell in cells)
    return words > len(cells) / 2


def _is_header(rows: list[list[str]], labels: list[int]) -> bool:
    if len(rows) < 2 or not all(_NAME.fullmatch(cell) for cell in rows[0]):
        return False
    usual = {name for role in ROLES for name in role.names} | {"source", "target", "id"}
    seen = [{row[column] for row in rows[1:]} for column in labels]
    new = any(rows[0][column] not in cells for column, cells in zip(labels, seen, strict=True))
    return new or any(cell.lower() in usual for cell in rows[0])
