"""`seqlab predict RUN... [FILE]`: words, tags, labels or translations, a line for a line."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqlab.cli import translators
from seqlab.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from seqlab.tasks.classifier import Classifier
    from seqlab.tasks.segmenter import Segmenter
    from seqlab.tasks.tagger import Tagger

_BLOCK = 1 << 18
FORMATS = ("words", "bmes", "offsets", "json")


@click.command(name="predict")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True), metavar="RUN... [FILE]"
)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="words", show_default=True, help="What is written."
)
@click.option("--proba", is_flag=True, help="Of a classifier: each label with its probability, the likeliest first.")
@click.option(
    "--userdict", type=click.Path(path_type=Path), help="Words a segmenter is to keep whole, in jieba's format."
)
@translators.search_options
@click.option(
    "--n-best", type=int, metavar="N", help="Of a translator: the N best translations of a line with their scores."
)
@click.option("--encoding", default="utf-8", show_default=True, help="Encoding of the text; what is written is UTF-8.")
@click.option("--device", default="cpu", show_default=True, help="For networks: cpu, cuda, cuda:1, ..., or auto.")
def command(
    paths: tuple[Path, ...],
    form: str,
    proba: bool,
    userdict: Path | None,
    n_best: int | None,
    encoding: str,
    device: str,
    **search: float | None,
) -> None:
    """Cut text into words, tag it, classify it or translate it, line by line: from FILE, or from standard input.

    A classifier writes the label of each line, or its labels parted by commas; of several RUNs with the same labels the
    mean of their probabilities counts. A translator takes a sentence a line; of several RUNs with the same vocabularies the
    mean counts likewise; with --n-best it writes a score and a translation a line, and a blank line behind each line of
    text. A segmenter takes any text. A tagger of words takes lines of words parted by
    blanks, a tagger of characters any text, of which it leaves blanks out.

    \b
    words    the words of a line parted by a space; word/tag from a tagger
    bmes     a character and its tag a line, a blank line behind each line of
             text; from a tagger a token and its tag
    offsets  start, end and word a line, in characters of the line, a blank line
             behind each line of text; from a tagger start, end, type and text of
             each span, in tokens, or of each token where tags mark no spans
    json     an object a line
    """
    from seqlab.corpora.lines import as_they_come
    from seqlab.modeldir import open_directory
    from seqlab.tasks import TASKS

    runs, file = _runs_and_file(paths)
    run = runs[0]
    task = open_directory(run).config.task
    if task not in (*_WRITERS, "translate"):
        better = TASKS[task].next_step.format(name=run)
        raise ModelError(
            f"{run}: is a model of the task {task}, which has nothing to predict line by line; use: {better}"
        )
    if proba and task != "classify":
        raise ConfigError("--proba is for a classifier; leave it out")
    if task in ("classify", "translate") and form not in ("words", "json"):
        what = "classifier" if task == "classify" else "translator"
        raise ConfigError(f"--format {form} is not for a {what}; take json, or leave it out")
    if task != "translate" and (names := translators.given(search | {"n_best": n_best})):
        raise ConfigError(f"{names[0]} is for a translator; leave it out")
    if userdict is not None and task != "segment":
        raise ConfigError("--userdict is for a segmenter; leave it out")
    blocks = as_they_come(_standard_input() if str(file) == "-" else file, encoding)
    if task == "translate":
        translators.predict(runs, blocks, device, n_best=n_best, search=search, as_json=form == "json")
        return
    model: Any = _model(runs, device)
    write = _with_probabilities if proba and form != "json" else _WRITERS[task]
    if userdict is not None:
        model.load_userdict(userdict)
    for lines in blocks:
        click.echo("\n".join(write(model, lines, form)))


def _runs_and_file(paths: tuple[Path, ...]) -> tuple[list[Path], Path]:
    """The runs, which are the first path and all folders behind it, and the file behind these."""
    n = next((n for n, path in enumerate(paths) if n and not path.is_dir()), len(paths))
    if len(paths) > n + 1 and str(paths[n]) != "-" and not paths[n].exists():
        raise ConfigError(f"{paths[n]}: there is no such run; the runs come first, and one file behind them")
    if len(paths) > n + 1:
        raise ConfigError(
            f"{paths[n + 1]}: one file can be read at a time, behind the runs; give the others one by one"
        )
    return list(paths[:n]), paths[n] if n < len(paths) else Path("-")


def _model(runs: list[Path], device: str) -> Any:
    """The predictor of a run, or of several classifiers."""
    from seqlab import load

    if len(runs) == 1:
        return load(runs[0], device)
    from seqlab.cli.classifiers import several

    return several(runs, device)


def _standard_input() -> Iterator[bytes]:
    with os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0) as file:
        while block := file.read(_BLOCK):  # what has come, which may be less than was asked for
            yield block


def _segmented(model: "Segmenter", lines: list[str], form: str) -> Iterable[str]:
    """What is written of each line."""
    if form == "words":
        return map(" ".join, model.batch(lines, whitespace="drop"))
    return (_words(line, words, form) for line, words in zip(lines, model.batch(lines), strict=True))


def _words(line: str, words: list[str], form: str) -> str:
    from seqlab.text.bmes import tags_of_words

    ends = list(_summed(map(len, words)))
    placed = [(end - len(word), end, word) for end, word in zip(ends, words, strict=True) if not word[0].isspace()]
    if form == "json":
        return json.dumps({"text": line, "words": placed}, ensure_ascii=False)
    if form == "offsets":
        return "".join(f"{start}\t{end}\t{word}\n" for start, end, word in placed)
    kept = [word for *_, word in placed]
    return "".join(f"{sign}\t{tag}\n" for sign, tag in zip("".join(kept), tags_of_words(kept), strict=True))


def _summed(lengths: Iterable[int]) -> Iterator[int]:
    total = 0
    for length in lengths:
        total += length
        yield total


def _tagged(model: "Tagger", lines: list[str], form: str) -> Iterable[str]:
    """What is written of each line."""
    sentences = [_tokens(model, line) for line in lines]
    return (_tags(model, tokens, tags, form) for tokens, tags in zip(sentences, model.batch(sentences), strict=True))


def _tokens(model: "Tagger", line: str) -> list[str]:
    words = line.split()
    return list("".join(words)) if model.reads_characters else words


def _tags(model: "Tagger", tokens: list[str], tags: list[str], form: str) -> str:
    if form == "words":
        return " ".join(f"{token}/{tag}" for token, tag in zip(tokens, tags, strict=True))
    if form == "bmes":
        return "".join(f"{token}\t{tag}\n" for token, tag in zip(tokens, tags, strict=True))
    spans = model.spans_of_tags(tags) if model.config.data.scheme else None
    if form == "json":
        found: dict[str, Any] = {"tokens": tokens, "tags": tags}
        return json.dumps(found if spans is None else found | {"spans": spans}, ensure_ascii=False)
    placed = [(number, number + 1, tag) for number, tag in enumerate(tags)] if spans is None else spans
    between = "" if model.reads_characters else " "
    return "".join(f"{start}\t{end}\t{kind}\t{between.join(tokens[start:end])}\n" for start, end, kind in placed)


def _classified(model: "Classifier", lines: list[str], form: str) -> Iterable[str]:
    """What is written of each line."""
    probabilities = model.predict_proba(lines)
    for line, row, label in zip(lines, probabilities.tolist(), model.chosen(probabilities), strict=True):
        if form == "json":
            given = {"text": line, "label": label, "probabilities": dict(zip(model.labels, row, strict=True))}
            yield json.dumps(given, ensure_ascii=False)
        else:
            yield label if isinstance(label, str) else ",".join(label)


def _with_probabilities(model: "Classifier", lines: list[str], form: str) -> Iterable[str]:
    """Each label and its probability, parted by tabulators, the likeliest first."""
    for row in model.predict_proba(lines).tolist():
        pairs = sorted(zip(model.labels, row, strict=True), key=lambda pair: -pair[1])
        yield "\t".join(f"{label}\t{probability:.6f}" for label, probability in pairs)


_WRITERS: dict[str, Callable[[Any, list[str], str], Iterable[str]]] = {
    "segment": _segmented,
    "tag": _tagged,
    "classify": _classified,
}
