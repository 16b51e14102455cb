"""Whether lines are the rows of a table, and which of its columns hold texts, labels or translations."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from seqlab.corpora.hub_sentences import TAGS, TOKENS
from seqlab.corpora.labelled_columns import ROLES
from seqlab.languages import is_language

Made = TypeVar("Made")

_MOST = 0.95
_NAME = re.compile(r"[A-Za-z][\w .-]{0,30}")
_HAN = re.compile("[\u3400-\u9fff\u3040-\u30ff\uac00-\ud7a3]")


def table_form(filled: Sequence[str], suffix: str, made: Callable[[str, str, dict[str, str]], Made]) -> Made | None:
    """Tell the table that lines are, as `made` of what it is, the task and the layout; None where they are none."""
    for kind, sign, rows in (("TSV", "tabs", _tsv(filled)), ("CSV", "commas", _csv(filled, suffix))):
        if rows:
            n_columns = len(rows[0])
            task, layout, header = _use(rows)
            if kind == "CSV" and suffix != ".csv" and task:
                layout["form"] = "csv"
            names = f": {', '.join(rows[0])}" if header else ""
            return made(f"a table ({kind}), {n_columns} columns parted by {sign}{names}", task, layout)
    return None


def task_of_columns(names: Sequence[str]) -> str:
    """Tell the task that trains on columns, by what they are called; "" where they do not say."""
    lower = {name.lower() for name in names}
    if all(lower & set(role.names) for role in ROLES):
        return "classify"
    if {"source", "target"} <= lower or "translation" in lower or sum(map(is_language, names)) == 2:
        return "translate"
    if lower & set(TOKENS):
        return "tag" if lower & set(TAGS) else "segment"
    return "lm" if "text" in lower else ""


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


def _use(rows: list[list[str]]) -> tuple[str, dict[str, str], bool]:
    """Give the task, its settings, and whether the first row is a header."""
    body = rows[1:] or rows
    cells = [[row[column] for row in body] for column in range(len(rows[0]))]
    labels = [column for column, there in enumerate(cells) if _is_label(there)]
    header = _is_header(rows, labels)
    names = [name.lower() if header else "" for name in rows[0]]
    labels.sort(key=lambda column: (names[column] not in ROLES[1].names, sum(map(len, cells[column]))))
    texts = [column for column, there in enumerate(cells) if column not in labels[:1] and _is_text(there)]
    if labels and texts:
        text = min(texts, key=lambda column: (names[column] not in ROLES[0].names, -sum(map(len, cells[column]))))
        return "classify", _layout(rows[0], header, ("text", text), ("label", labels[0])), header
    if len(texts) > 1:
        return "translate", _layout(rows[0], header, ("source", texts[0]), ("target", texts[1])), header
    return "", {}, header


def _layout(heads: list[str], header: bool, *places: tuple[str, int]) -> dict[str, str]:
    """Name two columns, unless they are the first two of a table without a header, which are read by themselves."""
    if not header and [place for _, place in places] == [0, 1]:
        return {}
    if header and all(heads[place].lower() == name for name, place in places):
        return {}
    return {f"{name}_column": heads[place] if header else str(place + 1) for name, place in places}


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
