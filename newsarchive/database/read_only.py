"""Read-only connections, which also work on a read-only disk or folder."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from newsarchive.database.errors import ArchiveError

BUSY_SECONDS = 30
_LOG_HEAD, _FRAME_HEAD = 32, 24


def connect_reading(path: Path, *, any_thread: bool = False) -> sqlite3.Connection:
    """Open a database read-only; a crawl may write to it meanwhile.

    To read a database with a log, SQLite creates a file next to it. If the disk or folder is read-only, the database is
    opened as immutable instead. Raises ArchiveError if its log has transactions that the database itself lacks, and
    sqlite3.DatabaseError as usual.
    """
    try:
        return _connect(path, "mode=ro", any_thread=any_thread)
    except sqlite3.OperationalError as error:
        code = error.sqlite_errorcode & 0xFF
        if code not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY) or os.access(path.parent, os.W_OK):
            raise
    if _has_commits(path.with_name(f"{path.name}-wal")) or _is_hot(path.with_name(f"{path.name}-journal")):
        raise ArchiveError(
            f"{path} cannot be read here: what was last written is still in its log, and the folder is read-only, so"
            " the log cannot be merged. Open the archive once where it can be written to, or copy its folder there."
        )
    return _connect(path, "mode=ro&immutable=1", any_thread=any_thread)


def _connect(path: Path, how: str, *, any_thread: bool) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{how}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, check_same_thread=not any_thread)
    try:
        connection.execute("select 1 from sqlite_master limit 1").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _has_commits(log: Path) -> bool:
    """Return True if a write-ahead log has a committed transaction (https://sqlite.org/fileformat2.html#walformat)."""
    try:
        with open(log, "rb") as file:
            head = file.read(_LOG_HEAD)
            size, salts = int.from_bytes(head[8:12], "big"), head[16:24]
            while len(frame := file.read(_FRAME_HEAD)) == _FRAME_HEAD and frame[8:16] == salts:
                if any(frame[4:8]):  # pages of the database after a commit; 0 within a transaction
                    return True
                file.seek(size, os.SEEK_CUR)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ArchiveError(f"{log} cannot be read: {error.strerror}.") from error
    return False


def _is_hot(journal: Path) -> bool:
    """Return True if a rollback journal was left by a killed program; a commit clears its header."""
    try:
        with open(journal, "rb") as file:
            return any(file.read(8))
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ArchiveError(f"{journal} cannot be read: {error.strerror}.") from error
