"""The state that a stack of layers takes and gives back: a tensor, or a tuple of them for a cell of several states."""

from torch import Tensor

from seqlab.recurrent.cells import State
from seqlab.recurrent.checks import check_like

Carried = Tensor | State


def packed(state: State) -> Carried:
    """In the form of `torch.nn`: a single state stands alone."""
    return state if len(state) > 1 else state[0]


def unpacked(carried: Carried, cell: str, names: tuple[str, ...], shape: tuple[int, int, int], weight: Tensor) -> State:
    """The states as a tuple.

    Args:
        carried: a tensor, or a tuple of them.
        cell: its name, for the message. names: those of its states.
        shape: what each has to be, (L * directions, B, H).
        weight: a parameter with the dtype and on the device that they have to have.

    Raises:
        ValueError: another number, shape, dtype or device.
    """
    state = carried if isinstance(carried, tuple) else (carried,)
    if len(state) != len(names) or any(not isinstance(part, Tensor) or part.shape != shape for part in state):
        given = (tuple(part.shape) if isinstance(part, Tensor) else type(part).__name__ for part in state)
        found = ", ".join(map(str, given)) or "nothing"
        raise ValueError(f"the state of {cell} is {' and '.join(names)}, each {shape}; given: {found}")
    for name, part in zip(names, state, strict=True):
        check_like(part, weight, f"state {name} is")
    return state
