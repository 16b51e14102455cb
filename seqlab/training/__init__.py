"""Training: the loop, its optimizers, schedules and checkpoints, and experiments from records to a model."""
