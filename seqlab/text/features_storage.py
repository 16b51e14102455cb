"""Token features in a folder: settings and vocabularies as JSON, arrays as `.npy`."""

import json
import os
from pathlib import Path
from typing import Any, get_args

import numpy as np

from seqlab.errors import ModelError
from seqlab.text.features import Case, TokenFeatures, Width, affix_names
from seqlab.text.keys import from_npy, keys_from_npy, to_npy
from seqlab.text.lexicon import Lexicon
from seqlab.text.vocab import Vocab

SETTINGS_FILE, VOCAB_FILE, COUNTS_FILE = "features.json", "vocab.json", "counts.npy"
BIGRAMS_FILE, LEXICON_FILE = "bigrams.npy", "lexicon{}.npy"

_FORMAT = 1


def save_features(features: TokenFeatures, folder: str | os.PathLike[str]) -> None:
    """Write features to a folder, which is made where it is missing; ModelError where that is not possible."""
    folder, n_affixes = Path(folder), len(features.affixes) // 2
    settings = {"format": _FORMAT, "width": features.width, "case": features.case, "kinds": features.kinds}
    settings |= {"bigrams": features.bigrams is not None, "affixes": n_affixes, "lexicons": len(features.lexicons)}
    contents = {
        SETTINGS_FILE: (json.dumps(settings, indent=2) + "\n").encode("ascii"),
        VOCAB_FILE: features.vocab.to_json().encode("ascii"),
        COUNTS_FILE: to_npy(features.counts),
    }
    if features.bigrams is not None:
        contents[BIGRAMS_FILE] = to_npy(features.bigrams)
    for name, known in zip(affix_names(n_affixes), features.affixes, strict=True):
        contents[_file(name)] = known.to_json().encode("ascii")
    for number, lexicon in enumerate(features.lexicons):
        contents[LEXICON_FILE.format(number)] = lexicon.to_npy()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise ModelError(f"{error.filename or folder}: cannot be written ({error.strerror})") from error


def load_features(folder: str | os.PathLike[str]) -> TokenFeatures:
    """Read features from a folder; ModelError, with the name of the file, where one is missing or altered."""
    folder = Path(folder)
    settings = _settings(folder / SETTINGS_FILE)
    vocab, counts = _vocab(folder / VOCAB_FILE), from_npy(folder / COUNTS_FILE, np.int64)
    if len(counts) != len(vocab):
        raise ModelError(f"{folder / COUNTS_FILE}: not of the same tokens as {VOCAB_FILE}; files of two were mixed")
    bigrams = keys_from_npy(folder / BIGRAMS_FILE, np.int64) if settings["bigrams"] else None
    if bigrams is not None and len(bigrams) and not 0 <= bigrams[0] <= bigrams[-1] < len(vocab) ** 2:
        raise ModelError(f"{folder / BIGRAMS_FILE}: pairs of other tokens than {VOCAB_FILE}; files of two were mixed")
    affixes = tuple(_vocab(folder / _file(name)) for name in affix_names(settings["affixes"]))
    lexicons = tuple(Lexicon.load(folder / LEXICON_FILE.format(k)) for k in range(settings["lexicons"]))
    return TokenFeatures(
        vocab, counts, settings["width"], settings["case"], settings["kinds"], bigrams, affixes, lexicons
    )


def _file(table: str) -> str:
    return table.replace(" ", "") + ".json"


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ModelError(f"{path}: the file is missing; the model directory is incomplete") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read ({error}); copy the model directory again") from error


def _vocab(path: Path) -> Vocab:
    try:
        return Vocab.from_json(_content(path))
    except ModelError as error:
        raise error if str(error).startswith(str(path)) else ModelError(f"{path}: {error}") from error


def _settings(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(_content(path))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: not JSON: {error}") from error
    names = {"format", "width", "case", "kinds", "bigrams", "affixes", "lexicons"}
    if not isinstance(settings, dict) or set(settings) != names:
        raise ModelError(f"{path}: not an object with exactly {', '.join(sorted(names))}")
    if settings["format"] != _FORMAT:
        raise ModelError(f"{path}: has the format {settings['format']!a}; this version of seqlab reads {_FORMAT}")
    flags = all(type(settings[name]) is bool for name in ("kinds", "bigrams"))
    known = settings["width"] in get_args(Width) and settings["case"] in get_args(Case)
    numbers = all(type(settings[name]) is int and 0 <= settings[name] <= 100 for name in ("affixes", "lexicons"))
    if not flags or not known or not numbers:
        raise ModelError(f"{path}: a value in it cannot be; copy the model directory again")
    return settings
