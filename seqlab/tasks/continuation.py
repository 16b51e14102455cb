"""One text that is being written: tokens in, text out as soon as it is sure to stay."""

from collections.abc import Sequence

from seqlab.text.pipeline import IdJoiner


class Continuation:
    """Joins tokens to text and ends before the first stop text: the one that is complete first, as the text is read.

    Where two are complete at once, it ends before the longer. Text that might be the beginning of a stop text is held
    back until it is clear that it is none.
    """

    def __init__(self, joiner: IdJoiner, stop: Sequence[str] = ()):
        self._joiner, self._stop, self._held = joiner, [text for text in stop if text], ""
        self.ended = False

    def add(self, id: int) -> str:
        """The text that can be written after one more token; empty once the text has ended."""
        return "" if self.ended else self._release(self._joiner.add(id))

    def finish(self) -> str:
        """What is left to write when no more tokens come."""
        if self.ended:
            return ""
        written = self._release(self._joiner.finish())
        rest, self._held = ("", "") if self.ended else (self._held, "")
        self.ended = True
        return written + rest

    def _release(self, text: str) -> str:
        self._held += text
        found = [(place + len(stop), place) for stop in self._stop if (place := self._held.find(stop)) >= 0]
        if found:
            self.ended = True
            _, place = min(found)
            return self._held[:place]
        keep = max((_overlap(self._held, stop) for stop in self._stop), default=0)
        sure = len(self._held) - keep
        text, self._held = self._held[:sure], self._held[sure:]
        return text


def _overlap(text: str, stop: str) -> int:
    """The length of the longest end of `text` with which `stop` begins."""
    return next((k for k in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:k])), 0)
