"""The components of the Train tab, each drawn by the script of its name beside this file."""

from __future__ import annotations

from charrnn.formats import web
from charrnn.ui.components.drawing import Drawing, LetterDrawing


class LiveWriter(LetterDrawing):
    """A small network that writes in the browser, with what it expects next."""

    helpers = (*LetterDrawing.helpers, web.HERE / "network.js")


class Verdict(Drawing):
    """What is in the chosen text, which model training starts from, and what to expect."""


class Status(Drawing):
    """What a run is doing: a title, a progress bar, a row of numbers."""


class Chart(Drawing):
    """The loss by step: training, validation, baselines."""


class Samples(Drawing):
    """What the model wrote at each moment of its training."""


class Race(Drawing):
    """The samples of three cells that train on the same text, side by side."""


class QueryString(Drawing):
    """Invisible: writes the settings of a run into the page's address."""
