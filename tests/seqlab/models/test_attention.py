"""Attention spelled out row by row, step by step and token by token."""

import math

import pytest
import torch

from seqlab.errors import ConfigError
from seqlab.models import attention
from seqlab.models.attention import ATTENTIONS

B, T, S, Q, W = 4, 3, 5, 6, 6
LENGTHS = torch.tensor([5, 2, 0, 1])
INSIDE = torch.arange(S) < LENGTHS[:, None]
every = pytest.mark.parametrize("name", sorted(ATTENTIONS))


def made(name, width=W):
    torch.manual_seed(1)
    module = attention.build(name, Q, width).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


def batch(width=W):
    """Queries, and values that are anything in padding."""
    generator = torch.Generator().manual_seed(2)
    return (torch.randn(B, n, w, dtype=torch.float64, generator=generator) for n, w in ((T, Q), (S, width)))


def score(name, module, query, value):
    """Bahdanau et al. 2015, appendix A.1.2; Luong et al. 2015, equation 8."""
    if name == "dot":
        return query @ value
    if name == "general":
        return query @ (module.key.weight @ value)
    if name == "additive":
        inner = torch.tanh(module.query.weight @ query + module.key.weight @ value + module.key.bias)
    else:
        inner = torch.tanh(module.inner @ torch.cat((query, value)))
    return module.direction @ inner


@every
@torch.no_grad()
def test_attention_spelled_out(name):
    width = W if name == "dot" else 4
    module, (queries, values) = made(name, width), batch(width)
    context, weights = module(queries, module.keys(values), values, INSIDE)
    for row, length in enumerate(LENGTHS.tolist()):
        for step in range(T):
            powers = [math.exp(score(name, module, queries[row, step], values[row, at])) for at in range(length)]
            expected = [power / sum(powers) for power in powers] + [0.0] * (S - length)
            torch.testing.assert_close(weights[row, step], torch.tensor(expected, dtype=torch.float64))
            mean = sum((share * values[row, at] for at, share in enumerate(expected)), torch.zeros(width).double())
            torch.testing.assert_close(context[row, step], mean)


@every
def test_one_query_and_all_of_them(name):
    module, (queries, values) = made(name), batch()
    keys = module.keys(values)
    context, weights = module(queries, keys, values, INSIDE)
    for step in range(T):
        one = module(queries[:, step], keys, values, INSIDE)
        torch.testing.assert_close(one, (context[:, step], weights[:, step]))
    whole = module(queries, keys, values)
    torch.testing.assert_close(whole[0][0], context[0])  # the first row has no padding
    assert not torch.allclose(whole[0][1], context[1])


@every
def test_padding_and_scores_as_high_as_they_get_make_no_nan(name):
    module, (queries, values) = made(name).float(), (part.float() for part in batch())
    other = torch.where(INSIDE[..., None], values, torch.full((), 1e4))
    results = [module(1e3 * queries, module.keys(one), one, INSIDE) for one in (values, other)]
    torch.testing.assert_close(results[0], results[1])
    context, weights = results[0]
    assert not context[2].any()
    assert not weights[2].any()
    torch.testing.assert_close(weights.sum(-1), (LENGTHS > 0).float()[:, None].expand(B, T))


@every
def test_gradients(name):
    module, (queries, values) = made(name), batch()
    inputs = (queries.requires_grad_(), values.requires_grad_(), *module.parameters())

    def run(queries, values, *_):
        return module(queries, module.keys(values), values, INSIDE)

    assert torch.autograd.gradcheck(run, inputs)
    run(*inputs)[0].square().sum().backward()
    assert not values.grad[~INSIDE].any()


@pytest.mark.parametrize("name", ["additive", "concat"])
def test_queries_are_taken_in_parts(name, monkeypatch):
    module, (queries, values) = made(name), batch()
    whole = module(queries, module.keys(values), values, INSIDE)
    for at_once in (1, 2 * B * S * Q):
        monkeypatch.setattr(attention, "AT_ONCE", at_once)
        torch.testing.assert_close(module(queries, module.keys(values), values, INSIDE), whole)


def test_concat_is_additive_without_bias():
    concat, additive, (queries, values) = made("concat"), made("additive"), batch()
    with torch.no_grad():
        additive.query.weight.copy_(concat.inner[:, :Q])
        additive.key.weight.copy_(concat.inner[:, Q:])
        additive.key.bias.zero_()
        additive.direction.copy_(concat.direction)
    results = [one(queries, one.keys(values), values, INSIDE) for one in (concat, additive)]
    torch.testing.assert_close(results[0], results[1])


def test_refusals():
    with pytest.raises(ConfigError, match=r"6 wide.*8\s*wide"):
        attention.build("dot", 6, 8)
    with pytest.raises(ConfigError, match="did you mean 'general'"):
        attention.build("genral", 6, 8)
