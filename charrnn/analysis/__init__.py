"""Analysis of a model: surprise, activations, gradients, weights, and copied passages.

Pure NumPy on top of the model. Nothing here draws; the page makes its pictures of these numbers.
"""

from charrnn.analysis.copies import Copies, copied_spans
from charrnn.analysis.gradients import LaggedGradients, gradient_reach, lagged_gradients, saliency
from charrnn.analysis.reading import Reading, activations, read
from charrnn.analysis.units import Match, correlations, features, find_units
from charrnn.analysis.weights import ArrayPicture, weights_summary
from charrnn.analysis.writing import known, write

__all__ = [
    "ArrayPicture",
    "Copies",
    "LaggedGradients",
    "Match",
    "Reading",
    "activations",
    "copied_spans",
    "correlations",
    "features",
    "find_units",
    "gradient_reach",
    "known",
    "lagged_gradients",
    "read",
    "saliency",
    "weights_summary",
    "write",
]
