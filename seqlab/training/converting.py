"""Model directories of n-grams to ARPA files, and back."""

import dataclasses
from pathlib import Path
from typing import Any

from seqlab import __version__, modeldir
from seqlab.config import LanguageModelling
from seqlab.errors import ConfigError, ModelError
from seqlab.modeldir import CARD, CONFIG, WEIGHTS
from seqlab.ngram.binary import save
from seqlab.resolve import resolve
from seqlab.tasks import arpa, families
from seqlab.tasks.ngram_lm import NgramLanguageModel
from seqlab.training import card
from seqlab.training.watcher import Unwatched, Watcher

SUFFIXES = (".arpa", ".arpa.gz")
KENLM_ORDER = 6
"""Up to which KenLM reads n-grams as it is distributed."""


def to_arpa(run: Path, path: Path, *, overwrite: bool = False) -> list[str]:
    """Write the n-grams of a model directory to an ARPA file.

    Returns:
        what one may overlook, a sentence each.

    Raises:
        ConfigError: the file's name has another ending. ModelError: no model directory of n-grams, or smoothed in a way
            that ARPA files have no place for; the file is there already. DataError: it cannot be written.
    """
    directory = modeldir.open_directory(run)
    if directory.config.model != "ngram":
        noun = families.of(directory.config).noun
        raise ModelError(f"{run}: holds {noun[0].lower()}{noun[1:]}, and ARPA files hold n-grams; name a run of those")
    if not path.name.endswith(SUFFIXES):
        raise ConfigError(f"{path}: the name of an ARPA file ends in {' or '.join(SUFFIXES)}; give it such a name")
    if path.exists() and not path.is_file():
        raise ModelError(f"{path}: is there and no file; choose another output")
    if path.exists() and not overwrite:
        raise ModelError(f"{path}: is there already; give --overwrite to replace it, or another output")
    model = NgramLanguageModel.load(directory)
    arpa.write(model, path)
    notes = []
    if model.model.order > KENLM_ORDER:
        notes.append(f"order {model.model.order}: KenLM reads orders up to {KENLM_ORDER}, unless it is built for more")
    if model.config.text.tokenizer not in arpa.CUT_BY:
        notes.append(
            f"tokens are {model.text.unit}s: other programs have to cut text alike, and convert cannot read them back"
        )
    return notes


def from_arpa(
    path: Path,
    output: Path,
    *,
    tokenizer: str = "whitespace",
    overwrite: bool = False,
    watcher: Watcher | None = None,
) -> None:
    """Make a model directory of an ARPA file, plain or compressed by gzip.

    Args:
        path: the file. output: the model directory.
        tokenizer: how text is cut into the words of the file, a name in `seqlab.tasks.arpa.CUT_BY`.
        overwrite: replace a model directory that stands there.
        watcher: who is told what was found.

    Raises:
        DataError: no ARPA file. ConfigError: words that the tokenizer cannot find. ModelError: the output is taken, or
            cannot be written.
    """
    watcher = watcher or Unwatched()
    modeldir.training_folder(output)  # it has a name of its own
    modeldir.refuse_taken(output, overwrite)
    read = arpa.read(path, tokenizer)
    config = _config(path, read)
    sizes = [len(level) for level in read.model.levels]
    watcher.told("n-grams", f"{', '.join(f'{size:,}' for size in sizes)} of order 1 to {len(sizes)}")
    for note in read.notes:
        watcher.noted(note)
    with modeldir.grown(output) as folder:
        save(read.model, folder / WEIGHTS)
        read.text.save(folder / "text")
        (folder / CONFIG).write_text(config.to_json(), encoding="utf-8", newline="")
        training = {
            "source": card.readable(path),
            "n_grams": sizes,
            "n_bytes": (folder / WEIGHTS).stat().st_size,
            "sizes": {"vocabulary": len(read.text.vocab)},
        }
        (folder / CARD).write_text(_card(str(output), config, training), encoding="utf-8", newline="")
        modeldir.seal(folder, config.task, {}, training)
        modeldir.move_into_place(folder, output)


def _config(path: Path, read: arpa.Imported) -> LanguageModelling:
    """The settings as far as the file tells.

    Raises:
        ConfigError: the order is above what there is a setting for.
    """
    model, text = read.model, read.text
    sentences = "none" if model.end is None else "lines"
    settings = {
        "model": "ngram",
        "baseline": False,
        "data": {"validation_share": 0.0},
        "text": {"tokenizer": text.tokenizer.name, **dataclasses.asdict(text.normalizer)},
        "ngram": {"order": model.order, "smoothing": "arpa", "sentences": sentences},
    }
    try:
        config = resolve("lm", settings, {})
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    assert isinstance(config, LanguageModelling)
    return config


def _card(name: str, config: LanguageModelling, training: dict[str, Any]) -> str:
    family = families.of(config)
    facts = "\n".join(f"- **{label.capitalize()}** {fact}." for label, fact in family.rows(config, training))
    return f"""# {name}

{family.noun}, its tokens those of the tokenizer {config.text.tokenizer}, read from an ARPA file by seqlab {__version__}.

{facts}

What it was trained on, and how well it does, is not known here; `seqlab evaluate` scores it on a text.

{card.usage(config.task, name)}"""
