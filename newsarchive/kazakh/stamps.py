"""Machine timestamps, and times in the archive's format."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from datetime import timezone as fixed_zone
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from newsarchive.times import stamp

_ISO = re.compile(
    r"(?P<y>\d{4})(?P<s>[-/.]?)(?P<m>\d\d)(?P=s)(?P<d>\d\d)"
    r"(?:(?:\s*[T_]\s*|\s+|,\s*)(?P<H>\d\d):?(?P<M>\d\d)(?::?(?P<S>\d\d)(?:[.,](?P<f>\d+))?)?"
    r"\s*(?P<z>Z|UTC|GMT)?\s*(?:(?P<sign>[+\-−])(?P<oh>\d\d?):?(?P<om>\d\d)?)?)?(?:\[[\w/+-]+\])?",
    re.IGNORECASE,
)
_SCRIPT_DATE = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d\d?) (\d{4}) (\d\d:\d\d:\d\d) GMT([+-]\d{4})(?: \(.*\))?")
_UNIX = re.compile(r"(\d{9,10})(?:\d{3})?(?:\.\d+)?")


def to_utc(value: date | datetime, timezone: str) -> str:
    """Format a date as ISO text, and a time as UTC text with seconds and ``Z``; a naive time is in `timezone`.

    Raises zoneinfo.ZoneInfoNotFoundError for an unknown zone.

    >>> to_utc(datetime(2024, 2, 29, 12, 0), "Asia/Almaty"), to_utc(datetime(2024, 3, 2, 12, 0), "Asia/Almaty")
    ('2024-02-29T06:00:00Z', '2024-03-02T07:00:00Z')
    >>> to_utc(date(2025, 2, 18), "Asia/Almaty")
    '2025-02-18'
    """
    if not isinstance(value, datetime):
        return value.isoformat()
    local = value if value.tzinfo else value.replace(tzinfo=ZoneInfo(timezone))
    return stamp(local)


def parse_stamp(text: str, timezone: str) -> str:
    """Read a timestamp of a CMS, feed or header (ISO 8601 and variants, RFC 822, Unix time) in the form of `to_utc`.

    Returns empty text if it cannot be read or is a placeholder for "no date" (year 0, the Unix epoch).

    >>> parse_stamp("2025-02-18 14:35:00 +0500", "UTC"), parse_stamp("2025-02-18T14:35", "Asia/Almaty")
    ('2025-02-18T09:35:00Z', '2025-02-18T09:35:00Z')
    >>> [parse_stamp(text, "UTC") for text in ("Tue, 18 Feb 2025 09:35:00 GMT", "2025-02-18", "2025")]
    ['2025-02-18T09:35:00Z', '2025-02-18', '']
    """
    value = _read_stamp(text.strip())
    if value is None or value.year < 1600:
        return ""
    try:
        stamp = to_utc(value, timezone)
    except OverflowError:
        return ""
    return "" if stamp == "1970-01-01T00:00:00Z" else stamp


def _read_stamp(text: str) -> date | datetime | None:
    try:
        if match := _ISO.fullmatch(text):
            return _from_iso(match)
        if match := _UNIX.fullmatch(text):
            return datetime.fromtimestamp(int(match[1]), UTC)
        if match := _SCRIPT_DATE.fullmatch(text):
            return datetime.strptime(" ".join(match.groups()), "%b %d %Y %H:%M:%S %z")
        stamp = parsedate_to_datetime(text) if re.search(r"\d:\d\d", text) else None
        # RFC 5322, section 3.3: -0000 means UTC with an unknown local time zone.
        return stamp.replace(tzinfo=UTC) if stamp and text.endswith("-0000") else stamp
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _from_iso(match: re.Match[str]) -> date | datetime:
    day = date(int(match["y"]), int(match["m"]), int(match["d"]))
    if match["H"] is None:
        return day
    time = timedelta(hours=int(match["H"]), minutes=int(match["M"]), seconds=min(int(match["S"] or 0), 59))
    if time > timedelta(days=1) or int(match["M"]) > 59:
        raise ValueError(match[0])
    zone = UTC if match["z"] else None
    if match["sign"]:
        offset = timedelta(hours=int(match["oh"]), minutes=int(match["om"] or 0))
        zone = fixed_zone(offset if match["sign"] == "+" else -offset)
    return datetime(day.year, day.month, day.day, tzinfo=zone) + time
