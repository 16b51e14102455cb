"""How a network learns."""

from typing import Literal, Self

from pydantic import Field, model_validator

from seqlab.config.section import Section

Options = dict[str, float | int | bool | list[float | int]]
OptimizerName = Literal[
    "adadelta", "adafactor", "adagrad", "adam", "adamax", "adamw", "asgd", "muon", "nadam", "radam", "rmsprop", "rprop",
    "sgd", "sparse-adam",
]  # fmt: skip
ScheduleName = Literal["constant", "step", "exponential", "cosine", "one-cycle", "plateau"]


class Training(Section):
    """How the network learns."""

    epochs: int = Field(20, ge=1, le=1_000_000)
    """Passes over the training corpora."""
    optimizer: OptimizerName = "adamw"
    """Optimizer, by its name in torch.optim."""
    lr: float = Field(2e-3, gt=0.0)
    """Learning rate, at its highest."""
    optimizer_options: Options = Field(default_factory=dict)
    """Further arguments of the optimizer by torch's names, such as momentum = 0.9 or betas = [0.9, 0.99]."""
    schedule: ScheduleName = "constant"
    """How the learning rate moves over training."""
    warmup: int = Field(0, ge=0)
    """Steps over which the learning rate rises; for one-cycle 0 means 30 % of all steps."""
    decay: float = Field(0.5, gt=0.0, lt=1.0)
    """Factor on the learning rate: each decay_every epochs (step), each epoch (exponential), on each plateau (plateau)."""
    decay_every: int = Field(1, ge=1)
    """Epochs between two falls (step), or validations without a better score before one (plateau)."""
    lr_floor: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of the learning rate at which cosine and one-cycle end."""
    clip: float = Field(1.0, ge=0.0)
    """Largest global norm of the gradient; longer ones are scaled down. 0 turns this off."""
    clip_value: float = Field(0.0, ge=0.0)
    """Largest absolute value of each entry of the gradient. 0 turns this off."""
    weight_decay: float = Field(0.0, ge=0.0)
    """L2: weight decay on all weight matrices, as the optimizer defines it."""
    l1: float = Field(0.0, ge=0.0)
    """L1: this times the sum of absolute values of all weight matrices is added to the loss per token."""
    average: float = Field(0.0, ge=0.0, lt=1.0)
    """Decay a step of a running mean of the weights, which is what is scored and saved; 0 turns this off."""
    evaluate_every: int | None = Field(None, ge=1)
    """Steps between two validations; one at the end of each epoch where not given."""
    patience: int | None = Field(None, ge=1)
    """Stop after this many validations without a better score."""
    checkpoint_every: int = Field(1000, ge=1)
    """Steps between two checkpoints; one is also written at every validation and on Ctrl-C."""
    tensorboard: bool = False
    """Write the curves for TensorBoard too, into train/tensorboard of the model directory."""
    device: str = "auto"
    """Where to compute: cpu, cuda, cuda:1, ..., or auto (cuda where there is one)."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        uses: dict[str, tuple[ScheduleName, ...]] = {
            "decay": ("step", "exponential", "plateau"),
            "decay_every": ("step", "plateau"),
            "lr_floor": ("cosine", "one-cycle"),
        }
        for name, schedules in uses.items():
            changed = getattr(self, name) != type(self).model_fields[name].default
            if changed and self.schedule not in schedules:
                raise ValueError(f"{name}: the schedule {self.schedule} does not use it; {' and '.join(schedules)} do")
        return self


class FineTuning(Training):
    """How a network learns that may begin with what another run has learned."""

    from_run: str | None = None
    """Begin with the learned vectors and recurrent layers of a language model trained here (a model directory), and read
    the text as it does (Howard & Ruder 2018)."""
    layer_lr_decay: float = Field(1.0, gt=0.0, le=1.0)
    """Factor on the learning rate from each layer to the one below it, down to the learned vectors; 1 for the same rate."""
    unfreeze_every: int = Field(0, ge=0)
    """Epochs after which one layer more is trained, from the top down; 0 trains all of them from the beginning."""
    freeze: int = Field(0, ge=0)
    """Layers from below, the learned vectors being the first, that are never trained."""

    @model_validator(mode="after")
    def _layers(self) -> Self:
        if self.optimizer in ("muon", "sparse-adam") and (self.layer_lr_decay != 1.0 or self.from_run):
            raise ValueError(f"optimizer: {self.optimizer} is not for single layers; take another, such as adamw")
        return self
