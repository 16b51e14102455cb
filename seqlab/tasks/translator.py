"""A translator in use."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch

from seqlab.config import Translation
from seqlab.decoding.beam import beam_search
from seqlab.decoding.draw import draw
from seqlab.decoding.sample import Choice
from seqlab.decoding.stepwise import Hypothesis, Stepwise
from seqlab.errors import ConfigError, DataError
from seqlab.metrics.translation import corpus_scores
from seqlab.modeldir import ModelDirectory
from seqlab.models.translator_ensemble import TranslatorEnsemble
from seqlab.records import Pair
from seqlab.tasks import forced_decoding, translator_network
from seqlab.tasks.cores import on_each_core
from seqlab.tasks.pairs_kept import one_spaced, sides_of
from seqlab.tasks.translated import Attention, Likelihood, Translated
from seqlab.tasks.translation_scores import TranslatorScores, tokenize
from seqlab.tasks.translation_search import Search, search_of
from seqlab.tasks.translator_network import Network
from seqlab.tasks.translator_text import Ints, TranslatorText, doubt
from seqlab.text.vocab import BOS, EOS, PAD, SPECIALS, UNK

TOKENS = 1 << 12
"""Of the sources that are translated at a time, padding included, times the beam; and of pairs that are scored."""
AT_A_TIME = 4096
"""Texts that are translated together, so that memory is bounded."""
Finder = Callable[[Sequence[Ints], Sequence[int]], list[list[Hypothesis]]]
"""(sources in ids, their numbers) -> what is found for each."""


class Translator:
    """Translates texts, a sentence each; what `seqlab.load` gives for the task "translate".

    It can be used from several threads at once.

    Attributes:
        config: every setting. text: how sources are read and targets are written.
        model: the network, or several as one, as they are used. scores: what it reached in training.
        attends: whether there is attention.
        copies: whether a source word stands for an unknown one, which takes words on both sides and attention.
    """

    def __init__(
        self,
        config: Translation,
        text: TranslatorText,
        model: Network,
        scores: dict[str, Any] | None = None,
        device: str = "cpu",
    ) -> None:
        self.config, self.text, self.scores, self.device = config, text, scores or {}, device
        self.model = translator_network.in_use(model, device)
        members = model.members if isinstance(model, TranslatorEnsemble) else [model]
        self.attends = any(member.attention is not None for member in members)
        in_words = all(side.pipeline.unit == "word" for side in (text.source, text.target))
        self.copies = self.attends and in_words

    @classmethod
    def load(cls, directory: ModelDirectory, device: str = "cpu") -> "Translator":
        """The model that a model directory holds, on a device.

        Raises:
            ModelError: weights or text parts do not fit the configuration.
        """
        config = directory.config
        assert isinstance(config, Translation)
        text = TranslatorText.load(directory.path / "text")
        return cls(config, text, translator_network.load(directory, text), directory.scores, device)

    def translate(
        self,
        texts: Iterable[str],
        *,
        beam: int | None = None,
        n_best: int | None = None,
        length_penalty: float | None = None,
        coverage_penalty: float | None = None,
    ) -> list[Any]:
        """The translation of each text; or with `n_best` its best ones as lists of `Translated`, the best one first.

        Args:
            texts: a sentence each; an empty one has one empty translation.
            beam: unfinished translations that are followed at a time; as in the settings where not given, like all else.
            n_best: how many translations of each text there are to be, at most as many as `beam`.
            length_penalty, coverage_penalty: see `seqlab.config.translation.Decoding`.

        Raises:
            DataError: a text is no string. ConfigError: a number out of its range.
        """
        search, found = self._search(beam, n_best, length_penalty, coverage_penalty), list[list[Translated]]()

        def searched(sources: Sequence[Ints], numbers: Sequence[int]) -> list[list[Hypothesis]]:
            model: Stepwise[Any] = self.model
            state = self.model.begin(self._read(sources))
            return beam_search(model, state, **self._bounds(sources), **search._asdict())

        for part in _parts(texts):
            found += self._translated(part, searched, max(1, TOKENS // search.beam))
        return [best[0].text for best in found] if n_best is None else found

    def check(
        self,
        *,
        beam: int | None = None,
        n_best: int | None = None,
        length_penalty: float | None = None,
        coverage_penalty: float | None = None,
    ) -> None:
        """Refuse what `translate` would refuse of the same arguments.

        Raises:
            ConfigError: a number out of its range.
        """
        self._search(beam, n_best, length_penalty, coverage_penalty)

    def doubt(self, texts: Iterable[str]) -> str | None:
        """What is odd about texts as sources of this translator, in a sentence; None where nothing is."""
        return doubt(self.text, texts, self.config.data.longest)

    def _search(
        self, beam: int | None, n_best: int | None, length_penalty: float | None, coverage_penalty: float | None
    ) -> Search:
        """How to search where the settings say what is not said."""
        asked = {"beam": beam, "length_penalty": length_penalty, "coverage_penalty": coverage_penalty}
        return search_of(self.config.decoding, asked, n_best, self.attends)

    def _translated(self, texts: Sequence[str], find: Finder, n_tokens: int) -> list[list[Translated]]:
        """What is found for each text, at most `n_tokens` of them at a time; an empty one has an empty translation."""
        for text in texts:
            _check(text)
        tokens = [self.text.source.tokens(one_spaced(text)) for text in texts]
        sources = [self.text.source.ids(read) for read in tokens]
        found: list[list[Translated]] = [[Translated("", 0.0, 0.0, (), None)] for _ in texts]
        filled = np.array([number for number, text in enumerate(texts) if text.strip()], np.int64)
        if not len(filled):
            return found

        def decode(rows: Ints) -> None:
            numbers = filled[rows].tolist()
            with torch.inference_mode():
                best = find([sources[number] for number in numbers], numbers)
            for number, hypotheses in zip(numbers, best, strict=True):
                found[number] = [self._written(hypothesis, tokens[number]) for hypothesis in hypotheses]

        lengths = np.array([len(sources[number]) for number in filled.tolist()])
        on_each_core(decode, translator_network.by_length(lengths, n_tokens), self.device)
        return found

    def _bounds(self, sources: Sequence[Ints]) -> dict[str, Any]:
        """What translations of sources are bound to, however they are found.

        Where no source word can stand for an unknown one, none comes out.
        """
        longest = self.config.decoding.longest_output
        return {
            "n": len(sources),
            "begin": BOS,
            "end": EOS,
            "longest": [min(longest, self.text.longest(len(source))) for source in sources],
            "never": (PAD,) if self.copies else (PAD, UNK),
        }

    def sample(
        self,
        texts: Iterable[str],
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int = 1,
    ) -> list[Translated]:
        """A translation of each text that is drawn at random, token by token; its score is its log-probability.

        Args:
            texts: a sentence each. temperature, top_k, top_p: see `seqlab.decoding.sample.Choice`.
            seed: where the draws come from; those of a text depend on this and on its number alone.

        Raises:
            DataError: a text is no string. ConfigError: a number out of its range.
        """
        choice, found = Choice(temperature, top_k, top_p), list[Translated]()

        def drawn(sources: Sequence[Ints], numbers: Sequence[int]) -> list[list[Hypothesis]]:
            model: Stepwise[Any] = self.model
            state, own = self.model.begin(self._read(sources)), [len(found) + number for number in numbers]
            return [[one] for one in draw(model, state, choice=choice, seed=seed, rows=own, **self._bounds(sources))]

        for part in _parts(texts):
            found += [one for (one,) in self._translated(part, drawn, TOKENS)]
        return found

    def _read(self, sources: Sequence[Ints]) -> Any:
        """What the encoder makes of sources."""
        ids, lengths = translator_network.side_by_side(sources)
        return self.model.encode(ids.to(self.device), lengths.to(self.device))

    def _written(self, hypothesis: Hypothesis, source: Sequence[str]) -> Translated:
        """A translation as text; for an unknown word stands the source word that was looked at most."""
        side, attention = self.text.target, hypothesis.attention
        tokens = [side.pipeline.vocab.token(number) for number in hypothesis.tokens]
        known = list(tokens)
        for place, number in enumerate(hypothesis.tokens):
            if number == UNK and self.copies and attention is not None:
                tokens[place] = known[place] = source[int(attention[place].argmax())]
            elif number < len(SPECIALS):
                known[place] = ""
        text = side.text(token for token in known if token)
        return Translated(text, hypothesis.score, hypothesis.log_prob, tuple(tokens), attention)

    def score(self, pairs: Iterable[Pair | Sequence[object]]) -> list[Likelihood]:
        """How likely each target is, given its source (forced decoding).

        Args:
            pairs: a source and a target each, or `seqlab.records.Pair`.

        Raises:
            DataError: a record is no pair, or a source is empty.
        """
        found: list[Likelihood] = []
        for part in _parts(pairs):
            sides = [sides_of(pair) for pair in part]
            found += forced_decoding.likelihoods(self.model, self.text, sides, TOKENS, self.device)
        return found

    def attention(self, text: str, target: str | None = None, *, beam: int | None = None) -> Attention:
        """What each token of the translation of a text looked at, or each of a given target (forced decoding).

        Raises:
            ConfigError: the network has no attention. DataError: one of the two is no string, or the text is empty.
        """
        if not self.attends:
            raise ConfigError("this network was trained with attention none, so there is nothing to look at")
        for given in (text, target):
            if given is not None:
                _check(given)
        if not text.strip():
            raise DataError("an empty text has no tokens to look at; give a sentence")
        if target is not None:
            return forced_decoding.looked_at(self.model, self.text, text, target, self.device)
        best = self.translate([text], beam=beam, n_best=1)[0][0]
        assert best.attention is not None
        return Attention(tuple(self.text.source.tokens(text)), best.tokens, best.attention)

    def evaluate(
        self,
        records: Iterable[Pair | Sequence[object]],
        *,
        beam: int | None = None,
        length_penalty: float | None = None,
        coverage_penalty: float | None = None,
    ) -> TranslatorScores:
        """Score translations against the targets, and say how likely these are.

        Args:
            records: pairs of a source and its one reference.
            beam, length_penalty, coverage_penalty: see `translate`.

        Raises:
            DataError: a record is no pair, or there is none with two sides.
        """
        pairs = [pair for pair in map(sides_of, records) if pair.source and pair.target]
        if not pairs:
            raise DataError("there is no pair of sentences to score: give at least one")
        references = [pair.target for pair in pairs]
        search = self._search(beam, None, length_penalty, coverage_penalty)
        translations = self.translate(
            [pair.source for pair in pairs],
            beam=search.beam,
            length_penalty=search.length_penalty,
            coverage_penalty=search.coverage_penalty,
        )
        likelihoods = self.score(pairs)
        n_tokens = sum(likelihood.n_tokens for likelihood in likelihoods)
        return TranslatorScores(
            nats=-sum(likelihood.log_prob for likelihood in likelihoods) / n_tokens,
            n_tokens=n_tokens,
            unit=self.text.target.pipeline.unit,
            beam=search.beam,
            translations=corpus_scores(translations, references, tokenize=tokenize(self.config, references)),
            best_by=self.config.training.best_by,
        )


def _check(text: object) -> None:
    if not isinstance(text, str):
        raise DataError(f"a text is a string, not {text!r:.60}")


def _parts(items: Iterable[Any]) -> Iterator[list[Any]]:
    """Lists of at most AT_A_TIME items.

    Raises:
        DataError: a text where a list is wanted.
    """
    if isinstance(items, str):
        raise DataError(f"give a list, not one text: {items!r:.60}")
    iterator = iter(items)
    while part := list(islice(iterator, AT_A_TIME)):
        yield part
