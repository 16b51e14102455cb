"""Every setting of a segmenter and of a tagger: models that read whole sentences, token by token."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from seqlab.config.experiment import Experiment
from seqlab.config.network import Recurrence
from seqlab.config.section import Section
from seqlab.config.text import Data, Paths
from seqlab.precision import Precision

TRAIN, JIEBA = "train", "jieba"
"""The names of lexicons that are no files."""


class TaggedData(Data):
    """What is read, and how tags stand in it."""

    token_column: int | None = None
    """Column of the token, from 1, in files with a token a line; where not given, lines hold words as word/tag."""
    tag_column: int | None = None
    """Column of the tag, from 1, or from -1 backward; the last one where only the token's is given."""
    separator: str = "/"
    """What stands between word and tag in lines of words."""
    scheme: Literal["BIO", "IOB1", "BIOES", "BMES"] | None = None
    """Scheme of tags that mark spans, such as names: what is predicted is then legal in it, and spans are scored."""

    @model_validator(mode="after")
    def _columns_or_separator(self) -> Self:
        columns = self.token_column is not None or self.tag_column is not None
        if columns and self.separator != "/":
            raise ValueError("separator: columns have none; leave it out, or token_column and tag_column")
        return self

    @property
    def columns(self) -> tuple[int, int] | None:
        """Where token and tag stand, from 1; None for lines of words."""
        if self.token_column is None and self.tag_column is None:
            return None
        return 1 if self.token_column is None else self.token_column, -1 if self.tag_column is None else self.tag_column


class SentenceText(Section):
    """How tokens are looked up; the text itself is never changed."""

    width: Literal["keep", "half"] = "keep"
    """half: full-width letters, digits and signs are taken for the half-width ones."""
    case: Literal["keep", "lower"] = "keep"
    """lower: capital letters are taken for small ones."""
    min_count: int = Field(1, ge=1)
    """Tokens seen less often than this in training are unknown."""


class Features(Section):
    """What the network reads of each token beside the token itself."""

    bigrams: bool = True
    """Read each token together with the one before it, and with the one behind it."""
    bigram_min_count: int = Field(2, ge=1)
    """Pairs seen less often than this in training are unknown."""
    bigram_width: int = Field(32, ge=1, le=100_000)
    """Width of the learned vectors of pairs."""
    bigram_dropout: float = Field(0.2, ge=0.0, lt=1.0)
    """Share of the pairs that is trained as unknown, drawn anew each epoch."""
    kinds: bool = True
    """Read which kind of character a token is: Han, digit, letter, punctuation and so on."""
    kind_width: int = Field(8, ge=1, le=100_000)
    """Width of the learned vectors of kinds."""
    lexicons: Paths = ()
    """Word lists whose words are looked up in the text, where tokens are characters: jieba for jieba's dictionary, or a
    file in its format."""
    vectors: str | None = None
    """Vectors of tokens to begin with, in the text format of word2vec or GloVe."""
    bigram_vectors: str | None = None
    """Likewise vectors of pairs, each written as one word of two characters."""


class CharacterFeatures(Features):
    """What the network reads of each character beside the character itself."""

    lexicons: Paths = (TRAIN,)
    """Word lists whose words are looked up in the text: train for the words of the training data, jieba for jieba's
    dictionary, or a file in its format."""
    lexicon_min_count: int = Field(1, ge=1)
    """Words of the training data seen less often than this are not in the list train."""
    lexicon_frequent: int = Field(4, ge=2)
    """Words of the training data seen at least this often are marked once more: they can be trusted further."""
    lexicon_folds: int = Field(10, ge=2)
    """Parts of the training data, one after another: in training the list train holds for each of them the words of the
    others alone, so that the network learns how far such a list can be trusted on new text."""

    @model_validator(mode="after")
    def _list_of_training(self) -> Self:
        if len(set(self.lexicons)) < len(self.lexicons):
            raise ValueError("lexicons: a list is named twice; name each once")
        for name in ("lexicon_min_count", "lexicon_frequent"):
            if TRAIN not in self.lexicons and getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"{name}: the list train is not read; leave it out, or add train to lexicons")
        return self


class TokenFeatures(Features):
    """What the network reads of each token beside the token itself."""

    affixes: int = Field(0, ge=0, le=5)
    """Read the first and the last characters of a token, up to this many, which tells of unknown words."""
    affix_width: int = Field(24, ge=1, le=100_000)
    """Width of the learned vectors of these."""

    @model_validator(mode="after")
    def _lexicon_of_characters(self) -> Self:
        if self.lexicons and self.affixes:
            raise ValueError(
                "affixes: lexicons are for tokens of one character, which have none; leave one of the two out"
            )
        if not self.affixes and self.affix_width != 24:
            raise ValueError("affix_width: there are no affixes; leave it out, or set affixes")
        if TRAIN in self.lexicons:
            raise ValueError("lexicons: train, the words of the training data, is for a segmenter; leave it out")
        return self


class SentenceBatches(Section):
    """How sentences are put together for training."""

    batch_size: int = Field(1000, ge=1, le=100_000_000)
    """Tokens of a batch: sentences of about the same length, until they are this many."""
    rare_as_unknown: float = Field(0.3, ge=0.0, le=1.0)
    """Share of the tokens seen at most twice that is trained as unknown, drawn anew each epoch, so that the model learns
    what to make of an unknown token."""


class SegmentBatches(SentenceBatches):
    """How sentences are put together for training, and what words in them count for."""

    unknown_weight: float = Field(1.0, gt=0.0, le=1000.0)
    """Weight in the loss of words that no other part of the training data has (lexicon_folds): they stand for the new words
    of a text to come. Above 1 more of these are found, and some others are missed."""
    exchange_unknown: float = Field(0.0, ge=0.0, le=1.0)
    """Share of such words, of those of two to four Chinese characters, that is exchanged for others of the same part and
    length, drawn anew each epoch, so that each is learned in more places than it stands in."""


class TaggerNetwork(Recurrence):
    """The recurrent network."""

    hidden: int = Field(128, ge=1, le=100_000)
    """Units of each layer."""
    bidirectional: bool = True
    """Read in both directions."""
    dropout: float = Field(0.3, ge=0.0, lt=1.0)
    """Share of each layer's outputs, the last one's too, that is dropped in training."""
    embedding_dropout: float = Field(0.2, ge=0.0, lt=1.0)
    """Share of the dimensions of the learned vectors that is dropped in training, the same ones over a sentence."""
    embedding: int = Field(64, ge=1, le=100_000)
    """Width of the learned vectors of tokens."""
    crf: bool = False
    """Put a linear-chain CRF on top, so that tags that stand beside each other have a say in each other; without one each
    tag has its own softmax. Sequences of tags are legal either way."""
    members: int = Field(1, ge=1, le=100)
    """Networks that are trained side by side and whose log-probabilities are averaged in use: chance errors of single ones
    cancel out, and all takes so many times as long."""
    use: Precision = "bf16"
    """Precision of products once the model is trained: bf16 is about twice as fast where the hardware has it, and float32
    is what it falls back to."""


TagSmoothing = Literal[
    "maximum-likelihood", "additive", "katz", "witten-bell", "absolute-discounting", "kneser-ney", "modified-kneser-ney",
    "stupid-backoff",
]  # fmt: skip


class Hmm(Section):
    """How the hidden Markov model counts."""

    order: int = Field(3, ge=1, le=20)
    """Length of the n-grams of tags."""
    smoothing: TagSmoothing = "modified-kneser-ney"
    """How n-grams of tags that were seen share probability with those that were not."""


class Matching(Section):
    """How words of a list are matched."""

    direction: Literal["forward", "backward", "bidirectional"] = "forward"
    """From where the longest word is taken; bidirectional takes the result with fewer words."""


class SentenceTask(Experiment):
    """What the two tasks have in common."""

    text: SentenceText = SentenceText()
    features: Features = Features()
    batches: SentenceBatches = SentenceBatches()
    network: TaggerNetwork = TaggerNetwork()
    hmm: Hmm = Hmm()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        features = self.features
        if self.network.crf and self.network.members > 1:
            raise ValueError(
                "network.members: tags of a CRF have no probabilities of their own to average; leave it out"
            )
        for name in ("bigram_min_count", "bigram_width", "bigram_dropout", "bigram_vectors"):
            if not features.bigrams and getattr(features, name) != type(features).model_fields[name].default:
                raise ValueError(f"features.{name}: there are no bigrams; leave it out, or set bigrams to true")
        if not features.kinds and features.kind_width != 8:
            raise ValueError("features.kind_width: there are no kinds; leave it out, or set kinds to true")
        for name in ("case", "min_count"):
            if self.model != "rnn" and getattr(self.text, name) != type(self.text).model_fields[name].default:
                raise ValueError(
                    f"text.{name}: the model is {self.model}, which has no such setting; leave it out, or set model to rnn"
                )
        return self


class Segmentation(SentenceTask):
    """Word segmentation: every setting of `seqlab train segment`."""

    OWN_SECTIONS: ClassVar[dict[str, tuple[str, ...]]] = {
        "rnn": ("features", "batches", "network", "training"),
        "hmm": ("hmm",),
        "max-match": ("matching",),
    }

    task: Literal["segment"] = "segment"
    """The task."""
    model: Literal["rnn", "hmm", "max-match"] = "rnn"
    """What predicts: a recurrent network, a hidden Markov model, or the longest words of the training text."""
    baseline: bool = True
    """Score simple models on the same sentences as the floor to beat: maximum matching and a hidden Markov model."""
    features: CharacterFeatures = CharacterFeatures()
    batches: SegmentBatches = SegmentBatches()
    matching: Matching = Matching()

    @model_validator(mode="after")
    def _new_words(self) -> Self:
        weighted, exchanged = self.batches.unknown_weight != 1.0, self.batches.exchange_unknown > 0
        if self.network.crf and weighted:
            raise ValueError("batches.unknown_weight: a CRF scores whole sentences; leave it out, or crf")
        if self.features.lexicon_folds != 10 and not (weighted or exchanged or TRAIN in self.features.lexicons):
            raise ValueError(
                "features.lexicon_folds: the list train, unknown_weight and exchange_unknown need it, and none is there; "
                "leave it out"
            )
        return self


class Tagging(SentenceTask):
    """Tagging: every setting of `seqlab train tag`."""

    OWN_SECTIONS: ClassVar[dict[str, tuple[str, ...]]] = {
        "rnn": ("features", "batches", "network", "training"),
        "hmm": ("hmm",),
    }

    task: Literal["tag"] = "tag"
    """The task."""
    model: Literal["rnn", "hmm"] = "rnn"
    """What predicts: a recurrent network, or a hidden Markov model."""
    baseline: bool = True
    """Score simple models on the same sentences as the floor to beat: the most frequent tag, a hidden Markov model."""
    data: TaggedData = TaggedData()
    features: TokenFeatures = TokenFeatures()
