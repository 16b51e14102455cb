"""The options of recurrence that models hand on as they are given."""

from collections.abc import Mapping
from typing import TypedDict

from seqlab.recurrent.scan import Backend


class RecurrenceOptions(TypedDict, total=False):
    """What `Recurrent` takes by name beside its sizes; it says what each does, and what it is where it is left out."""

    input_dropout: float
    recurrent_dropout: float
    output_dropout: float
    weight_drop: float
    zoneout: float | Mapping[str, float]
    residual: bool
    learned_state: bool
    input_weights: str
    recurrent_weights: str
    forget_bias: float
    backend: Backend
