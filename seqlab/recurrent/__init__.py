"""Differentiable recurrences: cells, ways to run them over time, and stacks of them. No text and no configuration."""

from seqlab.recurrent.cells import CELLS, Cell, State, Weights, register, unregister
from seqlab.recurrent.stack import Recurrent

__all__ = ["CELLS", "Cell", "Recurrent", "State", "Weights", "register", "unregister"]
