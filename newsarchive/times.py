"""Times as the archive writes them: UTC, to the second, with ``Z``; such texts sort in order of time."""

from __future__ import annotations

from datetime import UTC, datetime

FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def stamp(moment: datetime) -> str:
    """Return an aware time as text; fractions of a second are cut off.

    >>> stamp(datetime.fromisoformat("2025-02-18T14:35:07.9+05:00"))
    '2025-02-18T09:35:07Z'
    """
    return moment.astimezone(UTC).strftime(FORMAT)


def now() -> str:
    """Return the present moment as text."""
    return stamp(datetime.now(UTC))


def precise_stamp(moment: datetime) -> str:
    """Return an aware time as text with microseconds, as WARC records have it.

    >>> precise_stamp(datetime.fromisoformat("2025-02-18T14:35:07.9+05:00"))
    '2025-02-18T09:35:07.900000Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
