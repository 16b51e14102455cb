"""The words of a text: how many, how many different ones, and which are the most frequent."""

from collections import Counter
from collections.abc import Callable, Sequence

from seqlab.corpora.inspection.blocks import Block
from seqlab.text.words import WordTokenizer

_PARTS_MORE = ("\x1c", "\x1d", "\x1e", "\x1f")  # what `split` takes for white space beside that of Unicode


class Words:
    """Counts of words, cut by `WordTokenizer`, or as they are parted already."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.n_bytes = 0
        """Bytes of UTF-8 of the text whose words were counted."""
        self._pieces = WordTokenizer().pieces

    def add(self, block: Block, words: Callable[[Sequence[str]], list[str]] | None) -> None:
        """Count those of a block.

        `words` gives the words of lines in which they are parted already; None cuts the text. Each run between white space
        is cut once: no word goes beyond it.
        """
        text = block.text
        self.n_bytes += len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        if words is not None:
            self.counts.update(words(block.lines))
            return
        if any(sign in text for sign in _PARTS_MORE):
            self.counts.update(self._pieces(text))
        else:
            runs = Counter(text.split())
            self.counts.update(self._pieces("\n".join([run for run, n in runs.items() if n == 1])))
            for run, n in runs.items():
                if n > 1:
                    for piece in self._pieces(run):
                        self.counts[piece] += n
        del self.counts["\n"]
