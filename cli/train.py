"""`seqlab train TASK`: from a corpus to a scored model directory."""

from pathlib import Path
from typing import Any

import click

from seqlab.cli import settings
from seqlab.config import LanguageModelling
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


@settings.options(LanguageModelling, without=("task", "data.train"))
@command.command(name="lm", cls=settings.SchemaCommand)
@click.argument("corpora", nargs=-1, metavar="CORPUS...")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Model directory to leave.")
@click.option(
    "--config", "config_file", type=click.Path(path_type=Path), help="Experiment file (TOML), as in recipes/."
)
@click.option("-s", "assignments", multiple=True, metavar="KEY=VALUE", help="Set any setting by name or dotted path.")
@click.option("--overwrite", is_flag=True, help="Replace a model or an unfinished training at the output.")
@click.option(
    "--resume", is_flag=True, help="Go on with a training that was stopped, or train a finished model further."
)
def lm(
    corpora: tuple[str, ...],
    output: Path,
    config_file: Path | None,
    assignments: tuple[str, ...],
    overwrite: bool,
    resume: bool,
    **flags: Any,
) -> None:
    """Train a language model on plain text.

    A CORPUS is a file, a folder (its .txt, .text and .md files), or sample:NAME (see `seqlab corpora`); .gz, .bz2 and
    .xz are decompressed. Settings are taken from the experiment file, then from the options, which stand over it.
    """
    changes = settings.given(flags, LanguageModelling) | dict(map(assignment, assignments))
    if corpora:
        changes["data.train"] = corpora
    if resume:
        if config_file or overwrite:
            raise ConfigError(
                "--resume takes the settings of the training it goes on with; leave out --config and --overwrite"
            )
        _resume(output, changes)
    else:
        _run(resolve("lm", read_toml(config_file) if config_file else {}, changes), output, overwrite)


def _run(config: LanguageModelling, output: Path, overwrite: bool) -> None:
    if not config.data.train:
        raise ConfigError("no corpus to train on: give a file, a folder or sample:NAME (see `seqlab corpora`)")
    from seqlab.cli.display import Display
    from seqlab.training import experiment

    with Display(output) as display:
        experiment.run(config, *_data(config), output, overwrite=overwrite, watcher=display)


_PLACES = ("data.train", "data.validation", "data.encoding")


def _resume(output: Path, changes: dict[str, Any]) -> None:
    from seqlab import modeldir
    from seqlab.cli.display import Display
    from seqlab.training.resume import check, resume

    records = validation = None
    if not modeldir.training_folder(output).is_dir():
        if not output.exists():
            raise ModelError(f"{output}: there is no training to go on with; leave out --resume to begin one")
        config = modeldir.open_directory(output).config
        check(config, output)
        # The data are needed again and may have moved; that they are the same ones is checked.
        moved = {name: changes.pop(name) for name in _PLACES if name in changes}
        if not (config.data.train or "data.train" in moved):
            raise DataError(f"{output}: was trained on records given from Python; give the same text as a CORPUS")
        records, validation = _data(resolve(config.task, config.model_dump(mode="json"), moved))
    with Display(output) as display:
        resume(output, changes, records=records, validation=validation, watcher=display)


def _data(config: LanguageModelling) -> tuple[Any, Any]:
    """The readers of the training and of the validation corpora; None where no validation corpus is given."""
    from seqlab.corpora import open_text

    data = config.data
    validation = open_text(data.validation, data.encoding) if data.validation else None
    return open_text(data.train, data.encoding), validation
