"""Looking through the files of a corpus: once, in constant memory, in any encoding, refusing nothing."""

from collections.abc import Sequence
from math import ceil

from seqlab.corpora.files import TextFile
from seqlab.corpora.folder_per_class import suffix_of
from seqlab.corpora.hub import HubDataset
from seqlab.corpora.inspection.blocks import LineEnds, blocks_of
from seqlab.corpora.inspection.command import command_for
from seqlab.corpora.inspection.encoding import Encoding, guessed, named
from seqlab.corpora.inspection.findings import FileFindings, Findings
from seqlab.corpora.inspection.forms import LOOK, Form, form_of
from seqlab.corpora.inspection.gathering import Gathered
from seqlab.corpora.inspection.rows import Rows, row_blocks, rows_of
from seqlab.corpora.inspection.sampling import Sample, head, is_compressed, sample, size_on_disk
from seqlab.corpora.inspection.signatures import binary_by, signature
from seqlab.errors import DataError

SAMPLE = 64 << 20
"""Bytes that are read of a corpus, unless another number is asked for."""
WORD_BYTES = 16 << 20
"""Bytes whose words are counted, about."""


def inspect(
    files: Sequence[TextFile | HubDataset], *, budget: int = SAMPLE, encoding: str | None = None, seed: int = 1
) -> Findings:
    """Find out what the files of a corpus are.

    Args:
        files: as `find_files` gives them; or datasets (`open_dataset`).
        budget: bytes that are read, about; a larger corpus is sampled, each file by the same share.
        encoding: that of all files; found out where None.
        seed: of the places where a large file is sampled.

    Raises DataError where the only file cannot be read; of several ones what is wrong stands in the findings.
    """
    sizes = [0 if isinstance(file, HubDataset) else size_on_disk(file.path) for file in files]
    total = sum(sizes)
    share = min(1.0, budget / total) if total else 1.0
    gathered = Gathered(max(1, ceil(min(budget, total) / WORD_BYTES)))
    found = []
    for file, size in zip(files, sizes, strict=True):
        facts = FileFindings(file.name, size)
        found.append(facts)
        part = int(share * size) if size and len(files) > 1 else budget // len(files)
        try:
            if isinstance(file, HubDataset) or suffix_of(file.path) == ".parquet":
                _read_rows(rows_of(file), facts, part, gathered)
            else:
                _look_at(file, facts, encoding, part, seed, gathered)
        except DataError as error:
            if len(files) == 1:
                raise
            facts.fault = str(error).removeprefix(f"{file.name}: ")
    sampled = any(facts.sampled for facts in found)
    return Findings(found, sampled, sum(facts.n_read for facts in found), gathered.findings(), command_for(found))


def _look_at(
    file: TextFile, facts: FileFindings, encoding: str | None, budget: int, seed: int, gathered: Gathered
) -> None:
    """Find out what a file is, and add its text to what is gathered."""
    facts.compressed = is_compressed(file.path)
    start = head(file.path)
    facts.not_text = "empty" if not start else signature(start)
    if facts.not_text:
        return
    meant = named(encoding, start) if encoding is not None else guessed(file.path, file.name)
    facts.not_text = binary_by(start, meant.codec)
    if facts.not_text:
        return
    facts.encoding, facts.encoding_certain, facts.byte_order_mark = meant.name, meant.certain, meant.mark
    _read(file, facts, meant, sample(file.path, budget, seed, meant.unit), gathered)


def _read(file: TextFile, facts: FileFindings, meant: Encoding, taken: Sample, gathered: Gathered) -> None:
    facts.size, facts.sampled, facts.n_read = taken.size, not taken.whole, 0
    facts.last_line_ends = int.from_bytes(taken.ends[-meant.unit :], "little") in _line_ends(meant)
    ends = LineEnds()
    form: Form | None = None
    for stretch in taken.stretches:
        facts.n_read += taken.size if taken.whole else sum(map(len, stretch.data))
        for block in blocks_of(stretch, file.name, meant.codec, ends, numbered=taken.whole):
            if form is None:
                form = form_of(block.lines[:LOOK], suffix_of(file.path))
            facts.n_undecodable += gathered.add(block, form)
            facts.n_characters += len(block.text)
            facts.n_lines += len(block.starts) - (not block.begins)
    facts.form = form
    facts.line_feeds, facts.returns_with_line_feed, facts.returns = ends.line_feeds, ends.both, ends.returns
    if facts.sampled and facts.n_read:
        n_ends = ends.line_feeds + ends.both + ends.returns
        facts.n_lines = round(n_ends * facts.size / facts.n_read) + (not facts.last_line_ends)


def _read_rows(rows: Rows, facts: FileFindings, budget: int, gathered: Gathered) -> None:
    facts.rows, facts.n_lines, facts.form = True, rows.n_rows, Form(rows.what, rows.task)
    n_rows = 0
    for block in row_blocks(rows, budget):
        gathered.add(block, facts.form)
        n_rows += len(block.starts)
        facts.n_characters += len(block.text)
        facts.n_read += len(block.text.encode("utf-8", "surrogatepass"))
    facts.sampled = n_rows < rows.n_rows


def _line_ends(meant: Encoding) -> set[int]:
    """Give the line feed and the return as numbers of the last bytes, read in little-endian order."""
    shift = 8 * (meant.unit - 1) if meant.codec.endswith("-be") else 0
    return {0x0A << shift, 0x0D << shift}
