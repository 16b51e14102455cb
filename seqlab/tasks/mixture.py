"""A linear interpolation of language models: the mean of their probabilities, each by its weight. No torch of its own."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqlab.config import LanguageModelling
from seqlab.errors import ConfigError, ModelError
from seqlab.modeldir import PARTS, WEIGHTS, ModelDirectory, open_directory, written_beside
from seqlab.ngram.interpolation import mixture_weights
from seqlab.records import Text
from seqlab.tasks.language_model import CONTEXT, SCORING_ROWS, Ids, LanguageModel, scores_of
from seqlab.tasks.lm import Texts
from seqlab.text.indexed import open_ids

Floats = NDArray[np.float64]
State = tuple[Any, ...]
"""The state of each part."""
_NAME = "mixture.weights"


class MixedLanguageModel(LanguageModel):
    """A language model whose predictions are those of its parts, mixed.

        p(w | h) = sum over parts k of weight_k p_k(w | h)

    Attributes:
        parts: the models, over the same tokens.
        weights: (K,) one for each, which sum to 1.

    Raises:
        ConfigError: there are no two parts, or one reads other tokens than the first; see `check`.
        ModelError: the weights are not those of so many parts.
    """

    def __init__(
        self,
        config: LanguageModelling,
        parts: Sequence[LanguageModel],
        weights: ArrayLike,
        scores: dict[str, Any] | None = None,
    ):
        check(parts, [f"part {k}" for k in range(len(parts))])
        super().__init__(config, parts[0].text, scores)
        self.parts, self.weights = tuple(parts), np.asarray(weights, np.float64)
        if self.weights.shape != (len(parts),) or not (self.weights >= 0).all() or abs(self.weights.sum() - 1) > 1e-6:
            raise ModelError(
                f"{len(parts)} models have as many weights of 0 or more, which sum to 1, not {self.weights.tolist()}; "
                "mix them anew"
            )

    @classmethod
    def load(cls, directory: ModelDirectory, device: str = "cpu") -> "MixedLanguageModel":
        """The model that a model directory holds; the networks in it on a device.

        Raises:
            ConfigError: there is no such device. ModelError: a part or the weights are unreadable.
        """
        from seqlab.tasks import families

        weights = _read_weights(directory.path / WEIGHTS)
        folders = [open_directory(directory.path / PARTS / str(k)) for k in range(len(weights))]
        parts = list(families.load_all(folders, device))
        try:
            assert isinstance(directory.config, LanguageModelling)
            return cls(directory.config, parts, weights, directory.scores)
        except (ConfigError, ModelError) as error:
            raise ModelError(f"{directory.path}: {error}") from None

    def begin(self, n: int = 1) -> State:
        """The state before a text: that of each part."""
        return tuple(part.begin(n) for part in self.parts)

    def step(self, ids: NDArray[np.int64], state: State) -> tuple[Floats, State]:
        """Log-probabilities (n, V) of the token after `ids` (n,), and the state after it; see `LanguageModel.step`."""
        stepped = [part.step(ids, before) for part, before in zip(self.parts, state, strict=True)]
        return mixed(np.stack([log_probs for log_probs, _ in stepped]), self.weights), tuple(s for _, s in stepped)

    def read(self, ids: Ids, n: int = 1) -> tuple[NDArray[np.int64], State]:
        """The last id for each of n texts, and the state before it; see `LanguageModel.read`."""
        last = np.repeat(ids[-1:].astype(np.int64), n)
        return last, tuple(part.read(ids, n)[1] for part in self.parts)

    def token_log_probs(self, ids: Ids, *, batch_size: int = SCORING_ROWS, context: int = CONTEXT) -> Iterator[Floats]:
        """Log-probabilities of the tokens of a text, stretch by stretch; see `LanguageModel.token_log_probs`."""
        return (mixed(each, self.weights) for each in by_part(self.parts, ids, batch_size=batch_size, context=context))


def mixed(log_probs: NDArray[np.floating], weights: Floats) -> Floats:
    """ln of the weighted sum of probabilities, of which the logarithms are given: (K, ...) under (K,) weights -> (...)."""
    with np.errstate(divide="ignore"):  # a weight of nothing
        log_weights = np.log(weights).reshape(-1, *[1] * (log_probs.ndim - 1))
    found: Floats = np.logaddexp.reduce(log_weights + log_probs.astype(np.float64), axis=0)
    return found


def by_part(
    parts: Sequence[LanguageModel], ids: Ids, *, batch_size: int = SCORING_ROWS, context: int = CONTEXT
) -> Iterator[Floats]:
    """ln p of the tokens of a text under each of K models: arrays (K, n), one stretch of the text after another.

    The models give their figures in stretches of different lengths; what one is ahead of the others waits.
    """
    streams = [part.token_log_probs(ids, batch_size=batch_size, context=context) for part in parts]
    waiting = [np.zeros(0) for _ in streams]
    done = 0
    while done < len(ids):
        for k, stream in enumerate(streams):
            while not len(waiting[k]):
                waiting[k] = next(stream)
        n = min(map(len, waiting))
        yield np.stack([left[:n] for left in waiting])
        waiting = [left[n:] for left in waiting]
        done += n


def fitted(
    parts: Sequence[LanguageModel],
    names: Sequence[str],
    records: Iterable[Text | str],
    path: Path,
    told: Callable[[str, str], None],
) -> tuple[Floats, dict[str, Any]]:
    """Fit the weights of a mixture.

    Args:
        parts: the models. names: of them, for messages.
        records: the text to fit on, which is indexed into `path`.
        told: called with what is known by now, under a name of one word.

    Returns:
        the weights (K,); and the figures of the mixture on the text by name, with nats of each part under `parts`.

    Raises:
        DataError: the text is empty, or impossible under all parts. ModelError: the figures of a part are no numbers.
    """
    text = parts[0].text
    text.index(Texts(records), path)
    ids = open_ids(path)
    told("data", f"{len(ids):,} {text.unit}s to fit the weights on, a vocabulary of {len(text.vocab):,}")
    log_probs, nats = np.empty((len(parts), len(ids))), []
    for part, name, row in zip(parts, names, log_probs, strict=True):
        at = 0
        for block in part.token_log_probs(ids):
            row[at : at + len(block)] = block
            at += len(block)
        if np.isnan(row).any():
            raise ModelError(f"{name}: gives figures that are no numbers; leave it out, or train it anew")
        nats.append(-float(row.mean()) if at else 0.0)
        told("part", f"{name}: {nats[-1]:.4f} nats a {text.unit}")
    largest = log_probs.max(0, initial=-np.inf)
    largest[np.isneginf(largest)] = 0.0
    log_probs -= largest  # what all are multiplied by changes no weight, and keeps the small from vanishing
    weights = mixture_weights(np.exp(log_probs, out=log_probs))
    scores = scores_of([np.log(weights @ log_probs) + largest], ids, text.unit).to_dict()
    return weights, scores | {"floors": {}, "parts": nats}


def check(parts: Sequence[LanguageModel], names: Sequence[str]) -> None:
    """Refuse models that cannot be mixed.

    Args:
        parts: the models. names: of them, for the message.

    Raises:
        ConfigError: there are fewer than two, they read different tokens, or one is no language model or gives no
            probabilities.
    """
    if len(parts) < 2:
        raise ConfigError("a mixture has two parts or more; name another run")
    for part, name in zip(parts, names, strict=True):
        if part.config.task != "lm":
            raise ConfigError(
                f"{name}: is a model of the task {part.config.task}, and language models alone can be mixed"
            )
    for part, name in zip(parts, names, strict=True):
        if part.config.model == "ngram" and part.config.ngram.smoothing == "stupid-backoff":
            raise ConfigError(
                f"{name}: the figures of stupid-backoff are no probabilities, so cannot be mixed; leave it out"
            )
        if what := _difference(parts[0], part):
            raise ConfigError(
                f"{names[0]} and {name}: {what}, and the parts of a mixture read the same tokens; train one of them anew "
                "on the corpora of the other, with the same settings of data and text and the same --seed (models from "
                "ARPA files mix with those from the same file alone)"
            )


def _difference(one: LanguageModel, other: LanguageModel) -> str:
    """In what the text pipelines of two models differ; empty where they are the same."""
    a, b = one.text, other.text
    if a.tokenizer.name != b.tokenizer.name:
        return f"their tokenizers differ ({a.tokenizer.name} and {b.tokenizer.name})"
    if a.normalizer != b.normalizer:
        names = [name for name in vars(a.normalizer) if getattr(a.normalizer, name) != getattr(b.normalizer, name)]
        each = (f"{name} {getattr(a.normalizer, name)} and {getattr(b.normalizer, name)}" for name in names)
        return f"their text is normalized in different ways ({', '.join(each)})"
    if a.vocab != b.vocab or a.tokenizer != b.tokenizer:
        sizes = f"{len(a.vocab):,} and {len(b.vocab):,} types"
        return f"their vocabularies differ ({sizes if len(a.vocab) != len(b.vocab) else 'as large, but not the same'})"
    return ""


def save_weights(weights: Floats, path: Path) -> None:
    """Write the weights of a mixture.

    Raises:
        ModelError: the disk is full, or the place cannot be written.
    """
    import safetensors.numpy

    with written_beside(path) as beside:
        beside.write_bytes(safetensors.numpy.save({_NAME: weights}))


def _read_weights(path: Path) -> Floats:
    import safetensors.numpy
    from safetensors import SafetensorError

    try:
        weights = safetensors.numpy.load(path.read_bytes())[_NAME].astype(np.float64)
    except (OSError, SafetensorError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: no weights of a mixture ({error}); copy the folder again or mix anew") from None
    if weights.ndim != 1:
        raise ModelError(
            f"{path}: no weights of a mixture (of shape {weights.shape}); copy the folder again or mix anew"
        )
    found: Floats = weights
    return found
