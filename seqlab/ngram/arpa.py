"""ARPA files, the text form of n-gram models that KenLM, SRILM and others read and write."""

import gzip
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import DataError, ModelError
from seqlab.ngram.arpa_reading import NATS, NEVER, ArpaFile, shown
from seqlab.ngram.beside import written_beside
from seqlab.ngram.escaping import END, START, UNKNOWN, escape, unescape
from seqlab.ngram.lines_ahead import LinesAhead
from seqlab.ngram.lookup import children
from seqlab.ngram.model import Level, NGramModel

SPECIALS = ("<pad>", "<unk>", "<bos>", "<eos>")
"""The words of the ids 0 to 3, for display, in a model that was read; an ordinary word may have the same spelling."""

_UNKNOWN, _START, _END = 1, 2, 3
_AT_ONCE = 1 << 17
_GZIP_LEVEL = 4  # half the time of 6, and a few per cent larger

Array = NDArray[Any]


def read_arpa(path: str | os.PathLike[str]) -> tuple[NGramModel, list[str]]:
    r"""Read a model, plain or compressed by gzip, whatever its name.

    The n-grams may stand in any order; each needs its context, that is all its words but the last, in the order below.
    `<unk>` and `<s>` may be missing: then no word is unknown but with probability zero, and nothing is known of the
    beginning of a sequence. A log-probability of -99 is that of zero; that of `<s>`, which is never predicted, too.

    Returns:
        The model, and its words by id: padding, unknown, begin, end, then the others as they come in the file. `</s>` is
        the ordinary word "\n", as texts have it; id 3 only where "\n" is another word or `</s>` has probability zero.
        Where `</s>` is missing or is never predicted, `end` is None. Escapes of `write_arpa` are undone.

    Raises:
        DataError: what is wrong, in which section and line.
    """
    path = Path(path)
    with LinesAhead(path, last=b"\\end\\") as lines:
        file = ArpaFile(path, lines)
        level, words, ids = _read_unigrams(file)
        levels = [level]
        end = ids.get(END.encode())
        predicted_end = end is not None and bool(level.log_probs[end] > -np.inf)
        for order in range(2, len(file.counts) + 1):
            level, contexts = _read_level(file, order, levels, ids)
            levels[-1] = _with_starts(levels[-1], contexts, len(level))
            levels.append(level)
            predicted_end = predicted_end or bool((level.words == end).any())
    none = np.zeros(0, np.float32)
    levels[-1] = Level(levels[-1].words, levels[-1].log_probs, none, np.zeros(0, np.uint32))
    return NGramModel(tuple(levels), _START, end if predicted_end else None, _UNKNOWN, "arpa"), words


def _read_unigrams(file: ArpaFile) -> tuple[Level, list[str], dict[bytes, int]]:
    """The first level, yet without `starts`; the words by id; the id of each word as it is written."""
    blocks = list(file.ngrams(1))
    written = [word for block in blocks for word in block.words[0]]
    log_probs = np.concatenate([block.log_probs for block in blocks])
    first_line = blocks[0].first_line
    ids = {UNKNOWN.encode(): _UNKNOWN, b"<UNK>": _UNKNOWN, START.encode(): _START}
    words = list(SPECIALS)
    newline = escape("\n").encode()
    if newline in written or (END.encode() in written and log_probs[written.index(END.encode())] == -np.inf):
        ids[END.encode()] = _END
    places = np.zeros(len(written), np.int64)
    seen: set[int] = set()
    for at, text in enumerate(written):
        index = ids.setdefault(text, len(words))
        if index in seen:
            what = f"the word {shown(text)} stands here again; remove one of the two lines"
            raise file.wrong(what, first_line + at)
        if index == len(words):
            try:
                words.append("\n" if text == END.encode() else unescape(text.decode("utf-8")))
            except UnicodeDecodeError:
                what = f"the word {shown(text)} is not UTF-8; convert the file to UTF-8"
                raise file.wrong(what, first_line + at) from None
        seen.add(index)
        places[at] = index
    file.next_section(1)
    by_id = np.full(len(words), -np.inf, np.float32)
    by_id[places] = log_probs
    if by_id[_START] == 0:
        by_id[_START] = -np.inf
    backoffs = np.zeros(len(words), np.float32)
    backoffs[places] = np.concatenate([block.backoffs for block in blocks])
    every_id = np.arange(len(words), dtype=_words_dtype(len(words)))
    return Level(every_id, by_id, backoffs, np.zeros(0, np.uint32)), words, ids


def _read_level(
    file: ArpaFile, order: int, levels: list[Level], ids: dict[bytes, int]
) -> tuple[Level, NDArray[np.int64]]:
    """The level of an order above 1, yet without `starts`, and the entry of the context of each of its n-grams (M,)."""
    blocks = []
    log_probs, backoffs = [np.zeros(0, np.float32)], [np.zeros(0, np.float32)]
    first_line = 0
    for block in file.ngrams(order):
        first_line = first_line or block.first_line
        blocks.append(np.stack([_ids(file, column, ids, block.first_line) for column in block.words]))
        log_probs.append(block.log_probs)
        backoffs.append(block.backoffs)
    ngrams = np.concatenate(blocks, axis=1) if blocks else np.zeros((order, 0), np.uint32)
    contexts = ngrams[0].astype(np.int64)
    for n in range(1, order - 1):
        contexts = children(levels[n - 1], levels[n], contexts, ngrams[n])
        if len(lost := np.flatnonzero(contexts < 0)):
            texts = {index: text for text, index in reversed(ids.items())}
            context = shown(b" ".join(texts[index] for index in ngrams[:-1, lost[0]].tolist()))
            what = f"the context {context} is not in \\{order - 1}-grams; add it there or remove the line"
            raise file.wrong(what, first_line + int(lost[0]))
    keys = contexts.astype(np.uint64) << np.uint64(32) | ngrams[-1]
    by_key = np.argsort(keys)
    keys = keys[by_key]
    if len(twice := np.flatnonzero(keys[1:] == keys[:-1])):
        one, other = sorted(first_line + by_key[twice[0] : twice[0] + 2])
        raise file.wrong(f"the n-gram of line {one} stands here again; remove one of the two lines", other)
    file.next_section(order)
    last_words = ngrams[-1][by_key].astype(_words_dtype(len(levels[0])))
    log_prob, backoff = (np.concatenate(parts)[by_key] for parts in (log_probs, backoffs))
    level = Level(last_words, log_prob, backoff, np.zeros(0, np.uint32))
    return level, contexts[by_key]


def _ids(file: ArpaFile, column: list[bytes], ids: dict[bytes, int], first_line: int) -> NDArray[np.uint32]:
    try:
        return np.fromiter(map(ids.__getitem__, column), np.uint32, len(column))
    except KeyError:
        at = next(at for at, text in enumerate(column) if text not in ids)
        what = f"the word {shown(column[at])} is not in \\1-grams; add it there or remove the line"
        raise file.wrong(what, first_line + at) from None


def _with_starts(level: Level, contexts: NDArray[np.int64], n_above: int) -> Level:
    """The level with the places of its continuations in the level above, whose contexts (M,) are in order."""
    ends = np.cumsum(np.bincount(contexts, minlength=len(level)))
    starts: Array = np.concatenate(([0], ends)).astype(np.uint32 if n_above < 1 << 32 else np.uint64)
    return Level(level.words, level.log_probs, level.backoffs, starts)


def _words_dtype(n_types: int) -> Any:
    return np.uint16 if n_types <= 1 << 16 else np.uint32


def write_arpa(model: NGramModel, words: Sequence[str], path: str | os.PathLike[str]) -> None:
    """Write a model, compressed by gzip where the path ends in `.gz`; what stood there is replaced when all is written.

    `read_arpa` finds the same numbers, to the bit. The structure is that of KenLM's `lmplz`: all n-grams below the
    highest order have a backoff weight. KenLM itself wants an order of 2 or more.

    Args:
        model: any but one whose unseen contexts have a weight.
        words: the word of each id. Those of `start`, `end` and `unknown` are written as `<s>`, `</s>` and `<unk>`, other
            words that an ARPA file cannot hold as `seqlab.ngram.escaping.escape` has it. Words that can never occur,
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
