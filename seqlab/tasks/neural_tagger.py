"""The recurrent tagger in use."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from seqlab.config import Tagging
from seqlab.errors import DataError
from seqlab.modeldir import ModelDirectory
from seqlab.models.tagger_ensemble import Tagging as Network
from seqlab.tasks import sentence_network, sentences_kept
from seqlab.tasks.tag import kept_tags, legality_of
from seqlab.tasks.tagger import Tagger
from seqlab.text.features import TokenFeatures


class NeuralTagger(Tagger):
    """A tagger whose tags are those of a recurrent network.

    Attributes:
        features: what the network reads of each token.
        model: the network, as it is used.
    """

    def __init__(
        self,
        config: Tagging,
        tags: Sequence[str],
        features: TokenFeatures,
        model: Network,
        words: frozenset[str],
        scores: dict[str, Any] | None = None,
        device: str = "cpu",
    ) -> None:
        super().__init__(config, tags, words, scores)
        self.features, self.model = features, sentence_network.in_use(model, config, device)

    @classmethod
    def load(cls, directory: ModelDirectory, device: str = "cpu") -> "NeuralTagger":
        """The model that a model directory holds, on a device.

        Raises:
            ModelError: weights or text parts do not fit the configuration.
        """
        config = directory.config
        assert isinstance(config, Tagging)
        features, (tags, _) = TokenFeatures.load(directory.path / "text"), kept_tags(directory.path)
        model = sentence_network.load(directory, features, legality_of(config, tags))
        return cls(config, tags, features, model, sentences_kept.kept_words(directory.path), directory.scores, device)

    def _tags(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        lengths = [len(sentence) for sentence in sentences]
        starts = np.cumsum([0, *lengths])
        tokens = list(chain.from_iterable(sentences))
        if self.features.lexicons:
            for token in tokens:
                if len(token) != 1:
                    raise DataError(
                        f"{token!r:.60} is no token of one character, and this model looks words of several up in lists: "
                        "give characters"
                    )
        columns = self.features.of_tokens(tokens, starts)
        numbers = sentence_network.tags(self.model, columns, starts)
        found = [self.tags[number] for number in numbers.tolist()]
        return [found[start : start + length] for start, length in zip(starts.tolist(), lengths, strict=False)]
