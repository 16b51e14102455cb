"""The recurrent word segmenter in use."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.config import Segmentation
from seqlab.modeldir import ModelDirectory
from seqlab.models.tagger_ensemble import Tagging as Network
from seqlab.tasks import sentence_network, sentences_kept
from seqlab.tasks.segmenter import Segmenter
from seqlab.text.bmes import LEGAL, LEGAL_END, LEGAL_START, TAGS
from seqlab.text.features import TokenFeatures
from seqlab.text.schemes import Legality
from seqlab.text.sentences import Sentences

LEGALITY = Legality(LEGAL_START, LEGAL, LEGAL_END)
_BEGINS = np.array([tag in "BS" for tag in TAGS])
_ENDS = np.array([tag in "ES" for tag in TAGS])


class NeuralSegmenter(Segmenter):
    """A word segmenter whose tags are those of a recurrent network.

    Attributes:
        features: what the network reads of each character.
        model: the network, as it is used.
    """

    def __init__(
        self,
        config: Segmentation,
        features: TokenFeatures,
        model: Network,
        words: frozenset[str],
        scores: dict[str, Any] | None = None,
        device: str = "cpu",
    ) -> None:
        super().__init__(config, words, scores, fold=config.text.width == "half")
        self.features, self.model = features, sentence_network.in_use(model, config, device)

    @classmethod
    def load(cls, directory: ModelDirectory, device: str = "cpu") -> "NeuralSegmenter":
        """The model that a model directory holds, on a device.

        Raises:
            ModelError: weights or text parts do not fit the configuration.
        """
        config = directory.config
        assert isinstance(config, Segmentation)
        features = TokenFeatures.load(directory.path / "text")
        model = sentence_network.load(directory, features, LEGALITY)
        return cls(config, features, model, sentences_kept.kept_words(directory.path), directory.scores, device)

    def _knows(self, word: str) -> bool:
        return super()._knows(word) or any(word in lexicon for lexicon in self.features.lexicons)

    def _begins(self, sentences: Sentences) -> NDArray[np.bool_]:
        columns = sentence_network.columns(self.features, sentences.codes, sentences.starts)
        found = sentence_network.tags(self.model, columns, sentences.starts, allowed(sentences))
        return _BEGINS[found]


def allowed(sentences: Sentences) -> NDArray[np.bool_] | None:
    """Which of the four tags (N, 4) may stand at each character by the borders that are given; None where all may."""
    before, at_start = sentences.borders, sentences.starts[:-1]
    if np.count_nonzero(before) == len(at_start):  # those at the starts of sentences alone
        return None
    after = np.append(before[1:], np.int8(1))
    mask = np.ones((len(before), len(TAGS)), np.bool_)
    for given, side in ((before, _BEGINS), (after, _ENDS)):
        mask &= np.where((given == 1)[:, None], side, True)
        mask &= np.where((given == -1)[:, None], ~side, True)
    return mask
