"""The MinHash signatures of the records of a shard, by which near duplicates are found later."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqlab.config.cleaning import Duplicates
from seqlab.corpora.cleaning.minhash import signatures
from seqlab.records import Pair, Segmented, Tagged

NAME = "signatures.npy"
_BLOCK = 1 << 14


class SignatureFile:
    """Writes the signatures of records as they come, in constant memory."""

    def __init__(self, folder: Path, settings: Duplicates) -> None:
        """Take the folder of the shard."""
        self._path, self._settings, self._n = folder / NAME, settings, 0
        self._raw = folder / ".signatures"

    def add(self, texts: Sequence[str]) -> None:
        """Write the signatures of some texts; ConfigError where datasketch is not installed."""
        with self._raw.open("ab") as file:
            file.write(signatures(texts, self._settings).tobytes())
        self._n += len(texts)

    def finish(self) -> None:
        """Leave the file `(N, P)`, in the order of the records."""
        shape = (self._n, self._settings.permutations)
        if not self._n:
            np.save(self._path, np.zeros(shape, np.uint32))
            return
        raw: Any = np.memmap(self._raw, np.uint32, "r", shape=shape)
        file: Any = np.lib.format.open_memmap(self._path, "w+", np.dtype(np.uint32), shape)
        for start in range(0, self._n, _BLOCK):
            file[start : start + _BLOCK] = raw[start : start + _BLOCK]
        file.flush()
        self._raw.unlink()


def text_of(record: Any) -> str:
    """Give the text by which a record is compared: of a pair both sides, of a sentence without what parts its words."""
    if isinstance(record, Pair):
        return f"{record.source}\n{record.target}"
    if isinstance(record, Segmented | Tagged):
        return "".join(record.words if isinstance(record, Segmented) else record.tokens)
    text: str = record.text
    return text
