"""Which captures the archive has already, so that none is imported twice."""

from __future__ import annotations

import hashlib

from sqlite_utils import Database


class KnownCaptures:
    """The captures of the archive and those that an import has read, by URL, time and digest of the payload."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._read: set[tuple[str, str, str]] = set()

    def has(self, url: str, time: str, payload: bytes) -> bool:
        """True if the archive has a capture, or if this was asked before; `time` is precise to the second."""
        key = (url, time, hashlib.sha256(payload).hexdigest())
        if key in self._read:
            return True
        self._read.add(key)
        query = "select 1 from captures where url = ? and time = ? and sha256 = ?"
        return self._db.conn.execute(query, key).fetchone() is not None


def to_second(time: str) -> str:
    """Return a UTC time without fractions of a second.

    >>> to_second("2025-02-18T09:35:00.123456Z")
    '2025-02-18T09:35:00Z'
    """
    return f"{time[:19]}Z"
