"""Layers of recurrence, one above the other, in one direction or two."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqlab import cell_names
from seqlab.errors import ConfigError
from seqlab.recurrent import bridge, few_rows, initialise, scan
from seqlab.recurrent.carried import Carried, packed, unpacked
from seqlab.recurrent.cells import CELLS, State, Weights
from seqlab.recurrent.checks import check_finite, check_finite_state, check_indices, check_inputs
from seqlab.recurrent.dropout import Rates, Zoneout, locked, matrices, zoneout_rates
from seqlab.recurrent.few_rows import FewRows
from seqlab.recurrent.ragged import Lengths, Ragged, backwards
from seqlab.recurrent.scan import BACKENDS, Backend, Choice

__all__ = ["BACKENDS", "Backend", "Carried", "Recurrent"]
LOG = logging.getLogger("seqlab.recurrent")


class Recurrent(nn.Module):
    """Stacked recurrence of any cell; takes and returns what `torch.nn.LSTM(batch_first=True)` takes and returns.

    Parameters are named as in `torch.nn` (`weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`; `weight_ih_l0_reverse` in the
    second direction), the gates in torch's order; there is one bias a gate where torch keeps two, so `bias_ih` here is
    the sum of torch's two. What is dropped is dropped in training only, and what is kept is scaled up.

    Args:
        cell: a name in `CELLS`.
        input_size: D, width of the inputs; with integer inputs the number of types of which one is on.
        hidden_size: H, units of each layer and direction.
        num_layers: L.
        bidirectional: each layer reads in both directions, and the next one reads the outputs of both.
        dropout: share of the outputs of each layer but the last that is zeroed, each value by itself; nothing for a single
            layer, as in torch.
        input_dropout: share of the units each layer reads that is zeroed, the same ones at all steps of a row.
        recurrent_dropout: likewise of the state, where a recurrent matrix reads it.
        output_dropout: likewise of the last layer's outputs. Source of these three: Gal & Ghahramani 2016.
        weight_drop: share of the entries of the recurrent matrices that is zeroed, anew in each call (Merity et al. 2018).
        zoneout: chance that a unit keeps its state over a step (Krueger et al. 2017): one for all states, or one for each
            by its name, as {"h": 0.05, "c": 0.5}; in use the mean of both is taken.
        residual: what a layer reads is added to its outputs, where both are equally wide. Of the first layer that holds
            where D is the width of its outputs and the inputs are real.
        learned_state: the state before the first step is learned, from zero on; else it is zero.
        input_weights, recurrent_weights: how they begin, by the names of `seqlab.recurrent.initialise.INITIALISERS`.
        forget_bias: how the forget gate's bias begins.
        backend: "fused" runs this package's kernels, "torch" torch's own, "reference" the loop over the equations,
            "auto" the fastest there is.
        check_finite: refuse inputs, and stop at outputs, that are not finite, and say where. The same happens under
            `torch.autograd.detect_anomaly`.

    Raises:
        ConfigError: an unknown name, a size below one, a share outside [0, 1), options that exclude one another or would
            do nothing.
    """

    def __init__(
        self,
        cell: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        *,
        input_dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        output_dropout: float = 0.0,
        weight_drop: float = 0.0,
        zoneout: float | Mapping[str, float] = 0.0,
        residual: bool = False,
        learned_state: bool = False,
        input_weights: str = "xavier-uniform",
        recurrent_weights: str = "orthogonal",
        forget_bias: float = 1.0,
        backend: Backend = "auto",
        check_finite: bool = False,
    ):
        super().__init__()
        if cell not in CELLS:
            raise ConfigError(cell_names.refusal(cell))
        if min(input_size, hidden_size, num_layers) < 1:
            raise ConfigError(
                f"input_size {input_size}, hidden_size {hidden_size}, num_layers {num_layers}: each is at least 1"
            )
        self.cell, self.row, self.backend = cell, CELLS[cell], backend
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bidirectional, self.directions = bidirectional, 1 + bidirectional
        zoned = zoneout_rates(cell, self.row, zoneout)
        self.rates = Rates(dropout, input_dropout, recurrent_dropout, output_dropout, weight_drop, zoned)
        self.residual, self.learned_state, self.check_finite = residual, learned_state, check_finite
        self.first_weights = {"input": input_weights, "recurrent": recurrent_weights, "forget_bias": forget_bias}
        self._refuse_what_cannot_act()
        self._said = set[str]()
        self._add_parameters()
        self.reset_parameters()

    def _refuse_what_cannot_act(self) -> None:
        for name in ("recurrent_dropout", "weight_drop"):
            if getattr(self.rates, name) and not matrices(self.row):
                raise ConfigError(f"{name}: {self.cell} has no recurrent matrix; leave it out")
        if self.first_weights["recurrent"] != "orthogonal" and not matrices(self.row):
            raise ConfigError(f"recurrent_weights: {self.cell} has no recurrent matrix; leave it out")
        if self.first_weights["forget_bias"] != 1.0 and self.row.forget_gate is None:
            raise ConfigError(f"forget_bias: {self.cell} has no forget gate; leave it out")
        width = self.directions * self.hidden_size
        if self.residual and self.num_layers == 1 and self.input_size != width:
            raise ConfigError(
                f"residual: the only layer reads {self.input_size} values and gives {width}, not as many; leave it out"
            )
        scan.check_backend(self.cell, self.row, self.backend, self.rates.inside(training=True))

    def _add_parameters(self) -> None:
        n, self._suffixes = self.hidden_size, bridge.suffixes(self.num_layers, self.bidirectional)
        self._names = []
        for at, suffix in enumerate(self._suffixes):
            shapes = self.row.parameter_shapes(self.input_size if at < self.directions else self.directions * n, n)
            self._names.append([(name, name + suffix) for name in shapes])
            initial = {f"initial_{name}": (n,) for name in self.row.states} if self.learned_state else {}
            for name, shape in (shapes | initial).items():
                self.register_parameter(name + suffix, nn.Parameter(torch.empty(shape)))
        self._like = self._names[0][0][1]

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """First weights, by `seqlab.recurrent.initialise.layer`; a learned state begins at zero."""
        options: dict[str, Any] = self.first_weights
        for at in range(len(self._names)):
            initialise.layer(self.row, self._weights(at), **options)
        for name, weight in self.named_parameters():
            if name.startswith("initial_"):
                weight.zero_()

    def weights(self, layer: int, reverse: bool = False) -> Mapping[str, Tensor]:
        """The parameters of one layer and direction by their names without the layer's number."""
        return self._weights(layer * self.directions + reverse)

    def _weights(self, at: int) -> dict[str, Tensor]:
        return {name: getattr(self, full) for name, full in self._names[at]}

    def begin(self, batch_size: int) -> Carried:
        """The state before the first step of each row: zeros, or what was learned.

        Returns:
            (L * directions, B, H), or a tuple of these for a cell of several states.

        Raises:
            ValueError: no row.
        """
        if batch_size < 1:
            raise ValueError(f"a batch has at least one row, not {batch_size}")
        if not self.learned_state:
            shape = (len(self._suffixes), batch_size, self.hidden_size)
            return packed((getattr(self, self._like).new_zeros(shape),) * len(self.row.states))
        names = ([f"initial_{name}{suffix}" for suffix in self._suffixes] for name in self.row.states)
        learned = (torch.stack([getattr(self, name) for name in layers]) for layers in names)
        return packed(tuple(part.unsqueeze(1).repeat(1, batch_size, 1) for part in learned))

    def _before(self, state: Carried | None, batch_size: int) -> State:
        state = self.begin(batch_size) if state is None else state
        shape = (len(self._suffixes), batch_size, self.hidden_size)
        return unpacked(state, self.cell, self.row.states, shape, getattr(self, self._like))

    def runs_on(self, layer: int, *, one_hot: bool = False, training: bool | None = None, ragged: bool = False) -> str:
        """What runs a layer: a runner of `seqlab.recurrent.scan.Choice`, such as "fused kernel".

        Args:
            layer: its number, from 0.
            one_hot: the inputs are indices.
            training: in training or in use; as the module is set where None.
            ragged: on rows of different lengths; what is taken for `outputs` in use is as without.

        Returns:
            the name; with the loop also why, as in "reference loop (zoneout)", where the cell has a faster way.
        """
        return str(self._choice(layer, one_hot, self.training if training is None else training, ragged))

    def _choice(self, layer: int, one_hot: bool, training: bool, ragged: bool = False) -> Choice:
        like, inside = getattr(self, self._like), self.rates.inside(training)
        one_hot = one_hot and layer == 0
        return scan.choose(self.row, self.backend, like, one_hot=one_hot, inside=inside, ragged=ragged)

    def forward(
        self, inputs: Tensor, state: Carried | None = None, lengths: Lengths | None = None
    ) -> tuple[Tensor, Carried]:
        """Run all layers over all time steps.

        Args:
            inputs: (B, T, D) real, or (B, T) integer, which stands for one-hot rows of width D.
            state: what an earlier call returned: (L * directions, B, H), or a tuple of these for a cell of several
                states; `begin` where none is given.
            lengths: (B,) integer, in any order, 0 to T: the steps of each row, the rest of which is padding and may hold
                anything; T where none are given.

        Returns:
            the last layer's outputs (B, T, directions * H), zero for padding; and the state after each row's own last
            step in the form of `state`, which for a row without steps is the state before.

        Raises:
            ValueError: inputs, state or lengths that do not fit, or values that are not finite where that is checked.
        """
        outputs, after = self._run(inputs, state, lengths, ends=True)
        stacked = tuple(torch.stack(parts) for parts in zip(*after, strict=True))
        return outputs, packed(stacked)

    def outputs(self, inputs: Tensor, lengths: Lengths | None = None) -> Tensor:
        """The outputs that `forward` gives from the beginning, without the states.

        In use, an LSTM takes half the time that `forward` takes in bfloat16 where rows are of different lengths: torch's
        kernel for a CPU gives outputs without looking at lengths, but not the state at each row's own end.
        """
        return self._run(inputs, None, lengths, ends=False)[0]

    def _run(
        self, inputs: Tensor, state: Carried | None, lengths: Lengths | None, ends: bool
    ) -> tuple[Tensor, list[State]]:
        """The last layer's outputs, and the states of each layer and direction after the rows' own ends, or anywhere."""
        check_inputs(inputs, self.input_size, getattr(self, self._like), steps=True)
        rows = Ragged.of(lengths, inputs)
        outputs = inputs if rows is None else rows.zeroed(inputs)
        checked = self.check_finite or torch.is_anomaly_enabled()
        if not inputs.is_floating_point():
            self._check_indices(outputs)
        elif checked:
            check_finite(outputs, "inputs", rows)
        before, after = self._before(state, len(inputs)), list[State]()
        if checked:
            check_finite_state(before, self.row.states)
        for layer in range(self.num_layers):
            read = F.dropout(outputs, self.rates.dropout, self.training) if layer else outputs
            written = self._layer(layer, read, before, after, rows, ends)
            outputs = written + outputs if self.residual and written.shape == outputs.shape else written
            if checked:
                check_finite(outputs, f"outputs of layer {layer}", rows)
        return locked(outputs, self.rates.output_dropout, self.training), after

    def _check_indices(self, ids: Tensor) -> None:
        if self.rates.input_dropout and self.training:
            raise ValueError("input_dropout: it zeroes units of real inputs, and these are indices; leave it out")
        check_indices(ids, self.input_size)

    def _layer(
        self, layer: int, inputs: Tensor, before: State, after: list[State], rows: Ragged | None, ends: bool
    ) -> Tensor:
        """The outputs of one layer in all its directions; the states at the end are added to `after`."""
        ragged = rows if ends else None  # all that runners need lengths for
        slow = rows is not None and (ends or torch.is_grad_enabled())  # for torch's kernel
        one_hot = not inputs.is_floating_point()
        choice = self._choice(layer, one_hot, self.training, slow)
        if choice.why and choice.why not in self._said:
            self._said.add(choice.why)
            asked = choice.why == self.rates.inside(self.training)  # not news to whoever asked for it
            level = logging.INFO if asked else logging.WARNING
            LOG.log(level, "%s runs on the reference loop, which is slow: %s", self.cell, choice.why)
        inputs = inputs if one_hot else locked(inputs, self.rates.input_dropout, self.training)
        zoneout = Zoneout(self.rates.zoneout, self.training) if any(self.rates.zoneout) else None
        directions = []
        for reverse in range(self.directions):
            at = layer * self.directions + reverse
            weights, initial = self._weights(at), tuple(part[at] for part in before)
            drawn = self.rates.drawn(self.row, weights, len(inputs)) if self.training else Weights(weights)
            read = backwards(inputs, rows) if reverse else inputs
            written, last = scan.run(self.row, choice, read, initial, drawn, ragged, zoneout)
            directions.append(backwards(written, rows) if reverse else written)
            after.append(last)
        if not self.bidirectional:  # a kernel may need its outputs for the gradient, so they are left as they are
            return directions[0] if rows is None else rows.zeroed(directions[0])
        written = torch.cat(directions, -1)
        return written if rows is None else rows.zero(written)

    def step(self, inputs: Tensor, state: Carried | None = None) -> tuple[Tensor, Carried]:
        """One time step of all layers, as fast as it can be: for use, so nothing is dropped, in training neither.

        Args:
            inputs: (B, D) real, or (B,) integer, which stands for one-hot rows of width D.
            state: what an earlier call returned; `begin` where none is given.

        Returns:
            the last layer's output (B, H), and the state after the step in the form of `state`.

        Raises:
            ConfigError: the second direction would begin at an end that is not there yet.
            ValueError: inputs or state that do not fit.
        """
        if self.bidirectional:
            raise ConfigError("step: a bidirectional layer needs all of its inputs at once; use one direction")
        check_inputs(inputs, self.input_size, getattr(self, self._like), steps=False)
        if not inputs.is_floating_point():
            check_indices(inputs, self.input_size)
        checked = self.check_finite or torch.is_anomaly_enabled()
        if checked and inputs.is_floating_point():
            check_finite(inputs.unsqueeze(1), "inputs", None)
        before, after = self._before(state, len(inputs)), []
        if checked:
            check_finite_state(before, self.row.states)
        zoneout = Zoneout(self.rates.zoneout, False) if any(self.rates.zoneout) else None
        outputs = inputs
        for layer in range(self.num_layers):
            weights, own = FewRows(self._weights(layer)), tuple(part[layer] for part in before)
            x = few_rows.project(self.row, outputs, weights)
            new = self.row.step(x.to(own[0].dtype), own, weights)  # which autocast may have made half precision
            new = new if zoneout is None else zoneout(own, new)
            outputs = new[0] + outputs if self.residual and new[0].shape == outputs.shape else new[0]
            after.append(new)
            if checked:
                check_finite(outputs.unsqueeze(1), f"outputs of layer {layer}", None)
        return outputs, packed(tuple(torch.stack(parts) for parts in zip(*after, strict=True)))

    @classmethod
    def from_torch(cls, module: nn.RNN | nn.LSTM | nn.GRU) -> Self:
        """The same network as one of `torch.nn`, with its weights; the inputs are batch first here in any case.

        Raises:
            ConfigError: an LSTM with `proj_size`, or another kind of module.
        """
        options = bridge.options(module)
        made = cls(**options)
        weights = bridge.ours(module)
        made.to(weights["weight_ih_l0"]).train(module.training).load_state_dict(weights)
        return made

    def to_torch(self) -> nn.RNNBase:
        """The same network in use as a module of `torch.nn`, batch first; of what drops it knows `dropout` alone.

        Raises:
            ConfigError: `torch.nn` does not have the cell, or an option that also acts in use.
        """
        acting = {"zoneout": any(self.rates.zoneout), "residual": self.residual, "learned_state": self.learned_state}
        for option in acting:
            if acting[option]:
                raise ConfigError(f"torch.nn has no {option}, which also acts in use; this network has no equal there")
        sizes = (self.input_size, self.hidden_size, self.num_layers)
        made = bridge.module(self.cell, self.row, sizes, self.bidirectional, self.rates.dropout)
        weights = bridge.theirs(self.state_dict(), self.num_layers, self.bidirectional)
        made.to(weights["weight_ih_l0"]).train(self.training).load_state_dict(weights)
        return made

    def extra_repr(self) -> str:
        """The arguments, for `print(module)`."""
        shown = {"bidirectional": self.bidirectional} | asdict(self.rates)
        shown |= {"residual": self.residual, "learned_state": self.learned_state, "backend": self.backend}
        sizes = f"{self.cell}, {self.input_size}, {self.hidden_size}, num_layers={self.num_layers}"
        return ", ".join([sizes, *(f"{name}={value}" for name, value in shown.items())])
