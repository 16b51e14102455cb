"""Checkpoints: everything that training needs to go on as if it had never stopped, in one safetensors file.

Weights, their running mean, the optimizers' state, the carried recurrent state and the state of torch's generators are
tensors; where training stands is JSON in the file's header. Order of batches and split need no state: they follow from
the seed and the epoch.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from seqlab.errors import ModelError
from seqlab.modeldir import written_beside
from seqlab.training.fit import Trainer


def save(trainer: Trainer, path: Path) -> None:
    """Write a checkpoint, atomically.

    Raises:
        ModelError: the disk is full, or the place cannot be written; an earlier checkpoint there stays.
    """
    tensors = _prefixed("model", dict(trainer.model.named_parameters()))
    if trainer.averaged is not None:
        tensors |= _prefixed("averaged", trainer.averaged.state_dict())
    plain: dict[str, Any] = {}
    for number, optimizer in enumerate(trainer.optimizers):
        for weight, state in optimizer.state_dict()["state"].items():
            for name, value in state.items():
                key = f"optimizer.{number}.{weight}.{name}"
                (tensors if isinstance(value, Tensor) else plain)[key] = value
    progress = dataclasses.asdict(dataclasses.replace(trainer.progress, carried=None))
    carried = trainer.progress.carried
    parts = carried if isinstance(carried, tuple) else () if carried is None else (carried,)
    tensors |= {f"carried.{number}": part for number, part in enumerate(parts)}
    tensors["random.cpu"] = torch.get_rng_state()
    device = next(trainer.model.parameters()).device
    if device.type == "cuda":
        tensors["random.cuda"] = torch.cuda.get_rng_state(device)
    header = {"progress": json.dumps(progress), "optimizer": json.dumps(plain)}
    owned = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}
    try:
        with written_beside(path) as beside:
            save_file(owned, beside, header)
    except SafetensorError as error:
        raise ModelError(f"{path}: {error}; is the disk full?") from None


def restore(trainer: Trainer, path: Path) -> None:
    """Put a trainer, and torch's generators, where they were when the checkpoint was written.

    Raises:
        ModelError: there is no checkpoint, it is broken, or it does not fit the model.
    """
    device = next(trainer.model.parameters()).device
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata()
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        progress, plain = json.loads(header["progress"]), json.loads(header["optimizer"])
        weights = _section(tensors, "model.")
        with torch.no_grad():
            for name, weight in trainer.model.named_parameters():
                weight.copy_(weights[name])
        if trainer.averaged is not None:
            trainer.averaged.load_state_dict(_section(tensors, "averaged."))
        _restore_optimizers(trainer, _section(tensors, "optimizer.") | _section(plain, "optimizer."))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: no checkpoint to go on from: {error}") from None
    carried = tuple(tensor.to(device) for _, tensor in sorted(_section(tensors, "carried.").items()))
    for name, value in progress.items():
        setattr(trainer.progress, name, value)
    trainer.progress.carried = carried if len(carried) > 1 else carried[0] if carried else None
    torch.set_rng_state(tensors["random.cpu"])
    if device.type == "cuda" and "random.cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random.cuda"], device)


def _restore_optimizers(trainer: Trainer, values: dict[str, Any]) -> None:
    for number, optimizer in enumerate(trainer.optimizers):
        state: dict[int, dict[str, Any]] = {}
        for key, value in _section(values, f"{number}.").items():
            weight, name = key.split(".", 1)
            state.setdefault(int(weight), {})[name] = value
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _prefixed(prefix: str, tensors: dict[str, Any]) -> dict[str, Any]:
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def _section(values: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}
