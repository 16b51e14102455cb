"""How a network learns from few texts, where nobody says: in smaller batches and more epochs, or it would hardly learn.

Within 8 epochs of batches of 128, some hundred texts are over before a network tells their classes apart. The numbers below
were chosen on held-out texts, where 60 to 2,000 reviews or questions to a help desk had been trained on.

>>> from seqlab.resolve import resolve
>>> config, note = settled(resolve("classify", {}, {"model": "bag"}), 270)
>>> config.training.epochs, config.batches.batch_size
(30, 16)
"""

from seqlab.config import NETWORKS, Classification
from seqlab.wording import counted

FEWEST_STEPS = 500
"""A training that has fewer steps has few texts."""
STEPS_OF_AN_EPOCH = 16
"""Batches are made smaller until an epoch has as many steps,"""
SMALLEST = 8
"""or they have as many texts."""
LR = {"softmax": 0.05}
"""The learning rate of models that learn more slowly than others: the weights of softmax begin at zero, a layer of them."""


def settled(config: Classification, n_texts: int) -> tuple[Classification, str]:
    """The settings for a number of texts to train on, and what is to be said of them.

    They are as they were, and nothing is said, where the texts are many; where the epochs, the size of batches or the
    learning rate are given; and where training begins with a run, which knows much already.
    """
    training, batches = config.training, config.batches
    given = {"epochs", "lr", "from_run"} & training.model_fields_set | {"batch_size"} & batches.model_fields_set
    if config.model not in NETWORKS or given or training.epochs * _n_steps(n_texts, batches.batch_size) >= FEWEST_STEPS:
        return config, ""
    size = batches.batch_size
    while size > SMALLEST and _n_steps(n_texts, size) < STEPS_OF_AN_EPOCH:
        size //= 2
    epochs = _n_steps(FEWEST_STEPS, _n_steps(n_texts, size))
    changes = {"epochs": epochs, "lr": LR.get(config.model, training.lr)}
    update = {
        "training": training.model_copy(update=changes),
        "batches": batches.model_copy(update={"batch_size": size}),
    }
    rate = f" at a learning rate of {changes['lr']:g}" * (config.model in LR)
    note = (
        f"{counted(n_texts, 'text is', 'texts are')} few, so they are read in {counted(epochs, 'epoch')} of batches of "
        f"{size}{rate}; --epochs, --batch-size or --lr say otherwise"
    )
    return config.model_copy(update=update), note


def _n_steps(n: int, size: int) -> int:
    """How many steps n things take, up to a size at a time."""
    return -(-n // size)
