"""The events of the Hub column, which share a model, open one and list what others have shared.

A token is used for one call: it arrives as an argument, goes to the Hub, and the first update
empties its text box. Nothing here keeps it, and no message contains it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from html import escape
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

import gradio as gr

from charrnn import hub
from charrnn.formats.web import to_html
from charrnn.hub.account import endpoint_of, machine_token
from charrnn.network.model import CharRNN
from charrnn.service.visitor import Visitor, text_of
from charrnn.training.checkpoint import HOSTED_BYTES
from charrnn.ui.components.drawing import event_values
from charrnn.ui.errors import refusal
from charrnn.ui.share.hub_calls import one_call

Value = dict[str, Any]

FIRST, MOST = 24, 240
"""How many models the gallery shows at first, and at most."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "via")


def share_model(
    visitor: Visitor,
    name: str,
    license: str,  # noqa: A002  the name of the field
    private: bool,
    page: bool,
    pasted: str,
    request: gr.Request,
    oauth: gr.OAuthToken | None,
) -> Iterator[tuple[Value, str]]:
    """Share the visitor's model. Yields the progress, and "" for the text box of the token.

    page: also share a playable page, as a Space of the same name.
    """
    card: Value = {}
    try:
        with one_call(request):
            token = token_of(pasted, oauth, request)
            model = model_of(visitor)
            for transfer in hub.pushing(
                model, name or "", token=token, private=bool(private), license=license
            ):
                done = transfer.result
                card = busy(transfer) if done is None else shared(done, request)
                yield card, ""
            if page:
                repo_id = str(card["title"])
                html = to_html(model, title=repo_id.split("/")[1])
                for transfer_of_page in hub.pushing_page(
                    html, repo_id, model_id=repo_id, token=token, private=bool(private)
                ):
                    if transfer_of_page.result is None:
                        yield busy(transfer_of_page), ""
                    else:
                        url = transfer_of_page.result.url
                        yield (
                            {**card, "links": [*card["links"], [f"Playable page: {url}", url]]},
                            "",
                        )
    except hub.HubError as error:
        yield {**failed(error), "links": card.get("links", [])}, ""


def push_by_api(
    visitor: Visitor,
    name: str,
    license: str = "unknown",  # noqa: A002
    private: bool = False,
    request: gr.Request | None = None,
    oauth: gr.OAuthToken | None = None,
) -> Value:
    """Put the session's model on the Hub, in the repository NAME or USER/NAME.

    Sign in first, or give gradio_client your token: `Client(url, oauth_token="hf_...")`.
    license: a license by its name on the Hub. private: only its owner can see it.
    """
    try:
        with one_call(request):
            done = hub.push_to_hub(
                model_of(visitor),
                str(name or ""),
                token=token_of("", oauth, request),
                private=bool(private),
                license=str(license or "unknown"),
            )
    except hub.HubError as error:
        raise refusal(error) from None
    return asdict(done)


def open_model(
    visitor: Visitor,
    name: str,
    revision: str,
    pasted: str,
    request: gr.Request,
    oauth: gr.OAuthToken | None,
) -> Iterator[tuple[Visitor, Value, str]]:
    """Open a model of the Hub. Yields the visitor, at the end with the model, and the progress."""
    try:
        with one_call(request):
            token = optional_token(pasted, oauth, request)
            for transfer in hub.pulling(
                name or "",
                revision=revision or None,
                token=token,
                max_bytes=HOSTED_BYTES,
                cache=own_user(request),
            ):
                if transfer.result is None:
                    yield visitor, busy(transfer), ""
                else:
                    yield opened(visitor, transfer.result), pulled(transfer.result), ""
    except hub.HubError as error:
        yield visitor, failed(error), ""


def open_picked(
    visitor: Visitor,
    pasted: str,
    event: gr.EventData,
    request: gr.Request,
    oauth: gr.OAuthToken | None,
) -> Iterator[tuple[Visitor, Value, str, str, str]]:
    """Open the newest revision of the model that was clicked in the gallery, and show its name."""
    (name,) = event_values(event, "repo_id")
    name = str(name or "")[:200]
    for visitor_then, card, token in open_model(visitor, name, "", pasted, request, oauth):
        yield visitor_then, card, token, name, ""


def pull_by_api(
    visitor: Visitor,
    name: str,
    revision: str = "",
    request: gr.Request | None = None,
    oauth: gr.OAuthToken | None = None,
) -> tuple[Visitor, Value]:
    """Use a model of the Hub: USER/NAME, and a branch, tag or commit, or "" for the newest."""
    try:
        with one_call(request):
            model = hub.from_hub(
                str(name or ""),
                revision=str(revision or "") or None,
                token=optional_token("", oauth, request),
                max_bytes=HOSTED_BYTES,
                cache=own_user(request),
            )
    except hub.HubError as error:
        raise refusal(error) from None
    return opened(visitor, model), dict(model.metadata["hub"])


def arrive(
    visitor: Visitor, name: str, request: gr.Request, oauth: gr.OAuthToken | None
) -> Iterator[tuple[Visitor, Value, str]]:
    """Open the model that the query string names. Toasts report it, as its tab may be hidden."""
    if not name:
        return
    gr.Info(f"Opening {escape(name[:100])} from the Hub.", duration=3)
    card: Value = {}
    for visitor_then, card, _ in open_model(visitor, name, "", "", request, oauth):
        yield visitor_then, card, name[:200]
    if card.get("state") == "failed":
        gr.Warning(escape(card["advice"]))
    else:
        gr.Info(f"Every tab now uses {escape(card.get('title', ''))}.", duration=5)


def gallery(order: str, most: int = FIRST, request: gr.Request | None = None) -> tuple[Value, int]:
    """The first `most` models of the gallery, and how many to ask for next time."""
    most = min(max(int(most), FIRST), MOST)
    try:
        with one_call(request):
            models = hub.gallery("liked" if order == "liked" else "newest", most)
    except hub.HubError as error:
        return {"items": [], "advice": str(error), "mood": "warn"}, FIRST
    advice = "" if models else "Nobody has shared a model yet. Yours can be the first."
    return {"items": [asdict(model) for model in models], "advice": advice}, most + FIRST


def busy(transfer: hub.Transfer[Any]) -> Value:
    return {"state": "busy", "title": transfer.step, "fraction": transfer.fraction}


def failed(error: hub.HubError) -> Value:
    return {"state": "failed", "advice": str(error), "mood": "bad"}


def shared(done: hub.Pushed, request: gr.Request) -> Value:
    """The card after a push: where the model is, and the link that opens it in this page."""
    who = "only you can see it" if done.private else "everyone can see it"
    same = "" if done.changed else "The same model was already there. "
    return {
        "state": "done",
        "title": done.repo_id,
        "note": f"revision {done.revision[:7]}, {who}",
        "advice": f"{same}Anyone who can see the model can open it here with the second link.",
        "mood": "good",
        "links": [[done.url, done.url], [link := page_link(done.repo_id, request), link]],
    }


def pulled(model: CharRNN) -> Value:
    """The card after a pull: which model and which revision."""
    where = model.metadata["hub"]
    return {
        "state": "done",
        "title": where["repo_id"],
        "note": f"revision {where['revision'][:7]}",
        "advice": "Every tab now uses it.",
        "mood": "good",
        "links": [[address := f"{endpoint_of()}/{where['repo_id']}", address]],
    }


def opened(visitor: Visitor, model: CharRNN) -> Visitor:
    """The visitor, now with a model from the Hub."""
    where = model.metadata["hub"]
    name = f"{where['repo_id']} at {where['revision'][:7]}"
    return visitor.with_model(model, name, text_of(model))


def model_of(visitor: Visitor) -> CharRNN:
    """The visitor's model, with the baselines of its training for the model card."""
    model = visitor.current
    losses = dict(visitor.run.snapshot.baselines) if visitor.run and visitor.model else {}
    if not losses:
        return model
    metadata = {**model.metadata, "baselines": losses}
    return CharRNN(model.vocabulary, model.config, model.parameters, metadata=metadata)


def page_link(repo_id: str, request: gr.Request) -> str:
    """The URL that opens the model in this page."""
    if space := os.environ.get("SPACE_ID"):
        return f"{endpoint_of()}/spaces/{space}?model={quote(repo_id)}"
    return f"{address_of_page(request)}/?model={quote(repo_id)}"


def address_of_page(request: gr.Request) -> str:
    """The address that the visitor's browser shows: behind a proxy only the browser knows it.

    The browser sends it with each request, as Origin without a path, or as Referer.
    """
    for name in ("referer", "origin"):
        parts = urlsplit(request.headers.get(name, ""))
        if parts.scheme in ("http", "https") and parts.netloc:
            return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    return f"http://{request.headers.get('host', 'localhost:7860')}"


def token_of(pasted: str, oauth: gr.OAuthToken | None, request: gr.Request | None) -> str:
    """The visitor's token. Raises HubError if there is none."""
    token = optional_token(pasted, oauth, request)
    if token is False:
        raise hub.HubError("Sign in, or paste a token that may write to your repositories.")
    return str(token)


def optional_token(
    pasted: str, oauth: gr.OAuthToken | None, request: gr.Request | None
) -> str | bool:
    """The visitor's token, or False. The token of this machine is for its own user only."""
    if isinstance(pasted, str) and pasted.strip():
        return pasted
    if oauth is not None:
        return str(oauth.token)
    return (machine_token() or False) if own_user(request) else False


def own_user(request: gr.Request | None) -> bool:
    """Whether the visitor uses the machine that serves the page, by address and by host name.

    A tunnel or a proxy also connects from this machine, but forwards another name; so does a
    foreign site whose name was made to resolve to it.
    """
    if request is None or os.environ.get("SPACE_ID") or request.client is None:
        return False
    named = urlsplit(f"//{request.headers.get('host', '')}").hostname in LOOPBACK
    forwarded = any(name in request.headers for name in FORWARDED)
    try:
        near = ip_address(request.client.host).is_loopback
    except ValueError:
        near = False
    return near and named and not forwarded
