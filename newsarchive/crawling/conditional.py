"""Conditional requests for listings: with which validators, and how long a 304 is believed.

Pure functions of rows of `sources`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from newsarchive.times import stamp

WHOLE_EVERY = timedelta(days=1)


def validators(row: Mapping[str, Any], *, daily: bool, now: str) -> tuple[tuple[str, str], ...]:
    """Return the conditional headers for a listing read before; a weak ETag is stored without its W/.

    WordPress never answers 304 to a weak one: its comparison is literal. What is to be read whole `daily` has none once
    a day: some sites answer 304 for ever, and a feed soon drops what it listed.
    """
    data = json.loads(row.get("data") or "{}")
    if data.get("index"):  # an unchanged index says nothing about its files
        return ()
    if daily and data.get("whole", "") < stamp(datetime.fromisoformat(now) - WHOLE_EVERY):
        return ()
    headers = {"If-None-Match": row.get("etag"), "If-Modified-Since": row.get("last_modified")}
    return tuple((name, value) for name, value in headers.items() if value and value.isascii())
