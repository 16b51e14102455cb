"""Sequence modelling for text: n-gram baselines and recurrent networks, from a raw corpus to a scored model.

>>> import seqlab
>>> model = seqlab.train("lm", ["to be or not to be, that is the question\\n"] * 20, epochs=1, window=16)
>>> text = model.generate("to be", length=20)
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from seqlab.estimator import TextClassifier as TextClassifier
    from seqlab.tasks import load as load
    from seqlab.tasks.language_model import LanguageModel as LanguageModel
    from seqlab.training.experiment import train as train
    from seqlab.training.mixing import mix as mix
    from seqlab.training.resume import resume as resume

__all__ = ["LanguageModel", "TextClassifier", "load", "mix", "resume", "train"]
_HOMES = {
    "LanguageModel": "seqlab.tasks.language_model",
    "TextClassifier": "seqlab.estimator",
    "load": "seqlab.tasks",
    "mix": "seqlab.training.mixing",
    "resume": "seqlab.training.resume",
    "train": "seqlab.training.experiment",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for, so that `import seqlab` alone is quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'seqlab' has no attribute '{name}'")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
