"""Telling errors of the whole archive from those of a single page or image."""

from __future__ import annotations

import sqlite3

_OF_A_VALUE = (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
"""Errors that SQLite raises because of a value, not because of its file or the disk."""


def concerns_archive(error: Exception) -> bool:
    """Return True if an error concerns the archive (full disk, broken file), so that nothing else can be stored.

    >>> concerns_archive(sqlite3.OperationalError("disk is full")), concerns_archive(OverflowError("int too large"))
    (True, False)
    """
    return isinstance(error, OSError | sqlite3.Error) and not isinstance(error, _OF_A_VALUE)
