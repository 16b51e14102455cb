"""Every setting of a text classifier."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from seqlab.config.experiment import Experiment
from seqlab.config.network import Recurrence
from seqlab.config.ngram import SmoothingName
from seqlab.config.section import Section
from seqlab.config.text import Data, Text
from seqlab.config.training import FineTuning
from seqlab.precision import Precision


class LabelledData(Data):
    """What is read, and where text and label stand in it."""

    validation_share: float = Field(0.1, ge=0.0, lt=1.0)
    """Share of the texts that is held out; 0 holds nothing out and scores what is trained on."""
    validation_split: Literal["random", "end"] = "random"
    """Which texts are held out: drawn by the seed, of each class alike, or the end of the corpora."""
    limit: int | None = Field(None, ge=1)
    """Read only this many texts of the training corpora."""
    form: Literal["auto", "tsv", "csv", "jsonl", "json", "parquet", "fasttext", "folders"] = "auto"
    """Form of the corpora: by their names and beginnings (auto), tables, JSON lines, JSON in one piece, Parquet, __label__
    lines, a folder a class."""
    text_column: str | None = None
    """Column of the text: its name, or its number from 1 (from -1 backward); by usual names, or the first, where not
    given."""
    label_column: str | None = None
    """Column of the label likewise; the second where there are no names."""
    header: bool | None = None
    """Whether the first line of a table names its columns; found out where not given."""
    label_separator: str | None = None
    """What stands between several labels of a text in one cell."""
    multi_label: bool = False
    """A text may have several labels, or none, and each is predicted by itself."""
    longest: int = Field(512, ge=1, le=10_000_000)
    """Tokens of a text that are read, in training and in use; what comes behind is cut off."""
    folds: int = Field(0, ge=0, le=10_000)
    """Parts with the same shares of the labels, each of which is scored by a model of the others (cross-validation), before
    the model that is kept is trained on all texts; 0 for none, 5 and 10 are usual."""

    @model_validator(mode="after")
    def _of_folds(self) -> Self:
        if self.folds == 1:
            raise ValueError("folds: a single one leaves no text to train on; give 2 or more, 5 and 10 are usual")
        if self.folds and self.validation:
            raise ValueError(
                "folds: each text is held out once, so give no corpus to validate on; leave out one of both"
            )
        if self.folds and (self.validation_share not in (0.0, 0.1) or self.validation_split != "random"):
            raise ValueError("folds: each text is held out once; leave out validation_share and validation_split")
        return self


class ClassifierFeatures(Section):
    """What a network that reads token by token reads of each beside the token itself."""

    bigrams: bool = True
    """Read each token together with the one before it, and with the one behind it."""
    bigram_min_count: int = Field(2, ge=1)
    """Pairs seen less often than this in training are unknown."""
    bigram_width: int = Field(64, ge=1, le=100_000)
    """Width of the learned vectors of pairs."""
    bigram_dropout: float = Field(0.2, ge=0.0, lt=1.0)
    """Share of the pairs that is trained as unknown, drawn anew each epoch."""
    vectors: str | None = None
    """Vectors of tokens to begin with, in the text format of word2vec or GloVe."""

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        for name in ("bigram_min_count", "bigram_width", "bigram_dropout"):
            if not self.bigrams and getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"{name}: there are no bigrams; leave it out, or set bigrams to true")
        return self


class ClassifierNetwork(Recurrence):
    """The network: recurrent layers (rnn), or the layers of the other models, which take some of these settings."""

    hidden: int = Field(128, ge=1, le=100_000)
    """Units of each recurrent layer, or of the hidden layer of mlp."""
    bidirectional: bool = True
    """Read in both directions."""
    pooling: Literal["last", "mean", "max", "attention"] = "max"
    """What is made of the outputs of all tokens of a text: the last ones in each direction, their mean, their greatest
    values, or a learned weighted mean."""
    embedding: int = Field(64, ge=1, le=100_000)
    """Width of the learned vectors, of tokens or of n-grams; softmax has none."""
    embedding_dropout: float = Field(0.3, ge=0.0, lt=1.0)
    """Share of the dimensions of the learned vectors that is dropped in training, the same ones over a text; of bag, mlp
    and softmax the share of the n-grams of a text."""
    dropout: float = Field(0.5, ge=0.0, lt=1.0)
    """Share of each layer's outputs, the last one's too, that is dropped in training."""
    members: int = Field(1, ge=1, le=100)
    """Networks that are trained side by side and whose log-probabilities are averaged in use: chance errors of single ones
    cancel out, and all takes so many times as long."""
    use: Precision = "bf16"
    """Precision of products of recurrent layers once the model is trained: bf16 is about twice as fast where the hardware
    has it, and float32 is what it falls back to."""


class Convolution(Section):
    """The convolutions of textcnn."""

    widths: tuple[int, ...] = Field((2, 3, 4), strict=False, min_length=1)
    """Tokens that a convolution reads at once (the flag is given once for each)."""
    channels: int = Field(128, ge=1, le=100_000)
    """Convolutions of each width."""

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if min(self.widths) < 1 or len(set(self.widths)) < len(self.widths):
            raise ValueError(f"widths: {list(self.widths)}: give each once, and none below 1")
        return self


class Bag(Section):
    """The n-grams that bag, mlp and softmax count in a text."""

    max_order: int = Field(3, ge=1, le=10)
    """Length of the longest n-grams."""
    feature_min_count: int = Field(2, ge=1)
    """N-grams seen less often than this in training are unknown."""
    buckets: int = Field(0, ge=0, le=1 << 30)
    """Numbers that n-grams of two tokens and more share by a hash; 0 gives each known one its own."""
    weighting: Literal["count", "idf"] = "count"
    """What an n-gram counts for: 1 each time (count), or more the fewer texts have it (idf)."""

    @model_validator(mode="after")
    def _shared(self) -> Self:
        if self.max_order == 1 and self.buckets:
            raise ValueError("buckets: single tokens share none; leave it out, or set max_order to 2 or more")
        return self


class ClassNgram(Section):
    """How the n-gram model of each class counts."""

    order: int = Field(3, ge=1, le=20)
    """Length of the longest n-grams."""
    smoothing: SmoothingName = "modified-kneser-ney"
    """How n-grams that were seen share probability with those that were not."""
    background_share: float = Field(0.05, ge=0.0, lt=1.0)
    """Share of each prediction that is left to a model of all texts."""


class Objective(Section):
    """What training makes small."""

    loss: Literal["cross-entropy", "squared-error"] = "cross-entropy"
    """cross-entropy: -ln p of the right class; squared-error: between the probabilities and 1 for the right class, 0 for
    the others, whose gradient vanishes where a network is surely wrong."""
    label_smoothing: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of the target that is spread evenly over all classes."""
    class_weights: Literal["none", "balanced"] = "none"
    """balanced: a text counts the more, the rarer its class is, so that all classes count the same."""


class Augmentation(Section):
    """How the texts of training batches are changed, anew each epoch."""

    delete: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of the tokens that is left out; one always stays."""
    swap: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of the tokens that change places with the one behind them."""
    mask_span: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of a text that is made unknown, in one stretch."""


class ClassifierBatches(Section):
    """How texts are put together for training."""

    batch_size: int = Field(128, ge=1, le=1_000_000)
    """Texts of a batch."""
    rare_as_unknown: float = Field(0.3, ge=0.0, le=1.0)
    """Share of the tokens seen only once that is trained as unknown, drawn anew each epoch, so that the model learns what
    to make of an unknown token."""


class ClassifierTraining(FineTuning):
    """How the network learns."""

    epochs: int = Field(8, ge=1, le=1_000_000)
    """Passes over the training corpora; more of few texts, in smaller batches, where neither of both nor lr is given."""
    l1: float = Field(0.0, ge=0.0)
    """L1: this times the sum of absolute values of all weight matrices is added to the loss per text."""


AT_THE_END = 1_000_000_000
"""Steps between two validations, so many that there is one alone: the last weights are then the best that are known."""
SEQUENCES, BAGS = ("rnn", "textcnn"), ("bag", "mlp", "softmax")
"""The networks that read token by token, and those that count n-grams."""
NOT_RECURRENT = ("textcnn", *BAGS)
"""Those without recurrent layers."""
_NETWORK = ("batches", "network", "objective", "training")


class Classification(Experiment):
    """Text classification: every setting of `seqlab train classify`."""

    OWN_SECTIONS: ClassVar[dict[str, tuple[str, ...]]] = {
        "rnn": (*_NETWORK, "features", "augmentation"),
        "textcnn": (*_NETWORK, "features", "augmentation", "convolution"),
        "bag": (*_NETWORK, "augmentation", "bag"),
        "mlp": (*_NETWORK, "augmentation", "bag"),
        "softmax": (*_NETWORK, "augmentation", "bag"),
        "ngram": ("ngram",),
    }

    task: Literal["classify"] = "classify"
    """The task."""
    model: Literal["rnn", "textcnn", "bag", "mlp", "softmax", "ngram"] = "rnn"
    """What predicts: a recurrent network, convolutions (textcnn), averaged vectors of n-grams (bag, fastText's model),
    these with a hidden layer (mlp), softmax regression over n-grams, or an n-gram model of each class."""
    baseline: bool = True
    """Score simple models on the texts held out as the floor to beat: the most frequent class or labels, and n-gram models
    of each class."""
    data: LabelledData = LabelledData()
    text: Text = Text()
    features: ClassifierFeatures = ClassifierFeatures()
    bag: Bag = Bag()
    batches: ClassifierBatches = ClassifierBatches()
    network: ClassifierNetwork = ClassifierNetwork()
    convolution: Convolution = Convolution()
    ngram: ClassNgram = ClassNgram()
    objective: Objective = Objective()
    augmentation: Augmentation = Augmentation()
    training: ClassifierTraining = ClassifierTraining()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        taken = {
            "textcnn": ("embedding", "embedding_dropout", "dropout"),
            "bag": ("embedding", "embedding_dropout", "dropout"),
            "mlp": ("embedding", "embedding_dropout", "dropout", "hidden"),
            "softmax": ("embedding_dropout",),
        }.get(self.model)
        for name, field in type(self.network).model_fields.items():
            if taken is not None and name not in taken and getattr(self.network, name) != field.default:
                raise ValueError(
                    f"network.{name}: the model is {self.model}, which has no such setting; leave it out, or set model "
                    "to rnn"
                )
        if self.model in BAGS and self.batches.rare_as_unknown != 0.3:
            raise ValueError(f"batches.rare_as_unknown: {self.model} leaves unknown n-grams out; leave it out")
        if self.data.multi_label:
            self._refuse_for_several()
        if self.data.folds:
            self._refuse_for_folds()
        if self.training.from_run is not None and self.model != "rnn":
            raise ValueError(f"training.from_run: a {self.model} takes nothing from a run; set model to rnn")
        return self

    def _refuse_for_folds(self) -> None:
        training = self.training
        chosen = {
            "patience": training.patience is not None,
            "evaluate_every": training.evaluate_every not in (None, AT_THE_END),
            "schedule": training.schedule == "plateau",
        }
        for name in (name for name, given in chosen.items() if given):
            value = getattr(training, name)
            raise ValueError(
                f"training.{name}: in cross-validation no text is held out that {value} could go by, and the last weights "
                "are kept; leave it out, or folds"
            )

    def _refuse_for_several(self) -> None:
        if self.model == "ngram":
            raise ValueError("data.multi_label: ngram chooses between classes; leave it out, or take another model")
        for name in ("class_weights", "label_smoothing", "loss"):
            if getattr(self.objective, name) != type(self.objective).model_fields[name].default:
                raise ValueError(f"objective.{name}: is for one label a text; leave it out, or multi_label")
