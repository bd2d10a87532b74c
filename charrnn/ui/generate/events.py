"""What happens on the Generate tab: texts written, judged and compared."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

import gradio as gr
import numpy as np

from charrnn import analysis
from charrnn.analysis import Reading
from charrnn.network.model import CharRNN
from charrnn.network.sampling import Sampling, prime
from charrnn.service.visitor import Visitor
from charrnn.ui.components import packing
from charrnn.ui.components.controls import checked
from charrnn.ui.errors import refusal
from charrnn.ui.generate import layout
from charrnn.ui.generate.layout import GenerateTab
from charrnn.ui.generate.scoring import copy_check, judge
from charrnn.ui.limits import SEED_CHARACTERS
from charrnn.ui.tab import Tab
from charrnn.vocabulary import UNKNOWN

TICK = 0.11
"""Seconds between two updates: nine a second look fluent, and the page keeps up with them."""
UPDATES = 40
"""Updates a text takes: 4 to 5 s from the first letter to the last, whatever its length."""
SHARE = 0.03
"""Seconds between two updates for every other visitor who writes: an update takes the server 5 ms
and the visitor's side about as much."""
BARS = 400
"""Symbols whose chances are sent: all of an alphabet, the likeliest of a dictionary."""
TEMPERATURES = (0.2, 0.5, 0.8, 1.0, 1.3)
STRIP_LENGTH = 240

Value = dict[str, Any]


class GenerationRequest(NamedTuple):
    """A text to be written, every value checked."""

    model: CharRNN
    seed: str
    length: int
    sampling: Sampling


def request_of(visitor: Visitor, seed: Any, values: Mapping[str, Any]) -> GenerationRequest:
    """What the tab's controls ask for. Raises ValueError."""
    settings = checked(layout.SETTINGS, values)
    length = settings.pop("length")
    model = visitor.current
    kept = analysis.known(model.vocabulary, str(seed or "")[:SEED_CHARACTERS])
    return GenerationRequest(model, kept, length, Sampling(**settings))


def alphabet(model: CharRNN) -> Value:
    """What alphabet.js shows: the symbols that can be typed, and how the seed is read."""
    v = model.vocabulary
    symbols = [s for s in v.symbols if s != UNKNOWN]
    if v.words:  # the shortest words first: signs and spaces, then what people type most
        symbols.sort(key=len)
    told = {"words": v.words, "cleaning": v.cleaning, "unknown": UNKNOWN in v.ids}
    return {"symbols": json.dumps(symbols[:3000]), **told}


def following(model: CharRNN, logits: np.ndarray, text: str) -> Value:
    """What next_symbol.js shows: the logits (V,) of what may come after the text."""
    ids = model.vocabulary.ids
    kept = np.array([ids[s] for s in model.vocabulary.symbols if s != UNKNOWN])
    best = np.sort(kept[np.argsort(-logits[kept], kind="stable")[:BARS]])
    return {
        "names": json.dumps([model.vocabulary.symbols[i] for i in best]),
        "logits": packing.base64_of(logits[best].astype("<f4")),
        "after": text[-24:],
    }


def refresh(visitor: Visitor) -> tuple[Value, Value]:
    """The alphabet and the next character of the visitor's present model, with no seed."""
    model = visitor.current
    return alphabet(model), following(model, prime(model, "")[0], "")


def guess(visitor: Visitor, seed: str | None) -> Value:
    """What the model expects after this seed."""
    model = visitor.current
    kept = analysis.known(model.vocabulary, (seed or "")[:SEED_CHARACTERS])
    return following(model, prime(model, kept)[0], kept)


class Generations:
    """Whose texts are being written. Stop takes a session's out, and their writers end."""

    def __init__(self) -> None:
        self.texts: dict[object, str] = {}  # the session of each: one may write several at once

    def stop(self, request: gr.Request) -> None:
        """End this visitor's texts after the update in hand."""
        session = request.session_hash or ""
        self.texts = {text: whose for text, whose in self.texts.items() if whose != session}

    async def steps(
        self, order: GenerationRequest, session: str, tick: float
    ) -> AsyncIterator[list[Reading]]:
        """The text in about UPDATES parts, at least `tick` seconds apart.

        The more visitors write at once, the more parts go into one update and the longer it waits
        for the next, so that nobody's first letters wait behind the last ones of others.
        """
        pace = max(2, order.length // UPDATES)
        parts = analysis.write(order.model, order.seed, order.length, order.sampling, pace)
        self.texts[parts] = session
        try:
            together = 1  # the first letters at once
            while parts in self.texts:
                crowd = len(self.texts)
                due = time.monotonic() + max(tick, SHARE * (crowd - 1))
                some = await asyncio.to_thread(list, islice(parts, together))
                if not some:
                    return
                yield some
                together = 1 + crowd // 4
                await asyncio.sleep(max(0.0, due - time.monotonic()))
        finally:
            self.texts.pop(parts, None)

    async def write(
        self, visitor: Visitor, request: gr.Request, seed: Any = "", **values: Any
    ) -> AsyncIterator[tuple[Any, Any]]:
        """Stream the text as judged, and what may come next."""
        try:
            order = request_of(visitor, seed, values)
        except ValueError as error:
            raise refusal(error) from None
        symbols = order.model.vocabulary.symbols
        names, records, text = packing.Names(symbols), "", ""
        value = {**layout.IDLE, "seed": order.seed, "busy": True}
        async for some in self.steps(order, request.session_hash or "", TICK):
            for part in some:
                records += packing.records(part, names)
                text += "".join(symbols[i] for i in part.ids)
            value = {**value, "names": names.json, "records": records}
            yield value, following(order.model, some[-1].logits, order.seed + text)
        copied, caption = await asyncio.to_thread(copy_check, visitor, text)
        yield {**value, "busy": False, "copied": copied, "caption": caption}, gr.skip()

    async def plain(
        self, visitor: Visitor, request: gr.Request, seed: Any = "", **values: Any
    ) -> AsyncIterator[str]:
        """Write a text with the session's model, and stream it as it grows.

        The model is the one trained, uploaded or pulled in this session, else the pretrained one.
        Characters of the seed that the model never saw are left out.
        """
        try:
            order = request_of(visitor, seed, values)
        except ValueError as error:
            raise refusal(error) from None
        text = ""
        async for some in self.steps(order, request.session_hash or "", 0.0):
            text += "".join(order.model.vocabulary.decode(part.ids) for part in some)
            yield text


async def strip(visitor: Visitor, seed: Any, random_seed: Any) -> AsyncIterator[Value]:
    """Write from one seed with the same random numbers at five temperatures, side by side."""
    try:
        dice = layout.SETTINGS["random_seed"].convert(random_seed)
    except ValueError as error:
        raise refusal(error) from None
    dice = int(np.random.default_rng().integers(1, 10_000)) if dice is None else dice
    model = visitor.current
    kept = analysis.known(model.vocabulary, str(seed or "")[:SEED_CHARACTERS])
    texts = [
        analysis.write(model, kept, STRIP_LENGTH, Sampling(t, random_seed=dice), 20)
        for t in TEMPERATURES
    ]
    names = packing.Names(model.vocabulary.symbols)
    ids = [np.zeros(0, "<u2") for _ in texts]
    levels = [""] * len(texts)
    while parts := await asyncio.to_thread(_one_part_each, texts):
        for place, part in enumerate(parts):
            fresh = np.array(names.number(part.ids), "<u2")
            ids[place] = np.concatenate([ids[place], fresh])
            levels[place] += packing.levels(part.surprise)
        yield {
            "note": f"random seed {dice}; the only difference is the temperature",
            "seed": kept[-40:],
            "temperatures": " ".join(map(str, TEMPERATURES)),
            "names": names.json,
            "ids": [packing.base64_of(row) for row in ids],
            "levels": levels,
        }
        await asyncio.sleep(TICK)


def _one_part_each(texts: list[Iterator[Reading]]) -> list[Reading]:
    """The next part of every text; empty at their common end."""
    return [part for text in texts if (part := next(text, None)) is not None]


def connect(tab: GenerateTab, visitor: gr.State) -> None:
    """Wire the tab's events; /generate is the one that clients see."""
    generations, c, p, b = Generations(), tab.controls, tab.pictures, tab.buttons
    inputs = {"seed": c.seed, **c.settings}
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    heavy: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "heavy", **private}
    many: dict[str, Any] = {"concurrency_limit": None, **private}
    gr.on(
        [b.generate.click, c.seed.submit],
        generations.write,
        visitor,
        [p.output, p.next],
        inputs_kwargs=inputs,
        **many,
    )
    b.stop.click(generations.stop, queue=False, **private)
    c.seed.change(guess, [visitor, c.seed], p.next, trigger_mode="always_last", **many)
    b.strip.click(
        strip, [visitor, c.seed, c.settings["random_seed"]], p.strip, scroll_to_output=True, **many
    )
    b.judge.click(judge, [visitor, tab.text], [p.verdict, p.scale], **heavy)
    tab.plain.change(
        generations.plain,
        visitor,
        tab.plain,
        inputs_kwargs=inputs,
        api_name="generate",
        concurrency_limit=None,
        show_progress="hidden",
    )


def build(visitor: gr.State) -> Tab:
    """The tab's components, wired, inside the present Gradio context."""
    tab = layout.layout()
    connect(tab, visitor)
    c = tab.controls
    address = {"seed": c.seed, **c.settings}
    return Tab(refresh, [tab.pictures.alphabet, tab.pictures.next], address=address)
