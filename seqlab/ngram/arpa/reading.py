"""Reading ARPA files."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.ngram.arpa.escaping import END, START, UNKNOWN, escape, unescape
from seqlab.ngram.arpa.lines_ahead import LinesAhead
from seqlab.ngram.arpa.sections import ArpaFile, shown
from seqlab.ngram.lookup import children
from seqlab.ngram.model import Level, NGramModel

SPECIALS = ("<pad>", "<unk>", "<bos>", "<eos>")
"""The words of the ids 0 to 3, for display, in a model that was read; an ordinary word may have the same spelling."""

_UNKNOWN, _START, _END = 1, 2, 3

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
