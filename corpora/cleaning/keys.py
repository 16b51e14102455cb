"""Keys of records: 128 bits that are the same for the same content, on every machine, and practically for no other.

`key` is of all that a record says, and finds exact duplicates; `group_key` is of what must not stand in two parts of a
split.
"""

from hashlib import blake2b

from seqlab.records import Labelled, Pair, Segmented, Tagged, Text

Record = Text | Labelled | Pair | Segmented | Tagged
SIZE = 16
"""Bytes of a key."""


def key(record: Record) -> bytes:
    """Give the key of what a record says: text, words, tags, labels in any order, both sides; not where it comes from."""
    if isinstance(record, Text):
        return _digest(record.text)
    if isinstance(record, Labelled):
        labels = record.labels if len(record.labels) < 2 else tuple(sorted(record.labels))
        return _digest(_joined((record.text, *labels)))
    if isinstance(record, Pair):
        return _digest(_joined((record.source, record.target)))
    if isinstance(record, Segmented):
        return _digest(_joined(record.words))
    return _digest(_joined(record.tokens + record.tags))


def group_key(record: Record) -> bytes:
    """Give the key of the text of a record, or of the source side of a pair: what a model would know from another part."""
    if isinstance(record, Text | Labelled):
        return _digest(record.text)
    if isinstance(record, Pair):
        return _digest(record.source)
    return _digest("".join(record.words if isinstance(record, Segmented) else record.tokens))


def text_key(text: str) -> bytes:
    """Give the key of a text: a line, the name of a document."""
    return _digest(text)


def _digest(content: str) -> bytes:
    return blake2b(content.encode("utf-8", "surrogatepass"), digest_size=SIZE).digest()


def _joined(parts: tuple[str, ...]) -> str:
    """Put parts together so that no others give the same: they are set apart by a sign that is escaped in them."""
    joined = "\0".join(parts)
    if joined.count("\0") < len(parts) and "\1" not in joined:
        return joined
    return "\0".join([part.replace("\1", "\1\2").replace("\0", "\1\3") for part in parts])
