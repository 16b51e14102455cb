"""Where lines begin among the ids of a running text."""

import os

import numpy as np

from seqlab.text.indexed import open_ids
from seqlab.text.pipeline import TextPipeline
from seqlab.text.vocab import BOS

_BLOCK = 1 << 22


def write_line_offsets(pipeline: TextPipeline, ids: str | os.PathLike[str], path: str | os.PathLike[str]) -> bool:
    """Write where each line begins among the ids in a file, `(L,)` of 64 bits, the first 0; in constant memory.

    Where line ends are no tokens, as those of words, nothing is written. Returns whether it was. DataError as `open_ids`.
    """
    if (end := pipeline.start) == BOS:
        return False
    indexed = open_ids(ids)
    blocks = range(0, len(indexed), _BLOCK)
    n_ends = sum(int(np.count_nonzero(indexed[start : start + _BLOCK] == end)) for start in blocks)
    open_end = len(indexed) > 0 and int(indexed[-1]) != end  # the last line goes on to the end of the text
    n_lines = n_ends + open_end
    offsets = np.lib.format.open_memmap(path, "w+", np.dtype("<u8"), (n_lines,))
    at, begins = 0, 0
    for start in blocks:
        ends = np.flatnonzero(indexed[start : start + _BLOCK] == end) + start + 1
        lines = np.concatenate([[begins], ends]) if len(ends) else np.array([begins])
        offsets[at : at + len(ends)] = lines[:-1]
        at, begins = at + len(ends), int(lines[-1])
    if open_end:
        offsets[at] = begins
    offsets.flush()
    return True
