"""The floor that a translator has to beat: the source as it is. No torch."""

from collections.abc import Sequence
from typing import Any

from seqlab.config import Translation
from seqlab.metrics.translation import corpus_scores
from seqlab.tasks.pairs_kept import Sides
from seqlab.tasks.translation_scores import tokenize


def floors(config: Translation, validation: Sequence[Sides]) -> dict[str, Any]:
    """The scores of giving each source back; none where not wanted."""
    if not config.baseline:
        return {}
    sources, references = [pair.source for pair in validation], [pair.target for pair in validation]
    return {"copied source": corpus_scores(sources, references, tokenize=tokenize(config, references)).to_dict()}
