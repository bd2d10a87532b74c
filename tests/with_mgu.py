"""A pytest plugin that registers another cell, as a contributor's one line would."""

from mgu import MGU

from charrnn.network.cells import CELLS

CELLS["mgu"] = MGU
