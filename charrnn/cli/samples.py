"""What a model writes while it learns, and what simpler guessers would lose in its place."""

from __future__ import annotations

import math

from charrnn.baselines import baselines
from charrnn.cli.plan import Plan
from charrnn.network.model import CharRNN
from charrnn.network.sampling import Sampling, generate

RAREFY = 1.5
"""Unless asked otherwise, the next sample comes at 1.5 times the steps: 9 in 2,000 steps."""


class Samples:
    """Samples of the present weights, at the steps where they are due."""

    def __init__(self, plan: Plan, every: int | None) -> None:
        """every: steps between two, 0 for none, None for what the recipe says."""
        self.plan = plan
        self.every = plan.recipe.report_every or None if every is None else every
        self.next = 0
        vocabulary = plan.trainer.live.vocabulary
        self.seed = plan.recipe.seed or vocabulary.tokens(plan.text[:1000])[0]

    def due(self, step: int) -> str:
        """A sample if one is due after this step, else nothing."""
        if self.every is None:
            if step % self.plan.trainer.eval_every or step < self.next:
                return ""
            self.next = math.ceil(step * RAREFY)
        elif not self.every or step % self.every:
            return ""
        return self.write(self.plan.trainer.live, self.plan.recipe.sample_length)

    def write(self, model: CharRNN, length: int) -> str:
        """The seed and what a model writes after it, with the same random numbers every time."""
        seed = self.plan.trainer.config.random_seed
        sampling = Sampling(self.plan.recipe.temperature, random_seed=seed)
        return self.seed + "".join(generate(model, self.seed, length, sampling))


def held_out_rulers(plan: Plan) -> dict[str, float]:
    """Nats per character of simpler guessers on the held-out text, both parts as the model reads
    them; nothing for a model of words, or where no text is held out."""
    trainer, vocabulary = plan.trainer, plan.trainer.live.vocabulary
    held_out = len(trainer.val_ids)
    if vocabulary.words or not held_out:
        return {}
    text = vocabulary.decode(vocabulary.encode(plan.text))
    return baselines(text[:-held_out], text[-held_out:])
