"""What guards every answer of the server: security headers, and local host names only."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from datasette.utils.asgi import Request, Response  # type: ignore[import-untyped]

# Datasette's own pages have inline styles, a script for column menus, and one inline line that sets it up.
_SET_UP = base64.b64encode(hashlib.sha256(b"DATASETTE_ALLOW_FACET = true;").digest()).decode()
DATASETTE_POLICY = (
    f"default-src 'none'; script-src 'self' 'sha256-{_SET_UP}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def local_only(app: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Refuse requests whose Host is not a local name, to prevent DNS rebinding: a foreign page could point its own
    name at our address and read the archive. For servers that listen on loopback.
    """

    async def local(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not is_local_name(Request(scope, receive).headers.get("host", "")):
            await Response.text("This server accepts only local host names.", status=421).asgi_send(send)
            return
        await app(scope, receive, send)

    return local


def is_local_name(host: str) -> bool:
    """Return True if a Host header is a loopback name or address.

    >>> is_local_name("127.0.0.1:8001"), is_local_name("[::1]:80"), is_local_name("localhost"), is_local_name("a.kz")
    (True, True, True, False)
    """
    name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def guard(app: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Add security headers to every response."""

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        async def send_guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                more = {"content-security-policy": DATASETTE_POLICY, **HEADERS}
                present = {name.lower() for name, _ in message["headers"]}
                added = [(k.encode(), v.encode()) for k, v in more.items() if k.encode() not in present]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await app(scope, receive, send_guarded if scope["type"] == "http" else send)

    return guarded
