"""Where to compute."""

import torch

from seqlab.errors import ConfigError


def available(name: str) -> str:
    """The device of that name; for auto, cuda where there is one.

    Raises:
        ConfigError: torch does not know it, or has none here.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=name).item()
    except (RuntimeError, AssertionError, ImportError) as error:
        reason = str(error).partition("\n")[0]
        raise ConfigError(f"device: cannot compute on '{name}' here: {reason}; use cpu or auto") from None
    return name
