"""Each cell against its paper's equations, transcribed here unit by unit in plain Python floats.

Written from the papers, not from the package: one row of the batch, loops over units, x the raw input. Numbers of
equations are those of the sources that the docstrings of the cells name.
"""

import math
import statistics

import pytest
import torch

from seqlab.recurrent.cells import CELLS, Weights

B, T, D, N = 3, 5, 3, 4
UNITS = range(N)


def sigma(a):
    return 1 / (1 + math.exp(-a))


def dot(row, vector):
    return sum(weight * value for weight, value in zip(row, vector, strict=True))


def per_gate(values, gates):
    """The parameter of each gate, by the gate's letter: its N rows, or its N numbers."""
    assert len(values) == N * len(gates)
    return {gate: values[N * place : N * (place + 1)] for place, gate in enumerate(gates)}


def elman(w, x, h):
    return ([math.tanh(dot(w["weight_ih"][k], x) + w["bias_ih"][k] + dot(w["weight_hh"][k], h)) for k in UNITS],)


def elman_relu(w, x, h):
    return ([max(0.0, dot(w["weight_ih"][k], x) + w["bias_ih"][k] + dot(w["weight_hh"][k], h)) for k in UNITS],)


def jordan(w, x, y):
    """Hidden units see the input and the output units' last activity; output units see the hidden ones."""
    hidden = [math.tanh(dot(w["weight_ih"][k], x) + w["bias_ih"][k] + dot(w["weight_yh"][k], y)) for k in UNITS]
    return ([math.tanh(dot(w["weight_hy"][k], hidden) + w["bias_y"][k]) for k in UNITS],)


def lstm(w, x, h, c):
    """Gers, Schmidhuber & Cummins 2000, with tanh where the first LSTMs had scaled logistic functions."""
    of_x, of_h, bias = (per_gate(w[name], "ifgo") for name in ("weight_ih", "weight_hh", "bias_ih"))
    new_h, new_c = [], []
    for k in UNITS:
        net = {gate: dot(of_x[gate][k], x) + dot(of_h[gate][k], h) + bias[gate][k] for gate in "ifgo"}
        new_c.append(sigma(net["f"]) * c[k] + sigma(net["i"]) * math.tanh(net["g"]))
        new_h.append(sigma(net["o"]) * math.tanh(new_c[k]))
    return new_h, new_c


def peephole(w, x, h, c):
    """Graves 2013, eq. 7-11 (Gers et al. 2002, section 3.1: the output gate's peephole sees the new cell state)."""
    of_x, of_h, bias = (per_gate(w[name], "ifgo") for name in ("weight_ih", "weight_hh", "bias_ih"))
    w_ci, w_cf, w_co = per_gate(w["weight_ch"], "ifo").values()
    new_h, new_c = [], []
    for k in UNITS:
        i = sigma(dot(of_x["i"][k], x) + dot(of_h["i"][k], h) + w_ci[k] * c[k] + bias["i"][k])
        f = sigma(dot(of_x["f"][k], x) + dot(of_h["f"][k], h) + w_cf[k] * c[k] + bias["f"][k])
        new_c.append(f * c[k] + i * math.tanh(dot(of_x["g"][k], x) + dot(of_h["g"][k], h) + bias["g"][k]))
        o = sigma(dot(of_x["o"][k], x) + dot(of_h["o"][k], h) + w_co[k] * new_c[k] + bias["o"][k])
        new_h.append(o * math.tanh(new_c[k]))
    return new_h, new_c


def peephole_cell(w, x, h, c):
    """Gates over [x_t, c_{t-1}], candidate over [x_t, h_{t-1}] where it has recurrent weights, over x_t where not."""
    of_x, bias = (per_gate(w[name], "ifgo") for name in ("weight_ih", "bias_ih"))
    of_c = per_gate(w["weight_ch"], "ifo")
    new_h, new_c = [], []
    for k in UNITS:
        i, f, o = (sigma(dot(of_x[gate][k], x) + dot(of_c[gate][k], c) + bias[gate][k]) for gate in "ifo")
        net = dot(of_x["g"][k], x) + bias["g"][k]
        if "weight_hh" in w:
            net += dot(w["weight_hh"][k], h)
        new_c.append(f * c[k] + i * math.tanh(net))
        new_h.append(o * math.tanh(new_c[k]))
    return new_h, new_c


def fc_lstm(w, x, h, c):
    """Gates over [x_t, h_{t-1}, c_{t-1}], candidate over [x_t, h_{t-1}]."""
    of_x, of_h, bias = (per_gate(w[name], "ifgo") for name in ("weight_ih", "weight_hh", "bias_ih"))
    of_c = per_gate(w["weight_ch"], "ifo")
    new_h, new_c = [], []
    for k in UNITS:
        net = {gate: dot(of_x[gate][k], x) + dot(of_h[gate][k], h) + bias[gate][k] for gate in "ifgo"}
        i, f, o = (sigma(net[gate] + dot(of_c[gate][k], c)) for gate in "ifo")
        new_c.append(f * c[k] + i * math.tanh(net["g"]))
        new_h.append(o * math.tanh(new_c[k]))
    return new_h, new_c


def layer_norm(values, gain, bias):
    """Ba et al. 2016, eq. 4: mean and (biased) variance over the units of a layer."""
    mean = statistics.fmean(values)
    scale = math.sqrt(statistics.fmean((value - mean) ** 2 for value in values) + 1e-5)
    return [(value - mean) / scale * g + b for value, g, b in zip(values, gain, bias, strict=True)]


def lstm_layer_norm(w, x, h, c):
    """Ba et al. 2016, supplement, eq. 20-22: all four gates are normalised as one layer of 4N units."""
    zeros = [0.0] * (4 * N)
    of_h = layer_norm([dot(row, h) for row in w["weight_hh"]], w["gain_hh"], zeros)
    of_x = layer_norm([dot(row, x) for row in w["weight_ih"]], w["gain_ih"], zeros)
    net = per_gate([a + b + bias for a, b, bias in zip(of_h, of_x, w["bias_ih"], strict=True)], "ifgo")
    new_c = [sigma(net["f"][k]) * c[k] + sigma(net["i"][k]) * math.tanh(net["g"][k]) for k in UNITS]
    seen = layer_norm(new_c, w["gain_c"], w["bias_c"])
    return [sigma(net["o"][k]) * math.tanh(seen[k]) for k in UNITS], new_c


def lstm_coupled(w, x, h, c):
    """Greff et al. 2017, section on variants: CIFG, f = 1 - i."""
    of_x, of_h, bias = (per_gate(w[name], "igo") for name in ("weight_ih", "weight_hh", "bias_ih"))
    new_h, new_c = [], []
    for k in UNITS:
        net = {gate: dot(of_x[gate][k], x) + dot(of_h[gate][k], h) + bias[gate][k] for gate in "igo"}
        i = sigma(net["i"])
        new_c.append((1 - i) * c[k] + i * math.tanh(net["g"]))
        new_h.append(sigma(net["o"]) * math.tanh(new_c[k]))
    return new_h, new_c


def gru(w, x, h):
    """torch.nn.GRU's equations: r acts on the product, whose bias it takes along."""
    of_x, of_h, bias = (per_gate(w[name], "rzn") for name in ("weight_ih", "weight_hh", "bias_ih"))
    new_h = []
    for k in UNITS:
        r, z = (sigma(dot(of_x[gate][k], x) + bias[gate][k] + dot(of_h[gate][k], h)) for gate in "rz")
        n = math.tanh(dot(of_x["n"][k], x) + bias["n"][k] + r * (dot(of_h["n"][k], h) + w["bias_hn"][k]))
        new_h.append((1 - z) * n + z * h[k])
    return (new_h,)


def gru_reset_before(w, x, h):
    """Cho et al. 2014 v3, eq. 5-8; Keras, reset_after=False: recurrent_h = dot(r * h_tm1, recurrent_kernel_h)."""
    of_x, of_h, bias = (per_gate(w[name], "rzn") for name in ("weight_ih", "weight_hh", "bias_ih"))
    r = [sigma(dot(of_x["r"][k], x) + dot(of_h["r"][k], h) + bias["r"][k]) for k in UNITS]
    reset = [r[k] * h[k] for k in UNITS]
    new_h = []
    for k in UNITS:
        z = sigma(dot(of_x["z"][k], x) + dot(of_h["z"][k], h) + bias["z"][k])
        n = math.tanh(dot(of_x["n"][k], x) + dot(of_h["n"][k], reset) + bias["n"][k])
        new_h.append(z * h[k] + (1 - z) * n)
    return (new_h,)


def positive(a):
    """Feng et al. 2024, appendix B, listing 6: g."""
    return a + 0.5 if a >= 0 else sigma(a)


def min_gru(w, x, h):
    """Feng et al. 2024, section 3.1, with g of appendix B."""
    of_x, bias = per_gate(w["weight_ih"], "zh"), per_gate(w["bias_ih"], "zh")
    new_h = []
    for k in UNITS:
        z = sigma(dot(of_x["z"][k], x) + bias["z"][k])
        new_h.append((1 - z) * h[k] + z * positive(dot(of_x["h"][k], x) + bias["h"][k]))
    return (new_h,)


def min_lstm(w, x, h):
    """Feng et al. 2024, section 3.2, with g of appendix B."""
    of_x, bias = per_gate(w["weight_ih"], "fih"), per_gate(w["bias_ih"], "fih")
    new_h = []
    for k in UNITS:
        f, i = (sigma(dot(of_x[gate][k], x) + bias[gate][k]) for gate in "fi")
        candidate = positive(dot(of_x["h"][k], x) + bias["h"][k])
        new_h.append(f / (f + i) * h[k] + i / (f + i) * candidate)
    return (new_h,)


TRANSCRIBED = {
    "elman": elman, "elman-relu": elman_relu, "jordan": jordan,
    "lstm": lstm, "peephole": peephole, "peephole-cell": peephole_cell, "peephole-cell-x": peephole_cell,
    "fc-lstm": fc_lstm, "lstm-layer-norm": lstm_layer_norm, "lstm-coupled": lstm_coupled,
    "gru": gru, "gru-reset-before": gru_reset_before, "min-gru": min_gru, "min-lstm": min_lstm,
}  # fmt: skip


@pytest.mark.parametrize("name", CELLS)
def test_every_state_after_every_step_is_that_of_the_paper(name):
    draw = torch.Generator().manual_seed(1)
    cell = CELLS[name]

    def randn(*shape):
        return torch.randn(shape, generator=draw, dtype=torch.float64)

    weights = {key: 0.7 * randn(*shape) for key, shape in cell.parameter_shapes(D, N).items()}
    inputs, state = randn(B, T, D), tuple(randn(B, N) for _ in cell.states)
    plain = {key: weight.tolist() for key, weight in weights.items()}
    by_hand = [[part[row].tolist() for part in state] for row in range(B)]
    for t, x in enumerate(cell.project(inputs, Weights(weights)).unbind(1)):
        state = cell.step(x, state, Weights(weights))
        by_hand = [TRANSCRIBED[name](plain, inputs[row, t].tolist(), *by_hand[row]) for row in range(B)]
        for part, values in zip(state, zip(*by_hand, strict=True), strict=True):
            wanted = torch.tensor(values, dtype=torch.float64)
            torch.testing.assert_close(part, wanted, rtol=0, atol=1e-12)


def test_layer_norm_is_that_of_torch():
    """The projection of the layer-normalised LSTM against torch's own function, and that of this file too."""
    draw = torch.Generator().manual_seed(2)
    cell = CELLS["lstm-layer-norm"]
    weights = {
        key: torch.randn(shape, generator=draw, dtype=torch.float64)
        for key, shape in cell.parameter_shapes(D, N).items()
    }
    inputs = torch.randn(B, T, D, generator=draw, dtype=torch.float64)
    wanted = torch.nn.functional.layer_norm(
        inputs @ weights["weight_ih"].T, (4 * N,), weights["gain_ih"], weights["bias_ih"]
    )
    torch.testing.assert_close(cell.project(inputs, Weights(weights)), wanted, rtol=0, atol=1e-12)
    by_hand = layer_norm(
        (weights["weight_ih"] @ inputs[0, 0]).tolist(), weights["gain_ih"].tolist(), weights["bias_ih"].tolist()
    )
    torch.testing.assert_close(wanted[0, 0], torch.tensor(by_hand, dtype=torch.float64), rtol=0, atol=1e-12)


def test_the_two_gated_units_differ_on_the_same_weights():
    draw = torch.Generator().manual_seed(3)
    weights = {
        key: torch.randn(shape, generator=draw)
        for key, shape in CELLS["gru-reset-before"].parameter_shapes(D, N).items()
    }
    x, h = torch.randn(B, 3 * N, generator=draw), (torch.randn(B, N, generator=draw),)
    after = CELLS["gru"].step(x, h, Weights(weights | {"bias_hn": torch.zeros(N)}))[0]
    before = CELLS["gru-reset-before"].step(x, h, Weights(weights))[0]
    assert (after - before).abs().max() > 0.01
