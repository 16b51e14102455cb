"""Translation: pairs of sentences, held out in part and freed of those that are too long. No torch."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from seqlab.config import Translation
from seqlab.errors import DataError, ModelError
from seqlab.modeldir import DATA, read_json
from seqlab.records import Pair
from seqlab.tasks import pairs_kept
from seqlab.tasks.pairs_kept import Divided, Sides
from seqlab.tasks.translator_text import TranslatorText, doubt

NOTES = "notes.json"
"""What is to be known of the data, beside them in the training folder."""


def prepare(
    config: Translation,
    records: Iterable[Pair | Sequence[object]],
    validation: Iterable[Pair | Sequence[object]] | None,
    folder: Path,
) -> None:
    """Hold source sentences out, leave out the other pairs that do not fit, and fit the text parts on the rest.

    What fits is a matter of tokens, which are learned from all of these pairs first, and anew if some are left out.
    What comes of it is written into `folder/text` and `folder/data`.

    Args:
        config: the experiment; its sections `data` and `text` are used.
        records: pairs to train on. validation: likewise; None holds out a share of the source sentences.
        folder: an existing folder.

    Raises:
        DataError: no pairs, or none that fits.
    """
    divided = pairs_kept.divided(config, records, validation)
    text = TranslatorText.fit(config, divided.train)
    train, n_long, n_uneven = _fitting(config, text, divided.train)
    if n_long or n_uneven:
        text = TranslatorText.fit(config, train)
    pairs_kept.keep(folder, train, divided.validation)
    (folder / "text").mkdir(exist_ok=True)
    text.save(folder / "text")
    notes = _notes(config, divided, n_long, n_uneven)
    given = [pair.source for pair in divided.validation or ()] if validation is not None else []
    if (doubted := doubt(text, given, config.data.longest)) is not None:
        notes.append(f"of the sources to validate on: {doubted}")
    (folder / DATA / NOTES).write_text(json.dumps({"notes": notes}) + "\n", encoding="ascii", newline="")


def _fitting(config: Translation, text: TranslatorText, pairs: Sequence[Sides]) -> tuple[list[Sides], int, int]:
    """The pairs that are not too long and not too uneven, and how many are the one and the other."""
    longest, ratio = config.data.longest, config.data.ratio
    kept, n_long, n_uneven = [], 0, 0
    for pair in pairs:
        short, long = sorted((len(text.source.tokens(pair.source)), len(text.target.tokens(pair.target))))
        if long > longest:
            n_long += 1
        elif ratio and long > ratio * short:
            n_uneven += 1
        else:
            kept.append(pair)
    if not kept:
        raise DataError(
            f"of {len(pairs):,} pairs to train on none is left: {n_long:,} have more than {longest} tokens on a side "
            f"(--longest), {n_uneven:,} are too uneven (--ratio)"
        )
    return kept, n_long, n_uneven


def _notes(config: Translation, divided: Divided, n_long: int, n_uneven: int) -> list[str]:
    """What one may overlook of the data, a sentence each."""
    data, notes = config.data, []
    if divided.validation is None:
        notes.append("nothing is held out: the training data themselves are scored")
    if data.limit is not None:
        notes.append(f"only the first {data.limit:,} pairs are read")
    if divided.n_empty:
        notes.append(f"{divided.n_empty:,} pairs with an empty side are left out")
    if n_long:
        notes.append(f"{n_long:,} training pairs with more than {data.longest} tokens on a side are left out")
    if n_uneven:
        notes.append(f"{n_uneven:,} training pairs with one side over {data.ratio:g} times the other are left out")
    trained = {pair.source for pair in divided.train}
    known = sum(pair.source in trained for pair in divided.validation or ())
    if known:
        notes.append(f"{known:,} pairs to validate on have a source sentence that is trained on too")
    return notes


def kept_notes(folder: Path) -> list[str]:
    """What is to be known of the data in a training folder, a sentence each.

    Raises:
        ModelError: the notes are missing or altered.
    """
    path = folder / DATA / NOTES
    notes = read_json(path).get("notes")
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise ModelError(f"{path}: does not hold a list of notes; start anew with --overwrite")
    return notes
