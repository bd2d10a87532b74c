"""The parts of the benchmarks: child processes that work, and a driver that runs them in turns.

A script that imports this package uses the charrnn beside it: nothing need be installed.
"""

import sys
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[2]))
