"""Records of every task, cleaned: the text of each, without touching labels and tags.

- Text: its lines, each by itself; it goes when no line stays.
- Labelled: the text.
- Pair: both sides; the pair goes when one of them goes.
- Segmented: its words; one that becomes empty goes, one that then has blanks becomes several, and lengths and scripts are
  those of the sentence.
- Tagged: its tokens, of which there are as many afterwards; a sentence with a token that becomes empty goes.

Words and tokens are cleaned one by one, so what spans several of them is not seen, as a tag with attributes, or a phrase.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, islice
from typing import Any, TypeVar

from seqlab.corpora.cleaning.cleaner import Cleaner
from seqlab.corpora.cleaning.refusals import TOKEN_EMPTY
from seqlab.errors import ConfigError
from seqlab.records import Labelled, Pair, Segmented, Tagged, Text

Record = TypeVar("Record", Text, Labelled, Pair, Segmented, Tagged)
BATCH = 2000
"""Records that are cleaned together."""


def clean_record(record: Record, cleaner: Cleaner) -> Record | None:
    """Clean a record; None where it is left out. Many at once are faster with `clean_records`."""
    return next(clean_records([record], cleaner))


def clean_records(records: Iterable[Record], cleaner: Cleaner) -> Iterator[Record | None]:
    """Clean records, which may be of several kinds, and give one for each, None for one that is left out.

    Raises ConfigError where sentences are wanted of what is no running text.
    """
    source = iter(records)
    while batch := list(islice(source, BATCH)):
        for kind, alike in groupby(batch, type):
            if kind is not Text and cleaner.settings.split_sentences:
                raise ConfigError(
                    "split_sentences: only running text is split into sentences; leave it out for this task"
                )
            clean: Callable[[list[Record], Cleaner], list[Record | None]] = _CLEANED[kind]
            yield from clean(list(alike), cleaner)


def _texts(records: Sequence[Text], cleaner: Cleaner) -> list[Text | None]:
    return [replace(record, text=text) if (text := cleaner.clean_lines(record.text)) else None for record in records]


def _labelled(records: Sequence[Labelled], cleaner: Cleaner) -> list[Labelled | None]:
    texts = cleaner.clean_all([record.text for record in records])
    return [
        None if text is None else record if text == record.text else replace(record, text=text)
        for record, text in zip(records, texts, strict=True)
    ]


def _pairs(records: Sequence[Pair], cleaner: Cleaner) -> list[Pair | None]:
    sides = [side for record in records for side in (record.source, record.target)]
    changed = cleaner.change(sides, [index // 2 for index in range(len(sides))])
    refused = cleaner.refused(sides, changed)
    reasons = [source or target for source, target in zip(refused[::2], refused[1::2], strict=True)]
    cleaner.count(reasons)
    return [
        None if reason or source is None or target is None else Pair(source, target, record.where)
        for record, source, target, reason in zip(records, changed[::2], changed[1::2], reasons, strict=True)
    ]


def _segmented(records: Sequence[Segmented], cleaner: Cleaner) -> list[Segmented | None]:
    cleaned: list[Segmented | None] = []
    of_records = _words([record.words for record in records], cleaner)
    sentences = [_words_left(record.words, words) for record, words in zip(records, of_records, strict=True)]
    reasons = _of_sentences(["".join(record.words) for record in records], sentences, cleaner)
    cleaner.count(reasons)
    for record, words, reason in zip(records, sentences, reasons, strict=True):
        cleaned.append(None if reason or words is None else Segmented(tuple(words), record.source))
    return cleaned


def _tagged(records: Sequence[Tagged], cleaner: Cleaner) -> list[Tagged | None]:
    of_records = _words([record.tokens for record in records], cleaner)
    sentences = [None if None in tokens else [token or "" for token in tokens] for tokens in of_records]
    reasons = _of_sentences(["".join(record.tokens) for record in records], sentences, cleaner)
    cleaned: list[Tagged | None] = []
    for index, (record, tokens) in enumerate(zip(records, sentences, strict=True)):
        if tokens and any(old and not new.strip() for old, new in zip(record.tokens, tokens, strict=True)):
            reasons[index] = reasons[index] or TOKEN_EMPTY
        gone = tokens is None or reasons[index]
        cleaned.append(None if gone or tokens is None else Tagged(tuple(tokens), record.tags, record.source))
    cleaner.count(reasons)
    return cleaned


def _words(sentences: Sequence[Sequence[str]], cleaner: Cleaner) -> list[list[str | None]]:
    """Change the words of sentences, counted by sentence."""
    flat = [word for words in sentences for word in words]
    owners = [index for index, words in enumerate(sentences) for _ in words]
    changed = iter(cleaner.change(flat, owners))
    return [list(islice(changed, len(words))) for words in sentences]


def _words_left(words: Sequence[str], changed: Sequence[str | None]) -> list[str] | None:
    """Give the words of a sentence that are left, without blanks in those that were changed; None if one never settles."""
    left: list[str] = []
    for old, new in zip(words, changed, strict=True):
        if new is None:
            return None
        left += [new] if new == old else new.split()
    return left


def _of_sentences(before: Sequence[str], after: Sequence[list[str] | None], cleaner: Cleaner) -> list[str | None]:
    return cleaner.refused(before, [None if words is None else "".join(words) for words in after])


_CLEANED: dict[type, Callable[[Any, Cleaner], Any]] = {
    Text: _texts,
    Labelled: _labelled,
    Pair: _pairs,
    Segmented: _segmented,
    Tagged: _tagged,
}
