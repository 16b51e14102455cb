"""`seqlab prepare TASK`: from corpora to a directory that trains at once."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from seqlab.cli import settings
from seqlab.cli.train import Tasks
from seqlab.config import SCHEMAS, Experiment, Tagging, Translation
from seqlab.config.preparation import ELSEWHERE, PREPARATIONS, Preparation, fitted
from seqlab.errors import ConfigError
from seqlab.resolve import checked, read_toml, resolve
from seqlab.resolve import settings as all_settings


@click.group(name="prepare", cls=Tasks)
def command() -> None:
    """Clean a corpus, leave out duplicates, hold parts out, and fit and index what training reads, once."""


def _made(task: str, described: Callable[[], None]) -> click.Command:
    """The command of a task: its corpora, its output, and a flag for each setting that matters here."""
    schema, preparation = SCHEMAS[task], PREPARATIONS[task]
    paths = [path for path, _ in all_settings(schema)]
    kept = {"seed", *fitted(task, paths)}

    def run(corpora: tuple[str, ...], output: Path, config_file: Path | None, **flags: Any) -> None:
        tables = read_toml(config_file) if config_file else {}
        own = {name: table for name, table in tables.items() if name in preparation.model_fields}
        others = {name: table for name, table in tables.items() if name not in own}
        changes = {path: value for path, value in settings.given(flags, schema).items() if path in kept}
        if corpora:
            changes["data.train"] = corpora
        config = resolve(task, others, changes)
        _run(config, checked(preparation, own, settings.given(flags, preparation)), output, flags)

    made = click.command(name=task, cls=settings.SchemaCommand, help=described.__doc__)(run)
    made.params = [
        *_SHARED,
        *settings.all_options(schema, without=tuple(path for path in paths if path not in kept)),
        *settings.all_options(preparation, without=()),
    ]
    return made


_SHARED: list[click.Parameter] = [
    click.Argument(["corpora"], nargs=-1, metavar="CORPUS..."),
    click.Option(["-o", "--output"], type=click.Path(path_type=Path), required=True, help="Directory to leave."),
    click.Option(
        ["--config", "config_file"],
        type=click.Path(path_type=Path),
        help="Experiment file (TOML), which may have the sections cleaning, duplicates and splits, too.",
    ),
    click.Option(["--overwrite"], is_flag=True, help="Replace what was prepared, or begun, at the output."),
    click.Option(["--resume"], is_flag=True, help="Go on with a preparation that was stopped, if there is one."),
    click.Option(["--processes"], type=click.IntRange(1), help="Processes that clean.  [default: one for each core]"),
    click.Option(["--engine"], metavar="ADDRESS", help="Clean on a cluster: the address of a scheduler of Dask."),
]


def lm() -> None:
    """Prepare plain text for language models: train.txt, validation.txt, test.txt, and their ids.

    A CORPUS is what `seqlab train lm` takes. The text is held out in hundredths, all over it, unless --split-by says
    otherwise; lines that come again stay, unless --exact says otherwise.
    """


def segment() -> None:
    """Prepare sentences cut into words.

    A CORPUS is what `seqlab train segment` takes. What is left are lines of words, train.txt and so on.
    """


def tag() -> None:
    """Prepare sentences with a tag for each token.

    A CORPUS is what `seqlab train tag` takes. What is left are lines of word/tag where it has such, else columns with a tab
    between token and tag, train.conll and so on.
    """


def classify() -> None:
    """Prepare labelled texts.

    A CORPUS is what `seqlab train classify` takes. What is left are JSON lines, train.jsonl and so on. Of each label the
    same share is held out.
    """


def translate() -> None:
    """Prepare pairs of sentences.

    The CORPUS is what `seqlab train translate` takes. What is left are JSON lines, train.jsonl and so on. A source sentence
    is held out with all of its translations.
    """


for _described in (lm, segment, tag, classify, translate):
    command.add_command(_made(_described.__name__, _described))


def _run(config: Experiment, preparation: Preparation, output: Path, flags: Mapping[str, Any]) -> None:
    if flags["resume"] and flags["overwrite"]:
        raise ConfigError("--resume goes on and --overwrite begins anew; leave out one of both")
    if not config.data.train:
        raise ConfigError("no corpus to prepare: give a file, a folder or sample:NAME (see `seqlab corpora`)")
    from seqlab.cli.corpus import columns_of_samples, how_to_read, reader, with_languages
    from seqlab.cli.preparing import Preparing, outcome
    from seqlab.corpora.preparation.reading import Reading
    from seqlab.corpora.preparation.run import Wanted, prepare
    from seqlab.tasks import TASKS
    from seqlab.training.interrupt import Interrupted

    _refuse_elsewhere(config)
    if isinstance(config, Tagging) and config.data.columns is None:
        config = _with_data(config, columns_of_samples(config.data.train))
    if isinstance(config, Translation):
        config = with_languages(config)
    canonical = _canonical(config)
    wanted = Wanted(
        Reading(config.task, config.data.encoding, how_to_read(config)),
        config.data.train,
        preparation,
        _of_text_parts(canonical),
        config.seed,
    )

    def index(paths: Mapping[str, Path], folder: Path) -> None:
        train = reader(canonical, [str(paths["train"])])
        validation = reader(canonical, [str(paths["validation"])]) if "validation" in paths else None
        TASKS[config.task].prepare(canonical, train, validation, folder)
        if config.task == "lm":
            _write_line_offsets(folder)

    workers = _workers(flags["engine"], flags["processes"])
    how = {name: flags[name] for name in ("resume", "overwrite")}
    try:
        with Preparing() as told:
            manifest = prepare(wanted, output, workers, index, told, **how)
    except KeyboardInterrupt:
        raise Interrupted(f"stopped; the same command with --resume goes on, from {output}.preparing") from None
    click.echo(outcome(manifest))
    click.echo(f"now: seqlab train {config.task} {output} -o RUN", err=True)


def _write_line_offsets(folder: Path) -> None:
    from seqlab.text.line_offsets import write_line_offsets
    from seqlab.text.pipeline import TextPipeline
    from seqlab.training.prepared import OFFSETS

    write_line_offsets(TextPipeline.load(folder / "text"), folder / "data" / "train.npy", folder / "data" / OFFSETS)


def _refuse_elsewhere(config: Experiment) -> None:
    """Refuse settings of an experiment file that say what is held out in another way than here.

    Raises:
        ConfigError: with what to do.
    """
    for path in ELSEWHERE:
        name = path.removeprefix("data.")
        field = type(config.data).model_fields.get(name)
        if name != "train" and field is not None and getattr(config.data, name) != field.default:
            raise ConfigError(f"{path}: what is held out is said in the section splits here; leave it out")


_READING = ("multi_label", "longest", "ratio", "scheme", "source_language", "target_language")
"""What the section data says of the records themselves, not of how files hold them."""


def _canonical(config: Experiment) -> Any:
    """The settings by which the files that are left are read, and text parts fitted on them."""
    fields = type(config.data).model_fields
    data = {name: field.default for name, field in fields.items() if name not in _READING}
    data |= {"validation_share": 0.0}
    if isinstance(config, Tagging):
        hub = any(corpus.startswith("hf:") for corpus in config.data.train)
        data |= {"token_column": 1, "tag_column": 2} if hub or config.data.columns else {}
    elif "form" in fields:
        data |= {"form": "jsonl"}
    return _with_data(config, data)


def _with_data(config: Any, update: Mapping[str, Any]) -> Any:
    return config.model_copy(update={"data": config.data.model_copy(update=dict(update))})


def _of_text_parts(config: Experiment) -> dict[str, Any]:
    """The settings that what is prepared depends on, in sections."""
    values = json.loads(config.to_json())
    found: dict[str, Any] = {}
    for path in fitted(config.task, [*(path for path, _ in all_settings(type(config)))], elsewhere=True):
        *sections, name = path.split(".")
        table, source = found, values
        for section in sections:
            table, source = table.setdefault(section, {}), source[section]
        table[name] = source[name]
    return found


def _workers(engine: str | None, processes: int | None) -> Callable[[Path], Any]:
    """What makes those who clean, given the folder that they write to.

    Raises:
        ConfigError: processes are asked for beside a cluster.
    """
    if engine is None:
        from seqlab.corpora.preparation.processes import Processes, n_cores

        return lambda folder: Processes(processes or n_cores())
    if processes is not None:
        raise ConfigError("--processes: the work is done by --engine; leave out one of both")
    from seqlab.corpora.preparation.engine import Engine

    return lambda folder: Engine(engine, folder)
