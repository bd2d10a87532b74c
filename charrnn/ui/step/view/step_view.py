"""The drawing of one step in numbers, and the JavaScript files it is made of."""

from __future__ import annotations

from pathlib import Path

from charrnn.formats import web
from charrnn.ui.components.drawing import LetterDrawing

HERE = Path(__file__).parent
NETWORK = web.HERE / "network.js"


def scripts(*names: str) -> tuple[Path, ...]:
    """The JavaScript files of this folder by name."""
    return tuple(HERE / f"{name}.js" for name in names)


class StepView(LetterDrawing):
    """One step of a network in numbers; the word unrolled, backwards, and updates."""

    helpers = (
        *LetterDrawing.helpers,
        NETWORK,
        *scripts("numbers", "experiment", "controls", "cells", "flow"),
        *scripts("unrolled", "curves", "reports"),
    )
