"""N-gram features in a folder: settings as JSON, arrays as `.npy`."""

import json
import os
from pathlib import Path

import numpy as np

from seqlab.errors import ModelError
from seqlab.text.keys import from_npy, keys_from_npy, to_npy
from seqlab.text.ngram_features import HIGHEST_ORDER, MOST_FEATURES, Ints, NgramFeatures

SETTINGS_FILE, KEYS_FILE, COUNTS_FILE = "ngrams.json", "ngrams{}.npy", "ngram_counts.npy"

_FORMAT = 1
_NAMES = ("n_types", "max_order", "min_count", "buckets", "n_texts")


def save_ngram_features(features: NgramFeatures, folder: str | os.PathLike[str]) -> None:
    """Write features to a folder, which is made where it is missing; ModelError where that is not possible."""
    folder = Path(folder)
    settings = {"format": _FORMAT} | {name: getattr(features, name) for name in _NAMES}
    settings["sizes"] = [len(keys) for keys in features.keys]
    contents = {SETTINGS_FILE: (json.dumps(settings, indent=2) + "\n").encode("ascii")}
    contents |= {KEYS_FILE.format(order): to_npy(keys) for order, keys in enumerate(features.keys, start=1)}
    contents[COUNTS_FILE] = to_npy(features.document_counts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise ModelError(f"{error.filename or folder}: cannot be written ({error.strerror})") from error


def load_ngram_features(folder: str | os.PathLike[str]) -> NgramFeatures:
    """Read features from a folder; ModelError, with the name of the file, where one is missing or altered."""
    folder = Path(folder)
    settings, sizes = _settings(folder / SETTINGS_FILE)
    n_types, keys = settings["n_types"], list[Ints]()
    for order, size in enumerate(sizes, start=1):
        path = folder / KEYS_FILE.format(order)
        # A key holds an id at order 1, two at order 2, and from there on the place of a key before and an id.
        n_keys = n_types if order == 1 else n_types * (n_types if order == 2 else len(keys[-1]))
        found = keys_from_npy(path, np.int64)
        if len(found) != size or (len(found) and not 0 <= found[0] <= found[-1] < n_keys):
            raise ModelError(f"{path}: not the n-grams of {SETTINGS_FILE}; files of two were mixed, or it is altered")
        keys.append(found)
    counts = from_npy(folder / COUNTS_FILE, np.int64)
    wrong = len(counts) and not 0 <= counts.min() <= counts.max() <= settings["n_texts"]
    if len(counts) != sum(sizes) + settings["buckets"] or wrong:
        raise ModelError(f"{folder / COUNTS_FILE}: not of the features of {SETTINGS_FILE}; files of two were mixed")
    return NgramFeatures(**{name: settings[name] for name in _NAMES}, keys=tuple(keys), document_counts=counts)


def _settings(path: Path) -> tuple[dict[str, int], list[int]]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{path}: the file is missing; the model directory is incomplete") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error}); copy the model directory again") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: not JSON: {error}") from error
    if not isinstance(settings, dict) or set(settings) != {"format", "sizes", *_NAMES}:
        raise ModelError(f"{path}: not an object with exactly format, sizes, {', '.join(_NAMES)}")
    if settings["format"] != _FORMAT:
        raise ModelError(f"{path}: has the format {settings['format']!a}; this version of seqlab reads {_FORMAT}")
    sizes = settings.pop("sizes")
    whole = all(type(value) is int and 0 <= value < 1 << 32 for value in settings.values())
    whole &= isinstance(sizes, list) and all(type(size) is int and 0 <= size <= MOST_FEATURES for size in sizes)
    if (
        not whole
        or not 1 <= settings["max_order"] <= HIGHEST_ORDER
        or min(settings["n_types"], settings["min_count"]) < 1
    ):
        raise ModelError(f"{path}: a value in it cannot be; copy the model directory again")
    if len(sizes) != (1 if settings["buckets"] else settings["max_order"]):
        raise ModelError(f"{path}: {len(sizes)} sizes for n-grams up to {settings['max_order']} tokens; it is altered")
    return settings, sizes
