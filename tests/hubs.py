"""What the tests of the Hub share: a trained model, what it writes, and files on the stand-in."""

from __future__ import annotations

from functools import cache

from builders import TEXT
from standin import Hub

import charrnn
from charrnn import CharRNN, ModelConfig, Sampling, TrainConfig, Trainer


@cache
def trained() -> CharRNN:
    """A small trained model, with facts in its file."""
    trainer = Trainer(TEXT, ModelConfig(hidden_size=12), TrainConfig(steps=25), corpus="cat")
    for _ in trainer.run():
        pass
    model = trainer.model
    model.metadata["baselines"] = {"uniform": 2.9, "last 2 characters": 0.4}
    return model


def writes(model: CharRNN) -> str:
    """What a model writes from a fixed random seed."""
    return "".join(charrnn.generate(model, "the ", 80, Sampling(random_seed=3)))


def text_of(hub: Hub, repo_id: str, path: str = "README.md", kind: str = "models") -> str:
    """A small file of a repository."""
    return (hub.repos[f"{kind}/{repo_id}"].files[path].data or b"").decode()
