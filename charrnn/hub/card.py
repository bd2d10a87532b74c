"""The model card: what a person wants to know, made from the file, in the Hub's own format."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import quote

from huggingface_hub import EvalResult, ModelCardData
from huggingface_hub.repocard_data import eval_results_to_model_index

from charrnn.hub import facts
from charrnn.hub.account import HUB
from charrnn.hub.markdown import fence, keep, split, table
from charrnn.network.model import CharRNN
from charrnn.network.sampling import Sampling, generate

LIBRARY = "charrnn"
TASK = "text-generation"

LICENSES = {
    "unknown": "no license chosen",
    "mit": "MIT",
    "apache-2.0": "Apache 2.0",
    "cc0-1.0": "CC0 1.0, public domain",
    "cc-by-4.0": "CC BY 4.0",
    "cc-by-sa-4.0": "CC BY-SA 4.0",
    "cc-by-nc-4.0": "CC BY-NC 4.0",
    "gpl-3.0": "GPL 3.0",
    "other": "another license",
}
"""Licenses to choose from, by the Hub's own names."""

TEMPERATURES = (0.5, 0.8, 1.1)
SAMPLE_SEED = 1
SAMPLE_LENGTH = 300
LARGE = 2_000_000
"""Weights from which samples are a third as long: 300 symbols of such a model take 3 s."""

DATASETS = {"tinyshakespeare": "karpathy/tiny_shakespeare"}
"""Corpora of ours that are data sets on the Hub."""

SETTINGS = (
    "optimizer", "learning_rate", "hidden_rate", "schedule", "batch_size", "seq_length", "batching",
    "state", "clip_norm", "clip_value", "weight_decay", "val_fraction", "cleaning", "random_seed",
)  # fmt: skip
"""The settings of a training that the card tells."""


def card(
    model: CharRNN,
    repo_id: str,
    *,
    license: str | None = None,  # noqa: A002  the word that the Hub and every flag use
    dataset: str = "",
    space: str = "",
    endpoint: str = HUB,
    old: str = "",
) -> str:
    """The README.md of a model's repository.

    license: a name of LICENSES; None keeps that of the old card. dataset: the Hub's name of the
    data set, when it has one. space: the Space that opens the model. old: the card that is there;
    what people wrote into it stays, metadata too.
    """
    metadata, body = split(old)
    data = _metadata(model, repo_id, metadata, license, dataset)
    parts = [
        f"# {repo_id.split('/')[1]}",
        _summary(model, data["license"]),
        _links(repo_id, space, endpoint),
        _samples(model),
        _loss(model),
        _settings(model),
        _loading(repo_id),
    ]
    yaml = ModelCardData(**data).to_yaml()
    made = "\n\n".join(filter(None, parts))
    return f"---\n{yaml}\n---\n\n{keep(body, made)}"


def corpus(model: CharRNN) -> str:
    """The name of the text a model learned; "" when the file does not tell."""
    return facts.words(model.metadata, "corpus")


def _metadata(
    model: CharRNN,
    repo_id: str,
    old: dict[str, Any],
    license: str | None,  # noqa: A002
    dataset: str,
) -> dict[str, Any]:
    """The card's metadata: ours, and what its writer added."""
    data = {
        name: value for name, value in old.items() if name not in ("model-index", "eval_results")
    }
    ours = [LIBRARY, model.config.cell, "rnn", "char-rnn", "numpy", TASK]
    tags = old.get("tags")
    data["tags"] = list(dict.fromkeys([*ours, *(tags if isinstance(tags, list) else [])]))
    data["library_name"], data["pipeline_tag"] = LIBRARY, TASK
    data["license"] = license or str(old.get("license") or "unknown")
    known = dataset or DATASETS.get(corpus(model), "")
    if known:
        data["datasets"] = [known]
    if results := _results(model):
        data["model-index"] = eval_results_to_model_index(repo_id.split("/")[1], results)
    return data


def _results(model: CharRNN) -> list[EvalResult]:
    """The loss in the Hub's own terms; nothing when it was not measured on held-out text."""
    loss = facts.loss(model)
    if loss is None or not loss.validated:
        return []
    name = corpus(model) or "a text of its own"
    metrics = (
        ("loss", f"nats per {loss.unit}", loss.nats),
        (f"bits_per_{loss.unit}", f"bits per {loss.unit}", loss.bits),
    )
    return [
        EvalResult(
            task_type=TASK,
            dataset_type=DATASETS.get(name, "text"),
            dataset_name=name,
            dataset_split="validation",
            metric_type=kind,
            metric_name=f"Validation loss, {unit}",
            metric_value=round(value, 4),
        )
        for kind, unit, value in metrics
    ]


def _summary(model: CharRNN, license: str) -> str:  # noqa: A002
    c, unit = model.config, "words" if model.vocabulary.words else "characters"
    layers = "one layer" if c.layers == 1 else f"{c.layers} layers"
    learned = f" It learned from {code(corpus(model))}." if corpus(model) else ""
    return (
        f"A recurrent network ({c.cell.upper()}, {layers} of {c.hidden_size} units, "
        f"{model.parameters.vector.size:,} weights) that writes text one "
        f"{unit[:-1]} at a time, from {len(model.vocabulary):,} {unit}.{learned} "
        f"License: {LICENSES.get(license, license)}."
    )


def code(name: str) -> str:
    """A name from a file, as code: its signs mean nothing there."""
    return f"`{name.replace('`', chr(39))}`"


def _links(repo_id: str, space: str, endpoint: str) -> str:
    here = "`python app.py`, then `?model=" + repo_id + "` after the page's address"
    if not space:
        return f"Open it in a page of your own: {here}."
    link = f"{endpoint}/spaces/{space}?model={quote(repo_id, safe='/')}"
    return f"**[Open it in the page]({link})**: write with it, look inside it, train it on."


def _samples(model: CharRNN) -> str:
    length = SAMPLE_LENGTH // (1 if model.parameters.vector.size < LARGE else 3)
    if model.vocabulary.words:
        length //= 4
    parts = ["## What it writes"]
    for temperature in TEMPERATURES:
        sampling = Sampling(temperature=temperature, random_seed=SAMPLE_SEED)
        parts.append(f"Temperature {temperature}, random seed {SAMPLE_SEED}:")
        parts.append(fence("".join(generate(model, "", length, sampling)).strip("\r\n")))
    return "\n\n".join(parts)


def _loss(model: CharRNN) -> str:
    """The loss among its rulers, worst first."""
    loss = facts.loss(model)
    if loss is None:
        return ""
    rows = [(name, nats) for name, nats in facts.baselines(model).items()]
    rows.append((f"this model, {loss.name}", loss.nats))
    rows.sort(key=lambda row: -row[1])
    lines = [(name, f"{nats:.3f}", f"{nats / math.log(2):.3f}") for name, nats in rows]
    why = (
        "Measured on the last part of the text, which it never learned from."
        if loss.validated
        else "Measured on the text it learned from, so it says nothing about other texts."
    )
    head = ("", f"nats per {loss.unit}", f"bits per {loss.unit}")
    return f"## How well it guesses\n\n{why}\n\n{table(head, lines)}"


def _settings(model: CharRNN) -> str:
    told = facts.settings(model.metadata, "config")
    rows: list[tuple[str, object]] = [
        (name, getattr(model.config, name))
        for name in ("cell", "hidden_size", "layers", "dropout", "initialization")
    ]
    rows += [(n, told[n]) for n in SETTINGS if isinstance(told.get(n), str | int | float)]
    rows = [row for row in rows if row != ("learning_rate", 0)]  # the optimizer's own
    for name, text in (("steps", "steps trained"), ("chars", "characters read")):
        if (value := facts.number(model.metadata, name)) is not None:
            rows.append((text, f"{value:,.0f}"))
    if (seconds := facts.number(model.metadata, "seconds")) is not None:
        rows.append(("seconds of training", f"{seconds:,.1f}"))
    if sha := facts.words(model.metadata, "sha256"):
        rows.append(("sha256 of the text", sha))
    return f"## How it was made\n\n{table(('setting', 'value'), rows)}"


def _loading(repo_id: str) -> str:
    lines = (
        "import charrnn\n"
        f'model = charrnn.from_hub("{repo_id}")\n'
        'print("".join(charrnn.generate(model, "The ", 500)))'
    )
    return (
        f"## How to load it\n\n```python\n{lines}\n```\n\n"
        "`weights.npz` is plain NumPy and opens with `np.load` too; nothing in it is ever run."
    )
