"""The left column of the Share tab: the model as a file, and what the file contains."""

from __future__ import annotations

import hashlib
import math
import os
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from charrnn import files
from charrnn.formats.web import to_html
from charrnn.hub.account import on_space
from charrnn.network.model import CharRNN
from charrnn.service import versions
from charrnn.service.disk_store import KEPT
from charrnn.service.visitor import READY_MADE, Visitor
from charrnn.training.checkpoint import HOSTED_BYTES, Checkpoint, ModelFileError
from charrnn.training.record import TrainingRecord, one_line
from charrnn.ui.components.drawing import Card
from charrnn.ui.errors import refusal
from charrnn.ui.models import labels, menu_value, ready_made
from charrnn.ui.server.temp_files import full
from charrnn.ui.tab import PRIVATE
from charrnn.ui.train.texts import first_words, shown
from charrnn.vocabulary import Vocabulary

TITLE = 120
"""The most characters in the title of an exported page."""
ALPHABET = 80
"""The most symbols of the alphabet that the card shows."""


def build(visitor: gr.State, model: gr.State) -> None:
    """Build the column and wire it. visitor, model: the session's Visitor and its CharRNN."""
    model.change(card, visitor, Card({}, "model"), **PRIVATE)
    with gr.Row():
        save = gr.Button("Download .npz", variant="primary", min_width=120)
        # No file_types: a JavaScript Blob has no name, and the reader checks every file anyway.
        upload = gr.UploadButton("Upload .npz", type="filepath", min_width=120)
    with_training = gr.Checkbox(
        False,
        label="Include training state",
        info="A larger file. After an upload, Continue on the Train tab resumes exactly.",
    )
    title = gr.Textbox(
        value="",
        max_length=TITLE,
        label="Title of the web page",
        placeholder="What the model writes: Songs of the harbor",
    )
    html = gr.Button("Download as a web page")
    gr.Markdown(
        "One HTML file. It starts writing as soon as you open it, in any browser, online or not.",
        elem_classes="help",
    )
    ready = gr.Dropdown(
        labels(),
        value=None,
        label="Ready-made models",
        info="Every tab then uses it. The menu at the top of the page lists them too.",
        elem_id="pretrained",
    )
    ready.input(ready_made, [visitor, ready], visitor, **PRIVATE)
    model.change(menu_value, visitor, ready, **PRIVATE)
    gr.Markdown(kept(), elem_classes="help")
    result = gr.JSON(label="card", visible=False)  # for the API; the Card follows the model
    loaded: dict[str, Any] = {"api_name": "load_model", "show_progress": "hidden"}
    upload.upload(load_model, [visitor, upload], [visitor, result], **loaded)
    connect_downloads(visitor, save, with_training, html, title)


def kept() -> str:
    """What the page keeps of a visitor and for how long, as the visitor is told."""
    if os.environ.get("CHARRNN_KEEP"):
        restart = ", over a restart of the page too"
    elif on_space():
        restart = ", unless this Space restarts"
    else:
        restart = ""
    return (
        f"The page keeps your model for {KEPT / 3600:.0f} hours{restart}, so that this browser "
        "finds it again. The file has a hash for a name and holds no text."
    )


def connect_downloads(
    visitor: gr.State,
    save: gr.Button,
    with_training: gr.Checkbox,
    html: gr.Button,
    title: gr.Textbox,
) -> None:
    """Let two buttons download files; clients see /download_model."""
    hidden = gr.DownloadButton("model", visible="hidden", elem_id="charrnn-download")
    saved: dict[str, Any] = {"api_name": "download_model", "show_progress": "hidden"}
    file = save.click(download_model, [visitor, with_training], hidden, **saved)
    page = html.click(download_page, [visitor, title], hidden, **PRIVATE)
    for made in (file, page):
        # A DownloadButton with its own handler needs two clicks, so a script clicks a hidden one.
        press = "() => setTimeout(() => document.querySelector('#charrnn-download').click(), 60)"
        made.success(None, js=press, **PRIVATE)


def download_model(visitor: Visitor, with_training: bool = False) -> str:
    """Download the session's model as an .npz file.

    with_training: include what is needed to resume the training exactly, if that is known.
    """
    visitor = visitor or Visitor()  # None: the server forgot the session
    own = not visitor.chosen or visitor.chosen.kind == versions.LAST
    data = visitor.to_bytes() if with_training and own else Checkpoint(visitor.current).to_bytes()
    return offered(file_name(visitor.current, "npz"), data)


def download_page(visitor: Visitor, title: str | None = "") -> str:
    """Download the session's model as one HTML file with a player, under a title."""
    visitor = visitor or Visitor()
    title = " ".join((title or "").split())[:TITLE] or visitor.name.removeprefix(READY_MADE)
    try:
        html = to_html(visitor.current, title, first_words(visitor.text))
    except ValueError as error:
        raise refusal(error) from None
    return offered(file_name(visitor.current, "html"), html.encode())


def file_name(model: CharRNN, suffix: str) -> str:
    """The file name of a model's download."""
    return f"charrnn-{model.config.cell}-{model.config.hidden_size}.{suffix}"


def offered(name: str, data: bytes) -> str:
    """Write a file to where the server may serve it for an hour. Returns its path.

    The same content is stored once: otherwise a thousand clicks would take 30 GB.
    """
    if full():
        raise refusal("The server's disk is full: try again later.")
    folder = Path(get_upload_folder()) / hashlib.sha256(data).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    files.write(path, data)
    return str(path)


def load_model(visitor: Visitor, file: str) -> tuple[Visitor, dict[str, Any]]:
    """Use a model from an .npz file: one downloaded here, or made by `python -m charrnn train`."""
    if not file:
        raise refusal("Choose an .npz file first.")
    try:
        checkpoint = Checkpoint.load(file, HOSTED_BYTES)
    except ModelFileError as error:
        raise gr.Error(escape(str(error)), duration=None, print_exception=False) from None
    name = f"uploaded: {Path(file).stem[:60]}"
    visitor = (visitor or Visitor()).with_checkpoint(checkpoint, name)
    return visitor, card(visitor)


def card(visitor: Visitor) -> dict[str, Any]:
    """The value of Card: what the file of the visitor's model contains."""
    model = visitor.current
    config, vocabulary = model.config, model.vocabulary
    return {
        "title": visitor.name,
        "wide": True,
        "rows": [
            ["cell", config.cell.upper()],
            ["hidden size", f"{config.hidden_size}"],
            ["layers", f"{config.layers}"],
            ["weights", f"{model.parameters.vector.size:,}"],
            *training_rows(model),
            ["words" if vocabulary.words else "characters it knows", f"{len(vocabulary)}"],
            *([] if vocabulary.words else [["alphabet", alphabet(vocabulary)]]),
        ],
    }


def alphabet(vocabulary: Vocabulary) -> str:
    """The visible characters, as many as fit the card."""
    known = "".join(shown(s) if len(shown(s)) == 1 else " " for s in vocabulary.symbols[:ALPHABET])
    return known.strip() + ("…" if len(vocabulary) > ALPHABET else "")


def training_rows(model: CharRNN) -> list[list[str]]:
    """What the file says about its training."""
    record = TrainingRecord.from_metadata(model.metadata)
    rows = [["trained on", one_line(record.corpus)]] if record.corpus else []
    for name, count in (("characters of text", record.characters), ("steps", record.steps)):
        if count is not None:
            rows.append([name, f"{count:,.0f}"])
    if (loss := record.best_loss) is not None:
        part = "validation" if record.validated else "training"
        rows.append([f"best {part} loss", f"{loss:.3f} nats, {loss / math.log(2):.2f} bits"])
    if record.seconds is not None:
        rows.append(["trained for", f"{record.seconds:,.0f} s"])
    return rows
