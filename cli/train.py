"""`seqlab train TASK`: from a corpus to a scored model directory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from seqlab.cli import settings
from seqlab.config import Classification, Experiment, LanguageModelling, Segmentation, Tagging, Translation
from seqlab.errors import ConfigError, DataError, ModelError, unknown
from seqlab.resolve import assignment, read_toml, resolve


class Tasks(click.Group):
    """The tasks that there are to train."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that task.

        Raises:
            ConfigError: there is none.
        """
        if name not in self.commands:
            raise ConfigError(unknown("task", name, self.commands))
        return self.commands[name]


@click.group(name="train", cls=Tasks)
def command() -> None:
    """Train a model on a corpus; each option is a setting of the same name in an experiment file."""


Command = Callable[..., None]


def task(name: str, schema: type[Experiment]) -> Callable[[Command], click.Command]:
    """A decorator that makes a command of a task: its corpora, its output, and a flag for each of its settings.

    What it decorates is its help.
    """

    def decorate(described: Command) -> click.Command:
        def run(
            corpora: tuple[str, ...],
            output: Path,
            config_file: Path | None,
            assignments: tuple[str, ...],
            overwrite: bool,
            resume: bool,
            **flags: Any,
        ) -> None:
            changes = settings.given(flags, schema) | dict(map(assignment, assignments))
            if corpora:
                changes["data.train"] = corpora
            if not resume:
                _run(_experiment(name, read_toml(config_file) if config_file else {}, changes), output, overwrite)
            elif config_file or overwrite:
                raise ConfigError(
                    "--resume takes the settings of the training it goes on with; leave out --config and --overwrite"
                )
            elif {"folds", "data.folds"} & changes.keys():
                raise ConfigError("--resume goes on with one training, and folds are several; leave out one of both")
            else:
                _resume(name, output, changes)

        made = click.command(name=name, cls=settings.SchemaCommand, help=described.__doc__)(run)
        made.params = [*_SHARED, *settings.all_options(schema, without=("task", "data.train"))]
        command.add_command(made)
        return made

    return decorate


_SHARED: list[click.Parameter] = [
    click.Argument(["corpora"], nargs=-1, metavar="CORPUS..."),
    click.Option(["-o", "--output"], type=click.Path(path_type=Path), required=True, help="Model directory to leave."),
    click.Option(
        ["--config", "config_file"], type=click.Path(path_type=Path), help="Experiment file (TOML), as in recipes/."
    ),
    click.Option(
        ["-s", "assignments"], multiple=True, metavar="KEY=VALUE", help="Set any setting by name or dotted path."
    ),
    click.Option(["--overwrite"], is_flag=True, help="Replace a model or an unfinished training at the output."),
    click.Option(
        ["--resume"], is_flag=True, help="Go on with a training that was stopped, or train a finished model further."
    ),
]


@task("lm", LanguageModelling)
def lm() -> None:
    """Train a language model on plain text.

    A CORPUS is a file, a folder (its .txt, .text and .md files), or sample:NAME (see `seqlab corpora`); .gz, .bz2 and
    .xz are decompressed. Settings are taken from the experiment file, then from the options, which stand over it.
    """


@task("segment", Segmentation)
def segment() -> None:
    """Train a word segmenter on sentences cut into words.

    A CORPUS holds a sentence a line, its words parted by white space. It is a file, a folder, sample:segmented, or
    hf:NAME; .gz, .bz2 and .xz are decompressed. Settings are taken from the experiment file, then from the options, which
    stand over it. Beside the network's scores stand those of maximum matching and of a hidden Markov model.
    """


@task("tag", Tagging)
def tag() -> None:
    """Train a tagger, of parts of speech or of names, on sentences with a tag for each token.

    A CORPUS holds lines of word/tag; or, where --token-column and --tag-column say where, a token a line and a blank line
    after each sentence. It is a file, a folder, sample:entities, or hf:NAME. Where tags mark spans, such as names, --scheme
    says how. Settings are taken from the experiment file, then from the options, which stand over it. Beside the network's
    scores stand those of each token's most frequent tag and of a hidden Markov model.
    """


@task("classify", Classification)
def classify() -> None:
    """Train a text classifier on labelled texts.

    A CORPUS is a table with a text and a label a row (.tsv, .csv), .jsonl, lines that begin with __label__ as fastText
    has them, a folder with a folder for each class, sample:reviews, or hf:NAME; .gz, .bz2 and .xz are decompressed.
    Settings are taken from the experiment file, then from the options, which stand over it. Beside the network's scores
    stand those of the most frequent class and of an n-gram model of each class. With --folds the scores are
    cross-validated, and the model is trained on all texts.
    """


@task("translate", Translation)
def translate() -> None:
    """Train a translator on pairs of sentences.

    The CORPUS is two text files with a sentence a line, the source first; or a table (.tsv, .csv), lines with ||| between
    the sides, .jsonl, sample:phrases, or hf:NAME; .gz, .bz2 and .xz are decompressed. Settings are taken from the
    experiment file, then from the options, which stand over it. Scores are BLEU, chrF and TER with their signatures;
    beside them stand those of the sources as they are.
    """


def _experiment(name: str, tables: dict[str, Any], changes: dict[str, Any]) -> Experiment:
    """The experiment that settings describe, over those of a prepared corpus where one is named."""
    data = tables.get("data")
    corpora = changes.get("data.train") or (data.get("train") if isinstance(data, dict) else None) or ()
    if not any((Path(str(corpus)) / "corpus.json").is_file() for corpus in corpora):
        return resolve(name, tables, changes)
    from seqlab.training.prepared import prepared_among

    prepared = prepared_among(corpora)
    assert prepared is not None
    return prepared.experiment(name, tables, changes)


def _run(config: Experiment, output: Path, overwrite: bool) -> None:
    if not config.data.train:
        raise ConfigError("no corpus to train on: give a file, a folder or sample:NAME (see `seqlab corpora`)")
    from seqlab.cli.corpus import columns_of_samples, with_languages
    from seqlab.cli.display import Display
    from seqlab.training import experiment

    if isinstance(config, Tagging) and config.data.columns is None:  # evaluate reads other files in the same way
        columns = columns_of_samples((*config.data.train, *config.data.validation))
        config = config.model_copy(update={"data": config.data.model_copy(update=columns)})
    if isinstance(config, Translation):
        config = with_languages(config)
    with Display(output) as display:
        experiment.run(config, *_data(config), output, overwrite=overwrite, watcher=display)


_PLACES = ("data.train", "data.validation", "data.encoding")


def _resume(name: str, output: Path, changes: dict[str, Any]) -> None:
    from seqlab import modeldir
    from seqlab.cli.display import Display
    from seqlab.training.resume import check, resume

    records = validation = None
    folder = modeldir.training_folder(output)
    if (folder / modeldir.CONFIG).is_file():
        _check_task(output, str(modeldir.read_json(folder / modeldir.CONFIG).get("task")), name)
    if not folder.is_dir():
        if not output.exists():
            raise ModelError(f"{output}: there is no training to go on with; leave out --resume to begin one")
        config = modeldir.open_directory(output).config
        _check_task(output, config.task, name)
        check(config, output)
        # The data are needed again and may have moved; that they are the same ones is checked.
        moved = {name: changes.pop(name) for name in _PLACES if name in changes}
        if not (config.data.train or "data.train" in moved):
            raise DataError(f"{output}: was trained on records given from Python; give the same data as a CORPUS")
        records, validation = _data(resolve(config.task, config.model_dump(mode="json"), moved))
    with Display(output) as display:
        resume(output, changes, records=records, validation=validation, watcher=display)


def _check_task(output: Path, found: str, asked: str) -> None:
    if found != asked:
        raise ConfigError(f"{output}: is of the task {found}; go on with: seqlab train {found} -o {output} --resume")


def _data(config: Experiment) -> tuple[Any, Any]:
    """The readers of the training and of the validation corpora; None where no validation corpus is given."""
    from seqlab.cli.corpus import reader
    from seqlab.training.prepared import prepared_among

    data = config.data
    if (prepared := prepared_among(data.train)) is not None:
        return prepared, None
    return reader(config, data.train), reader(config, data.validation) if data.validation else None
