"""Reading what a tagger or a classifier has saved of itself as JSON."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seqlab.errors import ConfigError, ModelError


@contextmanager
def content_of(path: Path, version: int, what: str) -> Iterator[dict[str, Any]]:
    """The JSON object in a file; what turns out not to fit while it is used is the file's fault.

    Args:
        path: the file. version: the format that it has to be in. what: it holds, for the message.

    Raises:
        ModelError: it cannot be read, is of another version, or does not hold what it should.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != version:
            raise ModelError(f"{path}: format {content['format']!r}; this version reads {version}: train anew")
        yield content
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}; copy the folder again or train anew") from None
    except (ValueError, KeyError, TypeError, RecursionError, ConfigError) as error:
        raise ModelError(f"{path}: not {what}: {error}; copy the folder again or train anew") from None
