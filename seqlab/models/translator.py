"""The recurrent translator: the tokens of a sentence in, scores of the next token of its translation out."""

from contextlib import AbstractContextManager, nullcontext
from typing import Literal, Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import Parameter
from torch.nn import functional as F

from seqlab.errors import ConfigError, unknown
from seqlab.models import attention as attentions
from seqlab.models.bridge import Bridge
from seqlab.models.decoder_steps import step_by_step
from seqlab.models.translation_state import Forced, Ids, Memory, State, Step
from seqlab.precision import Precision
from seqlab.recurrent import few_rows
from seqlab.recurrent.dropout import locked
from seqlab.recurrent.options import RecurrenceOptions
from seqlab.recurrent.stack import Recurrent

AttentionName = Literal["none", "additive", "dot", "general", "concat"]
Tied = Literal["none", "target", "all"]
TIED: tuple[Tied, ...] = ("none", "target", "all")


class RecurrentTranslator(nn.Module):
    """A bidirectional encoder, a decoder with attention over its outputs, and a linear layer to the target vocabulary.

        h_s = encoder(x_1 ... x_S)                       both directions side by side
        h_t = decoder(e(y_t), or [e(y_t); h~_(t-1)])     from a state that the encoder's last states give, see `Bridge`
        h~_t = tanh(W [c_t; h_t])                        c_t: see `seqlab.models.attention`; left out without attention
        p(y_(t+1)) = softmax(O h~_t + b)

    Source: Bahdanau et al. 2015 (arXiv 1409.0473); Luong et al. 2015 (arXiv 1508.04025), eq. 5 and 6 and section 3.3;
    without attention Sutskever et al. 2014 (arXiv 1409.3215).

    Args:
        n_source, n_target: sizes of the vocabularies; id 0 is padding.
        embedding: E, width of the learned vectors of both sides; `hidden` where not given.
        hidden: H, units of each layer and direction.
        layers: of the decoder, and of the encoder where `encoder_layers` is not given.
        attention: a name of `seqlab.models.attention.ATTENTIONS`, or "none": the decoder knows the encoder's last states
            alone. For "dot" both directions of the encoder are added up, so that they are as wide as the decoder.
        input_feeding: the decoder also reads h~ of the step before, which is slower to train: step after step.
        tied: "target": output weights are the target's learned vectors (Press & Wolf 2017); "all": those of the source too,
            which takes one vocabulary. h~ is as wide as the learned vectors then, and as the decoder otherwise.
        dropout: share of the values of each layer's outputs, and of h~, that is zeroed in training.
        embedding_dropout: share of the dimensions of the learned vectors that is zeroed in training, over a whole row.
        cell: of both recurrences, see `seqlab.recurrent.Recurrent`.
        precision: "bf16" takes products of float32 weights in bfloat16 in training; the weights, the states and the logits
            are float32. In use all is float32, so that one call gives what steps give.
        recurrence: further options of both recurrences; `learned_state` is that before the source.

    Raises:
        ConfigError: a size, name or combination that cannot be.
    """

    def __init__(
        self,
        n_source: int,
        n_target: int,
        *,
        embedding: int | None = None,
        hidden: int = 256,
        layers: int = 1,
        encoder_layers: int | None = None,
        cell: str = "lstm",
        attention: AttentionName = "general",
        input_feeding: bool = False,
        tied: Tied = "none",
        dropout: float = 0.0,
        embedding_dropout: float = 0.0,
        precision: Precision = "float32",
        **recurrence: Unpack[RecurrenceOptions],
    ):
        super().__init__()
        if tied not in TIED:
            raise ConfigError(unknown("way of tying", tied, TIED))
        if tied == "all" and n_source != n_target:
            raise ConfigError(f"tied: 'all' takes one vocabulary, and these have {n_source} and {n_target} types")
        if not 0.0 <= embedding_dropout < 1.0:
            raise ConfigError(f"embedding_dropout: is a share from 0 to below 1, not {embedding_dropout}")
        width = embedding or hidden
        self.target = nn.Embedding(n_target, width, padding_idx=0)
        self.source = self.target if tied == "all" else nn.Embedding(n_source, width, padding_idx=0)
        n_layers = layers if encoder_layers is None else encoder_layers
        self.encoder = Recurrent(cell, width, hidden, n_layers, True, dropout, **recurrence)
        outer = width if tied != "none" else hidden
        recurrence.pop("learned_state", None)  # the decoder's is what the encoder has read
        self.decoder = Recurrent(cell, width + outer * input_feeding, hidden, layers, False, dropout, **recurrence)
        self.bridge = Bridge(self.encoder, self.decoder)
        memory = hidden if attention == "dot" else 2 * hidden
        self.attention = None if attention == "none" else attentions.build(attention, hidden, memory)
        self.combine = nn.Linear(hidden if self.attention is None else memory + hidden, outer, bias=False)
        self.output = nn.Linear(outer, n_target)
        if tied != "none":
            self.output.weight = self.target.weight
        self.tied, self.input_feeding, self.summed, self.precision = tied, input_feeding, attention == "dot", precision
        self.dropout, self.embedding_dropout = dropout, embedding_dropout
        self._reset_parameters()

    @torch.no_grad()
    def _reset_parameters(self) -> None:
        for linear in (self.combine, self.output):
            nn.init.xavier_uniform_(linear.weight)
        for table in (self.source, self.target):
            nn.init.normal_(table.weight, std=table.embedding_dim**-0.5)
            table.weight[0] = 0.0
        nn.init.zeros_(self.output.bias)

    def runs_on(self, *, training: bool | None = None) -> list[str]:
        """What runs each layer, the encoder's first, in the words and with the argument of `Recurrent.runs_on`."""
        in_training = self.training if training is None else training
        with self._products(in_training):
            names = [
                self.encoder.runs_on(layer, training=in_training, ragged=True)
                for layer in range(self.encoder.num_layers)
            ]
            if self.input_feeding:
                names += ["steps"] * self.decoder.num_layers
            else:
                names += [self.decoder.runs_on(at, training=in_training) for at in range(self.decoder.num_layers)]
        return [f"{name} with bfloat16 products" for name in names] if self._in_half(in_training) else names

    def groups(self) -> list[tuple[str, list[Parameter]]]:
        """The parameters from the bottom up, each once: "embedding", "encoder 0", ..., "decoder 0", ..., "head".

        They are for rates that differ by layer and for gradual unfreezing (Howard & Ruder 2018, sections 3.2 and 3.3).
        The bridge is of the decoder's first layer.
        """
        tables: list[nn.Module] = [self.source] if self.source is self.target else [self.source, self.target]
        groups = [("embedding", [parameter for table in tables for parameter in table.parameters()])]
        for name, stack in (("encoder", self.encoder), ("decoder", self.decoder)):
            layers: list[list[Parameter]] = [[] for _ in range(stack.num_layers)]
            for full, parameter in stack.named_parameters():
                layers[int(full.removesuffix("_reverse").rpartition("_l")[2])].append(parameter)
            if stack is self.decoder:
                layers[0].extend(self.bridge.parameters())
            groups += [(f"{name} {layer}", parameters) for layer, parameters in enumerate(layers)]
        head = [module for module in (self.attention, self.combine, self.output) if module is not None]
        parameters = [parameter for module in head for parameter in module.parameters()]
        return [*groups, ("head", [own for own in parameters if own is not self.target.weight])]

    def _in_half(self, training: bool) -> bool:
        return training and self.precision == "bf16" and self.output.weight.dtype == torch.float32

    def _products(self, training: bool) -> AbstractContextManager[object]:
        """Where products are taken in the precision of this model; in float32 an autocast of the caller's stays."""
        in_half = self._in_half(training)
        return torch.autocast(self.output.weight.device.type, torch.bfloat16) if in_half else nullcontext()

    def encode(self, source: Tensor, lengths: Tensor) -> Memory:
        """Read the sources.

        Args:
            source: (B, S) token ids.
            lengths: (B,) integer, 0 to S: the tokens of each row, the rest of which is padding, any ids.
        """
        if not source.shape[1]:  # nothing but empty rows: a step of padding, which a recurrence can read
            source = source.new_zeros(len(source), 1)
        inside = _inside(lengths, source.shape[1], source.device)
        with self._products(self.training):
            vectors = locked(self.source(source.masked_fill(~inside, 0)), self.embedding_dropout, self.training)
            values, last = self.encoder(vectors, lengths=lengths)
            values = F.dropout(values, self.dropout, self.training)
            if self.summed:
                values = values[..., : self.encoder.hidden_size] + values[..., self.encoder.hidden_size :]
            keys = None if self.attention is None else self.attention.keys(values).to(values.dtype)
            return Memory(keys, values, inside, self.bridge(last))

    def forward(
        self, source: Tensor, source_lengths: Tensor, target: Tensor, target_lengths: Tensor, sampling: float = 0.0
    ) -> Tensor:
        """Scores of the token after each token of the translations.

        Args:
            source, source_lengths: as for `encode`.
            target: (B, T) token ids, each row from the id of the beginning on.
            target_lengths: (B,) integer, 0 to T: the tokens of each row, the rest of which is padding, any ids.
            sampling: chance that a step reads, in place of the token in `target`, the likeliest one by the step before it:
                scheduled sampling, Bengio et al. 2015 (arXiv 1506.03099). The first token is always read as it is.

        Returns:
            logits (B, T, V) in float32 or wider, unnormalised; 0 in padding.
        """
        inside = _inside(target_lengths, target.shape[1], target.device)
        own = self.token_logits(source, source_lengths, target, target_lengths, sampling)
        logits = own.new_zeros(*target.shape, own.shape[-1])
        logits[inside] = own
        return logits

    def token_logits(
        self, source: Tensor, source_lengths: Tensor, target: Tensor, target_lengths: Tensor, sampling: float = 0.0
    ) -> Tensor:
        """The logits (n, V) of the n tokens that are not padding, row after row; arguments as for `forward`."""
        inside = _inside(target_lengths, target.shape[1], target.device)
        decoded, _ = self.decode(self.encode(source, source_lengths), target.masked_fill(~inside, 0), sampling)
        return self._logits(decoded[inside])

    def decode(self, memory: Memory, target: Tensor, sampling: float = 0.0) -> tuple[Tensor, Tensor | None]:
        """h~ (B, T, A) after each token of `target` (B, T), and the attention (B, T, S) of each step, if there is one.

        The logits are `self.output` of h~; to have those of some steps alone, choose these steps of h~. The memory is that
        of as many rows; `sampling` is as for `forward`.
        """
        with self._products(self.training):
            if self.input_feeding or sampling:
                return step_by_step(self, memory, target, sampling)
            vectors = locked(self.target(target), self.embedding_dropout, self.training)
            hidden, _ = self.decoder(vectors, memory.before)
            decoded, weights = self.attend(hidden, memory)
            return F.dropout(decoded, self.dropout, self.training), weights

    def with_fed(self, vectors: Tensor, fed: Tensor | None) -> Tensor:
        """What the decoder reads in a step: vectors (B, E), with input feeding beside h~ of the step before, if any."""
        if not self.input_feeding:
            return vectors
        fed = vectors.new_zeros(len(vectors), self.combine.out_features) if fed is None else fed.to(vectors.dtype)
        return torch.cat((vectors, fed), -1)

    def attend(self, hidden: Tensor, memory: Memory) -> tuple[Tensor, Tensor | None]:
        """h~ of decoder states (B, H) or (B, T, H), and the weights of the attention."""
        if self.attention is None:
            return torch.tanh(self.combine(hidden)), None
        assert memory.keys is not None
        context, weights = self.attention(hidden, memory.keys, memory.values, memory.inside)
        return torch.tanh(self.combine(torch.cat((context, hidden), -1))), weights

    def _logits(self, decoded: Tensor) -> Tensor:
        with self._products(self.training):
            logits: Tensor = self.output(decoded)
        return logits.float() if logits.dtype in (torch.bfloat16, torch.float16) else logits

    @torch.no_grad()
    def forced(self, memory: Memory, target: Tensor, lengths: Tensor) -> Forced:
        """How likely given translations are, and what they attend to: forced decoding.

        Args:
            memory: of B sentences.
            target: (B, T) token ids, each row from the id of the beginning on, and to that of the end if it is to count.
            lengths: (B,) integer, 0 to T: the tokens of each row, the rest of which is padding, any ids.
        """
        read, wanted, inside = target[:, :-1], target[:, 1:], _inside(lengths - 1, target.shape[1] - 1, target.device)
        decoded, attention = self.decode(memory, read.masked_fill(~inside, 0))
        log_probs = decoded.new_zeros(wanted.shape, dtype=self.output.weight.dtype)
        own = self._logits(decoded[inside]).log_softmax(-1)
        log_probs[inside] = own.gather(1, wanted[inside][:, None])[:, 0]
        return Forced(log_probs, attention)

    def begin(self, memory: Memory) -> State:
        """The state before the first token, one row a sentence."""
        fed = (
            self.output.weight.new_zeros(len(memory.values), self.combine.out_features) if self.input_feeding else None
        )
        return State(memory, memory.before, fed)

    @torch.no_grad()
    def step(self, tokens: Ids, state: State) -> Step[State]:
        """One token further: for use, so nothing is dropped.

        Args:
            tokens: (N,) the last token of each row; before the first one the id of the beginning.
            state: before these tokens.
        """
        # In float32, as `RecurrentLanguageModel.step` is.
        ids = torch.as_tensor(tokens, device=self.output.weight.device)
        hidden, carried = self.decoder.step(self.with_fed(self.target(ids), state.fed), state.carried)
        rows = hidden.view(len(state.memory.values), -1, hidden.shape[-1])
        decoded, attention = self.attend(rows, state.memory)
        decoded, attention = decoded.flatten(0, 1), None if attention is None else attention.flatten(0, 1)
        logits = few_rows.times(decoded, self.output.weight).add_(self.output.bias)
        log_probs = F.log_softmax(logits.float(), -1)
        return Step(log_probs, attention, State(state.memory, carried, decoded if self.input_feeding else None))

    def select(self, state: State, rows: Ids) -> State:
        """The state of these rows (N,), which may repeat or be fewer; see `State.select`."""
        return state.select(rows)

    def source_lengths(self, state: State) -> NDArray[np.int64]:
        """How many tokens the source of each row has, (N,)."""
        lengths = state.memory.inside.sum(1).cpu().numpy()
        return np.repeat(lengths, state.n_rows // len(lengths))


def _inside(lengths: Tensor, n_steps: int, device: torch.device) -> Tensor:
    """(B, T) True where a step belongs to its row."""
    return torch.arange(n_steps, device=device) < lengths.to(device)[:, None]
