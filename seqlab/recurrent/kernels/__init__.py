"""Fused kernels of the cells that have them, compiled by numba: no compiler is needed where they run."""

from seqlab.recurrent.kernels import cell_reading, coupled, elman, gru, gru_reset_before, jordan, layer_norm, peephole
from seqlab.recurrent.kernels.kernel import Kernel

KERNELS: dict[str, Kernel] = {
    "elman": elman.TANH,
    "elman-relu": elman.RECTIFIED,
    "jordan": Kernel(jordan.forward, jordan.backward),
    "lstm": Kernel(peephole.forward, peephole.backward),
    "peephole": Kernel(peephole.forward, peephole.backward),
    "lstm-coupled": Kernel(coupled.forward, coupled.backward),
    "lstm-layer-norm": Kernel(layer_norm.forward, layer_norm.backward),
    "peephole-cell": cell_reading.PEEPHOLE_CELL,
    "peephole-cell-x": cell_reading.PEEPHOLE_CELL_X,
    "fc-lstm": cell_reading.FC_LSTM,
    "gru": Kernel(gru.forward, gru.backward),
    "gru-reset-before": Kernel(gru_reset_before.forward, gru_reset_before.backward),
}
