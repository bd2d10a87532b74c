"""The registry of cells; tests, menus, command-line choices and the file format follow from it."""

from charrnn.network.cells.cell import Cell, LocalDerivatives, State, StateGradient
from charrnn.network.cells.gru import GRU
from charrnn.network.cells.lstm import LSTM
from charrnn.network.cells.rnn import RNN

CELLS: dict[str, Cell] = {"rnn": RNN, "lstm": LSTM, "gru": GRU}

__all__ = ["CELLS", "Cell", "LocalDerivatives", "State", "StateGradient"]
