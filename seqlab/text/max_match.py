"""Maximum matching: the longest word of a list that fits, again and again. The floor of every Chinese segmenter.

>>> matcher = MaximumMatcher(["研究", "研究生", "生命", "命", "起源"])
>>> matcher.forward("研究生命起源")
['研究生', '命', '起源']
>>> matcher.backward("研究生命起源")
['研究', '生命', '起源']
>>> matcher.bidirectional("研究生命起源")
['研究', '生命', '起源']
"""

from collections.abc import Callable, Iterable

_Lengths = dict[str, tuple[int, ...]]


class MaximumMatcher:
    """Cuts text with a list of words. A character at which no word of the list begins (or ends) is a word by itself.

    The words put together are the text, whatever it holds; white space is a character like any other.
    """

    def __init__(self, words: Iterable[str]) -> None:
        """Take the words; those of one character make no difference."""
        self._words = frozenset(word for word in words if len(word) > 1)
        # Two characters tell most words apart: what is tried at all, longest first.
        self._by_start = _lengths(self._words, lambda word: word[:2])
        self._by_end = _lengths(self._words, lambda word: word[-2:])

    def __len__(self) -> int:
        return len(self._words)

    def forward(self, text: str) -> list[str]:
        """Take the longest word from the left."""
        words, lengths = self._words, self._by_start
        found: list[str] = []
        start, size = 0, len(text)
        while start < size:
            end = start + 1
            for length in lengths.get(text[start : start + 2], ()):
                if text[start : start + length] in words:
                    end = start + length
                    break
            found.append(text[start:end])
            start = end
        return found

    def backward(self, text: str) -> list[str]:
        """Take the longest word from the right; the words are given from left to right."""
        words, lengths = self._words, self._by_end
        found: list[str] = []
        end = len(text)
        while end > 0:
            start = end - 1
            for length in lengths.get(text[end - 2 : end] if end > 1 else "", ()):
                if length <= end and text[end - length : end] in words:
                    start = end - length
                    break
            found.append(text[start:end])
            end = start
        found.reverse()
        return found

    def bidirectional(self, text: str) -> list[str]:
        """Take the one of the two with fewer words; of these with fewer of one character; of these the backward one."""
        forward, backward = self.forward(text), self.backward(text)
        return forward if _cost(forward) < _cost(backward) else backward


def _lengths(words: Iterable[str], key: Callable[[str], str]) -> _Lengths:
    found: dict[str, set[int]] = {}
    for word in words:
        found.setdefault(key(word), set()).add(len(word))
    return {start: tuple(sorted(lengths, reverse=True)) for start, lengths in found.items()}


def _cost(words: list[str]) -> tuple[int, int]:
    return len(words), sum(len(word) == 1 for word in words)
