"""Finds which site a request comes from, by what its browser and the proxies on its way say."""

from __future__ import annotations

import os
import re
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Headers = dict[bytes, str]

REFUSED = (
    "Requests from other sites are refused, and this one comes from {origin}. If that is this page "
    "behind a proxy, let the proxy pass on its host, with its port if it has one of its own "
    "(nginx: proxy_set_header Host $http_host), or start the page with CHARRNN_ORIGINS={origin}."
)


def headers_of(scope: Scope) -> Headers:
    """The headers of a request by their lowercase names."""
    return {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}


def refusal(headers: Headers) -> str:
    """The message to the sender of a refused `foreign` request."""
    return REFUSED.format(origin=headers[b"origin"][:200])


def foreign(headers: Headers) -> bool:
    """Whether a browser says that a page of another host made the request.

    Hosts are compared whichever way proxies write them.
    """
    origin = headers.get(b"origin")
    if origin is None:
        return False
    allowed = os.environ.get("CHARRNN_ORIGINS", "").replace(",", " ").split()
    named = [headers.get(name, "") for name in (b"host", b"x-forwarded-host")]
    named += re.findall(r'host="?([^";,\s]+)', headers.get(b"forwarded", ""), re.IGNORECASE)
    hosts = {host_of(host) for name in named for host in name.split(",")} - {None}
    own = host_of(origin)
    if own is None:
        return True
    # A Host without a port may have lost it on the way: nginx's $host leaves it out.
    same = own in hosts or (own[0], 0) in hosts
    return not same and own not in {host_of(address) for address in allowed}


def as_the_browser_sees(scope: Scope, headers: Headers) -> Scope:
    """The request with the scheme and host of the visitor's address, where a proxy lost them.

    nginx's $host drops the port, and not every proxy passes on the scheme. Gradio builds the links
    to files from what is left, but a browser's Origin has both. Only for requests that are not
    `foreign`. A GET may be foreign, and one from this page has no Origin, so it stays as it is.
    """
    origin = urlsplit(headers.get(b"origin", ""))
    if scope.get("method") in ("GET", "HEAD") or origin.scheme not in ("http", "https"):
        return scope
    host = headers.get(b"x-forwarded-host") or headers.get(b"host", "")
    scheme = headers.get(b"x-forwarded-proto") or scope.get("scheme", "http")
    if (host, scheme) == (origin.netloc, origin.scheme):
        return scope
    forwarded = {
        b"x-forwarded-host": origin.netloc.encode("latin-1"),
        b"x-forwarded-proto": origin.scheme.encode(),
    }
    others = [(name, value) for name, value in scope["headers"] if name.lower() not in forwarded]
    return {**scope, "headers": [*others, *forwarded.items()]}


def host_of(address: str) -> tuple[str, int] | None:
    """The lowercase host and its port, 0 for the default one of http and https; None for what
    names no host.

    Only the proxy knows whether a page is on http or https, so both default ports count as one.
    """
    try:
        parts = urlsplit(address.strip() if "//" in address else f"//{address.strip()}")
        port = parts.port or 0
    except ValueError:
        return None
    name = (parts.hostname or "").rstrip(".")
    return (name, 0 if port in (80, 443) else port) if name else None
