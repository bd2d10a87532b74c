"""Decides what a request may do, by the route that Gradio's application matched.

The text of a path says little: it may be encoded, follow a root path, or name a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from starlette.exceptions import HTTPException

from charrnn.ui.server.origins import foreign, headers_of, refusal
from charrnn.ui.server.temp_files import full

CLOSED = {
    "/gradio_api/deep_link",  # would write all inputs of a session to disk as plain text
    "/gradio_api/proxy={url_path:path}",  # would fetch from other Spaces for anybody
    "/gradio_api/dev/reload",
    "/monitoring",
    "/monitoring/summary",
    "/monitoring/{key}",
}
UPLOAD = "/gradio_api/upload"
JOINS = {
    "/gradio_api/queue/join",
    "/gradio_api/call/{api_name}",
    "/gradio_api/call/{api_name}/",
    "/gradio_api/call/v2/{api_name}",
    "/gradio_api/call/v2/{api_name}/",
}
"""Routes that put an event into Gradio's queue."""
ASSETS = {
    "/",
    "/assets/{path:path}",
    "/static/{path:path}",
    "/svelte/{path:path}",
    "/theme.css",
    "/gradio_api/theme.css",
    "/favicon.ico",
    "/manifest.json",
}
"""Routes that are the same for all visitors and open to every site: a page behind a proxy that
changes the host would otherwise stay blank."""
ADDRESS = re.compile(r"\s*[a-z][a-z0-9+.-]+:", re.IGNORECASE)
"""How an address begins; a single letter and a colon begin a path on Windows."""


def route_of(scope: Mapping[str, Any]) -> str:
    """The pattern of the route that a request matched; empty before it matches one."""
    return getattr(scope.get("route"), "path", "")


def check_route(request: Request) -> None:
    """A dependency of every route: refuse what is closed. Raises HTTPException."""
    route = route_of(request.scope)
    if route in CLOSED or (
        # Gradio would fetch any address for anybody.
        route.startswith("/gradio_api/file")
        and any(ADDRESS.match(value) for value in request.path_params.values())
    ):
        raise HTTPException(403, "Not available here.")
    headers = headers_of(request.scope)
    if route not in ASSETS and foreign(headers):
        raise HTTPException(403, refusal(headers))
    if route == UPLOAD and full():
        raise HTTPException(507, "The server's disk is full: try again later.")
