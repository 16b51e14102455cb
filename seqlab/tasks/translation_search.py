"""How translations are searched for: as the settings say, unless something else is asked for."""

from typing import Any, NamedTuple

from pydantic import ValidationError

from seqlab.config.translation import Decoding
from seqlab.errors import ConfigError


class Search(NamedTuple):
    """How translations are searched for."""

    beam: int
    n_best: int
    length_penalty: float
    coverage_penalty: float


def search_of(decoding: Decoding, asked: dict[str, Any], n_best: int | None, attends: bool) -> Search:
    """The settings of decoding with what is asked for over them, which is bounded as they are.

    Args:
        decoding: the settings.
        asked: some of them by name; None for as the settings have it.
        n_best: how many translations of each text; None for one.
        attends: whether the network has attention.

    Raises:
        ConfigError: a number of another kind or out of its range, or a coverage penalty without attention.
    """
    given = {name: value for name, value in asked.items() if value is not None}
    try:
        chosen = Decoding(**(decoding.model_dump() | given))
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise ConfigError(f"{name}: {_wanted(name)}, not {given[name]!r:.60}") from None
    most = f"a beam of {chosen.beam} finds 1 to {chosen.beam} translations"
    if n_best is not None and not (isinstance(n_best, int) and 1 <= n_best <= chosen.beam):
        raise ConfigError(f"n_best: {most}, not {n_best!r:.60}")
    if chosen.coverage_penalty and not attends:
        raise ConfigError("coverage_penalty: this network has no attention to cover with; leave it out")
    return Search(chosen.beam, n_best or 1, chosen.length_penalty, chosen.coverage_penalty)


def _wanted(name: str) -> str:
    """What a setting of decoding may be."""
    field = Decoding.model_fields[name]
    bounds = {bound: getattr(part, bound) for part in field.metadata for bound in ("ge", "le") if hasattr(part, bound)}
    kind = "a whole number" if field.annotation is int else "a number"
    return f"{kind} from {bounds['ge']:,g} to {bounds['le']:,g}"
