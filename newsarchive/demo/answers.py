"""What the sample newspaper answers, and how it writes times and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class Answer:
    """What the site answers."""

    body: bytes = b""
    kind: str = "text/html; charset=UTF-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def redirect(url: str) -> Answer:
    """A permanent redirect."""
    return Answer(status=301, headers={"Location": url})


def stamp(moment: datetime, zone: Callable[[datetime], datetime] = lambda m: m.astimezone(UTC)) -> str:
    """A moment as WordPress writes it in its GMT fields: no offset."""
    return zone(moment).strftime("%Y-%m-%dT%H:%M:%S")


def dump(value: object) -> bytes:
    """JSON with the letters as they are."""
    return json.dumps(value, ensure_ascii=False).encode()
