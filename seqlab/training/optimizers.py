"""The optimizers of `torch.optim` that need no closure, by name."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from seqlab.config import FineTuning, Training
from seqlab.errors import ConfigError, unknown

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adadelta": torch.optim.Adadelta,
    "adafactor": torch.optim.Adafactor,
    "adagrad": torch.optim.Adagrad,
    "adam": torch.optim.Adam,
    "adamax": torch.optim.Adamax,
    "adamw": torch.optim.AdamW,
    "asgd": torch.optim.ASGD,
    "muon": torch.optim.Muon,
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
    "rmsprop": torch.optim.RMSprop,
    "rprop": torch.optim.Rprop,
    "sgd": torch.optim.SGD,
    "sparse-adam": torch.optim.SparseAdam,
}
SET_ELSEWHERE = {"params", "lr", "weight_decay", "foreach", "fused", "capturable", "differentiable", "maximize"}
# Two of them are made for some weights only; the rest is left to another one.
REST = {"muon": torch.optim.AdamW, "sparse-adam": torch.optim.Adam}
NEEDS = {
    "muon": "muon is for the matrices of recurrent layers, and this model has none; take another, such as adamw",
    "sparse-adam": "sparse-adam needs learned vectors of their own; leave out tied and one-hot input",
}
"""What is said where a model has none of the weights that one of them is made for."""


def check(settings: Training) -> None:
    """Refuse options that the chosen optimizer does not have, and values that it does not take.

    Raises:
        ConfigError: with the options that there are, or the reason.
    """
    cls = OPTIMIZERS[settings.optimizer]
    taken = _arguments(cls)
    for option in settings.optimizer_options:
        if option not in taken - SET_ELSEWHERE:
            raise ConfigError(unknown(f"option of {settings.optimizer}", option, taken - SET_ELSEWHERE))
    if settings.weight_decay and "weight_decay" not in taken:
        raise ConfigError(f"weight_decay: {settings.optimizer} has none; leave it out or take another optimizer")
    if settings.l1 and settings.optimizer == "sparse-adam":
        raise ConfigError("l1: sparse-adam moves only the vectors of the tokens in a batch; leave l1 out or use adam")
    for option, value in settings.optimizer_options.items():
        usual = inspect.signature(cls).parameters[option].default
        if isinstance(usual, tuple) != isinstance(value, list) or (
            isinstance(value, list) and len(value) != len(usual)
        ):
            shape = f"a list of {len(usual)} numbers" if isinstance(usual, tuple) else "one value"
            raise ConfigError(f"optimizer_options.{option}: takes {shape}, such as {usual}, not {value}")
    _make(cls, [nn.Parameter(torch.zeros(2, 2))], settings)


def build(model: nn.Module, settings: Training) -> list[torch.optim.Optimizer]:
    """The optimizer over all weights of a model; two where the chosen one is made for some of them only.

    Muon takes the matrices of the recurrent layers and AdamW the rest (Jordan et al. 2024); SparseAdam takes the learned
    vectors and Adam the rest. Weight decay is for matrices alone, not for biases.

    Raises:
        ConfigError: options or values that the optimizer refuses, or no weights that it is made for.
    """
    check(settings)
    cls = OPTIMIZERS[settings.optimizer]
    mine, rest = list(model.parameters()), []
    if settings.optimizer in REST:
        chosen = {id(weight) for weight in _made_for(settings.optimizer, model)}
        if not chosen:
            raise ConfigError(f"optimizer: {NEEDS[settings.optimizer]}")
        mine, rest = [w for w in mine if id(w) in chosen], [w for w in mine if id(w) not in chosen]
    scales = rate_scales(model, settings)
    return [_make(cls, mine, settings, scales)] + (
        [_make(REST[settings.optimizer], rest, settings, scales)] if rest else []
    )


def rate_scales(model: nn.Module, settings: Training) -> dict[int, float]:
    """The factor on the learning rate of each weight whose layer has one, by `id`: lower layers learn more slowly.

    Howard & Ruder 2018, section 3.2, "Discriminative fine-tuning".
    """
    if not isinstance(settings, FineTuning) or settings.layer_lr_decay == 1.0:
        return {}
    groups: Any = model
    layers = [weights for _, weights in groups.groups()]
    above = range(len(layers) - 1, -1, -1)
    return {id(w): settings.layer_lr_decay**n for n, weights in zip(above, layers, strict=True) for w in weights}


def freeze(model: nn.Module, settings: Training, epoch: int) -> None:
    """Leave the layers out that are not trained in an epoch, counted from 0 (Howard & Ruder 2018, "Gradual unfreezing")."""
    if not isinstance(settings, FineTuning) or not (settings.freeze or settings.unfreeze_every):
        return
    groups: Any = model
    layers = groups.groups()
    n_trained = len(layers) - settings.freeze
    if n_trained < 1:
        raise ConfigError(f"freeze: the model has {len(layers)} layers, and one has to be trained; give less")
    if settings.unfreeze_every:
        n_trained = min(n_trained, 1 + epoch // settings.unfreeze_every)
    for number, (_, weights) in enumerate(layers):
        for weight in weights:
            weight.requires_grad_(number >= len(layers) - n_trained)


def _made_for(name: str, model: nn.Module) -> list[Tensor]:
    if name == "muon":
        return [weight for path, weight in model.named_parameters() if "weight_ih" in path or "weight_hh" in path]
    sparse: list[Any] = [module for module in model.modules() if getattr(module, "sparse", False)]
    return [module.weight if isinstance(module, nn.Embedding) else module.table for module in sparse]


def _make(
    cls: Callable[..., torch.optim.Optimizer],
    weights: Sequence[Tensor],
    settings: Training,
    scales: Mapping[int, float] = MappingProxyType({}),
) -> torch.optim.Optimizer:
    taken, options = _arguments(cls), dict[str, Any]()
    if cls is OPTIMIZERS[settings.optimizer]:  # the options are those of the chosen one
        options = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in settings.optimizer_options.items()
        }
    if cls is torch.optim.Muon:
        options.setdefault("adjust_lr_fn", "match_rms_adamw")
    groups: list[dict[str, Any]] = []
    for scale in sorted({scales.get(id(weight), 1.0) for weight in weights}, reverse=True):
        own = [weight for weight in weights if scales.get(id(weight), 1.0) == scale]
        if "weight_decay" not in taken:
            groups.append({"params": own, "scale": scale})
            continue
        matrices, vectors = ([w for w in own if (w.dim() > 1) == is_matrix] for is_matrix in (True, False))
        groups += [
            {"params": matrices, "scale": scale, "weight_decay": settings.weight_decay},
            {"params": vectors, "scale": scale, "weight_decay": 0.0},
        ]
    groups = [group for group in groups if group["params"]]
    if "fused" in taken:
        options["fused"] = True
    try:
        return cls(groups, lr=settings.lr, **options)
    except (TypeError, ValueError, IndexError) as error:
        raise ConfigError(f"optimizer_options: {settings.optimizer} refuses them: {error}") from None


def _arguments(cls: Callable[..., torch.optim.Optimizer]) -> set[str]:
    return set(inspect.signature(cls).parameters)
