"""The names of the recurrent cells, without torch: the schema and the command line know them before it is imported."""

from seqlab.errors import unknown

BUILT_IN = (
    "elman", "elman-relu", "jordan",
    "lstm", "peephole", "peephole-cell", "peephole-cell-x", "fc-lstm", "lstm-layer-norm", "lstm-coupled",
    "gru", "gru-reset-before",
    "min-gru", "min-lstm",
)  # fmt: skip
"""The cells that come with the package."""

KNOWN = [*BUILT_IN]
"""These and the ones that have been registered since."""


def refusal(name: str) -> str:
    """One sentence for a cell that is not known: the nearest name, all names, and how one's own becomes known."""
    return f"{unknown('cell', name, KNOWN)}; a cell of one's own is registered first, with seqlab.recurrent.register"
