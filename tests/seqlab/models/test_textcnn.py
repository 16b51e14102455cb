"""The convolutional classifier: rows by themselves, against torch's convolution of one row, and options that act."""

import pytest
import torch

from seqlab.errors import ConfigError
from seqlab.models.textcnn import TextCnn

TABLES, COLUMNS, K, WIDTHS = [(20, 6), (9, 3)], (0, 1, 1), 5, (1, 2, 4)
LENGTHS = torch.tensor([3, 7, 0, 1, 2, 5, 4])


def textcnn(**options):
    torch.manual_seed(1)
    return TextCnn(TABLES, COLUMNS, K, **({"widths": WIDTHS, "channels": 8} | options))


def batch(lengths=LENGTHS, seed=2):
    generator = torch.Generator().manual_seed(seed)
    shape = (len(lengths), int(lengths.max()))
    return torch.stack([torch.randint(1, TABLES[at][0], shape, generator=generator) for at in COLUMNS], -1)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_row_is_classified_as_by_one_convolution_of_it_alone(sign):
    model, ids = textcnn().double(), batch()
    for convolution in model.convolutions:
        torch.nn.init.constant_(convolution.bias, sign)  # positive: what is not there would have a value too
    logits = model(ids, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        own, highest = model.embed(ids[row : row + 1, :length])[0], []
        for width, convolution in zip(WIDTHS, model.convolutions, strict=True):
            padded = torch.cat((own, own.new_zeros(max(0, width - length), own.shape[1])))
            alone = torch.nn.Conv1d(own.shape[1], 8, width).double()
            alone.load_state_dict(convolution.state_dict())
            values = alone(padded.T[None])[0].relu().max(1).values
            highest.append(values if length else values * 0)
        expected = model.output.weight @ torch.cat(highest) + model.output.bias
        torch.testing.assert_close(logits[row], expected)


def test_padding_and_order_of_rows_change_nothing():
    model, ids = textcnn(), batch()
    logits = model(ids, LENGTHS)
    assert logits.dtype == torch.float32
    for row, length in enumerate(LENGTHS.tolist()):
        for more in (length, length + 1, 7):
            alone = model(ids[row : row + 1, :more], LENGTHS[row : row + 1])
            torch.testing.assert_close(alone[0], logits[row], atol=1e-6, rtol=1e-6)
    order = torch.randperm(len(LENGTHS))
    torch.testing.assert_close(model(ids[order], LENGTHS[order]), logits[order], atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(logits[2], model.output.bias)


def test_gradients():
    model, lengths = textcnn(channels=3).double(), torch.tensor([2, 0, 5, 1])
    vectors = torch.randn(4, 5, model.tables.width, dtype=torch.float64, requires_grad=True)
    inputs = (vectors, *model.convolutions.parameters(), *model.output.parameters())  # which are changed in place
    assert torch.autograd.gradcheck(lambda vectors, *_: model.from_vectors(vectors, lengths), inputs)
    model(batch(lengths), lengths).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name
    model.from_vectors(vectors, lengths).sum().backward()
    for row, length in enumerate(lengths):
        assert not vectors.grad[row, length:].any()
    none = torch.zeros(1, dtype=torch.int64)
    torch.testing.assert_close(model(batch(none), none)[0], model.output.bias)


def test_each_option_acts():
    plain, ids = textcnn(), batch()
    for option, value in (("widths", (1, 2, 3)), ("channels", 9), ("dropout", 0.5), ("embedding_dropout", 0.5)):
        changed = textcnn(**{option: value})
        assert not torch.allclose(changed(ids, LENGTHS), plain(ids, LENGTHS)), option
        if "dropout" in option:
            torch.testing.assert_close(changed.eval()(ids, LENGTHS), plain(ids, LENGTHS))
    dropped = textcnn(embedding_dropout=0.5).embed(ids) == 0
    assert (dropped.any(1) == dropped.all(1)).all()


def test_groups_weights_and_vectors():
    model, other, ids = textcnn(), TextCnn(TABLES, COLUMNS, K, widths=WIDTHS, channels=8), batch()
    ours = [id(parameter) for _, parameters in model.groups() for parameter in parameters]
    assert [name for name, _ in model.groups()] == ["embedding", "convolutions", "head"]
    assert sorted(ours) == sorted(id(parameter) for parameter in model.parameters())
    other.load_state_dict(model.state_dict())
    assert torch.equal(model(ids, LENGTHS), other(ids, LENGTHS))
    assert torch.equal(model.from_vectors(model.embed(ids), LENGTHS), model(ids, LENGTHS))
    half = other.bfloat16()(ids, LENGTHS)
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, model(ids, LENGTHS), atol=0.05, rtol=0.05)


@pytest.mark.parametrize("options", [{"widths": ()}, {"widths": (0, 2)}, {"widths": (2, 2)}, {"dropout": 1.0}])
def test_refusals(options):
    with pytest.raises(ConfigError, match=next(iter(options))):
        textcnn(**options)
    with pytest.raises(ConfigError, match="channels"):
        textcnn(channels=0)
