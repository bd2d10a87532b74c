"""Lists the models that others have shared: those tagged charrnn, with the loss in their cards."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from huggingface_hub.hf_api import ModelInfo

from charrnn.hub.account import client, endpoint_of
from charrnn.hub.calls import Call, result_of, supervise
from charrnn.hub.card import LIBRARY
from charrnn.hub.faults import GARBLED
from charrnn.training.record import MAX_NAME

PATIENCE = 8.0
"""Seconds that a page waits for its gallery: the client retries a dead Hub for 23."""


@dataclass(frozen=True)
class Shared:
    """One model of the gallery. Its strings are by strangers: show them as plain text."""

    repo_id: str
    likes: int
    downloads: int
    modified: str
    """The day of its last change, as 2026-11-22; "" when the Hub does not say."""
    cell: str
    corpus: str
    loss: float | None
    """Validation loss in nats per symbol, as its card says."""
    license: str


def gallery(
    order: Literal["newest", "liked"] = "newest",
    limit: int = 24,
    *,
    endpoint: str | None = None,
) -> list[Shared]:
    """The first `limit` models on the Hub that are tagged charrnn and open to everyone.

    order: "newest" or "liked", the most liked first. Raises HubError.
    """
    api = client(endpoint_of(endpoint), token=False)

    def ask(call: Call) -> list[Shared]:
        call.report("Asking for shared models", 0.1)
        sort: Any = "likes" if order == "liked" else "last_modified"
        wanted: Any = {"filter": LIBRARY, "sort": sort, "limit": limit, "full": True}
        try:
            return [_shared(model) for model in api.list_models(**wanted, cardData=True)]
        except GARBLED:  # one card whose metadata the client cannot take hides no other model
            return [_shared(model) for model in api.list_models(**wanted)]

    return result_of(supervise(ask, signed_in=False, seconds=PATIENCE))


def _shared(model: ModelInfo) -> Shared:
    card: Any = model.card_data
    data: dict[str, Any] = card.to_dict() if card else {}
    tags = model.tags or ()
    loss, corpus = _evaluation(data.get("model-index"))
    return Shared(
        repo_id=model.id,
        likes=model.likes or 0,
        downloads=model.downloads or 0,
        modified=f"{model.last_modified:%Y-%m-%d}" if model.last_modified else "",
        cell=next((name for name in ("lstm", "gru", "rnn") if name in tags), ""),
        corpus=corpus,
        loss=loss,
        license=str(data.get("license", ""))[:MAX_NAME],
    )


def _evaluation(index: Any) -> tuple[float | None, str]:
    """The loss and the corpus in a card's model-index, which may hold any YAML."""
    for entry in _tables(index):
        for result in _tables(entry.get("results")):
            dataset = result.get("dataset")
            name = dataset.get("name") if isinstance(dataset, dict) else ""
            corpus = name[:MAX_NAME] if isinstance(name, str) else ""
            for metric in _tables(result.get("metrics")):
                value = metric.get("value")
                if metric.get("type") == "loss" and isinstance(value, int | float):
                    return (float(value) if math.isfinite(value) else None), corpus
    return None, ""


def _tables(value: Any) -> Iterable[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
