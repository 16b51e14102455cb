"""Every setting of a translator."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from seqlab.config.experiment import Experiment
from seqlab.config.network import Recurrence
from seqlab.config.section import Section
from seqlab.config.text import Data
from seqlab.config.training import Training
from seqlab.precision import Precision

TokenizerName = Literal["sentencepiece", "word", "character", "byte", "whitespace", "jieba"]
SUBWORDS = ("sentencepiece", "byte")
"""The tokenizers to which no text is unknown, and which have no min_count."""


class ParallelData(Data):
    """What is read, and where the two sides stand in it."""

    form: Literal["auto", "text", "tsv", "csv", "moses", "jsonl", "json", "parquet", "tmx"] = "auto"
    """Form of the corpora: by their names and beginnings (auto), two aligned files of text, tables, lines with ||| between
    the sides as Moses has them, JSON lines, JSON in one piece, Parquet, or a translation memory (TMX)."""
    source_column: str | None = None
    """Column of the source: its name, or its number from 1 (from -1 backward); by usual names, or the first, where not
    given. In TMX it is the language."""
    target_column: str | None = None
    """Column of the target likewise; the second where there are no names."""
    header: bool | None = None
    """Whether the first line of a table names its columns; found out where not given."""
    source_language: str | None = None
    """Language of the source, such as en: by the ends of the files' names (train.en) or the columns where not given."""
    target_language: str | None = None
    """Language of the target likewise; BLEU cuts its words by it (zh in characters)."""
    longest: int = Field(100, ge=1, le=1_000_000)
    """Tokens of a side above which a training pair is left out."""
    ratio: float = Field(0.0, ge=0.0)
    """How many times as many tokens as the other a side may have, above which a training pair is left out; 0 keeps all."""

    @model_validator(mode="after")
    def _ratio_above_one(self) -> Self:
        if 0.0 < self.ratio < 1.0:
            raise ValueError("ratio: it is of the longer side to the shorter, so 1 or more; 0 keeps all pairs")
        return self


class ParallelText(Section):
    """How the two sides become tokens; runs of blanks are one space on both."""

    tokenizer: TokenizerName = "sentencepiece"
    """What a token of the source is, and of the target where nothing else is given."""
    target_tokenizer: TokenizerName | None = None
    """What a token of the target is."""
    shared: bool = False
    """One vocabulary for both sides, of the training texts of both."""
    unicode: Literal["none", "NFC", "NFKC"] = "NFC"
    """Unicode normalization form."""
    width: Literal["keep", "half", "full"] = "keep"
    """Fold full-width letters, digits and signs to half width, or the other way round."""
    case: Literal["keep", "lower"] = "keep"
    """Keep letters as they are, or make them lower case, in translations too."""
    min_count: int = Field(1, ge=1)
    """Tokens seen less often than this on their side of the training data are unknown."""
    max_size: int | None = Field(None, ge=2)
    """Largest vocabulary, the most frequent tokens first; for sentencepiece the number of pieces (8000 where not given)."""
    target_max_size: int | None = Field(None, ge=2)
    """Largest vocabulary of the target; as of the source where not given."""
    sentencepiece_model: Literal["unigram", "bpe"] = "unigram"
    """Which segmentation model sentencepiece trains."""

    @property
    def of_target(self) -> TokenizerName:
        """What a token of the target is."""
        return self.target_tokenizer or self.tokenizer

    @model_validator(mode="after")
    def _fits(self) -> Self:
        both = (self.tokenizer, self.of_target)
        if self.shared and self.tokenizer != self.of_target:
            raise ValueError("target_tokenizer: one vocabulary is shared; leave it out, or set shared to false")
        if self.shared and self.target_max_size is not None:
            raise ValueError("target_max_size: one vocabulary is shared; leave it out, or set shared to false")
        if self.sentencepiece_model != "unigram" and "sentencepiece" not in both:
            raise ValueError(f"sentencepiece_model: the tokenizer is {self.tokenizer}; leave it out or set tokenizer")
        bytes_alone = self.max_size is not None and set(both) == {"byte"}
        if bytes_alone or (self.target_max_size is not None and self.of_target == "byte"):
            name = "max_size" if bytes_alone else "target_max_size"
            raise ValueError(f"{name}: the vocabulary of the tokenizer byte is the 256 bytes; leave it out")
        if self.min_count != 1 and not set(both) - set(SUBWORDS):
            raise ValueError(f"min_count: nothing is unknown to the tokenizer {self.tokenizer}; leave it out")
        return self


class PairBatches(Section):
    """How pairs are put together for training."""

    batch_size: int = Field(1500, ge=1, le=100_000_000)
    """Tokens of a batch, of the longer side: pairs of about the same lengths, until they are this many."""
    rare_as_unknown: float = Field(0.3, ge=0.0, le=1.0)
    """Share of the source tokens seen only once that is trained as unknown, drawn anew each epoch, so that the model learns
    what to make of an unknown token; bytes and sentencepiece need none."""


class TranslatorNetwork(Recurrence):
    """The network: an encoder that reads the source in both directions, and a decoder that writes the target."""

    hidden: int = Field(256, ge=1, le=100_000)
    """Units of each layer, of the encoder in each direction."""
    layers: int = Field(1, ge=1, le=1000)
    """Layers of the decoder, one above the other."""
    encoder_layers: int | None = Field(None, ge=1, le=1000)
    """Layers of the encoder; as many as of the decoder where not given."""
    embedding: int = Field(256, ge=1, le=100_000)
    """Width of the learned vectors of both sides."""
    attention: Literal["none", "additive", "dot", "general", "concat"] = "general"
    """How the decoder looks at the source: additive (Bahdanau et al. 2015), dot, general or concat (Luong et al. 2015), or
    not at all but for the encoder's last state (none)."""
    input_feeding: bool = False
    """Read what attention has made of the last step beside the last token (Luong et al. 2015); slower."""
    tied: Literal["none", "target", "all"] = "none"
    """Use the learned vectors of the target as output weights too, or one table for these and the source (all)."""
    dropout: float = Field(0.2, ge=0.0, lt=1.0)
    """Share of each layer's outputs, and of what the output layer reads, that is dropped in training."""
    precision: Precision = "float32"
    """bf16: products of weights in bfloat16, in training, on hardware that has them; the weights, the state and all that is
    done element by element stay float32, as does everything in use."""


class TranslationObjective(Section):
    """What training makes small."""

    label_smoothing: float = Field(0.1, ge=0.0, lt=1.0)
    """Share of the target that is spread evenly over all tokens."""
    sampling: float = Field(0.0, ge=0.0, le=1.0)
    """Share of the tokens that the decoder reads of its own predictions rather than of the target, at the end of training;
    it rises to this from 0 in a straight line (scheduled sampling, Bengio et al. 2015)."""


class Decoding(Section):
    """How translations are searched for in use, unless said otherwise there."""

    beam: int = Field(5, ge=1, le=1000)
    """Unfinished translations that are followed at a time; 1 takes the likeliest token each time (greedy)."""
    length_penalty: float = Field(0.6, ge=0.0, le=10.0)
    """Power of the length that log-probabilities are divided by (Wu et al. 2016), without which short ones win; 0 for
    none."""
    coverage_penalty: float = Field(0.0, ge=0.0, le=10.0)
    """Weight of source tokens that attention has left out (Wu et al. 2016); 0 for none."""
    longest_output: int = Field(200, ge=1, le=100_000)
    """Tokens of a translation at most; one also ends at ten more than twice the tokens of its source, or than as many for
    each as in training where these are more than two."""


class TranslatorTraining(Training):
    """How the network learns."""

    epochs: int = Field(12, ge=1, le=1_000_000)
    """Passes over the training corpora."""
    best_by: Literal["loss", "bleu"] = "bleu"
    """What decides which weights are the best, and when patience is out: nats a token, or BLEU of greedy translations."""


class Translation(Experiment):
    """Translation: every setting of `seqlab train translate`."""

    OWN_SECTIONS: ClassVar[dict[str, tuple[str, ...]]] = {
        "rnn": ("batches", "network", "objective", "decoding", "training"),
    }

    task: Literal["translate"] = "translate"
    """The task."""
    model: Literal["rnn"] = "rnn"
    """What predicts: a recurrent network."""
    baseline: bool = True
    """Score the untranslated source on the same pairs, as the floor to beat."""
    data: ParallelData = ParallelData()
    text: ParallelText = ParallelText()
    batches: PairBatches = PairBatches()
    network: TranslatorNetwork = TranslatorNetwork()
    objective: TranslationObjective = TranslationObjective()
    decoding: Decoding = Decoding()
    training: TranslatorTraining = TranslatorTraining()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        network = self.network
        if network.tied == "all" and not self.text.shared:
            raise ValueError(
                "network.tied: the two sides have a vocabulary each; set shared to true, or tied to target"
            )
        if network.attention == "none":
            if network.input_feeding:
                raise ValueError("network.input_feeding: there is no attention to feed; leave it out, or attention")
            if self.decoding.coverage_penalty:
                raise ValueError("decoding.coverage_penalty: there is no attention to cover with; leave it out")
        return self
