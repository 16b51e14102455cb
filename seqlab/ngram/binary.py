"""The binary form of n-gram models: a safetensors file that opens as a memory map, in milliseconds whatever its size.

    8 bytes             length of the header, little endian
    header              JSON: name, type, shape and place of each array; settings and a checksum under __metadata__
    arrays              raw, little endian, one behind the other: 1.log_probs, 1.backoffs, 1.starts, 2.words, ...

The arrays are those of `seqlab.ngram.model.Level`; the first level has no words, as it holds every id in order. The
wider types come first, so that each array begins at a multiple of the size of its items; the first one at one of 64.
"""

import json
import math
import mmap
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.beside import written_beside
from seqlab.errors import ModelError
from seqlab.ngram.model import Level, NGramModel

FORMAT = 1
_ALIGNMENT = 64
_LONGEST_HEADER = 1 << 20
_AT_ONCE = 1 << 24
_DTYPES = {name: np.dtype(f"<{code}") for name, code in (("F32", "f4"), ("U16", "u2"), ("U32", "u4"), ("U64", "u8"))}
_KINDS = {"words": ("U16", "U32"), "log_probs": ("F32",), "backoffs": ("F32",), "starts": ("U32", "U64")}

Array = NDArray[Any]


def save(model: NGramModel, path: str | os.PathLike[str]) -> None:
    """Write a model; whatever stood at `path` is replaced when the new file is whole.

    Raises:
        ModelError: the disk is full, or the place cannot be written.
    """
    path = Path(path)
    arrays = dict(sorted(_arrays(model).items(), key=lambda item: -item[1].dtype.itemsize))
    header = _header(model, arrays)
    with written_beside(path, ModelError) as beside, beside.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for array in arrays.values():
            for at in range(0, len(array), _AT_ONCE):
                part = array[at : at + _AT_ONCE]
                file.write(np.ascontiguousarray(part, part.dtype.newbyteorder("<")).data)


def open_model(path: str | os.PathLike[str]) -> NGramModel:
    """Open a model written by `save` as a read-only memory map.

    What the header says is checked against its checksum, the length of the file and itself. The arrays are not read: what
    they hold is taken on trust.

    Raises:
        ModelError: there is no such file, it is something else, is damaged or cut short, or is of a newer format.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(size - 8, _LONGEST_HEADER):
                raise ValueError("it is something else, or cut short")
            header = json.loads(file.read(length).decode("utf-8"))
            held = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return _model(header, np.frombuffer(held, np.uint8)[8 + length :])
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error}); name the file of a model") from None
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: no n-gram model to be used: {error}; copy the file again or build it anew") from None


def _arrays(model: NGramModel) -> dict[str, Array]:
    """The arrays of a model by name, without those that are empty by what they are."""
    arrays: dict[str, Array] = {}
    for n, level in enumerate(model.levels, start=1):
        if n > 1:
            arrays[f"{n}.words"] = level.words
        arrays[f"{n}.log_probs"] = level.log_probs
        if n < model.order:
            arrays[f"{n}.backoffs"], arrays[f"{n}.starts"] = level.backoffs, level.starts
    return arrays


def _header(model: NGramModel, arrays: dict[str, Array]) -> bytes:
    names = {dtype: name for name, dtype in _DTYPES.items()}
    settings = {
        "format": str(FORMAT),
        "order": str(model.order),
        "start": str(model.start),
        "end": "" if model.end is None else str(model.end),
        "unknown": str(model.unknown),
        "smoothing": model.smoothing,
        "unseen_backoff": repr(float(model.unseen_backoff)),
    }
    header: dict[str, Any] = {"__metadata__": settings}
    at = 0
    for name, array in arrays.items():
        dtype = names[array.dtype.newbyteorder("<")]
        header[name] = {"dtype": dtype, "shape": [len(array)], "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    settings["checksum"] = _checksum(header)
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    return text + b" " * (-(8 + len(text)) % _ALIGNMENT)


def _checksum(header: dict[str, Any]) -> str:
    """CRC-32 of a header but for the checksum itself, whatever the order and the spacing of its JSON."""
    settings = {name: value for name, value in header["__metadata__"].items() if name != "checksum"}
    text = json.dumps({**header, "__metadata__": settings}, sort_keys=True, separators=(",", ":"))
    return f"{zlib.crc32(text.encode('ascii')):08x}"


def _model(header: Any, data: Array) -> NGramModel:
    """Put a model together; ValueError says what does not fit."""
    settings = header.get("__metadata__") if isinstance(header, dict) else None
    if not isinstance(settings, dict) or not isinstance(settings.get("format"), str) or "order" not in settings:
        raise ValueError("its header is that of another kind of file")
    if settings["format"] != str(FORMAT):
        raise ValueError(
            f"its format is {settings['format']!a}, and this seqlab reads {FORMAT}: install the newest seqlab"
        )
    if settings.get("checksum") != _checksum(header):
        raise ValueError("its header was altered")
    # Whoever makes up a header can make up the checksum, too: from here on all is checked again.
    order, start, unknown = (_number(settings, name) for name in ("order", "start", "unknown"))
    end = None if settings.get("end") == "" else _number(settings, "end")
    smoothing, unseen_backoff = settings.get("smoothing"), settings.get("unseen_backoff")
    if not isinstance(smoothing, str) or not isinstance(unseen_backoff, str) or math.isnan(float(unseen_backoff)):
        raise ValueError("its header does not say how it was smoothed")
    arrays = _cut(header, data)
    levels = _levels(arrays, order)
    if not max(start, unknown, end or 0) < len(levels[0]):
        raise ValueError("its marks are outside its vocabulary")
    return NGramModel(levels, start, end, unknown, smoothing, float(unseen_backoff))


def _number(settings: dict[str, Any], name: str) -> int:
    text = settings.get(name)
    if not isinstance(text, str) or not text.isascii() or not text.isdecimal() or len(text) > 10:
        raise ValueError(f"its {name} is no number")
    return int(text)


def _cut(header: dict[str, Any], data: Array) -> dict[str, Array]:
    """The arrays by name, as views of `data`, which they have to cover without a gap."""
    places = []
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        kind = name.partition(".")[2]
        if not isinstance(entry, dict) or entry.get("dtype") not in _KINDS.get(kind, ()):
            raise ValueError(f"the type of {name!a} is not one of an n-gram model")
        shape, offsets = entry.get("shape", ()), entry.get("data_offsets", ())
        if not (_is_integers(shape, 1) and _is_integers(offsets, 2)):
            raise ValueError(f"the shape or the place of {name!a} is not one of an n-gram model")
        places.append((*offsets, shape[0], _DTYPES[entry["dtype"]], name))
    arrays = {}
    at = 0
    for first, last, n_items, dtype, name in sorted(places, key=lambda place: place[:2]):
        if first != at or last - first != n_items * dtype.itemsize or last > len(data):
            raise ValueError(f"{name!a} is not where its header says, or it is cut short")
        arrays[name] = data[first:last].view(dtype)
        at = last
    if at != len(data):
        raise ValueError(f"it goes on for {len(data) - at} bytes behind its arrays")
    return arrays


def _is_integers(value: Any, length: int) -> bool:
    return isinstance(value, list) and len(value) == length and all(type(n) is int and n >= 0 for n in value)


def _levels(arrays: dict[str, Array], order: int) -> tuple[Level, ...]:
    """The levels, each checked against the one before it."""
    if not 1 <= order <= len(arrays):
        raise ValueError(f"its order of {order} does not fit its {len(arrays)} arrays")
    last = range(1, order)  # the orders below the highest
    wanted = {f"{n}.log_probs" for n in (*last, order)} | {f"{n + 1}.words" for n in last}
    wanted |= {f"{n}.{kind}" for n in last for kind in ("backoffs", "starts")}
    if wanted != arrays.keys():
        raise ValueError(f"its arrays are not those of order {order}: {', '.join(sorted(wanted ^ arrays.keys()))!a}")
    none, no_places = np.zeros(0, np.float32), np.zeros(0, np.uint32)
    levels: list[Level] = []
    n_entries = len(arrays["1.log_probs"])
    for n in range(1, order + 1):
        log_probs = arrays[f"{n}.log_probs"]
        words = arrays[f"{n}.words"] if n > 1 else _every_id(n_entries)
        backoffs, starts = arrays.get(f"{n}.backoffs", none), arrays.get(f"{n}.starts", no_places)
        fits = len(words) == len(log_probs) == n_entries
        if n < order:
            n_entries = len(arrays[f"{n + 1}.log_probs"])
            fits = fits and len(backoffs) == len(log_probs) == len(starts) - 1
            fits = fits and int(starts[0]) == 0 and int(starts[-1]) == n_entries
        if not fits:
            raise ValueError(f"the arrays of order {n} do not fit one another")
        levels.append(Level(words, log_probs, backoffs, starts))
    return tuple(levels)


def _every_id(n_types: int) -> Array:
    every_id = np.arange(n_types, dtype=np.uint16 if n_types <= 1 << 16 else np.uint32)
    every_id.setflags(write=False)
    return every_id
