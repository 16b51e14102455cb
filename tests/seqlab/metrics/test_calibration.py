import doctest
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.errors import ConfigError, DataError
from seqlab.metrics import calibration
from seqlab.metrics.calibration import (
    HIGHEST_TEMPERATURE,
    LOWEST_TEMPERATURE,
    expected_calibration_error,
    fit_temperature,
    reliability,
    with_temperature,
)


def nats_at(log_probs, true, temperature):
    """Mean nats of the true classes at a temperature, by torch."""
    scaled = torch.log_softmax(torch.from_numpy(np.asarray(log_probs)) / temperature, dim=-1)
    return torch.nn.functional.nll_loss(scaled, torch.from_numpy(true)).item()


def drawn(seed, n_texts, n_labels, temperature):
    """Logits, and true classes drawn from softmax(logits / temperature)."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=3, size=(n_texts, n_labels))
    probabilities = np.exp(with_temperature(logits, temperature))
    true = (probabilities.cumsum(axis=1) < rng.random((n_texts, 1))).sum(axis=1)
    return logits, np.minimum(true, n_labels - 1)


@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=1), st.integers(1, 20), st.randoms())
def test_the_error_by_its_definition(texts, n_bins, random):
    """In plain Python, a bin at a time; confidences are n / 60, so that many lie on the edges of bins."""
    expected = 0.0
    for number in range(n_bins):
        inside = [
            (confidence / 60, right)
            for confidence, right in texts
            if number * 60 < confidence * n_bins <= (number + 1) * 60 or confidence == number == 0
        ]
        confidences = sum(confidence for confidence, _ in inside)
        expected += abs(sum(right for _, right in inside) - confidences) / len(texts)
        row = reliability(np.array([one / 60 for one, _ in texts]), np.array([right for _, right in texts]), n_bins)[
            number
        ]
        assert (row.low, row.high, row.n) == (number / n_bins, (number + 1) / n_bins, len(inside))
        if inside:
            assert row.confidence == pytest.approx(confidences / len(inside))
            assert row.accuracy == pytest.approx(sum(right for _, right in inside) / len(inside))
        else:
            assert math.isnan(row.confidence)
            assert math.isnan(row.accuracy)
    for order in (texts, random.sample(texts, len(texts))):
        sure, right = np.array([one / 60 for one, _ in order]), np.array([right for _, right in order])
        assert expected_calibration_error(sure, right, n_bins) == pytest.approx(expected, abs=1e-12)


def test_the_error_by_arithmetic():
    """Two bins: 0.5 belongs to the lower one."""
    confidences, correct = [0.3, 0.5, 0.7, 0.9, 1.0], [True, False, True, True, False]
    assert reliability(confidences, correct, n_bins=2) == [
        (0, 0.5, 2, pytest.approx(0.4), 1 / 2),
        (0.5, 1, 3, pytest.approx(2.6 / 3), pytest.approx(2 / 3)),
    ]
    expected = 2 / 5 * abs(0.4 - 0.5) + 3 / 5 * abs(2.6 / 3 - 2 / 3)
    assert expected_calibration_error(confidences, correct, n_bins=2) == pytest.approx(expected)
    assert expected_calibration_error(confidences, correct, n_bins=1) == pytest.approx(abs(3.4 - 3) / 5)
    assert expected_calibration_error([1.0], [False]) == 1
    assert expected_calibration_error([0.0], [False]) == 0


def test_where_confidence_is_accuracy_the_error_goes_to_nothing():
    rng = np.random.default_rng(1)
    errors = []
    for n_texts in (1_000, 30_000, 1_000_000):
        confidences = rng.random(n_texts)
        errors.append(expected_calibration_error(confidences, rng.random(n_texts) < confidences))
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 15 * 0.5 / math.sqrt(15 * 1_000_000)  # 15 bins, at most a standard deviation each on average
    too_sure = rng.random(100_000) * 0.5 + 0.5
    assert expected_calibration_error(too_sure, rng.random(100_000) < too_sure - 0.2) == pytest.approx(0.2, abs=0.01)


def test_confidences_of_single_precision():
    """A softmax in float32 can be a little above 1."""
    assert expected_calibration_error([1 + 1e-7], [True]) == pytest.approx(0, abs=1e-6)
    with pytest.raises(DataError, match=r"the confidences go from 0\.5 to 1\.5: give probabilities"):
        expected_calibration_error([0.5, 1.5], [True, False])


def test_input_that_does_not_fit_the_bins():
    for confidences, correct in (([], []), ([0.5], [True, False]), ([[0.5]], [[True]])):
        with pytest.raises(DataError, match="give one of both for each text"):
            reliability(confidences, correct)
    for confidences in ([-1.2], [math.nan]):
        with pytest.raises(DataError, match="not logits or log-probabilities"):
            reliability(confidences, [True])
    with pytest.raises(ConfigError, match="0 bins: give at least 1"):
        reliability([0.5], [True], n_bins=0)


@pytest.mark.parametrize(("n_labels", "temperature"), [(2, 0.5), (3, 1.0), (10, 2.5), (40, 6.0)])
def test_the_temperature_is_that_of_torch(n_labels, temperature):
    logits, true = drawn(7, 500, n_labels, temperature)
    parameter = torch.zeros((), dtype=torch.float64, requires_grad=True)  # log T
    optimizer = torch.optim.LBFGS([parameter], max_iter=200, tolerance_grad=1e-12, tolerance_change=0)

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(torch.from_numpy(logits) / parameter.exp(), torch.from_numpy(true))
        loss.backward()
        return loss

    optimizer.step(closure)
    found = fit_temperature(with_temperature(logits, 1), true)
    assert found == pytest.approx(parameter.exp().item(), rel=1e-6)
    assert found == pytest.approx(fit_temperature(logits, true), rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 999), st.integers(1, 12), st.integers(1, 5), st.floats(0.05, 20))
def test_no_other_temperature_is_better(seed, n_texts, n_labels, scale):
    rng = np.random.default_rng(seed)
    log_probs = with_temperature(rng.normal(scale=scale, size=(n_texts, n_labels)), 1)
    true = rng.integers(n_labels, size=n_texts)
    found = fit_temperature(log_probs, true)
    assert LOWEST_TEMPERATURE <= found <= HIGHEST_TEMPERATURE
    least = nats_at(log_probs, true, found)
    grid = np.geomspace(LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE, 200)
    assert least <= min(nats_at(log_probs, true, one) for one in grid) + 1e-12
    assert fit_temperature(log_probs[::-1], true[::-1]) == pytest.approx(found, rel=1e-6)


def test_a_temperature_takes_few_passes_over_the_texts(monkeypatch):
    passes = []
    derivatives = calibration._derivatives
    monkeypatch.setattr(calibration, "_derivatives", lambda *given: passes.append(1) or derivatives(*given))
    for temperature in (0.1, 1, 15):
        for seed in range(20):
            passes.clear()
            fit_temperature(*drawn(seed, 100, 4, temperature))
            assert len(passes) <= 15


def test_the_temperature_that_made_the_labels_is_found():
    logits, true = drawn(3, 50_000, 5, 2.0)
    assert fit_temperature(logits, true) == pytest.approx(2, rel=0.03)
    assert fit_temperature(with_temperature(logits, 2), true) == pytest.approx(1, rel=0.03)
    before, after = (np.exp(with_temperature(logits, one)) for one in (1, fit_temperature(logits, true)))
    correct = logits.argmax(axis=1) == true
    assert expected_calibration_error(before.max(axis=1), correct) > 0.1
    assert expected_calibration_error(after.max(axis=1), correct) < 0.01


@pytest.mark.parametrize("n_texts", [3, 40])
def test_with_a_pseudo_count_it_is_that_of_torch_for_the_targets_of_platt(n_texts):
    logits, true = drawn(5, n_texts, 4, 1.5)
    targets = torch.nn.functional.one_hot(torch.from_numpy(true), 4).double() * n_texts
    targets = (targets + 1) / (n_texts + 4)
    grid = np.linspace(0.3, 12, 20_000)
    nats = [
        -(targets * torch.log_softmax(torch.from_numpy(logits) / one, dim=-1)).sum().item() for one in grid.tolist()
    ]
    assert fit_temperature(logits, true, pseudo_count=1) == pytest.approx(grid[np.argmin(nats)], abs=1e-3)


def test_a_pseudo_count_keeps_few_texts_from_saying_too_much():
    sure = np.log([[0.9, 0.1], [0.2, 0.8]])
    assert 0.5 < fit_temperature(sure, np.array([0, 1]), pseudo_count=1) < 2
    logits, true = drawn(3, 50_000, 5, 2.0)
    assert fit_temperature(logits, true, pseudo_count=1) == pytest.approx(fit_temperature(logits, true), rel=0.01)


def test_at_the_bounds_and_where_nothing_matters():
    sure = np.log([[0.9, 0.1], [0.2, 0.8]])
    assert fit_temperature(sure, np.array([0, 1])) == LOWEST_TEMPERATURE
    assert fit_temperature(sure, np.array([1, 0])) == HIGHEST_TEMPERATURE
    assert fit_temperature(np.zeros((3, 1)), np.zeros(3, dtype=int)) == 1
    assert fit_temperature(np.log(np.full((2, 4), 0.25)), np.array([0, 3])) == 1
    assert fit_temperature(np.log([[0.9, 0.1]]), np.array([0])) == LOWEST_TEMPERATURE


def test_a_class_of_probability_nothing():
    with np.errstate(divide="ignore"):
        log_probs = np.log([[1.0, 0.0], [0.25, 0.75], [0.6, 0.4]])
    scaled = with_temperature(log_probs, 2)
    assert scaled[0].tolist() == [0, -np.inf]
    assert fit_temperature(log_probs, np.array([0, 0, 0])) > 1
    assert fit_temperature(log_probs, np.array([1, 1, 0])) == HIGHEST_TEMPERATURE


@given(st.integers(0, 99), st.floats(0.1, 10), st.floats(0.1, 10))
def test_temperatures_multiply_and_keep_the_order(seed, one, other):
    logits = np.random.default_rng(seed).normal(scale=3, size=(2, 3, 4))
    first = with_temperature(logits, one)
    np.testing.assert_allclose(np.exp(first).sum(axis=-1), 1)
    np.testing.assert_allclose(with_temperature(first, other), with_temperature(logits, one * other), atol=1e-9)
    np.testing.assert_allclose(with_temperature(first, 1), first, atol=1e-12)
    assert (first.argmax(axis=-1) == logits.argmax(axis=-1)).all()
    np.testing.assert_allclose(first, torch.log_softmax(torch.from_numpy(logits) / one, dim=-1).numpy(), atol=1e-12)


def test_input_that_does_not_fit_a_temperature():
    log_probs = np.log(np.full((2, 2), 0.5))
    for values, true, message in (
        (log_probs, np.array([0]), r"have the shape \(2, 2\) and the true classes \(1,\)"),
        (log_probs[:0], np.array([], dtype=int), "at least one text"),
        (log_probs[0], np.array([0, 1]), r"give \(N, K\)"),
        (log_probs, np.array([0, 2]), "not a number from 0 to 1: leave out unknown labels"),
        (log_probs, np.array([-1, 0]), "not a number from 0 to 1"),
        (log_probs, np.array([0.0, 1.0]), "not a number from 0 to 1"),
        (log_probs * np.nan, np.array([0, 1]), "not a number or infinite"),
        (-log_probs * np.inf, np.array([0, 1]), "not a number or infinite"),
    ):
        with pytest.raises(DataError, match=message):
            fit_temperature(values, true)
    for temperature in (0, -1, math.inf, math.nan):
        with pytest.raises(ConfigError, match="give a number above 0"):
            with_temperature(log_probs, temperature)


def test_the_example():
    outcome = doctest.testmod(calibration)
    assert outcome.attempted
    assert not outcome.failed
