"""A stack that is run a step at a time in training, where what a layer reads depends on what came out before."""

from torch import Tensor
from torch.nn import functional as F

from seqlab.recurrent.carried import Carried
from seqlab.recurrent.cells import State, Weights
from seqlab.recurrent.dropout import Zoneout, mask
from seqlab.recurrent.stack import Recurrent


class Steps:
    """The steps of one call of a stack: what is locked over a row is drawn once, for all of them.

    The equations are those of `Recurrent.forward`, so that both give the same numbers where nothing is dropped.

    Args:
        stack: in one direction.
        state: before the first step, in the form of `Recurrent.begin`.
    """

    def __init__(self, stack: Recurrent, state: Carried):
        parts = state if isinstance(state, tuple) else (state,)
        self._stack, self._training = stack, stack.training
        self._states: list[State] = [*zip(*(part.unbind(0) for part in parts), strict=True)]
        weights = [{**stack.weights(layer)} for layer in range(stack.num_layers)]
        rates, n_rows = stack.rates, parts[0].shape[1]
        self._weights = [rates.drawn(stack.row, own, n_rows) if stack.training else Weights(own) for own in weights]
        self._zoneout = Zoneout(rates.zoneout, stack.training) if any(rates.zoneout) else None
        self._masks = dict[str, Tensor]()

    def __call__(self, inputs: Tensor) -> Tensor:
        """The last layer's outputs (B, H) of one step that reads `inputs` (B, D)."""
        stack, outputs = self._stack, inputs
        for layer, weights in enumerate(self._weights):
            read = F.dropout(outputs, stack.rates.dropout, self._training) if layer else outputs
            before = self._states[layer]
            x = stack.row.project(self._locked(f"layer {layer}", read, stack.rates.input_dropout)[:, None], weights)
            after = stack.row.step(x[:, 0].to(before[0].dtype), before, weights)
            self._states[layer] = after if self._zoneout is None else self._zoneout(before, after)
            written = self._states[layer][0]
            outputs = written + outputs if stack.residual and written.shape == outputs.shape else written
        return self._locked("outputs", outputs, stack.rates.output_dropout)

    def _locked(self, where: str, values: Tensor, rate: float) -> Tensor:
        if not self._training or not rate:
            return values
        if where not in self._masks:
            self._masks[where] = mask(values, rate)
        return values * self._masks[where]
