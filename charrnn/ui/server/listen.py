"""Checks, before Gradio is imported, that the page can listen where it was asked to.

Gradio itself tries all ports from the given one on, and raises the same error for a port that is
taken, a host that does not exist, and a missing permission.
"""

from __future__ import annotations

import errno
import os
import socket
import sys

LOWEST_FREE = 1024
"""The first port that needs no administrator rights."""


class LaunchError(RuntimeError):
    """The page cannot start; the message says why and what to do."""


def check_address(host: str | None, port: int | None) -> None:
    """Check that the page can listen there; None leaves it to Gradio. Raises LaunchError."""
    asked = os.environ.get("GRADIO_SERVER_PORT", "")
    if asked and not (asked.isascii() and asked.isdigit() and 0 < int(asked) < 1 << 16):
        raise LaunchError("GRADIO_SERVER_PORT must be a port: a number from 1 to 65535.")
    if port is None and asked:
        port = int(asked)
    host = host or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port or 0, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            if sys.platform != "win32":  # where it would allow a second listener
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        raise LaunchError(_sentence(error, host, port)) from None


def _sentence(error: Exception, host: str, port: int | None) -> str:
    number = getattr(error, "errno", None)
    if isinstance(error, socket.gaierror | UnicodeError):
        return f"There is no host {host!r}. Leave --host out, or give 0.0.0.0 for all networks."
    if number == errno.EADDRINUSE:
        return f"Port {port} is taken. End the program that listens there, or give another --port."
    if number == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine. Give 0.0.0.0 for all that it has."
    if number == errno.EACCES:
        return f"Port {port} needs the rights of an administrator. Give one from {LOWEST_FREE} on."
    return f"The page cannot listen at {host}, port {port}: {error}."
