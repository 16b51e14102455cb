"""The forms of files whose records have named values: JSON lines, JSON in one piece, Parquet."""

from collections.abc import Callable, Iterator

from seqlab.corpora.files import TextFile
from seqlab.corpora.json_array import read_json
from seqlab.corpora.json_objects import Object, read_objects
from seqlab.corpora.parquet import read_parquet

OBJECTS: dict[str, Callable[[TextFile, str], Iterator[Object]]] = {
    "jsonl": read_objects,
    "json": read_json,
    "parquet": read_parquet,
}
"""How the objects of a file are read, by form, from the file and an example of what is wanted."""
SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".parquet": "parquet"}
"""The form that a suffix says."""
