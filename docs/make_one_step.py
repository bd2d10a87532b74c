"""Write docs/one-step.html, the step view for `hello`: python docs/make_one_step.py"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

# ruff: noqa: E402
from charrnn.ui.step.standalone import to_html

if __name__ == "__main__":
    (HERE / "one-step.html").write_text(to_html(), "utf-8")
