"""THE EQUATIONS of the recurrent cells, once. Every faster way to run a cell is held against these.

In all of them x is the input of one time step, already multiplied with `weight_ih` and with `bias_ih` added (that
product is taken for all time steps at once, outside), and the first state is the output. sigma is the logistic
function, * is elementwise, n is the number of hidden units and d the width of the input. Where several gates stand on
one line each has its own block of x, U and b. Gates are stacked along the last axis in torch's order, so that weights
move to and from `torch.nn` as they are.
"""

from seqlab.recurrent.cells.cell import Cell, State, Weights, product, project
from seqlab.recurrent.cells.registry import CELLS, register, unregister

__all__ = ["CELLS", "Cell", "State", "Weights", "product", "project", "register", "unregister"]
