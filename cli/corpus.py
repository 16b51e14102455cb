"""The reader that fits a task."""

from collections.abc import Sequence
from typing import Any

from seqlab.config import Experiment, Segmentation, Tagging
from seqlab.corpora import SAMPLES, open_segmented, open_tagged, open_text


def reader(config: Experiment, corpora: Sequence[str], encoding: str | None = None) -> Any:
    """The records of corpora, read as the settings of an experiment say; the encoding is another where one is given."""
    encoding = encoding or config.data.encoding
    if isinstance(config, Segmentation):
        return open_segmented(corpora, encoding)
    if isinstance(config, Tagging):
        data = config.data
        columns = data.columns
        if columns is None and all(_in_columns(corpus) for corpus in corpora):
            columns = (1, -1)
        return open_tagged(corpora, encoding, columns=columns, separator=data.separator)
    return open_text(corpora, encoding)


def _in_columns(corpus: str) -> bool:
    """Whether a corpus is known to hold columns: a sample of that form."""
    name = corpus.removeprefix("sample:")
    return corpus.startswith("sample:") and name in SAMPLES and SAMPLES[name].form == "columns"
