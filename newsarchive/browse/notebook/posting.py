"""Who may read and write notes: a person at this computer, with a form of ours.

The room has no log-in, so a page of another site could post to it through the person's browser. Two things prevent
that: browsers say which page a form comes from, and each form has a token that no other site can read.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from email.parser import BytesParser
from email.policy import HTTP
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, urlsplit

from datasette.utils.asgi import Request  # type: ignore[import-untyped]

from newsarchive.browse.guarding import is_local_name

PAGES = "/notebook"
"""Where the addresses of the notebook begin."""
LARGEST = 20 << 20
"""Maximum number of bytes of a posted form."""
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""Headers that reverse proxies add: then the reader is elsewhere."""
TOKEN = "csrftoken"  # noqa: S105 - the name of the form field

Posted = Mapping[str, Sequence[str]]


def owns(path: str) -> bool:
    """Return True if an address belongs to the notebook.

    >>> owns("/notebook/import"), owns("/notebooks")
    (True, False)
    """
    return path == PAGES or path.startswith(f"{PAGES}/")


async def posted_body(request: Request) -> bytes | None:
    """Return the form posted to a page of the notebook; None if it is too large. Other pages take none."""
    body = bytearray()
    more = request.method == "POST" and owns(request.path)
    while more:
        message = await request.receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > LARGEST:
            return None
    return bytes(body)


def writing_of(request: Request, token: str, body: bytes) -> dict[str, Any]:
    """Return what a visit has to write notes: the token, the posted form, and where that comes from.

    `token` is that of the server's forms; empty if it has no notebook.
    """
    headers = request.headers
    token = token if is_private(headers, request.scope.get("client")) else ""
    posted = read_form(body, headers.get("content-type", "")) if body else {}
    ours = comes_from_here(headers, f"{request.scheme}://{request.host}")
    return {"token": token, "posted": posted, "ours": ours, "fresh": has_token(posted, token)}


def is_private(headers: Mapping[str, str], client: Sequence[Any] | None) -> bool:
    """Return True if a request comes from this computer, under a local name, and through no proxy."""
    if any(name in headers for name in FORWARDED):
        return False
    return is_local_name(headers.get("host", "")) and (client is None or _is_loopback(str(client[0])))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def comes_from_here(headers: Mapping[str, str], origin: str) -> bool:
    """Return True unless the browser says that a form was sent by a page of another site.

    >>> comes_from_here({"origin": "https://evil.example"}, "http://localhost:8001")
    False
    >>> comes_from_here({"origin": "http://localhost:8001"}, "http://localhost:8001"), comes_from_here({}, "")
    (True, True)
    """
    if "origin" in headers:
        return headers["origin"] == origin
    if "sec-fetch-site" in headers:
        return headers["sec-fetch-site"] in ("same-origin", "none")
    referrer = urlsplit(headers.get("referer", ""))
    return not referrer.netloc or f"{referrer.scheme}://{referrer.netloc}" == origin


def make_token(secret: bytes) -> str:
    """Return the token of this server's forms."""
    return hmac.new(secret, b"notebook", hashlib.sha256).hexdigest()


def has_token(posted: Posted, token: str) -> bool:
    """Return True if a form has the token."""
    given = next(iter(posted.get(TOKEN, ())), "")
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())


def read_form(body: bytes, content_type: str) -> Posted:
    """Return the fields of a posted form; of a file, its content as text with one character per byte."""
    if not content_type.startswith("multipart/form-data"):
        return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=1000)
    message = BytesParser(policy=HTTP).parsebytes(b"content-type: " + content_type.encode() + b"\r\n\r\n" + body)
    fields: dict[str, list[str]] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True) or b""
        if isinstance(name, str) and isinstance(content, bytes):
            text = content.decode("latin-1") if part.get_filename() is not None else content.decode("utf-8", "replace")
            fields.setdefault(name, []).append(text)
    return fields
