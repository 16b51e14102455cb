"""The floors a language model has to beat: simple models of the same text."""

from pathlib import Path

from seqlab.config import LanguageModelling, Ngram
from seqlab.ngram.floors import floors as unigram_and_bigram
from seqlab.tasks.lm import IndexedText
from seqlab.tasks.ngram_lm import NgramLanguageModel
from seqlab.tasks.ngram_training import estimated, order_of

MOST_TOKENS = 1 << 26
"""Of a training text whose longer n-grams are counted beside a network: more would take the memory of a small machine."""


def floors(config: LanguageModelling, data: IndexedText, folder: Path) -> dict[str, float]:
    """Models counted on the training text, on the held-out text, in nats a token by their names; none where not wanted.

    Beside a network stand unigrams, bigrams, and the n-gram model that `--model ngram` makes without further settings.
    """
    if not config.baseline:
        return {}
    found = unigram_and_bigram(data.train, data.validation, data.text.start, len(data.text.vocab))
    order = order_of(Ngram(), data.text)
    if config.model != "ngram" and order <= len(data.train) <= MOST_TOKENS:
        model = NgramLanguageModel(config, data.text, estimated(Ngram(), data, folder).model)
        found[f"{order}-gram"] = model.evaluate_ids(data.validation).nats
    return found


def notes(config: LanguageModelling, data: IndexedText) -> list[str]:
    """What is left out, in a sentence."""
    if not config.baseline or len(data.train) <= MOST_TOKENS:
        return []
    name = f"{order_of(Ngram(), data.text)}-gram"
    return [f"no {name} floor: the text has more than {MOST_TOKENS:,} tokens; --model ngram trains one by itself"]
