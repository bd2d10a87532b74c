"""The components of the Train tab, each drawn by the JavaScript file of its name."""

from __future__ import annotations

from charrnn.ui.components.drawing import Drawing


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
