"""The command that would train on files as they are."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from seqlab.corpora.inspection.findings import FileFindings

_NAMED = 3  # files that are named one by one


def command_for(files: Sequence[FileFindings]) -> str:
    """Give the command, "" where the files are of different forms, or of none that is read."""
    files = [facts for facts in files if facts.form is not None]
    if not files:
        return ""
    form = files[0].form
    assert form is not None
    task, options = form.task, form.options
    if not task or any(facts.form is None or facts.form.task != task for facts in files):
        return ""
    if any(facts.form is None or facts.form.options != options for facts in files):
        return ""
    if _are_aligned(files):
        task = "translate"
    names = [facts.file for facts in files] if len(files) <= _NAMED else [os.path.commonpath([f.file for f in files])]
    encodings = {"utf-8" if facts.encoding == "ascii" else facts.encoding for facts in files} - {""}
    if len(encodings) == 1 and "utf-8" not in encodings:
        options = f"{options} --encoding {encodings.pop()}".strip()
    if any(facts.n_undecodable for facts in files):
        options = f"{options} --encoding-errors replace".strip()
    parts = [
        "seqlab train",
        task,
        *map(shlex.quote, names),
        options,
        "-o",
        shlex.quote(f"runs/{Path(names[0].rpartition(':')[2]).stem.strip('-') or 'corpus'}"),
    ]
    return " ".join(part for part in parts if part)


def _are_aligned(files: Sequence[FileFindings]) -> bool:
    """Tell two files of text whose lines may be translations of one another: they have equally many."""
    texts = [facts for facts in files if facts.form is not None and facts.form.task == "lm" and not facts.sampled]
    return len(files) == len(texts) == 2 and texts[0].n_lines == texts[1].n_lines > 1
