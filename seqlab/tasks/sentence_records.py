"""Records of segmenters and taggers: checked, and as lists."""

from collections.abc import Sequence

from seqlab.errors import DataError
from seqlab.records import Segmented, Tagged

Pair = tuple[Sequence[str], Sequence[str]]
"""The tokens and the tags of a sentence."""


def words_of(record: Segmented | Sequence[str]) -> list[str]:
    """The words of a record.

    Raises:
        DataError: it is no list of words, or one of them is empty or holds white space.
    """
    if isinstance(record, str) or not isinstance(record, Segmented | Sequence):
        raise DataError(
            f"a record is a list of words or seqlab.records.Segmented, not {type(record).__name__}: {record!r:.60}"
        )
    words = list(record.words if isinstance(record, Segmented) else record)
    where = f"{record.source}: " if isinstance(record, Segmented) and record.source else ""
    if not words:
        raise DataError(f"{where}a sentence has no words: leave it out")
    for word in words:
        if not isinstance(word, str) or word.split() != [word]:
            raise DataError(f"{where}{word!r} is no word: words are texts that hold no white space, and are not empty")
    return words


def pair_of(record: Tagged | Pair) -> tuple[list[str], list[str], str]:
    """The tokens and the tags of a record, and where it comes from.

    Raises:
        DataError: it is no pair of lists of texts, or these are not equally long, or empty.
    """
    if isinstance(record, Tagged):
        tokens, tags, source = list(record.tokens), list(record.tags), record.source
    elif isinstance(record, Sequence) and len(record) == 2 and not any(isinstance(part, str) for part in record):
        tokens, tags, source = list(record[0]), list(record[1]), ""
    else:
        raise DataError(f"a record is a pair of tokens and tags or seqlab.records.Tagged, not {record!r:.60}")
    where = f"{source}: " if source else ""
    if not tokens or len(tokens) != len(tags):
        raise DataError(
            f"{where}{len(tokens)} tokens and {len(tags)} tags: give each token one, and at least one token"
        )
    for text in (*tokens, *tags):
        if not isinstance(text, str) or not text:
            raise DataError(f"{where}{text!r} is no token or tag: these are texts, and not empty")
    return tokens, tags, source
