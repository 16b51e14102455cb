"""How the corpora of a task are opened, in words that another process, or another machine, understands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from seqlab.corpora import open_labelled, open_parallel, open_segmented, open_tagged, open_text
from seqlab.corpora.files import TextFile
from seqlab.errors import ConfigError

OPENERS = {
    "lm": open_text,
    "segment": open_segmented,
    "tag": open_tagged,
    "classify": open_labelled,
    "translate": open_parallel,
}
"""What opens the corpora of a task."""
_GROUP_INSTEAD = {"classify": "text_column", "translate": "source_column"}


@dataclass(frozen=True)
class Reading:
    """How corpora are opened."""

    task: str
    encoding: str = "utf-8"
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the opener of the task is told beside the encoding, by name."""

    def open(self, corpora: Sequence[str | TextFile]) -> Any:
        """Give a reader of corpora; raises what the opener of the task does."""
        opened: Any = OPENERS[self.task]
        return opened(corpora, self.encoding, **self.options)

    def of_column(self, column: str) -> "Reading":
        """Give a reading of the same records that has a column in place of the text, or of the source."""
        if self.task not in _GROUP_INSTEAD:
            raise ConfigError(f"splits.group_column: the corpora of the task {self.task} have no columns; leave it out")
        return replace(self, options={**self.options, _GROUP_INSTEAD[self.task]: column})
