"""The tag that a token has most often, whatever stands beside it: the floor of every tagger."""

from collections import Counter
from collections.abc import Mapping, Sequence

from seqlab.config import Tagging
from seqlab.tasks.tagger import Tagger
from seqlab.text.width import to_half


class MajorityTagger(Tagger):
    """Gives each token its most frequent tag, and an unknown one the tag that most types have.

    Args:
        config: every setting. counts: how often each token had each tag. words: the tokens of the training data.
    """

    def __init__(self, config: Tagging, counts: Mapping[str, Counter[str]], words: frozenset[str]) -> None:
        self._read = to_half if config.text.width == "half" else str
        as_read: dict[str, Counter[str]] = {}
        for token, own in counts.items():
            as_read.setdefault(self._read(token), Counter()).update(own)
        self._most = {token: min(own, key=lambda tag: (-own[tag], tag)) for token, own in as_read.items()}
        types = Counter(self._most.values())
        super().__init__(config, sorted(types), words)
        self._unknown = min(types, key=lambda tag: (-types[tag], tag))

    def _tags(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        return [[self._most.get(self._read(token), self._unknown) for token in sentence] for sentence in sentences]
