"""Conditional requests (RFC 9110, 13): an answer that the client already has is not sent again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from datasette.utils.asgi import Response  # type: ignore[import-untyped]


def entity_tag(body: bytes) -> str:
    """Return an entity tag of a body.

    >>> entity_tag(b"")
    '"e3b0c44298fc1c149afbf4c8996fb924"'
    """
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def unchanged(asked: Mapping[str, str], response: Response) -> Response | None:
    """Return the answer 304 if the request's headers say that the client has this response; None if not."""
    tag, modified = response.headers.get("etag"), response.headers.get("last-modified")
    if response.status != 200 or not (_names(asked, tag) if "if-none-match" in asked else _is_since(asked, modified)):
        return None
    kept = ("etag", "last-modified", "cache-control", "vary", "content-security-policy", "link")
    headers = {name: value for name, value in response.headers.items() if name in kept}
    return Response(b"", status=304, headers=headers, content_type=response.content_type)


def _names(asked: Mapping[str, str], tag: str | None) -> bool:
    tags = [part.strip().removeprefix("W/") for part in asked["if-none-match"].split(",")]
    return tag is not None and (tag in tags or tags == ["*"])


def _is_since(asked: Mapping[str, str], modified: str | None) -> bool:
    if modified is None or "if-modified-since" not in asked:
        return False
    try:
        return parsedate_to_datetime(modified) <= parsedate_to_datetime(asked["if-modified-since"])
    except (ValueError, TypeError):
        return False
