"""The drawing of a trained model, and the JavaScript files it is made of."""

from __future__ import annotations

from pathlib import Path

from charrnn.formats import web
from charrnn.ui.components.drawing import LetterDrawing
from charrnn.ui.step.view.step_view import NETWORK, scripts

HERE = Path(__file__).parent


class TrainedModel(LetterDrawing):
    """The visitor's model in the browser: units to hold, guesses to explain, a contest."""

    helpers = (
        *LetterDrawing.helpers,
        web.RULES,
        NETWORK,
        *scripts("numbers", "experiment", "controls"),
        *(HERE / f"{name}.js" for name in ("study", "traits", "panels", "contests")),
    )
