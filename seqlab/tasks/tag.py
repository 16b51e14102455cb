"""Tagging: sentences in tokens with tags, held out in part, as every kind of model reads them. No torch."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from pathlib import Path

import numpy as np

from seqlab.config import Tagging
from seqlab.errors import DataError
from seqlab.modeldir import ModelDirectory
from seqlab.ngram.tagging import HMMTagger
from seqlab.records import Tagged
from seqlab.tasks import sentences_kept
from seqlab.tasks.hmm_tagger import HmmTagger
from seqlab.tasks.names_kept import keep_names, kept_names
from seqlab.tasks.sentence_parts import fit_features, refuse_lexicon_of_words
from seqlab.tasks.sentence_records import Pair, pair_of
from seqlab.tasks.sentences_kept import Sentence
from seqlab.text.schemes import SCHEMES, Legality
from seqlab.text.width import to_half

HMM = "hmm"
"""The folder of a hidden Markov model in a model directory."""
TAGS = "tags.json"


def prepare(
    config: Tagging, records: Iterable[Tagged | Pair], validation: Iterable[Tagged | Pair] | None, folder: Path
) -> None:
    """Hold sentences out, and fit the text parts on the others, into `folder/text` and `folder/data`.

    Sentences whose tags are not legal in the scheme are left out of training, and told of in `text/tags.json`.

    Args:
        config: the experiment; its sections `data`, `text` and `features` are used.
        records: the training sentences. validation: likewise; None holds out a share.
        folder: an existing folder.

    Raises:
        DataError: no sentences, one without tokens, without a tag for each, or with a tag that is none of the scheme.
    """
    illegal: list[str] = []
    legal = (pair for pair in map(pair_of, records) if _is_legal(config, pair, illegal))
    held_back = None if validation is None else [pair_of(record) for record in validation]
    for _, tags, source in held_back or ():
        _check_known(config, tags, source)
    first = list(islice(legal, 1))
    if illegal and not first:
        raise DataError(f"no sentence has legal tags; {illegal[0]}; name the scheme that the tags are in")
    train, held_out = sentences_kept.divided(config, chain(first, legal), held_back)
    sentences_kept.keep(folder, [pair[:2] for pair in train], held_out and [pair[:2] for pair in held_out])
    sentences_kept.keep_words(folder, known(config, train))
    counts = Counter(tag for pair in train for tag in pair[1])
    tags = sorted(counts, key=lambda tag: (-counts[tag], tag))
    legality_of(config, tags)
    notes = [f"{len(illegal)} sentences with illegal tags are left out of training; {why}" for why in illegal[:1]]
    keep_names(folder / "text" / TAGS, "tags", tags, notes)
    if config.model == "rnn":
        sentences = [_as_read(pair[0]) for pair in train]
        refuse_lexicon_of_words(config, [*sentences, *(pair[0] for pair in held_out or ())])
        fit_features(config, sentences).save(folder / "text")


def _is_legal(config: Tagging, pair: Sentence, illegal: list[str]) -> bool:
    """Whether the tags of a sentence are legal in the scheme; if not, why is added to `illegal`."""
    if config.data.scheme is None:
        return True
    _check_known(config, pair[1], pair[2])
    fault = SCHEMES[config.data.scheme].fault(pair[1])
    if fault is None:
        return True
    where = f"{pair[2]}: " if pair[2] else ""
    illegal.append(f"the first is {where}{fault.says}")
    return False


def _check_known(config: Tagging, tags: Sequence[str], source: str) -> None:
    """Refuse tags that are none of the scheme.

    Raises:
        DataError: with what to do.
    """
    if config.data.scheme is not None:
        try:
            SCHEMES[config.data.scheme].legality(sorted(set(tags)))
        except DataError as error:
            where = f"{source}: " if source else ""
            raise DataError(f"{where}{error}; name the scheme that the tags are in, or leave it out") from None


def _as_read(tokens: Sequence[str]) -> Sequence[str]:
    """Tokens of one character each as one text, which is quicker to look up."""
    return "".join(tokens) if all(len(token) == 1 for token in tokens) else tokens


def known(config: Tagging, pairs: Iterable[Sentence]) -> set[str]:
    """The tokens of sentences, with widths folded where the settings say so; those with line ends count as unknown."""
    tokens = {token for pair in pairs for token in pair[0] if "\n" not in token}
    return {to_half(token) for token in tokens} if config.text.width == "half" else tokens


def legality_of(config: Tagging, tags: Sequence[str]) -> Legality:
    """Which tags may stand where: by the scheme, or anywhere where none is named.

    Raises:
        DataError: one is no tag of the scheme.
    """
    if config.data.scheme is not None:
        return SCHEMES[config.data.scheme].legality(tags)
    n = len(tags)
    return Legality(np.ones(n, np.bool_), np.ones((n, n), np.bool_), np.ones(n, np.bool_))


def kept_tags(folder: Path) -> tuple[list[str], list[str]]:
    """The tags of a model, in the order of their numbers; and what is to be known of the data they come from.

    Raises:
        ModelError: the list is missing or altered.
    """
    return kept_names(folder / "text" / TAGS, "tags")


def count_hmm(config: Tagging, pairs: Iterable[Sentence]) -> HMMTagger:
    """A hidden Markov model of the tokens and their tags."""
    fold = to_half if config.text.width == "half" else str
    return HMMTagger.fit(
        (([fold(token) for token in pair[0]], pair[1]) for pair in pairs), config.hmm.order, config.hmm.smoothing
    )


def load_hmm(directory: ModelDirectory) -> HmmTagger:
    """The hidden Markov model that a model directory holds."""
    config = directory.config
    assert isinstance(config, Tagging)
    words = sentences_kept.kept_words(directory.path)
    return HmmTagger(config, HMMTagger.load(directory.path / HMM), words, directory.scores)
