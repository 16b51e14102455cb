"""Cleaning of texts: changes until nothing changes any more, then the rules by which texts are left out."""

from collections import Counter
from collections.abc import Sequence
from itertools import compress
from operator import ne

from seqlab.config import Cleaning
from seqlab.corpora.cleaning.changes import FINAL, changes
from seqlab.corpora.cleaning.conversion import CONVERTED, converter
from seqlab.corpora.cleaning.refusals import NOTHING_LEFT, UNSETTLED, refusals
from seqlab.corpora.cleaning.sentences import split_sentences

_Touched = dict[str, set[int]]  # by the name of a change, the owners of the texts that it changed
ROUNDS = 10
"""How often all changes are made in turn at most, until nothing changes; "<<b>i>" takes three."""


class Cleaner:
    """Cleans texts, always in the same way, and counts by each rule how many it changed and how many it left out.

    A cleaned text is clean: to clean it again changes nothing. This does not hold for the conversion of Chinese, which is
    made once: it would have to guess in a text that is converted already.
    """

    def __init__(self, settings: Cleaning) -> None:
        """Take the settings; ConfigError where a library that they need is not installed."""
        self.settings = settings
        self.counts: Counter[str] = Counter()
        """Texts by what was done to them, "HTML tags removed" or "dropped: too short"; all of them, "read", and "kept"."""
        self._changes = changes(settings)
        self._convert = None if settings.chinese == "keep" else converter(settings.chinese)

    def clean(self, text: str) -> str | None:
        """Give the cleaned text, None where it is left out."""
        return self.clean_all([text])[0]

    def clean_all(self, texts: Sequence[str]) -> list[str | None]:
        """Clean many texts at once, each as by itself, in a fraction of the time.

        With `split_sentences` each line of a text is cleaned by itself, and each sentence has a line.
        """
        if self.settings.split_sentences:
            sentences = [self._sentences(text.split("\n")) for text in texts]
            return ["\n".join(lines) if lines else None for lines in sentences]
        changed = self.change(texts)
        reasons = self.refused(texts, changed)
        self.count(reasons)
        return [None if reason else new for new, reason in zip(changed, reasons, strict=True)]

    def clean_lines(self, block: str) -> str:
        """Clean each line of a block of running text as a text by itself; lines that are left out go with their ends.

        A last line without an end may go on in another block, so white space at its end does not vanish altogether.
        """
        lines = block.split("\n")
        last = lines.pop()
        if self.settings.split_sentences:
            kept, rest = self._sentences(lines), self._sentences([last] if last else [])
        else:
            cleaned = self.clean_all([*lines, last] if last else lines)
            kept = [line for line in cleaned[: len(lines)] if line is not None]
            rest = [line for line in cleaned[len(lines) :] if line is not None]
        if rest and rest[-1].strip() and last[-1].isspace() and not rest[-1][-1].isspace():
            rest[-1] += " "
        return "".join([f"{line}\n" for line in kept]) + "\n".join(rest)

    def change(self, texts: Sequence[str], owners: Sequence[int] | None = None) -> list[str | None]:
        """Make the changes alone, until nothing changes; None for a text that changes still after `ROUNDS` rounds.

        Args:
            owners: the number of what each text belongs to, such as the sentence of a word, by which changes are counted.
        """
        owners = range(len(texts)) if owners is None else owners
        touched: _Touched = {name: set() for name in (*self._changes, CONVERTED)}
        changed = self._all_settled(texts, owners, touched)
        if self._convert is not None:
            converted = [text and self._convert(text) for text in changed]
            touched[CONVERTED].update(compress(owners, map(ne, changed, converted)))
            changed = self._all_settled(["" if text is None else text for text in converted], owners, touched)
            changed = [None if text is None else new for text, new in zip(converted, changed, strict=True)]
        self.counts.update({name: len(whose) for name, whose in touched.items() if whose})
        return changed

    def refused(self, texts: Sequence[str], changed: Sequence[str | None]) -> list[str | None]:
        """Give the rule by which each text, as `change` has left it, is left out, None where it stays; count nothing."""
        reasons = refusals([text or "" for text in changed], self.settings)
        for index, (text, new) in enumerate(zip(texts, changed, strict=True)):
            if new is None:
                reasons[index] = UNSETTLED
            elif new != text and not new.strip() and text.strip():
                reasons[index] = NOTHING_LEFT
        return reasons

    def count(self, reasons: Sequence[str | None]) -> None:
        """Count texts, or pairs, that were read by the rule by which each is left out, None where it stays."""
        self.counts["read"] += len(reasons)
        self.counts.update(reason or "kept" for reason in reasons)

    def _all_settled(self, texts: Sequence[str], owners: Sequence[int], touched: _Touched) -> list[str | None]:
        """Change texts until nothing changes; those with line ends one by one, as they cannot be put together."""
        several = [index for index, text in enumerate(texts) if "\n" in text]
        alone = ["" if "\n" in text else text for text in texts] if several else [*texts]
        changed = self._settle(alone, owners, touched)
        for index in several:
            changed[index] = self._settle([texts[index]], [owners[index]], touched)[0]
        return changed

    def _settle(self, texts: list[str], owners: Sequence[int], touched: _Touched) -> list[str | None]:
        """Change texts, all of one line each or a single one, until nothing changes."""
        settled: list[str | None] = []
        places: Sequence[int] = range(len(texts))
        for _ in range(ROUNDS):
            if not texts:
                break
            texts, moved = self._round(texts, owners, touched)
            if settled:
                for place, text in zip(places, texts, strict=True):
                    settled[place] = text
            else:
                settled = [*texts]
            texts, owners = [texts[index] for index in moved], [owners[index] for index in moved]
            places = [places[index] for index in moved]
        for place in places if texts else ():
            settled[place] = None
        return settled

    def _round(self, texts: list[str], owners: Sequence[int], touched: _Touched) -> tuple[list[str], list[int]]:
        """Make each change once; give the texts, and which of them may not be settled yet."""
        before, block = texts, "\n".join(texts)
        moved: set[int] = set()
        for name, change in self._changes.items():
            changed = change(block)
            if changed != block:
                after = changed.split("\n") if len(texts) > 1 else [changed]
                assert len(after) == len(texts), name
                others = list(map(ne, texts, after))
                touched[name].update(compress(owners, others))
                if name not in FINAL:
                    moved.update(compress(range(len(texts)), others))
                texts, block = after, changed
        return texts, [index for index in sorted(moved) if texts[index] != before[index]]

    def _sentences(self, lines: list[str]) -> list[str]:
        """Clean lines and give the sentences that stay."""
        self.counts["read"] += len(lines)
        changed = self.change(lines)
        whole = [reason in (NOTHING_LEFT, UNSETTLED) and reason for reason in self.refused(lines, changed)]
        self.counts.update(reason for reason in whole if reason)
        found = [split_sentences(line or "") for line, gone in zip(changed, whole, strict=True) if not gone]
        self.counts["lines split into sentences"] += sum(len(sentences) > 1 for sentences in found)
        sentences = [sentence for of_line in found for sentence in of_line]
        reasons = self.refused(sentences, sentences)
        self.counts.update(reason or "kept" for reason in reasons)
        return [sentence for sentence, reason in zip(sentences, reasons, strict=True) if not reason]
