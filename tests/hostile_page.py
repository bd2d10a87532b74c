"""Serves the Generate and Look inside tabs with a model whose every symbol tries to run a script.

python tests/hostile_page.py PORT
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import gradio as gr

from charrnn import CharRNN, ModelConfig, Vocabulary
from charrnn.service.visitor import Visitor
from charrnn.ui import theme
from charrnn.ui.generate import events as generate_tab
from charrnn.ui.inspect import events as inspect_tab

PAYLOADS = (
    "<img src=x onerror=window.__hit=1>",
    "<script>window.__hit=1</script>",
    "${window.__hit=1}",
    "{{constructor.constructor('window.__hit=1')()}}",
    "</pre><svg onload=window.__hit=1>",
    "<iframe srcdoc='<script>parent.__hit=1</script>'>",
    "'\"></span><b onmouseover=window.__hit=1>",
)


def page() -> gr.Blocks:
    """Both tabs; the training text, the vocabulary and the model's name are all payloads."""
    symbols = tuple(sorted((*PAYLOADS, " ", "\n", "a")))
    model = CharRNN(Vocabulary(symbols, words=True), ModelConfig("gru", 8))
    hostile = Visitor().with_model(model, PAYLOADS[0], "a a\n" * 50 + "".join(PAYLOADS) * 20)
    with gr.Blocks(analytics_enabled=False) as demo:
        visitor, model_state = gr.State(hostile), gr.State(None)
        with gr.Tabs() as tabs:
            with gr.Tab("Generate", id="generate"):
                *_, written = generate_tab.build(visitor, model_state)
            with gr.Tab("Look inside", id="inside"):
                inspect_tab.build(visitor, model_state, written, tabs)
        demo.load(lambda session: session.current, visitor, model_state)
    return demo


if __name__ == "__main__":
    page().launch(server_port=int(sys.argv[1]), quiet=True, theme=theme.theme(), css=theme.css())
