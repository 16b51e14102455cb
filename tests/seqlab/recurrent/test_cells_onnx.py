"""The cells that ONNX has an operator for, against onnxruntime: the peephole LSTM first of all, which torch has not."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

from seqlab.recurrent.cells import CELLS, Weights

B, T, D, N = 3, 6, 5, 4

# The operator, its order of gates as places in our blocks, and its attributes. ONNX orders an LSTM i, o, f, c, a GRU
# z, r, h. The coupled LSTM has no forget gate of its own; where the attribute input_forget couples them, its place is not
# read and may hold anything, here the input gate's block.
OPERATORS = {
    "elman": ("RNN", [0], {}),
    "elman-relu": ("RNN", [0], {"activations": ["Relu"]}),
    "lstm": ("LSTM", [0, 3, 1, 2], {}),
    "peephole": ("LSTM", [0, 3, 1, 2], {}),
    "lstm-coupled": ("LSTM", [0, 2, 0, 1], {"input_forget": 1}),
    "gru": ("GRU", [1, 0, 2], {"linear_before_reset": 1}),
    "gru-reset-before": ("GRU", [1, 0, 2], {"linear_before_reset": 0}),
}


def blocks(weight, order):
    """The blocks of N rows in ONNX's order."""
    return np.concatenate([weight.numpy()[N * place : N * (place + 1)] for place in order])


def of_operator(name, weights):
    """The operator's inputs W, R, B and P."""
    _, order, _ = OPERATORS[name]
    inner = torch.zeros_like(weights["bias_ih"])
    if name == "gru":
        inner[2 * N :] = weights["bias_hn"]
    values = {
        "W": blocks(weights["weight_ih"], order),
        "R": blocks(weights["weight_hh"], order),
        "B": np.concatenate((blocks(weights["bias_ih"], order), blocks(inner, order))),
    }
    if name == "peephole":
        values["P"] = blocks(weights["weight_ch"], [0, 2, 1])  # ours i, f, o; ONNX's i, o, f
    return {key: value[None] for key, value in values.items()}


def onnx_states(name, inputs, state, parameters):
    """h after each step, and every state after the last one, by onnxruntime; (B, T, N) and (B, N)."""
    operator, _, attributes = OPERATORS[name]
    names = ["X", "W", "R", "B", "", "initial_h"] + (["initial_c", "P"] if operator == "LSTM" else [])
    parts = dict(zip(("initial_h", "initial_c"), (part.numpy()[None] for part in state), strict=False))
    feeds = {"X": inputs.numpy().transpose(1, 0, 2), **parameters, **parts}
    names = [key if key in feeds else "" for key in names]
    outputs = {"Y": (T, 1, B, N), "Y_h": (1, B, N)} | ({"Y_c": (1, B, N)} if operator == "LSTM" else {})
    node = helper.make_node(operator, names, [*outputs], hidden_size=N, **attributes)
    graph = helper.make_graph(
        [node],
        "cell",
        [helper.make_tensor_value_info(key, TensorProto.FLOAT, value.shape) for key, value in feeds.items()],
        [helper.make_tensor_value_info(key, TensorProto.FLOAT, shape) for key, shape in outputs.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    every, *last = session.run([*outputs], feeds)
    return torch.from_numpy(every[:, 0]).transpose(0, 1), [torch.from_numpy(part[0]) for part in last]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", OPERATORS)
def test_equals_onnxruntime(name, seed):
    """Both compute in single precision: a step sums D + N products, and T steps pass their roundings on; onnxruntime's
    sigma and tanh are rational functions, good to a few more. Sizes are counted from the largest value: the rectified
    net grows."""
    draw = torch.Generator().manual_seed(seed)
    cell = CELLS[name]
    weights = {key: 0.5 * torch.randn(shape, generator=draw) for key, shape in cell.parameter_shapes(D, N).items()}
    inputs = torch.randn(B, T, D, generator=draw)
    state = tuple(torch.randn(B, N, generator=draw) for _ in cell.states)
    every, last = onnx_states(name, inputs, state, of_operator(name, weights))
    outputs = []
    for x in cell.project(inputs, Weights(weights)).unbind(1):
        state = cell.step(x, state, Weights(weights))
        outputs.append(state[0])
    rounding = T * (D + N + 8) * torch.finfo(torch.float32).eps
    assert rounding < 2e-5
    atol = rounding * max(1.0, every.abs().max().item())
    torch.testing.assert_close(torch.stack(outputs, 1), every, rtol=0, atol=atol)
    for part, wanted in zip(state, last, strict=True):
        torch.testing.assert_close(part, wanted, rtol=0, atol=atol)


def test_the_peepholes_are_what_makes_the_difference():
    """Without P onnxruntime is off by far more than the tolerance above, and with the gates in another order too."""
    draw = torch.Generator().manual_seed(1)
    shapes = CELLS["peephole"].parameter_shapes(D, N)
    weights = {key: 0.5 * torch.randn(shape, generator=draw) for key, shape in shapes.items()}
    inputs = torch.randn(B, T, D, generator=draw)
    state = tuple(torch.randn(B, N, generator=draw) for _ in range(2))
    given = of_operator("peephole", weights)
    right, _ = onnx_states("peephole", inputs, state, given)
    swapped = given | {"P": given["P"].reshape(3, N)[[0, 2, 1]].reshape(1, -1)}
    for other in ({key: value for key, value in given.items() if key != "P"}, swapped):
        assert (onnx_states("peephole", inputs, state, other)[0] - right).abs().max() > 0.01
