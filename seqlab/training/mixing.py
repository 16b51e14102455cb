"""A mixture of models that are trained already: weights fitted on a text, and a model directory that holds the parts."""

import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from seqlab import __version__, modeldir
from seqlab.config import LanguageModelling
from seqlab.config.language_modelling import TextData
from seqlab.errors import ConfigError, DataError
from seqlab.modeldir import CARD, CONFIG, DATA, PARTS, WEIGHTS, ModelDirectory, open_directory
from seqlab.tasks import families
from seqlab.tasks.language_model import LanguageModel
from seqlab.tasks.lm_report import figures
from seqlab.tasks.mixture import Floats, MixedLanguageModel, check, fitted, save_weights
from seqlab.training import card
from seqlab.training.watcher import Unwatched, Watcher


class Part(NamedTuple):
    """A model that is to be mixed."""

    name: str
    model: LanguageModel
    directory: ModelDirectory | None
    """Where it was loaded from; None for a model that was given as it is."""


def mix(
    models: Sequence[LanguageModel | str | Path],
    records: Iterable[Any],
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    device: str = "cpu",
    data: TextData | None = None,
    watcher: Watcher | None = None,
) -> MixedLanguageModel:
    """Mix language models linearly, with the weights that give a text the highest probability.

    Args:
        models: two or more, of any kind, over the same tokens: model directories, or models in use.
        records: the text to fit the weights on, which none of them was trained on: texts, or what
            `seqlab.corpora.open_text` gives.
        output: where to leave the model directory, with copies of the parts; nowhere where not given.
        overwrite: replace a model directory that stands there.
        device: for the networks among them.
        data: where the records come from, for the card.
        watcher: who is told how it goes.

    Raises:
        ConfigError: the models do not fit one another. DataError: the text is empty, or impossible under all of them.
        ModelError: a model directory cannot be used; the output is taken, or cannot be written.
    """
    if isinstance(records, str | Path) or isinstance(models, str | Path):
        raise DataError(
            "give lists: mix([RUN, RUN], [text]); or a reader in place of [text]: seqlab.corpora.open_text([FILE])"
        )
    output, watcher = None if output is None else Path(output), watcher or Unwatched()
    if output is not None:
        modeldir.training_folder(output)  # it has a name of its own
        modeldir.refuse_taken(output, overwrite)
    parts, started = _opened(models, device, output), time.perf_counter()
    names, loaded = [part.name for part in parts], [part.model for part in parts]
    check(loaded, names)
    data = (data or TextData()).model_copy(update={"validation_share": 0.0})
    config = LanguageModelling(model="mixture", data=data, text=loaded[0].config.text)
    with tempfile.TemporaryDirectory() if output is None else modeldir.grown(output) as place:
        folder = Path(place)
        (folder / DATA).mkdir()
        weights, scores = fitted(loaded, names, records, folder / DATA / "validation.npy", watcher.told)
        if output is None:
            return MixedLanguageModel(config, loaded, weights, scores)
        training = {
            "parts": [_told(part, weight) for part, weight in zip(parts, weights.tolist(), strict=True)],
            "seconds": round(time.perf_counter() - started, 1),
            "sizes": {"validation": scores["n_tokens"], "vocabulary": len(loaded[0].text.vocab)},
            "data": modeldir.fingerprint(folder / DATA),
        }
        _write(folder, str(output), config, parts, weights, scores, training)
        modeldir.move_into_place(folder, output)
    (model,) = families.load_all([open_directory(output)], device)
    assert isinstance(model, MixedLanguageModel)
    return model


def _opened(models: Sequence[LanguageModel | str | Path], device: str, output: Path | None) -> list[Part]:
    directories = [None if isinstance(model, LanguageModel) else open_directory(model) for model in models]
    if output is not None and None in directories:
        raise ConfigError(f"{output}: is made of model directories; give their paths in place of the models")
    loaded = families.load_all([directory for directory in directories if directory is not None], device)
    parts = []
    for number, (model, directory) in enumerate(zip(models, directories, strict=True), start=1):
        if isinstance(model, LanguageModel):
            parts.append(Part(f"model {number}", model, None))
        else:
            parts.append(Part(str(model), next(loaded), directory))
    return parts


def _told(part: Part, weight: float) -> dict[str, Any]:
    """What is kept of a part in the manifest."""
    assert part.directory is not None
    config, training = part.directory.config, part.directory.manifest["training"]
    with modeldir.figures_read(part.directory.path):
        what, size = families.of(config).brief(config, training)
    return {"name": card.readable(part.name), "what": what, "size": size, "weight": weight}


def _write(
    folder: Path,
    name: str,
    config: LanguageModelling,
    parts: Sequence[Part],
    weights: Floats,
    scores: dict[str, Any],
    training: dict[str, Any],
) -> None:
    """Make a folder a model directory."""
    for number, part in enumerate(parts):
        assert part.directory is not None
        modeldir.copy(part.directory, folder / PARTS / str(number))
    parts[0].model.text.save(folder / "text")
    save_weights(weights, folder / WEIGHTS)
    (folder / CONFIG).write_text(config.to_json(), encoding="utf-8", newline="")
    (folder / CARD).write_text(_card(name, config, scores, training), encoding="utf-8", newline="")
    modeldir.seal(folder, config.task, scores, training)


def _card(title: str, config: LanguageModelling, scores: dict[str, Any], training: dict[str, Any]) -> str:
    unit = scores["unit"]
    sources = ", ".join(f"`{source}`" for source in config.data.train) or "records given from Python"
    named = [("this mixture", scores["nats"])]
    named += [(part["name"], nats) for part, nats in zip(training["parts"], scores["parts"], strict=True)]
    facts = "\n".join(
        f"- **{label.capitalize()}** {fact}." for label, fact in families.of(config).rows(config, training)
    )
    table = "\n".join(f"| {' | '.join((name, *figures(nats)))} |" for name, nats in named)
    return f"""# {title}

{families.of(config).noun}, over {unit}s, made with seqlab {__version__}: the weighted mean of their probabilities.

{facts}
- **Weights fitted on** {sources}: {scores["n_tokens"]:,} {unit}s, {scores["oov_rate"]:.2%} out of vocabulary.

The parts are copied into `parts/`, each with its own card.

| scored on the text that the weights were fitted on | nats a {unit} | bits a {unit} | perplexity |
|---|---|---|---|
{table}

These figures flatter the mixture, since its weights are the best for this very text; by little, where the text is long.
`seqlab evaluate {title} FILE` scores it on another.

{card.usage(config.task, title)}"""
