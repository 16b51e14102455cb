"""The reader that fits a task."""

from collections.abc import Sequence
from typing import Any

from seqlab.config import Classification, Experiment, Segmentation, Tagging
from seqlab.corpora import SAMPLES, open_labelled, open_segmented, open_tagged, open_text


def reader(config: Experiment, corpora: Sequence[str], encoding: str | None = None) -> Any:
    """The records of corpora, read as the settings of an experiment say; the encoding is another where one is given."""
    encoding = encoding or config.data.encoding
    if isinstance(config, Segmentation):
        return open_segmented(corpora, encoding)
    if isinstance(config, Tagging):
        return open_tagged(corpora, encoding, columns=config.data.columns, separator=config.data.separator)
    if isinstance(config, Classification):
        data = config.data
        return open_labelled(
            corpora,
            encoding,
            form=data.form,
            text_column=data.text_column,
            label_column=data.label_column,
            header=data.header,
            label_separator=data.label_separator,
        )
    return open_text(corpora, encoding)


def columns_of_samples(corpora: Sequence[str]) -> dict[str, int]:
    """The settings of columns that are known of samples, where all corpora are samples in columns."""
    names = [corpus.removeprefix("sample:") for corpus in corpora if corpus.startswith("sample:")]
    in_columns = [name for name in names if name in SAMPLES and SAMPLES[name].form == "columns"]
    return {"token_column": 1, "tag_column": 2} if corpora and len(in_columns) == len(corpora) else {}
