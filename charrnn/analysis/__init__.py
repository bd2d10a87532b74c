"""Measures a model's surprise, activations, gradients and weights, and what it copied.

Pure NumPy on top of the model. Nothing here draws; the page makes its pictures of these numbers.
"""

from charrnn.analysis.copies import Copies as Copies
from charrnn.analysis.copies import copied_spans as copied_spans
from charrnn.analysis.gradients import gradient_reach as gradient_reach
from charrnn.analysis.gradients import lagged_gradients as lagged_gradients
from charrnn.analysis.reading import Reading as Reading
from charrnn.analysis.reading import activations as activations
from charrnn.analysis.reading import read as read
from charrnn.analysis.units import Match as Match
from charrnn.analysis.units import correlations as correlations
from charrnn.analysis.units import features as features
from charrnn.analysis.units import find_units as find_units
from charrnn.analysis.weights import ArrayPicture as ArrayPicture
from charrnn.analysis.weights import weights_summary as weights_summary
from charrnn.analysis.writing import known as known
from charrnn.analysis.writing import write as write
