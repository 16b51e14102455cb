"""The schema of an experiment: strict, frozen, and the same from a TOML file, from flags or from code.

Every setting has a name of its own within the schema, so that `--hidden 256`, `hidden = 256` in the section `[network]`
of a TOML file, `-s network.hidden=256` and `seqlab.train("lm", records, hidden=256)` all mean the same. The sentence
under a field is its help text on the command line.
"""

import json
import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from seqlab import cell_names
from seqlab.precision import Precision


def _utf8(name: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in name):
        raise ValueError(f"the name {name!r} is not UTF-8, so no model directory can record it; rename the file")
    return name


def _known_cell(name: str) -> str:
    if name not in cell_names.KNOWN:
        raise ValueError(cell_names.refusal(name))
    return name


Paths = Annotated[tuple[Annotated[str, AfterValidator(_utf8)], ...], Field(strict=False)]


def _size(size: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,5}[KMGT]", size):
        raise ValueError(f"'{size}' is no amount of memory; write a whole number and K, M, G or T, such as 2G")
    return size


def n_bytes(size: str) -> int:
    """How many bytes "512M" or "2G" are."""
    return int(size[:-1]) << 10 * (1 + "KMGT".index(size[-1]))


Thresholds = Annotated[tuple[Annotated[int, Field(strict=True, ge=1)], ...], Field(strict=False)]
Options = dict[str, float | int | bool | list[float | int]]
InitialiserName = Literal["identity", "orthogonal", "uniform", "xavier-normal", "xavier-uniform", "zeros"]


class Section(BaseModel):
    """A group of settings. Unknown names are refused, values are not converted, nothing can be changed afterwards."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Data(Section):
    """What is read."""

    train: Paths = ()
    """Corpora to train on: paths of files or folders, or sample:NAME."""
    validation: Paths = ()
    """Corpora to validate on; where none is given, a share of the training text is held out."""
    encoding: str = "utf-8"
    """Encoding of the corpora, any that Python knows: utf-8, gb18030, big5, utf-16, ..."""
    validation_share: float = Field(0.1, ge=0.0, lt=1.0)
    """Share of the characters that is held out; 0 holds nothing out and scores the training text itself."""
    validation_split: Literal["random", "end"] = "random"
    """Which characters are held out: stretches drawn by the seed all over the text, or its end."""
    limit: int | None = Field(None, ge=1)
    """Read only this many characters of the training corpora."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.validation and (self.validation_share not in (0.0, 0.1) or self.validation_split != "random"):
            raise ValueError(
                "validation: a corpus to validate on is given, so nothing is held out; leave out validation_share and "
                "validation_split"
            )
        return self


class Text(Section):
    """How text becomes tokens."""

    tokenizer: Literal["character", "byte", "word", "whitespace", "jieba", "sentencepiece"] = "character"
    """What a token is."""
    unicode: Literal["none", "NFC", "NFKC"] = "NFC"
    """Unicode normalization form."""
    width: Literal["keep", "half", "full"] = "keep"
    """Fold full-width letters, digits and signs to half width, or the other way round."""
    case: Literal["keep", "lower"] = "keep"
    """Keep letters as they are, or make them lower case."""
    whitespace: Literal["keep", "collapse"] = "keep"
    """Keep blanks as they are, or make runs of them one space."""
    min_count: int = Field(1, ge=1)
    """Tokens seen less often than this in the training text are unknown."""
    max_size: int | None = Field(None, ge=2)
    """Largest vocabulary, the most frequent tokens first; for sentencepiece the number of pieces (8000 where not given)."""
    sentencepiece_model: Literal["unigram", "bpe"] = "unigram"
    """Which segmentation model sentencepiece trains."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.sentencepiece_model != "unigram" and self.tokenizer != "sentencepiece":
            raise ValueError(f"sentencepiece_model: the tokenizer is {self.tokenizer}; leave it out or set tokenizer")
        return self


class Batches(Section):
    """How the text is cut for training."""

    sampling: Literal["consecutive", "random"] = "consecutive"
    """consecutive: parallel streams, the state carried from window to window; random: windows anywhere, fresh state."""
    batch_size: int = Field(32, ge=1, le=1_000_000)
    """Rows of a batch: parallel streams, or random windows."""
    window: int = Field(64, ge=1, le=10_000_000)
    """Steps of a window: how far back-propagation through time reaches."""
    rare_as_unknown: float = Field(0.5, ge=0.0, le=1.0)
    """Share of the tokens seen only once that is trained as unknown, drawn anew each epoch, so that the model learns how
    likely an unknown token is; bytes and sentencepiece need none."""


class Network(Section):
    """The recurrent network."""

    cell: Annotated[str, AfterValidator(_known_cell)] = Field("lstm", examples=[*cell_names.BUILT_IN])
    """Recurrent cell: one of these, or one's own that has been registered from Python."""
    hidden: int = Field(256, ge=1, le=100_000)
    """Units of each layer."""
    layers: int = Field(1, ge=1, le=1000)
    """Recurrent layers, one above the other."""
    bidirectional: bool = False
    """Read in both directions; refused for a language model."""
    input: Literal["embedding", "one-hot"] = "embedding"
    """How a token enters: by a learned vector, or one-hot (an index, never a matrix)."""
    embedding: int | None = Field(None, ge=1, le=100_000)
    """Width of the learned vectors; as many as hidden units where not given."""
    tied: bool = False
    """Use the learned vectors as output weights too; they must be as wide as the hidden layer."""
    dropout: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of each layer's outputs that is dropped in training."""
    embedding_dropout: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of the learned vectors' values that is dropped in training."""
    input_dropout: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of the units each layer reads that is dropped in training, the same ones over a window (variational)."""
    recurrent_dropout: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of the state's units that is dropped where a recurrent matrix reads them, likewise locked; runs the loop."""
    output_dropout: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of the units of the last layer's outputs that is dropped in training, likewise locked."""
    weight_drop: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of the recurrent matrices' entries that is dropped in training, anew for each window."""
    zoneout: float = Field(0.0, ge=0.0, lt=1.0)
    """Chance that a unit keeps its state over a step in training; runs the loop, in use too."""
    residual: bool = False
    """Add what a layer reads to its outputs, where both are equally wide."""
    learned_state: bool = False
    """Learn the state before the first step, which is zero otherwise."""
    input_weights: InitialiserName = "xavier-uniform"
    """How the matrices that read a layer's inputs begin, each gate's by itself."""
    recurrent_weights: InitialiserName = "orthogonal"
    """How the matrices that read the state begin, each gate's by itself."""
    forget_bias: float = 1.0
    """How the forget gate's bias begins; refused for a cell without that gate."""
    precision: Precision = "float32"
    """bf16: products of weights in bfloat16, in training and in use, on hardware that has them; the weights, the state and
    all that is done element by element stay float32."""
    backend: Literal["auto", "fused", "torch", "reference"] = "auto"
    """What runs the cells: this package's kernels (fused), torch's own, the loop over equations, or the fastest (auto)."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.bidirectional:
            raise ValueError(
                "bidirectional: a language model predicts the next token from those before it; a network that also reads "
                "backwards would see the answer. Leave it out"
            )
        if self.input == "one-hot":
            for name in ("embedding", "tied", "embedding_dropout", "input_dropout"):
                if getattr(self, name):
                    raise ValueError(
                        f"{name}: one-hot input has no learned vectors; leave it out or set input to embedding"
                    )
            if self.backend == "torch":
                raise ValueError("backend: torch's kernels take no one-hot indices; use auto, fused or reference")
        widths_differ = self.input == "one-hot" or self.embedding not in (None, self.hidden)
        if self.residual and self.layers == 1 and widths_differ:
            raise ValueError("residual: what the only layer reads is not as wide as its outputs; leave it out")
        for name in ("zoneout", "recurrent_dropout"):
            if getattr(self, name) and self.backend in ("torch", "fused"):
                raise ValueError(
                    f"{name}: the loop over the equations alone knows it; set backend to auto or reference"
                )
        if self.tied and self.embedding not in (None, self.hidden):
            raise ValueError(
                f"tied: the learned vectors are {self.embedding} wide and the hidden layer {self.hidden}; "
                "tied output weights need them equal"
            )
        return self


OptimizerName = Literal[
    "adadelta", "adafactor", "adagrad", "adam", "adamax", "adamw", "asgd", "muon", "nadam", "radam", "rmsprop", "rprop",
    "sgd", "sparse-adam",
]  # fmt: skip
ScheduleName = Literal["constant", "step", "exponential", "cosine", "one-cycle", "plateau"]


class Training(Section):
    """How the network learns."""

    epochs: int = Field(20, ge=1, le=1_000_000)
    """Passes over the training text."""
    optimizer: OptimizerName = "adamw"
    """Optimizer, by its name in torch.optim."""
    lr: float = Field(2e-3, gt=0.0)
    """Learning rate, at its highest."""
    optimizer_options: Options = Field(default_factory=dict)
    """Further arguments of the optimizer by torch's names, such as momentum = 0.9 or betas = [0.9, 0.99]."""
    schedule: ScheduleName = "constant"
    """How the learning rate moves over training."""
    warmup: int = Field(0, ge=0)
    """Steps over which the learning rate rises; for one-cycle 0 means 30 % of all steps."""
    decay: float = Field(0.5, gt=0.0, lt=1.0)
    """Factor on the learning rate: each decay_every epochs (step), each epoch (exponential), on each plateau (plateau)."""
    decay_every: int = Field(1, ge=1)
    """Epochs between two falls (step), or validations without a better score before one (plateau)."""
    lr_floor: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of the learning rate at which cosine and one-cycle end."""
    clip: float = Field(1.0, ge=0.0)
    """Largest global norm of the gradient; longer ones are scaled down. 0 turns this off."""
    clip_value: float = Field(0.0, ge=0.0)
    """Largest absolute value of each entry of the gradient. 0 turns this off."""
    weight_decay: float = Field(0.0, ge=0.0)
    """L2: weight decay on all weight matrices, as the optimizer defines it."""
    l1: float = Field(0.0, ge=0.0)
    """L1: this times the sum of absolute values of all weight matrices is added to the loss per token."""
    average: float = Field(0.0, ge=0.0, lt=1.0)
    """Decay a step of a running mean of the weights, which is what is scored and saved; 0 turns this off."""
    evaluate_every: int | None = Field(None, ge=1)
    """Steps between two validations; one at the end of each epoch where not given."""
    patience: int | None = Field(None, ge=1)
    """Stop after this many validations without a better score."""
    checkpoint_every: int = Field(1000, ge=1)
    """Steps between two checkpoints; one is also written at every validation and on Ctrl-C."""
    tensorboard: bool = False
    """Write the curves for TensorBoard too, into train/tensorboard of the model directory."""
    device: str = "auto"
    """Where to compute: cpu, cuda, cuda:1, ..., or auto (cuda where there is one)."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        uses: dict[str, tuple[ScheduleName, ...]] = {
            "decay": ("step", "exponential", "plateau"),
            "decay_every": ("step", "plateau"),
            "lr_floor": ("cosine", "one-cycle"),
        }
        for name, schedules in uses.items():
            changed = getattr(self, name) != type(self).model_fields[name].default
            if changed and self.schedule not in schedules:
                raise ValueError(f"{name}: the schedule {self.schedule} does not use it; {' and '.join(schedules)} do")
        return self


SmoothingName = Literal[
    "maximum-likelihood", "additive", "jelinek-mercer", "katz", "witten-bell", "absolute-discounting", "kneser-ney",
    "modified-kneser-ney", "stupid-backoff",
]  # fmt: skip


class Ngram(Section):
    """How n-grams are counted and smoothed."""

    order: int | None = Field(None, ge=1, le=20)
    """Length of the longest n-grams; 7 for characters and bytes, 5 for words and pieces where not given."""
    smoothing: SmoothingName = "modified-kneser-ney"
    """How n-grams that were seen share probability with those that were not."""
    pseudo_count: float = Field(1.0, gt=0.0)
    """What additive smoothing adds to each count."""
    min_counts: Thresholds = ()
    """N-grams seen less often than this are left out: a number for each order from 1, the last one for those above too."""
    prune: float = Field(0.0, ge=0.0, lt=1.0)
    """Leave out each n-gram without which the perplexity rises by less than this share; 1e-8 takes a little, 1e-6 much."""
    sentences: Literal["auto", "lines", "none"] = "auto"
    """lines: each line is predicted by itself, its end too; none: contexts reach over line ends; auto: lines for words."""

    memory: Annotated[str, AfterValidator(_size)] = "2G"
    """What counting may take, about; where a text needs more, it goes by way of the disk."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.pseudo_count != 1.0 and self.smoothing != "additive":
            raise ValueError(
                f"pseudo_count: {self.smoothing} smoothing adds none; leave it out or set smoothing to additive"
            )
        if self.prune and self.smoothing == "stupid-backoff":
            raise ValueError("prune: the figures of stupid-backoff are no probabilities; leave it out")
        if list(self.min_counts) != sorted(self.min_counts):
            raise ValueError(
                f"min_counts: {list(self.min_counts)} falls, but an n-gram needs those within it; let no number be "
                "below the one before it"
            )
        if self.order is not None and len(self.min_counts) > self.order:
            raise ValueError(
                f"min_counts: {len(self.min_counts)} numbers for the orders up to {self.order}; give fewer"
            )
        return self


OWN_SECTIONS: dict[str, tuple[str, ...]] = {
    "rnn": ("batches", "network", "training"),
    "ngram": ("ngram",),
    "mixture": (),
}
"""The sections that each family of models has for itself."""


class LanguageModelling(Section):
    """A language model: every setting of `seqlab train lm`."""

    task: Literal["lm"] = "lm"
    """The task."""
    model: Literal["rnn", "ngram", "mixture"] = "rnn"
    """What predicts: a recurrent network, counts of n-grams, or several models mixed (made by `seqlab mix`)."""
    seed: int = Field(1, ge=0, lt=2**63)
    """Seed of everything that is drawn: the split, the first weights, the batches, dropout."""
    baseline: bool = True
    """Score simple models on the same text as the floor to beat: unigrams, bigrams, and for a network longer n-grams."""
    data: Data = Data()
    text: Text = Text()
    batches: Batches = Batches()
    network: Network = Network()
    training: Training = Training()
    ngram: Ngram = Ngram()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for family, sections in OWN_SECTIONS.items():
            for section in sections if family != self.model else ():
                given, default = getattr(self, section), type(self).model_fields[section].default
                changed = [name for name in type(given).model_fields if getattr(given, name) != getattr(default, name)]
                if changed:
                    raise ValueError(
                        f"{section}.{changed[0]}: the model is {self.model}, which has no such setting; leave it out, or "
                        f"set model to {family}"
                    )
        return self

    def to_json(self) -> str:
        """Every setting with its value, defaults written out."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


SCHEMAS: dict[str, type[LanguageModelling]] = {"lm": LanguageModelling}
