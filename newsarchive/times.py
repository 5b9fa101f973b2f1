"""Times as the archive writes them: UTC, to the second, with ``Z``; such texts sort in order of time."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

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


def retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for; None if it is empty or invalid.

    >>> retry_after("120", datetime(2025, 1, 1, tzinfo=UTC))
    120.0
    >>> retry_after("Wed, 01 Jan 2025 00:01:00 GMT", datetime(2025, 1, 1, tzinfo=UTC))
    60.0
    >>> retry_after("²", datetime(2025, 1, 1, tzinfo=UTC))
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
