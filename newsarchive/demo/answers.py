"""The responses of the sample newspaper, and its time and JSON formats."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class Answer:
    """An HTTP response of the site."""

    body: bytes = b""
    kind: str = "text/html; charset=UTF-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def redirect(url: str) -> Answer:
    """Return a permanent redirect."""
    return Answer(status=301, headers={"Location": url})


def stamp(moment: datetime, zone: Callable[[datetime], datetime] = lambda m: m.astimezone(UTC)) -> str:
    """Format a time like the GMT fields of WordPress, without an offset."""
    return zone(moment).strftime("%Y-%m-%dT%H:%M:%S")


def dump(value: object) -> bytes:
    """Encode as JSON without escaping non-ASCII letters."""
    return json.dumps(value, ensure_ascii=False).encode()
