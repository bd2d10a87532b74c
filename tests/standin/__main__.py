"""Serve a stand-in until interrupted: `python -m standin [PORT]`."""

import sys
import threading

from standin import Hub

if __name__ == "__main__":
    with Hub().serve(int(sys.argv[1]) if len(sys.argv) > 1 else 8765) as hub:
        print(hub.url, flush=True)
        threading.Event().wait()
