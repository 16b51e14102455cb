"""Corpora: readers that turn files into records, and the bundled samples."""

import os
from collections.abc import Sequence

from seqlab.corpora.catalogue import SAMPLES, Sample
from seqlab.corpora.files import TextFile
from seqlab.corpora.readers import PlainText
from seqlab.errors import ConfigError, unknown

__all__ = ["SAMPLES", "PlainText", "Sample", "TextFile", "open_text"]


def open_text(corpora: Sequence[str | os.PathLike[str]], encoding: str = "utf-8") -> PlainText:
    """Open corpora of running text, read one after another: paths, or `sample:NAME` for a bundled one.

    `encoding` is that of the files; the samples are UTF-8 whatever it is. Raises ConfigError for an unknown sample or
    encoding, and what `PlainText` raises.
    """
    if isinstance(corpora, str | os.PathLike):
        corpora = [corpora]
    return PlainText([_resolved(corpus) for corpus in corpora], encoding)


def _resolved(corpus: str | os.PathLike[str]) -> str | os.PathLike[str] | TextFile:
    if isinstance(corpus, str) and corpus.startswith("sample:"):
        name = corpus.removeprefix("sample:")
        if name not in SAMPLES:
            raise ConfigError(unknown("sample", name, SAMPLES))
        return TextFile(SAMPLES[name].path, "utf-8")
    if isinstance(corpus, str) and corpus.startswith("hf:"):
        raise ConfigError(f"'{corpus}' is not read yet: export its text to a file and give the path of that file")
    return corpus
