"""What a caller can give a recurrence wrongly, and the one sentence that says so."""

import torch
from torch import Tensor

from seqlab.recurrent.ragged import Ragged

INDICES = (torch.int64, torch.int32)


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def check_inputs(inputs: Tensor, width: int, weight: Tensor, *, steps: bool) -> None:
    """Refuse inputs of another shape, width, dtype or device than a layer reads.

    Args:
        inputs: (B, T, D) real or (B, T) integer; for one time step (B, D) or (B,).
        width: D.
        weight: a parameter of the layer.
        steps: True where the inputs have an axis of time steps.

    Raises:
        ValueError: what does not fit.
    """
    real, axes = inputs.is_floating_point(), ("B", "T") if steps else ("B",)
    if not real and inputs.dtype not in INDICES:
        raise ValueError(f"inputs are real numbers, or indices in int64 or int32; given: {_name(inputs.dtype)}")
    if inputs.dim() != len(axes) + real:
        wanted = ", ".join((*axes, f"D = {width}") if real else axes) + ("" if real or steps else ",")
        raise ValueError(f"{'real' if real else 'integer'} inputs are ({wanted}); given: {tuple(inputs.shape)}")
    if 0 in inputs.shape[: len(axes)]:
        what = "a row and a step" if steps else "a row"
        raise ValueError(f"inputs have at least {what}; given: {tuple(inputs.shape)}")
    if real and inputs.shape[-1] != width:
        raise ValueError(f"inputs are {inputs.shape[-1]} wide, but the first layer reads {width}")
    check_like(inputs, weight, "inputs are", real=real)


def check_like(values: Tensor, weight: Tensor, what: str, *, real: bool = True) -> None:
    """Refuse values on another device than the weights, or real ones of another dtype (autocast converts those itself).

    Raises:
        ValueError: what does not fit, a sentence that begins with `what`, such as "inputs are".
    """
    if values.device != weight.device:
        raise ValueError(f"{what} on {values.device}, but the weights on {weight.device}; move one of them")
    if real and values.dtype != weight.dtype and not torch.is_autocast_enabled(values.device.type):
        raise ValueError(f"{what} {_name(values.dtype)}, but the weights {_name(weight.dtype)}; convert one of them")


def check_indices(ids: Tensor, n_types: int) -> None:
    """Refuse an index, (B, T) or (B,), below 0 or not below `n_types`.

    Raises:
        ValueError: the first of them, and where it stands.
    """
    lowest, highest = (int(bound) for bound in ids.aminmax())
    if lowest < 0 or highest >= n_types:
        at = ((ids < 0) | (ids >= n_types)).nonzero()[0].tolist()
        where = ", ".join(f"{axis} {number}" for axis, number in zip(("row", "step"), at, strict=False))
        raise ValueError(
            f"inputs: index {int(ids[tuple(at)])} at {where}; there are {n_types} types, 0 to {n_types - 1}"
        )


def check_finite(values: Tensor, what: str, rows: Ragged | None) -> None:
    """Refuse values (B, T, n) that are not finite; padding may be anything.

    Raises:
        ValueError: the first such value, and where it stands.
    """
    wrong = ~torch.isfinite(values)
    if rows is not None:
        wrong &= rows.inside.unsqueeze(-1)
    if wrong.any():
        # The earliest step first: what follows it follows from it.
        step, row, unit = wrong.transpose(0, 1).nonzero()[0].tolist()
        raise ValueError(f"{what}: {values[row, step, unit].item()} at row {row}, step {step}, unit {unit}")


def check_finite_state(state: tuple[Tensor, ...], names: tuple[str, ...]) -> None:
    """Refuse a state, each part (L, B, n), that is not finite.

    Raises:
        ValueError: the first such value, and where it stands.
    """
    for name, part in zip(names, state, strict=True):
        wrong = ~torch.isfinite(part)
        if wrong.any():
            layer, row, unit = wrong.nonzero()[0].tolist()
            raise ValueError(f"state {name}: {part[layer, row, unit].item()} in layer {layer}, row {row}, unit {unit}")
