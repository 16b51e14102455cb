"""What a network is, and how it reads the text in training."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from seqlab import cell_names
from seqlab.config.section import Section
from seqlab.precision import Precision

InitialiserName = Literal["identity", "orthogonal", "uniform", "xavier-normal", "xavier-uniform", "zeros"]


def _known_cell(name: str) -> str:
    if name not in cell_names.KNOWN:
        raise ValueError(cell_names.refusal(name))
    return name


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


class Recurrence(Section):
    """Layers of recurrence, as every task may have them."""

    cell: Annotated[str, AfterValidator(_known_cell)] = Field("lstm", examples=[*cell_names.BUILT_IN])
    """Recurrent cell: one of these, or one's own that has been registered from Python."""
    hidden: int = Field(256, ge=1, le=100_000)
    """Units of each layer."""
    layers: int = Field(1, ge=1, le=1000)
    """Recurrent layers, one above the other."""
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
    backend: Literal["auto", "fused", "torch", "reference"] = "auto"
    """What runs the cells: this package's kernels (fused), torch's own, the loop over equations, or the fastest (auto)."""

    @model_validator(mode="after")
    def _runs(self) -> Self:
        for name in ("zoneout", "recurrent_dropout"):
            if getattr(self, name) and self.backend in ("torch", "fused"):
                raise ValueError(
                    f"{name}: the loop over the equations alone knows it; set backend to auto or reference"
                )
        return self


class Network(Recurrence):
    """The recurrent network."""

    bidirectional: bool = False
    """Read in both directions; refused for a language model."""
    input: Literal["embedding", "one-hot"] = "embedding"
    """How a token enters: by a learned vector, or one-hot (an index, never a matrix)."""
    embedding: int | None = Field(None, ge=1, le=100_000)
    """Width of the learned vectors; as many as hidden units where not given."""
    tied: bool = False
    """Use the learned vectors as output weights too; they must be as wide as the hidden layer."""
    precision: Precision = "float32"
    """bf16: products of weights in bfloat16, in training and in use, on hardware that has them; the weights, the state and
    all that is done element by element stay float32."""

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
        if self.tied and self.embedding not in (None, self.hidden):
            raise ValueError(
                f"tied: the learned vectors are {self.embedding} wide and the hidden layer {self.hidden}; "
                "tied output weights need them equal"
            )
        return self
