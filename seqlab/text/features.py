"""What a network reads of each token: its id, the kind of its signs, its neighbours, its first and last characters."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import ConfigError, DataError, unknown
from seqlab.text import codepoints
from seqlab.text.codepoints import codes_of
from seqlab.text.keys import find
from seqlab.text.lexicon import Lexicon, flags_of
from seqlab.text.vocab import BOS, EOS, SPECIALS, UNK, Vocab

Width = Literal["keep", "half"]
Case = Literal["keep", "lower"]
Ints = NDArray[np.int64]


class Columns(NamedTuple):
    """What a network reads of N tokens."""

    ids: NDArray[np.int32]
    """`(N, C)` ids; `TokenFeatures.columns` says of which table."""
    flags: NDArray[np.float32]
    """`(N, F)` 0 or 1; F may be 0."""


class Table(NamedTuple):
    """A table of learned vectors."""

    name: str
    """"token", "kind", "bigram", "prefix 1", "suffix 1", ..."""
    size: int
    """How many vectors it has: ids are below it. Id 0 is padding."""


@dataclass(frozen=True, eq=False)
class TokenFeatures:
    """Turns tokens into numbers: characters (`of_characters`) or words (`of_tokens`). Made by `fit` or `load`.

    The columns are, in this order: the token; the kinds of its characters (a set, see `seqlab.text.codepoints`); the pair
    of the token before and the token; the pair of the token and the one behind, where BOS and EOS stand outside the
    sentence; its first 1, 2, ... characters; its last 1, 2, ... characters, which are the whole token where it is shorter.
    """

    vocab: Vocab
    counts: Ints
    """`(V,)` how often each token stands in the training text, by id; at `UNK` the tokens that are not in `vocab`."""
    width: Width
    """"half" reads full-width ASCII as ASCII."""
    case: Case
    """"lower" reads each character in lower case, where that is one character."""
    kinds: bool
    """Whether there is a column of kinds."""
    bigrams: Ints | None
    """The known pairs as sorted keys, left id * V + right id; None without columns of pairs."""
    affixes: tuple[Vocab, ...]
    """The known prefixes of 1, 2, ... characters, then the suffixes."""
    lexicons: tuple[Lexicon, ...]
    """Give the flags, one after another; they know characters only."""

    @classmethod
    def fit(
        cls,
        sentences: Iterable[Sequence[str]],
        *,
        width: Width = "keep",
        case: Case = "keep",
        min_count: int = 1,
        max_size: int | None = None,
        bigrams: bool = True,
        bigram_min_count: int = 2,
        affixes: int = 0,
        affix_min_count: int = 2,
        kinds: bool = True,
        lexicons: Sequence[Lexicon] = (),
    ) -> "TokenFeatures":
        """Take the tokens, pairs and affixes of sentences that are seen often enough.

        Args:
            sentences: each a string, whose characters are the tokens, or a list of tokens.
            width, case: what is read as the same.
            min_count, bigram_min_count, affix_min_count: how often a token, pair or affix has to be seen to be known.
            max_size: how many tokens are known at most, the most frequent ones; all where None.
            bigrams, kinds: whether there are such columns.
            affixes: the length of the longest prefixes and suffixes; 0 for none.
            lexicons: words as flags; for characters only.

        Raises:
            ConfigError: a value that cannot be. DataError: no token.
        """
        _check(width, case, bigram_min_count, affixes)
        sentences = [sentence for sentence in sentences if len(sentence)]
        if not sentences:
            raise DataError("the training text has no token: give at least one sentence that is not empty")
        starts = _starts(sentences)
        if all(isinstance(sentence, str) for sentence in sentences):
            codes = codepoints.folds(width, case)[codes_of("".join(map(str, sentences)))]
            seen = np.bincount(codes)
            counts = {chr(code): int(seen[code]) for code in np.flatnonzero(seen)}
            vocab = Vocab.build(counts, min_count, max_size)
            ids = _by_code(vocab)[codes]
        else:
            if lexicons:
                raise ConfigError("lexicons: they mark characters, and these tokens are words; leave them out")
            tokens = [token for sentence in sentences for token in sentence]
            distinct, numbers = _distinct(tokens)
            folded = _folded(distinct, width, case)
            counts = Counter()
            for token, count in zip(folded, np.bincount(numbers).tolist(), strict=True):
                counts[token] += count
            vocab = Vocab.build(counts, min_count, max_size)
            ids = vocab.ids(folded).astype(np.int64)[numbers]
        ends = [Counter[str]() for _ in range(2 * affixes)]
        for token, count in counts.items():
            for table, affix in zip(ends, _affixes(token, affixes), strict=True):
                table[affix] += count
        return cls(
            vocab,
            np.bincount(ids, minlength=len(vocab)).astype(np.int64),
            width,
            case,
            kinds,
            _frequent(_pairs(ids, starts, len(vocab)), len(vocab), bigram_min_count) if bigrams else None,
            tuple(Vocab.build(table, affix_min_count) for table in ends),
            tuple(lexicons),
        )

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """The tables of vectors that the columns read."""
        tables = [Table("token", len(self.vocab))]
        if self.kinds:
            tables.append(Table("kind", codepoints.N_KINDS))
        if self.bigrams is not None:
            tables.append(Table("bigram", len(SPECIALS) + len(self.bigrams)))
        names = affix_names(len(self.affixes) // 2)
        return (*tables, *(Table(name, len(known)) for name, known in zip(names, self.affixes, strict=True)))

    @cached_property
    def columns(self) -> tuple[int, ...]:
        """Which of `tables` each of the C columns of ids reads."""
        places = [place for place, table in enumerate(self.tables) for _ in range(1 + (table.name == "bigram"))]
        return tuple(places)

    @property
    def n_flags(self) -> int:
        """F, how many flags a token has."""
        return sum(lexicon.n_flags for lexicon in self.lexicons)

    def rare(self, max_count: int) -> Ints:
        """Give the ids `(M,)` of the tokens that stand at most `max_count` times in the training text."""
        return np.flatnonzero(self.counts[len(SPECIALS) :] <= max_count) + len(SPECIALS)

    def token_ids(self) -> dict[str, int]:
        """Give the id of each known token."""
        return {token: place for place, token in enumerate(self.vocab.tokens, start=len(SPECIALS))}

    def bigram_ids(self) -> dict[str, int]:
        """Give the id of each known pair of tokens inside a sentence, the two put together; of equal ones the first."""
        if self.bigrams is None:
            return {}
        pairs = zip(*(part.tolist() for part in np.divmod(self.bigrams, len(self.vocab))), strict=True)
        found: dict[str, int] = {}
        for place, (left, right) in enumerate(pairs, start=len(SPECIALS)):
            if min(left, right) >= len(SPECIALS):
                found.setdefault(self.vocab.token(left) + self.vocab.token(right), place)
        return found

    def of_characters(self, codes: NDArray[np.uint32], starts: Ints) -> Columns:
        """Give the columns of characters.

        Args:
            codes: `(N,)` the code points of sentences one after another.
            starts: `(S + 1,)` sentence s is `codes[starts[s]:starts[s + 1]]`.
        """
        if self.affixes:
            return self.of_tokens([*map(chr, codes.tolist())], starts)
        folded = codepoints.folds(self.width, self.case)[codes]
        ids = self._codes[folded]
        columns: list[NDArray[Any]] = [ids]
        if self.kinds:
            columns.append(codepoints.kinds()[folded])
        return self._columns([*columns, *self._neighbours(ids, starts)], codes, starts)

    def of_tokens(self, tokens: Sequence[str], starts: Ints) -> Columns:
        """Give the columns of tokens.

        Args:
            tokens: `(N,)` the tokens of sentences one after another.
            starts: `(S + 1,)` sentence s is `tokens[starts[s]:starts[s + 1]]`.

        Raises:
            ValueError: a token of several characters, where there are flags.
        """
        distinct, numbers = _distinct(tokens)
        if self.lexicons and any(len(token) != 1 for token in distinct):
            raise ValueError("a lexicon marks characters, and a token is none; give characters")
        folded = _folded(distinct, self.width, self.case)
        ids = self.vocab.ids(folded).astype(np.int64)[numbers]
        columns: list[NDArray[Any]] = [ids]
        if self.kinds:
            columns.append(_kinds_of(folded)[numbers])
        columns += self._neighbours(ids, starts)
        for known, affixes in zip(self.affixes, self._affixes_of(folded), strict=True):
            columns.append(known.ids(affixes)[numbers])
        codes = codes_of("".join(tokens)) if self.lexicons else np.empty(0, np.uint32)
        return self._columns(columns, codes, starts)

    def _affixes_of(self, tokens: list[str]) -> list[tuple[str, ...]]:
        longest = len(self.affixes) // 2
        return [*zip(*(_affixes(token, longest) for token in tokens), strict=True)] or [()] * len(self.affixes)

    def _columns(self, columns: list[NDArray[Any]], codes: NDArray[np.uint32], starts: Ints) -> Columns:
        ids = np.empty((len(columns[0]), len(columns)), np.int32)
        for place, column in enumerate(columns):
            ids[:, place] = column
        return Columns(ids, marked(codes, starts, self.lexicons))

    def _neighbours(self, ids: Ints, starts: Ints) -> list[Ints]:
        """The pair before each token and the pair behind it."""
        if self.bigrams is None:
            return []
        places = find(self.bigrams, _pairs(ids, starts, len(self.vocab)))
        found = np.where(places < 0, UNK, places + len(SPECIALS))
        # A sentence of n tokens has n + 1 pairs, of which its tokens have all but the last before them.
        before = np.arange(len(ids)) + np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        return [found[before], found[before + 1]]

    @cached_property
    def _codes(self) -> Ints:
        return _by_code(self.vocab)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write files to a folder, which is made where it is missing; ModelError where that is not possible."""
        from seqlab.text.features_storage import save_features

        save_features(self, folder)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> "TokenFeatures":
        """Read what `save` wrote; ModelError, with the name of the file, where one is missing or altered."""
        from seqlab.text.features_storage import load_features

        return load_features(folder)


def marked(codes: NDArray[np.uint32], starts: Ints, lexicons: Sequence[Lexicon]) -> NDArray[np.float32]:
    """Give the flags `(N, F)` of characters by some lexicons, one after another; see `TokenFeatures.of_characters`."""
    if not lexicons:
        return np.empty((int(starts[-1]), 0), np.float32)
    return flags_of(lexicons, codes, starts)


def _check(width: str, case: str, bigram_min_count: int, affixes: int) -> None:
    for name, value, known in (("width", width, get_args(Width)), ("case", case, get_args(Case))):
        if value not in known:
            raise ConfigError(unknown(name, value, known))
    if bigram_min_count < 1 or affixes < 0:
        raise ConfigError(f"bigram_min_count is {bigram_min_count} and affixes {affixes}; at least 1, and at least 0")


def _starts(sentences: list[Sequence[str]]) -> Ints:
    return np.concatenate(([0], np.cumsum(np.fromiter(map(len, sentences), np.int64, len(sentences)))))


def _by_code(vocab: Vocab) -> Ints:
    """The id of each code point."""
    table = np.full(codepoints.N_CODES, UNK, np.int64)
    ids = [(ord(token), index) for index, token in enumerate(vocab.tokens, start=len(SPECIALS)) if len(token) == 1]
    table[[code for code, _ in ids]] = [index for _, index in ids]
    return table


def _distinct(tokens: Sequence[str]) -> tuple[list[str], Ints]:
    """The different tokens, and which of them each token is."""
    places = {token: place for place, token in enumerate(dict.fromkeys(tokens))}
    return [*places], np.fromiter(map(places.__getitem__, tokens), np.int64, len(tokens))


def _folded(tokens: list[str], width: Width, case: Case) -> list[str]:
    if width == "keep" and case == "keep":
        return tokens
    text = codepoints.text_of(codepoints.folds(width, case)[codes_of("".join(tokens))])
    ends = np.cumsum([len(token) for token in tokens]).tolist()
    return [text[end - len(token) : end] for token, end in zip(tokens, ends, strict=True)]


def _kinds_of(tokens: list[str]) -> NDArray[np.uint8]:
    """The set of the kinds of each token's characters; 0 for an empty token."""
    lengths = np.fromiter(map(len, tokens), np.int64, len(tokens))
    each = codepoints.kinds()[codes_of("".join(tokens))]
    filled, found = lengths > 0, np.zeros(len(tokens), np.uint8)
    if len(each):
        found[filled] = np.bitwise_or.reduceat(each, (np.cumsum(lengths) - lengths)[filled])
    return found


def _affixes(token: str, longest: int) -> list[str]:
    lengths = range(1, longest + 1)
    return [token[:length] for length in lengths] + [token[-length:] for length in lengths]


def affix_names(longest: int) -> list[str]:
    """Give the names of the tables of affixes, in the order of `TokenFeatures.affixes`."""
    return [f"{kind} {length}" for kind in ("prefix", "suffix") for length in range(1, longest + 1)]


def _pairs(ids: Ints, starts: Ints, n_types: int) -> Ints:
    """The keys of all pairs of neighbours, n + 1 for each sentence of n tokens."""
    n_sentences = len(starts) - 1
    padded = np.empty(len(ids) + 2 * n_sentences, np.int64)  # BOS and EOS around each sentence
    sentence = np.arange(n_sentences)
    padded[starts[:-1] + 2 * sentence] = BOS
    padded[starts[1:] + 2 * sentence + 1] = EOS
    padded[np.arange(len(ids)) + np.repeat(2 * sentence + 1, np.diff(starts))] = ids
    keys = padded[:-1] * n_types + padded[1:]
    return np.delete(keys, starts[1:-1] + 2 * sentence[:-1] + 1)  # EOS of one sentence and BOS of the next


def _frequent(pairs: Ints, n_types: int, min_count: int) -> Ints:
    keys, counts = np.unique(pairs, return_counts=True)
    known = (keys // n_types != UNK) & (keys % n_types != UNK)
    frequent: Ints = keys[known & (counts >= min_count)]
    return frequent
