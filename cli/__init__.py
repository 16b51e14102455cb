"""The command line. Commands are imported when they are called, so that `seqlab --help` answers at once."""

import importlib
import os
import sys
from typing import Any

import click

from seqlab import __version__
from seqlab.errors import ConfigError, SeqlabError, unknown

COMMANDS = {
    "train": "Train a model on a corpus.",
    "generate": "Write new text with a language model.",
    "predict": "Cut text into words, tag, classify or translate it.",
    "evaluate": "Score a model on a corpus.",
    "compare": "Compare models in one table.",
    "mix": "Mix several language models into one.",
    "convert": "Turn n-gram models into ARPA files, and back.",
    "plot": "Draw learning curves, confusions, or attention.",
    "info": "Tell what a model directory holds.",
    "inspect": "Tell what a file is, and what in it looks wrong.",
    "prepare": "Clean, split and index a corpus once, to train from.",
    "split": "Part a table into files to train, validate and test.",
    "corpora": "List the bundled samples, or print one.",
}


class Commands(click.Group):
    """A group whose commands live in modules of their own, `seqlab.cli.NAME`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of a reader's way through them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import the command of that name."""
        if name not in COMMANDS:
            raise ConfigError(unknown("command", name, COMMANDS))
        command: click.Command = importlib.import_module(f"seqlab.cli.{name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, package_name="seqlab")
def seqlab() -> None:
    """Sequence models of text: from a raw corpus to a trained, scored and usable model.

    Results go to standard output, progress and messages to standard error.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code: 0 done, 1 the work failed, 2 wrong usage, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # it was closed before we began
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        code: Any = seqlab.main(args=arguments, prog_name="seqlab", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.Abort:
        return _say("interrupted", 130)
    except KeyboardInterrupt:
        return _say("interrupted", 130)
    except click.UsageError as error:
        return _explain(error)
    except click.ClickException as error:
        return _say(error.format_message(), error.exit_code)
    except SeqlabError as error:
        return _say(str(error), error.exit_code)
    except BrokenPipeError:
        _drop_output()
        return 1
    except OSError as error:
        _drop_output()
        where = f"{error.filename}: " if error.filename else ""
        return _say(f"{where}{error.strerror or error}", 1)
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "memory" not in str(error):
            raise
        return _say(
            "out of memory: try a smaller --batch-size, --window or --hidden, or n-grams of a smaller --order", 1
        )


def _explain(error: click.UsageError) -> int:
    """One line on wrong usage; the whole help where no command was given."""
    message = error.format_message()
    command = error.ctx.command_path if error.ctx else "seqlab"
    if message.startswith("Usage:"):
        click.echo(message, err=True)
        return error.exit_code
    return _say(f"{message.rstrip('.')}; see `{command} --help`", error.exit_code)


def _drop_output() -> None:
    """Forget output that nobody takes, a closed pipe or a full disk: python would complain once more at its end."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: str, code: int) -> int:
    click.echo(f"seqlab: {' '.join(message.split())}", err=True)
    return code
