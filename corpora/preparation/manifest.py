"""`corpus.json`: what a prepared directory was made of, by which settings, and what became of it. No dates, no machine."""

import hashlib
import json
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from seqlab import __version__
from seqlab.corpora.preparation.plan import Plan
from seqlab.errors import DataError

FORMAT = 1
NAME = "corpus.json"
_LIBRARIES = ("numpy", "regex", "sentencepiece", "jieba", "datasets", "pyarrow", "datasketch", "opencc")


def write(
    folder: Path,
    task: str,
    plan: Plan,
    options: Mapping[str, Any],
    settings: Mapping[str, Any],
    counts: Mapping[str, Any],
) -> None:
    """Write `corpus.json` over the files in a folder.

    Args:
        folder: with everything else in place. task: the task. plan: what was read.
        options: every setting of the preparation. settings: those of the experiment that it was prepared for.
        counts: what became of what was read.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / NAME)
    manifest = {
        "format": FORMAT,
        "task": task,
        "seqlab": __version__,
        "versions": {"unicode": unicodedata.unidata_version, **_versions()},
        "sources": [
            {"name": one.name, "bytes": one.size, "sha256": one.sha256} if one.path else {"name": one.name}
            for one in plan.sources
        ],
        "options": dict(options),
        "settings": dict(settings),
        "counts": dict(counts),
        "files": {
            path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": _sha256(path)}
            for path in paths
        },
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (folder / NAME).write_bytes(text.encode("utf-8", "backslashreplace"))


def read(folder: Path) -> dict[str, Any]:
    """Give what the `corpus.json` of a folder holds; DataError where it cannot be read."""
    try:
        found: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{folder / NAME}: cannot be read ({error}); prepare the corpus again") from None
    return found


def in_words(counts: Mapping[str, Any], outcome: Mapping[str, Any]) -> str:
    """Give in a few words what became of what was read to train on."""
    read = counts.get("read", counts.get("read characters", 0))
    rules = counts.get("cleaning", {})
    gone = {name.removeprefix("dropped: "): n for name, n in rules.items() if name.startswith("dropped")}
    gone |= {name: counts[name] for name in ("empty", "unwritable") if counts.get(name)}
    gone |= {name: outcome[name] for name in ("duplicates", "near duplicates", "leaks") if outcome.get(name)}
    return ", ".join([f"{read:,} read", *(f"{n:,} {name}" for name, n in gone.items())])


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def summed(counts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give the sums of the counts of several shards."""
    total: Counter[str] = Counter()
    nested: dict[str, Counter[str]] = {}
    for of_shard in counts:
        for name, value in of_shard.items():
            if isinstance(value, Mapping):
                nested.setdefault(name, Counter()).update(value)
            else:
                total[name] += value
    return {**dict(sorted(total.items())), **{name: dict(sorted(of.items())) for name, of in sorted(nested.items())}}
