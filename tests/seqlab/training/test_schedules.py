"""Each schedule against torch's own, and against its arithmetic where torch has none."""

import math

import pytest
import torch
from torch.optim import lr_scheduler

from seqlab.config import Training
from seqlab.training.schedules import factor

N_STEPS, N_EPOCH = 60, 6


def ours(**settings: object) -> list[float]:
    training = Training(lr=1.0, **settings)
    return [factor(training, step, N_STEPS, N_EPOCH, 0) for step in range(N_STEPS)]


def torchs(make) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer)
    rates = []
    for _ in range(N_STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


@pytest.mark.parametrize(
    ("settings", "make"),
    [
        ({"schedule": "constant"}, lambda o: lr_scheduler.ConstantLR(o, 1.0)),
        ({"schedule": "step", "decay": 0.3, "decay_every": 2}, lambda o: lr_scheduler.StepLR(o, 2 * N_EPOCH, 0.3)),
        ({"schedule": "exponential", "decay": 0.8}, lambda o: lr_scheduler.ExponentialLR(o, 0.8 ** (1 / N_EPOCH))),
        ({"schedule": "cosine", "lr_floor": 0.1}, lambda o: lr_scheduler.CosineAnnealingLR(o, N_STEPS, eta_min=0.1)),
        (
            {"schedule": "one-cycle", "lr_floor": 0.001},
            lambda o: lr_scheduler.OneCycleLR(o, 1.0, N_STEPS + 1, pct_start=(0.3 * N_STEPS) / (N_STEPS + 1)),
        ),
    ],
)
def test_schedules_are_torchs(settings, make) -> None:
    if settings["schedule"] == "one-cycle":
        # torch counts one step more than it takes, and its floor is a share of the first rate, 1/25.
        def make(o):
            return lr_scheduler.OneCycleLR(
                o, 1.0, N_STEPS, pct_start=0.3, cycle_momentum=False, final_div_factor=1 / (25 * 0.001)
            )

        expected = _without_last_step(make)
    else:
        expected = torchs(make)
    assert ours(**settings) == pytest.approx(expected, abs=1e-9)


def _without_last_step(make) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer)
    rates = [optimizer.param_groups[0]["lr"]]
    for _ in range(N_STEPS - 1):
        optimizer.step()
        scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def test_plateau_multiplies_once_a_fall() -> None:
    training = Training(schedule="plateau", decay=0.5)
    assert [factor(training, 10, N_STEPS, N_EPOCH, falls) for falls in range(4)] == [1.0, 0.5, 0.25, 0.125]


@pytest.mark.parametrize("schedule", ["constant", "step", "exponential", "cosine", "plateau"])
def test_warmup_rises_in_a_line_and_then_leaves_the_schedule_alone(schedule: str) -> None:
    rates = ours(schedule=schedule, warmup=5)
    assert rates[:4] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert max(rates) <= 1.0 + 1e-12
    if schedule in ("step", "exponential"):
        assert rates[5:] == pytest.approx(ours(schedule=schedule)[5:])


@pytest.mark.parametrize("warmup", [1, 2, 59, 60, 500])
def test_one_cycle_takes_any_warmup(warmup: int) -> None:
    rates = ours(schedule="one-cycle", warmup=warmup)
    assert all(math.isfinite(rate) and 0 <= rate <= 1 for rate in rates)
    assert rates.index(max(rates)) == min(warmup, N_STEPS) - 1
