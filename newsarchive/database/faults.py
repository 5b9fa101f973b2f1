"""Which errors are of the whole archive, and which of one page or picture alone."""

from __future__ import annotations

import sqlite3

_OF_A_VALUE = (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
"""What SQLite raises for a value, not for the state of its file or disk."""


def is_of_archive(error: Exception) -> bool:
    """Whether an error is of the archive (full disk, broken file), so that nothing else can be stored either.

    >>> is_of_archive(sqlite3.OperationalError("disk is full")), is_of_archive(OverflowError("int too large"))
    (True, False)
    """
    return isinstance(error, OSError | sqlite3.Error) and not isinstance(error, _OF_A_VALUE)
