"""Samples that a model generates during training, and baselines for its validation loss."""

from __future__ import annotations

import math

from charrnn.baselines import baselines
from charrnn.cli.training.plan import Plan
from charrnn.network.model import CharRNN
from charrnn.network.sampling import Sampling, generate

GROWTH = 1.5
"""By default the next sample comes at 1.5 times the steps of the last: 9 in 2,000 steps."""


class Samples:
    """Samples from the current weights, at the steps where they are due."""

    def __init__(self, plan: Plan, every: int | None) -> None:
        """every: steps between two samples; 0 for none; None for the recipe's number."""
        self.plan = plan
        self.every = plan.recipe.report_every or None if every is None else every
        self.next = 0
        vocabulary = plan.trainer.live.vocabulary
        self.seed = plan.recipe.seed or vocabulary.tokens(plan.text[:1000])[0]

    def due(self, step: int) -> str:
        """A sample if one is due after this step, else the empty string."""
        if self.every is None:
            if step % self.plan.trainer.eval_every or step < self.next:
                return ""
            self.next = math.ceil(step * GROWTH)
        elif not self.every or step % self.every:
            return ""
        return self.write(self.plan.trainer.live, self.plan.recipe.sample_length)

    def write(self, model: CharRNN, length: int) -> str:
        """The seed and its continuation, with the same random numbers every time."""
        seed = self.plan.trainer.config.random_seed
        sampling = Sampling(self.plan.recipe.temperature, random_seed=seed)
        return self.seed + "".join(generate(model, self.seed, length, sampling))


def held_out_baselines(plan: Plan) -> dict[str, float]:
    """Nats per character of the baselines on the held-out text, as the model reads it.

    Empty for a model of words, and if no text is held out.
    """
    trainer, vocabulary = plan.trainer, plan.trainer.live.vocabulary
    held_out = len(trainer.val_ids)
    if vocabulary.words or not held_out:
        return {}
    text = vocabulary.decode(vocabulary.encode(trainer.config.arranged(plan.text)))
    return baselines(text[:-held_out], text[-held_out:])
