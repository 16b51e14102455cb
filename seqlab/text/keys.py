"""Arrays beside a model's text: sorted keys that are looked up by bisection, in `.npy` files."""

import io
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import ModelError

_Key = TypeVar("_Key", np.int64, np.uint64)


def find(keys: NDArray[_Key], wanted: NDArray[_Key]) -> NDArray[np.int64]:
    """Give the place of each wanted key `(N,)` among sorted keys `(M,)`, -1 where it is not there."""
    if not len(keys):
        return np.full(wanted.shape, -1, np.int64)
    places = np.searchsorted(keys, wanted)
    np.minimum(places, len(keys) - 1, out=places)
    places[keys[places] != wanted] = -1
    return places


def to_npy(array: NDArray[Any]) -> bytes:
    """Give the content of a `.npy` file that holds an array."""
    content = io.BytesIO()
    np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
    return content.getvalue()


def from_npy(path: Path, dtype: type[_Key]) -> NDArray[_Key]:
    """Read one row of numbers of a type; ModelError, with the name of the file, where it is missing or altered."""
    try:
        with path.open("rb") as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
            longer = bool(file.read(1))
    except FileNotFoundError as error:
        raise ModelError(f"{path}: the file is missing; the model directory is incomplete") from error
    except (OSError, ValueError, EOFError) as error:
        raise ModelError(f"{path}: not an array, or cut short; copy the model directory again") from error
    if array.ndim != 1 or array.dtype != dtype or longer:
        raise ModelError(f"{path}: not one row of {np.dtype(dtype)}; copy the model directory again")
    return array


def keys_from_npy(path: Path, dtype: type[_Key]) -> NDArray[_Key]:
    """Read sorted keys, each there once; ModelError as `from_npy`, and where they are not sorted."""
    keys = from_npy(path, dtype)
    if (keys[1:] <= keys[:-1]).any():
        raise ModelError(f"{path}: its keys are not sorted; copy the model directory again")
    return keys
