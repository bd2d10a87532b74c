"""The drawings of the How it works tab, and the JavaScript files each is made of."""

from __future__ import annotations

from pathlib import Path

from charrnn.formats import web
from charrnn.ui.components.drawing import Drawing, LetterDrawing

HERE = Path(__file__).parent
NETWORK = web.HERE / "network.js"


def scripts(*names: str) -> tuple[Path, ...]:
    """The JavaScript files of this folder by name."""
    return tuple(HERE / f"{name}.js" for name in names)


class Tour(Drawing):
    """Eight lessons with a question each, links to them, and a teacher's sheet."""

    helpers = (*Drawing.helpers, *scripts("controls"))


class StepView(LetterDrawing):
    """One step of a network in numbers; the word unrolled, backwards, and updates."""

    helpers = (
        *LetterDrawing.helpers,
        NETWORK,
        *scripts("numbers", "experiment", "controls", "cells", "flow", "unrolled"),
    )


class TrainedModel(LetterDrawing):
    """The visitor's model in the browser: units to hold, guesses to explain, a contest."""

    helpers = (
        *LetterDrawing.helpers,
        web.RULES,
        NETWORK,
        *scripts("numbers", "experiment", "controls", "study", "panels", "contests"),
    )
