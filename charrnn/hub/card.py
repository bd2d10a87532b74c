"""Writes the model card, the README.md of a model's repository, from what the model's file says."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import quote

from huggingface_hub import EvalResult
from huggingface_hub.repocard_data import eval_results_to_model_index
from huggingface_hub.utils import yaml_dump  # type: ignore[attr-defined]

from charrnn.hub.account import HUB, REPO_ID
from charrnn.hub.markdown import code, fence, keep, split, table, unmarked
from charrnn.network.model import CharRNN
from charrnn.network.sampling import Sampling, generate
from charrnn.training.record import TrainingRecord, one_line

LIBRARY = "charrnn"
INSTALL = "pip install charrnn-numpy"
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
"""Weights above which samples are a third as long: 300 symbols of such a model take 3 s."""

ENGLISH = {
    "lighthouse", "hello", "sentence", "tinyshakespeare", "python-docs", "python-source"
}  # fmt: skip
"""Our corpora whose language is known. The author of any other text names it in the card."""
MOST_NATS = 700.0
"""A loss whose exponential is still a float; a stranger's file may claim any loss."""
MEASURE = "Validation loss"
OURS = "written by charrnn"
"""Marks an entry of a list as ours, which the next push writes again."""

DATASETS = {"tinyshakespeare": "karpathy/tiny_shakespeare"}
"""Our corpora that are data sets on the Hub."""

SETTINGS = (
    "optimizer", "learning_rate", "hidden_rate", "schedule", "batch_size", "seq_length", "batching",
    "state", "clip_norm", "clip_value", "weight_decay", "val_fraction", "cleaning", "random_seed",
)  # fmt: skip
"""The settings of a training that the card lists."""


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
    data set, when it has one. space: the Space that opens the model. old: the card that is there
    now; what people wrote into it stays, metadata included.
    """
    metadata, body = split(old)
    record = TrainingRecord.from_metadata(model.metadata)
    samples = {temperature: _sample(model, temperature) for temperature in TEMPERATURES}
    data = _metadata(model, record, repo_id, metadata, license, dataset)
    data["widget"] = [*_widget(samples), *_not_ours(metadata.get("widget"), "example_title")]
    parts = [
        f"# {repo_id.split('/')[1]}",
        _summary(model, record, data["license"]),
        _links(repo_id, space, endpoint),
        _samples(samples),
        _loss(model, record),
        _settings(model, record),
        _loading(repo_id),
    ]
    yaml = yaml_dump(data, sort_keys=False).strip()
    generated = "\n\n".join(filter(None, parts))
    return f"---\n{yaml}\n---\n\n{keep(body, generated)}"


def _metadata(
    model: CharRNN,
    record: TrainingRecord,
    repo_id: str,
    old: dict[str, Any],
    license: str | None,  # noqa: A002
    dataset: str,
) -> dict[str, Any]:
    """The card's metadata: ours, and what its author added."""
    data = {**old}
    ours = [LIBRARY, model.config.cell, "rnn", "char-rnn", "numpy", TASK]
    data["tags"] = list(dict.fromkeys([*ours, *strings(old.get("tags"))]))
    data["library_name"], data["pipeline_tag"] = LIBRARY, TASK
    kept = strings(old.get("license"))
    data["license"] = license or (kept[0] if len(kept) == 1 else kept or "unknown")
    start = record.start["name"] if record.start else ""
    if "/" in start and REPO_ID.fullmatch(start):
        data["base_model"] = start
    if known := dataset or DATASETS.get(record.corpus, ""):
        data["datasets"] = [known]
    if record.corpus in ENGLISH:
        data.setdefault("language", "en")
    index = _model_index(model, record, repo_id.split("/")[1], old.get("model-index"))
    if index:
        data["model-index"] = index
    else:
        data.pop("model-index", None)
    return data


def strings(value: Any) -> list[str]:
    """The strings in a value that may be a string, a list, or any other YAML."""
    listed = value if isinstance(value, list) else [value]
    return [entry for entry in listed if isinstance(entry, str) and entry]


def _not_ours(entries: Any, name: str) -> list[Any]:
    """The entries of a card's list that its author added: ours carry OURS in the field `name`."""
    listed = entries if isinstance(entries, list) else []
    return [e for e in listed if not (isinstance(e, dict) and OURS in str(e.get(name, ""))[:99])]


def _widget(samples: dict[float, str]) -> list[dict[str, Any]]:
    """Samples that the model's page shows without computing them: a beginning, and what follows."""
    entries = []
    for temperature, written in samples.items():
        text = unmarked(written)
        cut = next((i for i, sign in enumerate(text) if i > 8 and sign.isspace()), 12) + 1
        title = f"Temperature {temperature}, {OURS}"
        entries.append({"text": text[:cut], "output": {"text": text[cut:]}, "example_title": title})
    return entries


def _model_index(model: CharRNN, record: TrainingRecord, name: str, old: Any) -> list[Any]:
    """The card's model-index: our measurements, and all results that its author added."""
    own = []
    for entry in old if isinstance(old, list) else []:
        results = entry.get("results") if isinstance(entry, dict) else None
        listed = results if isinstance(results, list) else []
        if kept := [result for result in listed if _authors(result)]:
            own.append({**entry, "results": kept})
    results = _results(model, record)
    return [*(eval_results_to_model_index(name, results) if results else []), *own]


def _authors(result: Any) -> bool:
    """Whether a result of a model-index is well formed, and not one that an earlier push wrote."""
    metrics = result.get("metrics") if isinstance(result, dict) else None
    if not isinstance(metrics, list) or not all(isinstance(metric, dict) for metric in metrics):
        return False
    names = [metric.get("name") for metric in metrics]
    return not all(isinstance(name, str) and name.startswith(MEASURE) for name in names)


def _unit(model: CharRNN) -> str:
    return "word" if model.vocabulary.words else "character"


def _results(model: CharRNN, record: TrainingRecord) -> list[EvalResult]:
    """The loss in the Hub's own terms; nothing when it was not measured on held-out text."""
    if record.best_loss is None or not record.validated:
        return []
    unit, name = _unit(model), one_line(record.corpus) or "unnamed text"
    metrics = (
        ("loss", f"nats per {unit}", record.best_loss),
        (f"bits_per_{unit}", f"bits per {unit}", record.best_loss / math.log(2)),
    )
    return [
        EvalResult(
            task_type=TASK,
            dataset_type=DATASETS.get(name, "text"),
            dataset_name=name,
            dataset_split="validation",
            metric_type=kind,
            metric_name=f"{MEASURE}, {measure}",
            metric_value=round(value, 4),
        )
        for kind, measure, value in metrics
    ]


def _summary(model: CharRNN, record: TrainingRecord, license: Any) -> str:  # noqa: A002
    named = ", ".join(LICENSES.get(name, name) for name in strings(license))
    c, unit = model.config, _unit(model)
    layers = "one layer" if c.layers == 1 else f"{c.layers} layers"
    corpus = one_line(record.corpus)
    trained = f" It was trained on {code(corpus)}." if corpus else ""
    if record.start and record.start["name"]:
        trained += f" Training started from {code(record.start['name'])}."
    return (
        f"A recurrent network ({c.cell.upper()}, {layers} of {c.hidden_size} units, "
        f"{model.parameters.vector.size:,} weights) that writes text one "
        f"{unit} at a time, from {len(model.vocabulary):,} {unit}s.{trained} "
        f"License: {named}."
    )


def _links(repo_id: str, space: str, endpoint: str) -> str:
    if not space:
        return (
            "To open it in a page of your own, run `python app.py` and add "
            f"`?model={repo_id}` to the page's address."
        )
    link = f"{endpoint}/spaces/{space}?model={quote(repo_id, safe='/')}"
    return (
        f"**[Open it in the page]({link})** to write with it, look inside it or train it further."
    )


def _sample(model: CharRNN, temperature: float) -> str:
    length = SAMPLE_LENGTH // (1 if model.parameters.vector.size < LARGE else 3)
    if model.vocabulary.words:
        length //= 4
    sampling = Sampling(temperature=temperature, random_seed=SAMPLE_SEED)
    return "".join(generate(model, "", length, sampling))


def _samples(samples: dict[float, str]) -> str:
    parts = ["## What it writes"]
    for temperature, text in samples.items():
        parts.append(f"Temperature {temperature}, random seed {SAMPLE_SEED}:")
        parts.append(fence(text.strip("\r\n")))
    return "\n\n".join(parts)


def _loss(model: CharRNN, record: TrainingRecord) -> str:
    """The loss among the baselines, the highest first."""
    loss = record.smooth_loss if record.best_loss is None else record.best_loss
    if loss is None:
        return ""
    validated = record.validated and record.best_loss is not None
    kind = "validation loss" if validated else "training loss"
    rows = [*record.baselines.items(), (f"this model, {kind}", loss)]
    rows.sort(key=lambda row: -row[1])
    lines = [(name, f"{nats:.3f}", f"{nats / math.log(2):.3f}") for name, nats in rows]
    how = (
        "Measured on the last part of the text, on which it was not trained."
        if validated
        else "Measured on the text it was trained on, so it says nothing about other texts."
    )
    head = ("", f"nats per {_unit(model)}", f"bits per {_unit(model)}")
    sense = (
        f"On average the model gave the {_unit(model)} that came next a probability of "
        f"1 in {math.exp(min(loss, MOST_NATS)):.3g}; "
        f"a blind guess among all of its {_unit(model)}s gives 1 in {len(model.vocabulary):,}."
    )
    return f"## How well it predicts\n\n{sense} {how}\n\n{table(head, lines)}"


def _settings(model: CharRNN, record: TrainingRecord) -> str:
    config = record.config
    rows: list[tuple[str, object]] = [
        (name, getattr(model.config, name))
        for name in ("cell", "hidden_size", "layers", "dropout", "initialization")
    ]
    rows += [(n, config[n]) for n in SETTINGS if isinstance(config.get(n), str | int | float)]
    rows = [row for row in rows if row != ("learning_rate", 0)]  # 0 stands for the optimizer's own
    counts = (
        ("steps trained", record.steps, 0),
        ("characters read", record.chars, 0),
        ("seconds of training", record.seconds, 1),
    )
    rows += [(name, f"{n:,.{digits}f}") for name, n, digits in counts if n is not None]
    if record.sha256:
        rows.append(("sha256 of the text", one_line(record.sha256)))
    return f"## How it was made\n\n{table(('setting', 'value'), rows)}"


def _loading(repo_id: str) -> str:
    lines = (
        "from charrnn import CharRNN, generate\n\n"
        f'model = CharRNN.from_pretrained("{repo_id}")\n'
        'print("".join(generate(model, "The ", 500)))'
    )
    return (
        f"## How to load it\n\n```sh\n{INSTALL}\n```\n\n```python\n{lines}\n```\n\n"
        "`weights.npz` also opens with `np.load`, without pickles: nothing in it is ever executed. "
        "`model.safetensors` has the same weights under PyTorch's names."
    )
