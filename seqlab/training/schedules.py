"""How the learning rate moves: each schedule is a function of the step alone, so that it needs no state to resume.

Only `plateau` depends on the scores; how often it has fallen is counted by the loop.
"""

import math

from seqlab.config import Training

ONE_CYCLE_START = 1 / 25
ONE_CYCLE_RISE = 0.3


def factor(settings: Training, step: int, n_steps: int, n_epoch: int, n_falls: int) -> float:
    """What the learning rate is multiplied with.

    Args:
        settings: the section `training`.
        step: steps taken so far.
        n_steps: steps of the whole training. n_epoch: steps of an epoch.
        n_falls: how often the score has stopped improving (plateau).

    Source:
        one-cycle: Smith & Topin 2019, with the shape of `torch.optim.lr_scheduler.OneCycleLR`; cosine: Loshchilov &
        Hutter 2017 without restarts.
    """
    if settings.schedule == "one-cycle":
        return _one_cycle(settings, step, n_steps)
    rise = min(1.0, (step + 1) / settings.warmup) if settings.warmup else 1.0
    if rise < 1.0:
        return rise
    match settings.schedule:
        case "step":
            return float(settings.decay ** (step // n_epoch // settings.decay_every))
        case "exponential":
            return float(settings.decay ** (step / n_epoch))
        case "cosine":
            return _cosine((step - settings.warmup) / max(1, n_steps - settings.warmup), 1.0, settings.lr_floor)
        case "plateau":
            return float(settings.decay**n_falls)
        case _:
            return 1.0


def _one_cycle(settings: Training, step: int, n_steps: int) -> float:
    rise = (settings.warmup or ONE_CYCLE_RISE * n_steps) - 1
    if step < rise:
        return _cosine(step / rise, ONE_CYCLE_START, 1.0)
    return _cosine((step - rise) / max(1, n_steps - 1 - rise), 1.0, settings.lr_floor)


def _cosine(share: float, start: float, end: float) -> float:
    """Half a cosine from start to end."""
    return end + (start - end) * (1 + math.cos(math.pi * min(1.0, share))) / 2
