"""The registry of cells. Tests, menus, command line choices and the file format follow from it."""

from charrnn.cells.cell import Cell, Slopes, State, StateGradient
from charrnn.cells.gru import GRU
from charrnn.cells.lstm import LSTM
from charrnn.cells.rnn import RNN

CELLS: dict[str, Cell] = {"rnn": RNN, "lstm": LSTM, "gru": GRU}

__all__ = ["CELLS", "Cell", "Slopes", "State", "StateGradient"]
