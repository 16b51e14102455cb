"""The weights of a network in a file: safetensors, which hold numbers by name and nothing that runs."""

from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor, nn

from seqlab.errors import ModelError
from seqlab.modeldir import CONFIG, written_beside


def save(model: nn.Module, path: Path) -> None:
    """Write the weights of a network, atomically; shared ones once.

    Raises:
        ModelError: the disk is full, or the place cannot be written.
    """
    tensors = {name: value.detach().contiguous().cpu() for name, value in _unshared(model).items()}
    try:
        with written_beside(path) as beside:
            beside.touch()
            readable_by = beside.stat().st_mode  # as the user's umask has it; safetensors lets nobody else read
            safetensors.torch.save_file(tensors, beside)
            beside.chmod(readable_by)
    except SafetensorError as error:
        raise ModelError(f"{path}: {error}; is the disk full? What stood there before is unchanged") from None


def load(model: nn.Module, path: Path) -> None:
    """Copy weights written by `save` into a network.

    Raises:
        ModelError: unreadable, or names, shapes or dtypes differ; every difference is listed.
    """
    try:
        found = safetensors.torch.load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path}: no weights in safetensors: {error}; copy the folder again or train anew") from None
    wanted = _unshared(model)
    differences = [f"{name} is missing" for name in wanted if name not in found]
    differences += [f"{name} is not of this model" for name in found if name not in wanted]
    for name in wanted.keys() & found.keys():
        have, want = (f"{tuple(t.shape)} {t.dtype}" for t in (found[name], wanted[name]))
        if have != want:
            differences.append(f"{name} is {have}, not {want}")
    if differences:
        raise ModelError(f"{path}: the weights do not fit {CONFIG}: {'; '.join(sorted(differences))}")
    model.load_state_dict(found, strict=False)


def _unshared(model: nn.Module) -> dict[str, Tensor]:
    """The tensors of a model by name, one name for each; tied weights come once."""
    first: dict[int, str] = {}
    state = model.state_dict(keep_vars=True)
    return {name: value for name, value in state.items() if first.setdefault(id(value), name) == name}
