"""What the benchmarks are made of: child processes that work, and a driver that takes turns.

A script that imports it finds the package beside it: nothing need be installed.
"""

import sys
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[2]))
