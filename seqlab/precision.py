"""In which precision products of weights are taken, and where that can be done."""

import logging
from typing import Literal

from seqlab.errors import ConfigError

Precision = Literal["float32", "bf16"]

LOG = logging.getLogger("seqlab")
ON_CPU = ("avx512_bf16", "amx_bf16", "bf16")
"""Capabilities of a CPU, by torch's names, each of which multiplies bfloat16: two of x86, one of ARM."""


def check(precision: Precision, device: str) -> None:
    """Refuse to train in a precision that a device would only emulate.

    Raises:
        ConfigError: bf16 on a device without instructions for it.
    """
    if precision == "bf16" and not multiplies_bfloat16(device):
        raise ConfigError(
            f"precision: bf16 needs hardware that multiplies bfloat16, which the device '{device}' here does not have; "
            "leave precision out, or use another device"
        )


def in_use(precision: Precision, device: str) -> Precision:
    """The precision in which a trained model computes on a device: its own, or float32 and a line in the log."""
    if precision == "float32" or multiplies_bfloat16(device):
        return precision
    LOG.warning("the model was trained with bfloat16 products; the device '%s' has none, so it uses float32", device)
    return "float32"


def multiplies_bfloat16(device: str) -> bool:
    """Whether a device has instructions for products of bfloat16, rather than torch emulating them there."""
    import torch

    kind = torch.device(device).type
    if kind == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return any(capabilities.get(name, False) for name in ON_CPU)
    if kind != "cuda":
        return False
    with torch.cuda.device(device):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
