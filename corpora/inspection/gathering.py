"""All that is counted of the text of a corpus, block by block."""

from collections import Counter

import numpy as np

from seqlab.corpora.inspection.blocks import Block
from seqlab.corpora.inspection.characters import Characters
from seqlab.corpora.inspection.duplicates import DuplicateLines
from seqlab.corpora.inspection.findings import Lengths, TextFindings, Tokens
from seqlab.corpora.inspection.forms import Form
from seqlab.corpora.inspection.line_lengths import LineLengths, histogram, quantile
from seqlab.corpora.inspection.scripts import ScriptTable, chinese_forms, script_shares
from seqlab.corpora.inspection.suspicion import Suspicions
from seqlab.corpora.inspection.words import Words

_FREQUENT = 10
_LONG, _TIMES, _ANYWAY = 2000, 20, 100_000
"""Very long is a line of more characters than this, and than so many times the median; or of more than that."""


class Gathered:
    """Counts that grow with the blocks that are added."""

    def __init__(self, words_every: int = 1) -> None:
        """Take the words of every so many-th block alone."""
        self._characters = Characters()
        self._lengths = LineLengths()
        self._duplicates = DuplicateLines()
        self._words = Words()
        self._scripts = ScriptTable()
        self._suspicions = Suspicions(self._scripts)
        self._words_every = words_every
        self._n_blocks = 0
        self._parted: set[str] = set()
        self._has_tags = False

    def add(self, block: Block, form: Form) -> int:
        """Count what is in a block of a file of this form; give how many undecodable bytes are in it."""
        distinct = self._characters.add(block)
        self._lengths.add(block)
        if form.column is None:  # where a line is a token, most are repeated
            self._duplicates.add(block)
        self._suspicions.add(block, distinct)
        if self._n_blocks % self._words_every == 0:
            self._words.add(block, form.words if form.parted else None)
            self._parted.add(form.parted or "Unicode rules")
        self._has_tags |= form.has_tags
        self._n_blocks += 1
        if not ((distinct >= 0xD800) & (distinct <= 0xDFFF)).any():
            return 0
        return int(np.count_nonzero((block.codes >= 0xD800) & (block.codes <= 0xDFFF)))

    def findings(self) -> TextFindings | None:
        """Give what was found out; None where no block has come."""
        if not self._n_blocks:
            return None
        counts = self._characters.counts
        lengths, n_of = self._lengths.table()
        n_letters = script_shares(counts, self._scripts)
        total = max(1, sum(n for _, n in n_letters))
        scripts = {name: n / total for name, n in n_letters}
        n_lines = int(n_of.sum())
        found = self._found_lengths()
        long = min(max(_LONG, _TIMES * found.median), _ANYWAY)
        simplified, traditional = chinese_forms(counts)
        suspicions = self._suspicions
        return TextFindings(
            n_lines=n_lines,
            n_blank=self._lengths.n_blank,
            lengths=found,
            scripts=scripts,
            has_tags=self._has_tags,
            simplified=simplified,
            traditional=traditional,
            characters=self._found_characters(),
            words=_tokens(self._words.counts, self._words.n_bytes),
            words_parted=" and ".join(sorted(self._parted)),
            n_compared_lines=self._duplicates.n_lines,
            n_repeated_lines=self._duplicates.n_repeats,
            most_repeated=self._duplicates.most_frequent(),
            odd=self._characters.odd(),
            mojibake=[(*signs, n, suspicions.mojibake_at[signs]) for signs, n in suspicions.mojibake.most_common()],
            suspicious=suspicions.counts(scripts, n_lines, int(n_of[lengths > long].sum())),
            first_suspicious=suspicions.first(scripts, n_lines, long),
        )

    def _found_lengths(self) -> Lengths:
        lengths, n_of = self._lengths.table()
        n_lines = max(1, int(n_of.sum()))
        return Lengths(
            median=quantile(lengths, n_of, 0.5),
            mean=float((lengths * n_of).sum()) / n_lines,
            p90=quantile(lengths, n_of, 0.9),
            p99=quantile(lengths, n_of, 0.99),
            longest=self._lengths.longest,
            longest_at=self._lengths.longest_at,
            histogram=histogram(lengths, n_of),
        )

    def _found_characters(self) -> Tokens:
        counts = self._characters.counts
        seen = {
            chr(code): int(counts[code]) for code in np.flatnonzero(counts).tolist() if not 0xD800 <= code <= 0xDFFF
        }
        n_bytes = sum(n * len(character.encode()) for character, n in seen.items())
        return _tokens(Counter({sign: n for sign, n in seen.items() if not sign.isspace()}), n_bytes)


def _tokens(counts: Counter[str], n_bytes: int) -> Tokens:
    hapaxes = sum(n == 1 for n in counts.values())
    return Tokens(sum(counts.values()), len(counts), hapaxes, counts.most_common(_FREQUENT), n_bytes)
