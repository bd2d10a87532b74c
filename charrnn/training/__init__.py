"""Training: batches, optimizers, the trainer and its settings."""
