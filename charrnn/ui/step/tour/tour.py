"""The drawing of the tour."""

from __future__ import annotations

from charrnn.ui.components.drawing import Drawing
from charrnn.ui.step.view.step_view import scripts


class Tour(Drawing):
    """Eight lessons with a question each, links to them, and a teacher's sheet."""

    helpers = (*Drawing.helpers, *scripts("controls"))
