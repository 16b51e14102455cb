"""The preparation of a corpus, stage by stage; each leaves finished files, so that one that was stopped can go on."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from seqlab.config.preparation import Preparation
from seqlab.corpora.preparation import manifest
from seqlab.corpora.preparation.canonical import COLUMNS, FORMS, SLASHES
from seqlab.corpora.preparation.folder import Folder
from seqlab.corpora.preparation.outcome import Drawn, part_records, part_stretches
from seqlab.corpora.preparation.plan import PARTS, Plan, plan
from seqlab.corpora.preparation.reading import Reading
from seqlab.corpora.preparation.rows import Layout
from seqlab.corpora.preparation.shard import (
    LINES,
    PIECES,
    RECORDS_AS_READ,
    Work,
    clean_shard,
    counts_of,
    is_done,
    name_of,
)
from seqlab.corpora.tagged import TaggedLines
from seqlab.corpora.unchanged import digest
from seqlab.errors import DataError


@dataclass(frozen=True)
class Wanted:
    """What is to be prepared."""

    reading: Reading
    corpora: tuple[str, ...]
    settings: Preparation
    fitted: Mapping[str, Any]
    """The settings of the experiment that it is prepared for, in sections: those that the text parts depend on."""
    seed: int = 1

    @property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """The corpora of each part; none for what is drawn."""
        return {"train": self.corpora, **{name: self.settings.splits.corpora(name) for name in PARTS[1:]}}

    @property
    def options(self) -> dict[str, Any]:
        """Every setting of the preparation, in values of JSON."""
        reading = {"encoding": self.reading.encoding, **self.reading.options}
        values = {"seed": self.seed, "reading": reading, **self.settings.model_dump(mode="json")}
        return json.loads(json.dumps(values))  # type: ignore[no-any-return]


class Workers(Protocol):
    """Who cleans the shards."""

    @property
    def shares_paths(self) -> bool:
        """Whether relative paths mean the same to them."""

    def run(self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
        """Give the number of each call with what comes of it, in any order."""


class Told(Protocol):
    """Who is told how it goes."""

    def stage(self, name: str, n_bytes: int) -> None:
        """A stage begins, of so many bytes; 0 where that is not known."""

    def moved(self, n_bytes: int) -> None:
        """So many bytes of it are done."""

    def noted(self, message: str) -> None:
        """Something that one may want to know, in one sentence."""


def prepare(
    wanted: Wanted,
    output: Path,
    workers: Callable[[Path], Workers],
    index: Callable[[Mapping[str, Path], Path], None],
    told: Told,
    *,
    resume: bool = False,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Prepare a corpus into a directory, which appears when all is done; give what its `corpus.json` holds.

    Args:
        wanted: what is to be prepared. output: the directory.
        workers: makes who cleans the shards, given the folder that they write to.
        index: fits the text parts on the files of the parts, by name, and indexes these, into a folder.
        told: who is told how it goes.
        resume: go on with a preparation that was stopped, if there is one.
        overwrite: replace what was prepared there before.

    Raises:
        ConfigError, DataError: with what to do. What is done is kept for `resume`.
    """
    folder = Folder.begun(output, resume=resume, overwrite=overwrite)
    if folder is None:
        done = manifest.read(output)
        if (done["options"], done["settings"]) != (wanted.options, wanted.fitted):
            raise DataError(f"{output}: is done already, with other settings; give --overwrite to prepare it anew")
        told.noted(f"{output}: is done already")
        return done
    try:
        with folder.writing():
            _prepare(wanted, folder, workers, index, told)
    except BaseException:
        folder.given_up()
        raise
    return manifest.read(output)


def _prepare(
    wanted: Wanted,
    folder: Folder,
    workers: Callable[[Path], Workers],
    index: Callable[[Mapping[str, Path], Path], None],
    told: Told,
) -> None:
    """Go through the stages, those left out that are done."""
    told.stage("reading", 0)
    planned = plan(wanted.reading, wanted.parts)
    folder.check_plan({"plan": planned.to_dict(), "options": wanted.options, "settings": dict(wanted.fitted)})
    work = _work(wanted)
    if not folder.parted.is_file():
        _clean(work, planned, folder, workers, told)
        _check_sources(planned)
        folder.keep_counts(_part(wanted, work, planned, folder, told))
    told.stage("fitting", 0)
    folder.index(lambda place: index(_files(folder.whole, work), place))
    manifest.write(folder.whole, wanted.reading.task, planned, wanted.options, wanted.fitted, folder.counts())
    folder.move_into_place()


def _work(wanted: Wanted) -> Work:
    """What is to be done with every shard, which follows from the settings and from what kind of corpora it is."""
    task, settings = wanted.reading.task, wanted.settings
    reader, split_by = wanted.reading.open(list(wanted.corpora)), getattr(settings.splits, "split_by", "auto")
    form = task if task != "tag" else f"tag {SLASHES if isinstance(reader, TaggedLines) else COLUMNS}"
    taken = RECORDS_AS_READ
    if task == "lm":
        in_lines = split_by != "auto" or settings.duplicates.exact or settings.duplicates.near
        taken = LINES if in_lines else PIECES
    unit = split_by in ("document", "group")
    layout = Layout(content=task != "lm", unit=unit, stratum=getattr(settings.splits, "stratify", False) and not unit)
    group = getattr(settings.splits, "group_column", None)
    return Work(wanted.reading, settings.cleaning, settings.duplicates, form, layout, taken, group)


def _clean(work: Work, planned: Plan, folder: Folder, workers: Callable[[Path], Workers], told: Told) -> None:
    """Clean all shards that are not done."""
    total = sum(shard.size for shard in planned.shards)
    left = [number for number, _ in enumerate(planned.shards) if not is_done(folder.shards / name_of(number))]
    done = total - sum(planned.shards[number].size for number in left)
    told.stage("cleaning", total)
    told.moved(done)
    if not left:
        return
    crew = workers(folder.shards.absolute())
    shards = planned.shards if crew.shares_paths else [shard.anywhere() for shard in planned.shards]
    place = str(folder.shards if crew.shares_paths else folder.shards.absolute())
    for number, _ in crew.run(clean_shard, [(work, shards[number], number, place) for number in left]):
        done += planned.shards[left[number]].size
        told.moved(done)


def _check_sources(planned: Plan) -> None:
    """Refuse files that are others than when the plan was made."""
    for source in planned.sources:
        if source.path and digest(source.path) != source.sha256:
            raise DataError(
                f"{source.name}: changed while it was read; wait until it is complete, and begin again with --overwrite"
            )


def _part(wanted: Wanted, work: Work, planned: Plan, folder: Folder, told: Told) -> dict[str, Any]:
    """Write the parts; give what became of what was read."""
    shards = [(shard.part, folder.shards / name_of(number)) for number, shard in enumerate(planned.shards)]
    read = {name: manifest.summed([counts_of(path) for part, path in shards if part == name]) for name in PARTS}
    splits = wanted.settings.splits
    drawn = Drawn({name: splits.drawn(name) or 0 for name in PARTS[1:]}, wanted.seed, splits.keep_leaks)
    told.stage("writing", sum((path / "records").stat().st_size for _, path in shards))
    parting = part_stretches if work.taken == PIECES else part_records
    outcome = parting(work, shards, drawn, folder.path, folder.whole, told.moved)
    if not outcome["parts"].get("train"):
        if not any(read["train"].get(name) for name in ("read", "read characters")):
            raise DataError(f"{', '.join(wanted.corpora)}: there is nothing to read; give a corpus that has text in it")
        became = manifest.in_words(read["train"], outcome)
        raise DataError(f"nothing to train on is left: {became}; clean less, or give more")
    return {**{name: of for name, of in read.items() if wanted.parts[name]}, **outcome}


def _files(whole: Path, work: Work) -> dict[str, Path]:
    """The files of the parts that there are, by name."""
    paths = {name: whole / f"{name}{FORMS[work.form].suffix}" for name in PARTS}
    return {name: path for name, path in paths.items() if path.is_file()}
