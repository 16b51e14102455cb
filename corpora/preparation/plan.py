"""What a preparation reads, and in which shards: a matter of corpora and settings alone, never of who does the work."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from seqlab.corpora.catalogue import SAMPLES
from seqlab.corpora.files import TextFile
from seqlab.corpora.hub import PREFIX
from seqlab.corpora.labelled import LabelledText
from seqlab.corpora.parallel import ParallelText
from seqlab.corpora.preparation.reading import Reading
from seqlab.corpora.readers import PlainText
from seqlab.corpora.segmented import SegmentedText
from seqlab.corpora.spans import cut
from seqlab.corpora.tagged import TaggedLines
from seqlab.corpora.unchanged import digest, on_disk

SHARD = 16 << 20
"""Bytes of a shard, about, where files can be cut."""
PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Source:
    """A file that is read, or a dataset."""

    name: str
    """As it was given, below a folder too: no matter where on this machine."""
    path: str
    """"" for a dataset."""
    size: int
    """Bytes, as it lies on disk; 0 for a dataset."""
    sha256: str
    """Of the same; "" for a dataset."""


@dataclass(frozen=True)
class Shard:
    """What is read at one go."""

    part: str
    """train, validation or test: which of the corpora it is of."""
    corpora: tuple[str | TextFile, ...]
    """As the opener of the task takes them."""
    document: str
    """The name of its file; "" where it may hold several."""
    size: int
    """Bytes that are read, as they lie on disk."""

    def anywhere(self) -> "Shard":
        """Give the same shard with paths that mean the same in every folder."""
        return replace(self, corpora=tuple(map(_absolute, self.corpora)))


@dataclass(frozen=True)
class Plan:
    """What a preparation reads."""

    sources: tuple[Source, ...]
    shards: tuple[Shard, ...]
    """Those of the training corpora first, then those to validate on, then those to test with."""

    def to_dict(self) -> dict[str, Any]:
        """Give the plan in values of JSON."""
        shards = [{"part": one.part, "corpora": list(map(_told, one.corpora)), "size": one.size} for one in self.shards]
        return {"sources": [asdict(source) for source in self.sources], "shards": shards}


def plan(reading: Reading, corpora: Mapping[str, Sequence[str]]) -> Plan:
    """Give the plan for the corpora of each part; every file is read once, for its digest.

    Raises what the opener of the task does, and DataError for a file that cannot be read.
    """
    sources: dict[str, Source] = {}
    shards: list[Shard] = []
    samples = {str(SAMPLES[name].path): f"sample:{name}" for name in SAMPLES}
    for part in PARTS:
        if given := corpora.get(part):
            reader = reading.open(list(given))
            for file in getattr(reader, "files", ()):
                path = str(file.path)
                if path not in sources:
                    name = samples.get(path, file.name)
                    sources[path] = Source(name, path, on_disk(file.path).stat().st_size, digest(path))
            shards += _shards(part, given, reader, sources)
    datasets = [Source(name, "", 0, "") for given in corpora.values() for name in given if name.startswith(PREFIX)]
    return Plan((*sources.values(), *dict.fromkeys(datasets)), tuple(shards))


def _shards(part: str, given: Sequence[str], reader: Any, sources: Mapping[str, Source]) -> list[Shard]:
    files = tuple(
        replace(file, tally=Counter(), given=sources[str(file.path)].name) for file in getattr(reader, "files", ())
    )
    if isinstance(reader, PlainText | SegmentedText | TaggedLines):
        return [
            Shard(part, (piece,), piece.name, _size(piece, sources)) for file in files for piece in cut(file, SHARD)
        ]
    alone = not isinstance(reader, ParallelText) or len(files) == 1
    folders = isinstance(reader, LabelledText) and any(Path(name).is_dir() for name in given)
    if not files or not alone or folders:  # what belongs to what is the reader's own matter
        return [Shard(part, tuple(given), "", sum(_size(file, sources) for file in files))]
    return [Shard(part, (file,), file.name, _size(file, sources)) for file in files]


def _size(file: TextFile, sources: Mapping[str, Source]) -> int:
    return sources[str(file.path)].size if file.span is None else file.span[1] - file.span[0]


def _told(corpus: str | TextFile) -> Any:
    if isinstance(corpus, str):
        return corpus
    return [corpus.name, corpus.encoding, corpus.errors, corpus.span]


def _absolute(corpus: str | TextFile) -> str | TextFile:
    if isinstance(corpus, TextFile):
        return replace(corpus, path=corpus.path.absolute())
    return str(Path(corpus).absolute()) if Path(corpus).exists() else corpus
