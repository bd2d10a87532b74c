"""Serves a page that keeps no visitor in memory, so that all models come from the disk.

python tests/forgetful_page.py PORT
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

if __name__ == "__main__":
    from charrnn.service.scheduler import Scheduler
    from charrnn.service.session_store import SessionStore
    from charrnn.ui.page import page, settings

    scheduler = Scheduler(60, 1)
    scheduler.session_store = SessionStore(max_bytes=1)
    page(scheduler).launch(server_port=int(sys.argv[1]), quiet=True, **settings())
