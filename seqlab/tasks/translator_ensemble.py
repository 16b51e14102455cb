"""Several translators as one: the mean of the probabilities that they give each next token."""

from collections.abc import Sequence

from seqlab.errors import ConfigError
from seqlab.models.translator import RecurrentTranslator
from seqlab.models.translator_ensemble import TranslatorEnsemble
from seqlab.tasks.translator import Translator


def together(translators: Sequence[Translator]) -> Translator:
    """Translators of the same vocabularies as one in which they have an equal say; a single one as it is.

    The settings of decoding are those of the first.

    Raises:
        ConfigError: there is none, or they read or write different tokens.
    """
    if not translators:
        raise ConfigError("there is no translator to ask; give at least one")
    first = translators[0]
    if len(translators) == 1:
        return first
    networks: list[RecurrentTranslator] = []
    for translator in translators:
        for side in ("source", "target"):
            own, others = (getattr(one.text, side).pipeline for one in (first, translator))
            if (own.vocab, own.tokenizer, own.normalizer) != (others.vocab, others.tokenizer, others.normalizer):
                raise ConfigError(
                    f"these translators have different vocabularies of the {side}; take some that were trained on the same "
                    "data with the same settings of the text"
                )
        model = translator.model
        networks += model.members if isinstance(model, TranslatorEnsemble) else [model]
    return Translator(first.config, first.text, TranslatorEnsemble(networks), first.scores, first.device)
