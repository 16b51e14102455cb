"""Writing ARPA files."""

import gzip
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from seqlab.beside import written_beside
from seqlab.errors import DataError, ModelError
from seqlab.ngram.arpa.escaping import END, START, UNKNOWN, escape
from seqlab.ngram.arpa.sections import NATS, NEVER
from seqlab.ngram.model import NGramModel

_AT_ONCE = 1 << 17
_GZIP_LEVEL = 4  # half the time of 6, and a few per cent larger
Array = NDArray[Any]


def write_arpa(model: NGramModel, words: Sequence[str], path: str | os.PathLike[str]) -> None:
    """Write a model, compressed by gzip where the path ends in `.gz`; what stood there is replaced when all is written.

    `read_arpa` finds the same numbers, to the bit. The structure is that of KenLM's `lmplz`: all n-grams below the
    highest order have a backoff weight. KenLM itself wants an order of 2 or more.

    Args:
        model: any but one whose unseen contexts have a weight.
        words: the word of each id. Those of `start`, `end` and `unknown` are written as `<s>`, `</s>` and `<unk>`, other
            words that an ARPA file cannot hold as `seqlab.ngram.arpa.escaping.escape` has it. Words that can never occur,
            such as padding, are left out.
        path: where to write.

    Raises:
        ModelError: the model has no ARPA form, or two words are the same.
        DataError: the disk is full, or the place cannot be written.
    """
    path = Path(path)
    if model.unseen_backoff:
        raise ModelError(
            f"{path}: a model of smoothing '{model.smoothing}' weighs contexts that it has never seen, for which ARPA "
            "files have no place; estimate it with another smoothing"
        )
    listed = _listed(model)
    texts = _texts(model, words, listed, path)
    counts = [len(listed) + (model.end is None), *(len(level) for level in model.levels[1:])]
    with written_beside(path, DataError) as beside, _opened(beside, path.suffix == ".gz") as file:
        file.write(b"\\data\\\n")
        file.writelines(b"ngram %d=%d\n" % count for count in enumerate(counts, start=1))
        for order in range(1, model.order + 1):
            file.write(b"\n\\%d-grams:\n" % order)
            for part in _sections(model, texts, listed, order):
                file.write(part.encode())
            if order == 1 and model.end is None:  # readers want one
                file.write(b"-99\t</s>\t0\n" if model.order > 1 else b"-99\t</s>\n")
        file.write(b"\n\\end\\\n")


def _listed(model: NGramModel) -> NDArray[np.int64]:
    """The ids that can occur, and the marks."""
    unigrams = model.levels[0]
    occurs = unigrams.log_probs > -np.inf
    if model.order > 1:
        occurs |= (unigrams.backoffs != 0) | (unigrams.starts[1:] > unigrams.starts[:-1])
    for level in model.levels[1:]:
        occurs[level.words] = True
    occurs[[model.start, model.unknown]] = True
    if model.end is not None:
        occurs[model.end] = True
    return np.flatnonzero(occurs)


def _texts(model: NGramModel, words: Sequence[str], listed: NDArray[np.int64], path: Path) -> Array:
    """(V,) of each word as it is written, an array of str; empty where it is not."""
    texts = np.full(model.n_types, "", object)
    marks = {model.start: START, model.end: END, model.unknown: UNKNOWN}
    ids: dict[str, int] = {}
    for index in listed.tolist():
        text = texts[index] = marks.get(index) or escape(words[index])
        if ids.setdefault(text, index) != index:
            raise ModelError(f"{path}: the ids {ids[text]} and {index} are both the word {text!a}; give each its own")
    return texts


def _sections(model: NGramModel, texts: Array, listed: NDArray[np.int64], order: int) -> Iterator[str]:
    """The lines of a section, many at once."""
    level = model.levels[order - 1]
    for at in range(0, len(level), _AT_ONCE):
        first, last = at, min(at + _AT_ONCE, len(level))
        rows: Any = slice(first, last) if order > 1 else listed[(listed >= first) & (listed < last)]
        columns = [np.minimum(_log10(level.log_probs[rows]), 0.0).tolist()]  # readers refuse 1e-9
        columns.append(texts[rows].tolist() if order == 1 else _ngrams(model, texts, order, first, last).tolist())
        if order < model.order:
            columns.append(_written(_log10(level.backoffs[rows])))
        flat: list[Any] = [None] * sum(map(len, columns))
        for place, column in enumerate(columns):
            flat[place :: len(columns)] = column
        line = "%.9g\t%s\t%s\n" if order < model.order else "%.9g\t%s\n"
        yield line * len(columns[0]) % tuple(flat)


def _ngrams(model: NGramModel, texts: Array, order: int, first: int, last: int) -> Array:
    """(last - first,) the words of the n-grams of an order from an entry to another, an array of str."""
    level = model.levels[order - 1]
    own = texts[level.words[first:last]]
    if order == 1 or first == last:
        return own
    starts = model.levels[order - 2].starts
    # The contexts of successive n-grams are successive, too.
    context = int(np.searchsorted(starts, starts.dtype.type(first), "right")) - 1
    behind = int(np.searchsorted(starts, starts.dtype.type(last), "left"))
    bounds = np.clip(starts[context : behind + 1].astype(np.int64), first, last)
    contexts = _ngrams(model, texts, order - 1, context, behind) + " "
    joined: Array = np.repeat(contexts, np.diff(bounds)) + own
    return joined


def _log10(nats: NDArray[np.float32]) -> NDArray[np.float64]:
    """As they are written: minus infinity is `NEVER`, and zero has no sign."""
    log10 = nats.astype(np.float64) / NATS + 0.0
    log10[np.isneginf(nats)] = NEVER
    return log10


def _written(numbers: NDArray[np.float64]) -> list[str]:
    """Numbers that are often the same, as text."""
    values, places = np.unique(numbers, return_inverse=True)
    texts: list[str] = np.array([f"{value:.9g}" for value in values.tolist()], object)[places].tolist()
    return texts


@contextmanager
def _opened(path: Path, compressed: bool) -> Iterator[IO[bytes] | gzip.GzipFile]:
    with path.open("wb") as file:
        if not compressed:
            yield file
            return
        # Without a name and a time it is the same bytes each time.
        with gzip.GzipFile("", "wb", _GZIP_LEVEL, file, mtime=0) as packed:
            yield packed
