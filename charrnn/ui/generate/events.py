"""The events of the Generate tab, which write, score and compare texts."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import gradio as gr
import numpy as np

from charrnn import analysis
from charrnn.analysis import Reading
from charrnn.hub.account import endpoint_of
from charrnn.network.model import CharRNN
from charrnn.network.sampling import Sampling, generate, prime
from charrnn.service.visitor import READY_MADE, Visitor
from charrnn.ui import query_string
from charrnn.ui.components import packing
from charrnn.ui.components.controls import checked
from charrnn.ui.errors import refusal
from charrnn.ui.generate import layout
from charrnn.ui.generate.scoring import copy_check, score_text
from charrnn.ui.limits import SEED_CHARACTERS
from charrnn.ui.tab import PRIVATE, session
from charrnn.vocabulary import UNKNOWN

TICK = 0.11
"""Seconds between two updates: nine a second look fluid, and the page keeps up."""
UPDATES = 40
"""Updates for a text of any length: 4 to 5 s from the first letter to the last."""
PER_VISITOR = 0.03
"""Extra seconds between two updates for every other visitor who is generating: an update takes the
server 5 ms, and the browser about as much."""
BARS = 400
"""Symbols whose logits are sent: all of an alphabet, the likeliest of a word list."""
TEMPERATURES = (0.2, 0.5, 0.8, 1.0, 1.3)
COMPARED_LENGTH = 240

Value = dict[str, Any]
Part = TypeVar("Part")


class GenerationRequest(NamedTuple):
    """What to write and how, with every value checked."""

    model: CharRNN
    seed: str
    length: int
    sampling: Sampling


def request_of(visitor: Visitor, seed: Any, values: Mapping[str, Any]) -> GenerationRequest:
    """The request that the tab's controls describe. Raises gr.Error."""
    try:
        settings = checked(layout.SETTINGS, values)
        length = settings.pop("length")
        return GenerationRequest(
            visitor.current, known_seed(visitor, seed), length, Sampling(**settings)
        )
    except ValueError as error:
        raise refusal(error) from None


def known_seed(visitor: Visitor, seed: Any) -> str:
    """The opening words as the model reads them, and not too many."""
    return analysis.known(visitor.current.vocabulary, str(seed or "")[:SEED_CHARACTERS])


def alphabet(model: CharRNN) -> Value:
    """The value of Alphabet: the symbols that can be typed, and how a seed is read."""
    v = model.vocabulary
    symbols = [s for s in v.symbols if s != UNKNOWN]
    if v.words:  # the shortest first: signs and spaces, then common words
        symbols.sort(key=len)
    return {
        "symbols": json.dumps(symbols[:3000]),
        "words": v.words,
        "cleaning": v.cleaning,
        "unknown": UNKNOWN in v.ids,
    }


def following(model: CharRNN, logits: np.ndarray, text: str) -> Value:
    """The value of NextSymbol: the logits (V,) of what may come after the text."""
    ids = model.vocabulary.ids
    kept = np.array([ids[s] for s in model.vocabulary.symbols if s != UNKNOWN])
    best = np.sort(kept[np.argsort(-logits[kept], kind="stable")[:BARS]])
    return {
        "names": json.dumps([model.vocabulary.symbols[i] for i in best]),
        "logits": packing.base64_of(logits[best].astype("<f4")),
        "after": text[-24:],
        "kind": "words" if model.vocabulary.words else "letters",
    }


def refresh(visitor: Visitor) -> tuple[Value, Value]:
    """The alphabet of the visitor's model, and what the model expects after an empty seed."""
    model = visitor.current
    return alphabet(model), following(model, prime(model, "")[0], "")


def guess(visitor: Visitor, seed: str | None) -> Value:
    """What the model expects after this seed."""
    model, kept = visitor.current, known_seed(visitor, seed)
    return following(model, prime(model, kept)[0], kept)


class Generations:
    """The texts being written. Stop removes those of a session, and their loops end."""

    def __init__(self) -> None:
        self.texts: dict[object, str] = {}  # the session of each text; a session may have several

    def stop(self, request: gr.Request) -> None:
        """End this session's texts after the current update."""
        mine = session(request)
        self.texts = {text: owner for text, owner in self.texts.items() if owner != mine}

    async def updates(
        self, parts: Iterator[Part], owner: str, tick: float
    ) -> AsyncIterator[list[Part]]:
        """The parts of a text as they are written, at least `tick` seconds apart.

        The more visitors are generating, the more parts an update holds and the longer the pause
        after it, so that nobody's first letters wait for the last letters of others.
        """
        self.texts[parts] = owner
        try:
            together = 1  # the first letters at once
            while parts in self.texts:
                crowd = len(self.texts)
                due = time.monotonic() + max(tick, PER_VISITOR * (crowd - 1))
                try:
                    some = await asyncio.to_thread(list, islice(parts, together))
                except ValueError as error:  # a stop text that the model cannot write
                    raise refusal(error) from None
                if not some:
                    return
                yield some
                together = 1 + crowd // 4
                await asyncio.sleep(max(0.0, due - time.monotonic()))
        finally:
            self.texts.pop(parts, None)

    async def write(
        self, visitor: Visitor, request: gr.Request, seed: Any = "", **values: Any
    ) -> AsyncIterator[tuple[Any, Any, Any]]:
        """Stream the text with its surprise by letter, what may come next, and how to take it."""
        generation = request_of(visitor, seed, values)
        parts = analysis.write(*generation, pace(generation))
        symbols = generation.model.vocabulary.symbols
        names, records, text = packing.Names(symbols), "", ""
        note = layout.written_by(visitor.name.removeprefix(READY_MADE))
        value = {**layout.IDLE, "note": note, "seed": generation.seed, "busy": True}
        async for some in self.updates(parts, session(request), TICK):
            for part in some:
                records += packing.records(part, names)
                text += "".join(symbols[i] for i in part.ids)
            value = {**value, "names": names.json, "records": records}
            after = following(generation.model, some[-1].logits, generation.seed + text)
            yield value, after, layout.NOTHING_YET
        copied, caption = await asyncio.to_thread(copy_check, visitor, text)
        value |= {"busy": False, "copied": copied, "caption": caption}
        yield value, gr.skip(), take_away(visitor, {**values, "seed": seed})

    async def plain(
        self, visitor: Visitor, request: gr.Request, seed: Any = "", **values: Any
    ) -> AsyncIterator[str]:
        """Write a text with the session's model, and stream it as it grows.

        The model is the one trained, uploaded or pulled in this session, else the pretrained one.
        Characters of the seed that the model never saw are left out.
        """
        generation = request_of(visitor, seed, values)
        text = ""
        async for some in self.updates(_letters(generation), session(request), 0.0):
            text += "".join(some)
            yield text


def pace(generation: GenerationRequest) -> int:
    """Symbols in each of about UPDATES parts."""
    return max(2, generation.length // UPDATES)


def _letters(generation: GenerationRequest) -> Iterator[str]:
    """The text in parts, without the readings that a drawing needs."""
    symbols = generate(*generation)
    while part := "".join(islice(symbols, pace(generation))):
        yield part


def take_away(visitor: Visitor, values: Mapping[str, Any]) -> Value:
    """The value of TakeAway: what a link and a picture need, once a text is written."""
    ready = visitor.chosen.ready_made if visitor.chosen else ""
    space = os.environ.get("SPACE_ID", "")
    config = visitor.current.config
    return {
        "query": query_string.write_generation(values, ready),
        "space": f"{endpoint_of()}/spaces/{space}" if space else "",
        "model": visitor.name,
        "own": bool(visitor.model) and not ready,
        "file": f"charrnn-{config.cell}-{config.hidden_size}.html",
    }


async def compare_temperatures(
    visitor: Visitor, seed: Any, random_seed: Any
) -> AsyncIterator[Value]:
    """Continue one seed at five temperatures, with the same random numbers."""
    try:
        chosen = layout.SETTINGS["random_seed"].convert(random_seed)
    except ValueError as error:
        raise refusal(error) from None
    number = chosen if chosen is not None else int(np.random.default_rng().integers(1, 10_000))
    model, kept = visitor.current, known_seed(visitor, seed)
    texts = [
        analysis.write(model, kept, COMPARED_LENGTH, Sampling(t, random_seed=number), 20)
        for t in TEMPERATURES
    ]
    names = packing.Names(model.vocabulary.symbols)
    ids = [np.zeros(0, "<u2") for _ in texts]
    levels = [""] * len(texts)
    while parts := await asyncio.to_thread(_one_part_each, texts):
        for place, part in enumerate(parts):
            new_ids = np.array(names.number(part.ids), "<u2")
            ids[place] = np.concatenate([ids[place], new_ids])
            levels[place] += packing.levels(part.surprise)
        yield {
            "note": f"random seed {number}; the only difference is the temperature",
            "seed": kept[-40:],
            "temperatures": " ".join(map(str, TEMPERATURES)),
            "names": names.json,
            "ids": [packing.base64_of(row) for row in ids],
            "levels": levels,
        }
        await asyncio.sleep(TICK)


def _one_part_each(texts: list[Iterator[Reading]]) -> list[Reading]:
    """The next part of every text; an empty list at their end, which they reach together."""
    return [part for text in texts if (part := next(text, None)) is not None]


def build(visitor: gr.State, model: gr.State) -> tuple[dict[str, Any], gr.Radio, gr.HTML]:
    """Build the tab and wire it; clients see only /generate.

    visitor, model: the session's Visitor, and its CharRNN, whose change refreshes the tab. Returns
    the components that the query string can set, by name, the menu of versions, and the component
    that copies the text elsewhere, also to Look inside.
    """
    generations, tab = Generations(), layout.GenerateTab()
    inputs = {"seed": tab.seed, **tab.settings}
    heavy: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "heavy", **PRIVATE}
    many: dict[str, Any] = {"concurrency_limit": None, **PRIVATE}
    gr.on(
        [tab.generate.click, tab.seed.submit],
        generations.write,
        visitor,
        [tab.output, tab.next_symbol, tab.take_away],
        inputs_kwargs=inputs,
        **many,
    )
    tab.stop.click(generations.stop, queue=False, **PRIVATE)
    typed = [visitor, tab.seed]
    tab.seed.change(guess, typed, tab.next_symbol, trigger_mode="always_last", **many)
    compared = [*typed, tab.settings["random_seed"]]
    tab.compare.click(
        compare_temperatures, compared, tab.temperatures, scroll_to_output=True, **many
    )
    tab.score.click(score_text, [visitor, tab.text], [tab.scored, tab.baselines], **heavy)
    tab.plain.change(
        generations.plain,
        visitor,
        tab.plain,
        inputs_kwargs=inputs,
        api_name="generate",
        concurrency_limit=None,
        show_progress="hidden",
    )
    model.change(refresh, visitor, [tab.alphabet, tab.next_symbol], **PRIVATE)
    return inputs, tab.version, tab.take_away
