"""Conditional requests for listings: with which validators, and how long a 304 is believed.

Pure functions of rows of `sources`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from newsarchive.items import Listed
from newsarchive.times import stamp

WHOLE_EVERY = timedelta(days=1)


def validators(row: Mapping[str, Any], *, now: str) -> tuple[tuple[str, str], ...]:
    """Return the conditional headers for a listing read before; a weak ETag is stored without its W/.

    WordPress never answers 304 to a weak one: its comparison is literal. Once a day there are none: some sites answer
    304 for ever, and a feed soon drops what it listed.
    """
    data = json.loads(row.get("data") or "{}")
    if data.get("index"):  # an unchanged index says nothing about its files
        return ()
    if data.get("whole", "") < stamp(datetime.fromisoformat(now) - WHOLE_EVERY):
        return ()
    headers = {"If-None-Match": row.get("etag"), "If-Modified-Since": row.get("last_modified")}
    return tuple((name, value) for name, value in headers.items() if value and value.isascii())


def is_constant(etag: str, modified: str, row: Mapping[str, Any], listed: str) -> bool:
    """Return whether the validators of a listing stayed as they were though it lists other articles now, by its digest.

    Once that was so, they are never believed again.

    >>> row = {"etag": "x", "last_modified": "", "data": json.dumps({"listed": "a, b"})}
    >>> is_constant("x", "", row, "c, a"), is_constant("y", "", row, "c, a"), is_constant("x", "", row, "a, b")
    (True, False, False)
    """
    data = json.loads(row.get("data") or "{}")
    same = (etag, modified) == (row.get("etag") or "", row.get("last_modified") or "") and (etag or modified)
    return bool(data.get("constant") or (same and data.get("listed", listed) != listed))


def digest_of(articles: Iterable[Listed]) -> str:
    """Return a digest of what a listing lists: the articles, and when each changed."""
    text = "\n".join(f"{listed.url} {listed.lastmod}" for listed in articles)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
