"""Checksums of the database's pages, written when a run ends: they reveal a flipped bit outside rows and indexes.

They are in archive.db-sums beside the database: a header of one line, then four bytes per page. They are valid until
somebody writes to the database, which the checksums of rows and the state of the full-text indexes show. The database's
own header, which is left out, records that they were written (`user_version`): then a missing file was lost.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from array import array
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from newsarchive.database.disk import write_whole
from newsarchive.database.row_checksums import checked_tables, write_row_checksums
from newsarchive.errors import NewsArchiveError

MOST = 2 << 30
"""Maximum size in bytes: for larger databases, checksums after each run would take longer than most runs."""
HEAD = 100
"""Bytes of the first page in which SQLite keeps its own counters."""


def write_page_checksums(folder: Path) -> bool:
    """Write the missing checksums of rows, then those of the pages of an idle database; return True on success.

    It fails while somebody writes or reads an old state; a check then does without them.
    """
    path = folder / "archive.db"
    try:
        if path.stat().st_size > MOST:
            return False
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=5)) as connection:
            write_row_checksums(Database(connection, execute_plugins=False))
            before = state_key(connection)
            if not before or not _log_is_empty(connection):
                return False
            sums = checksums_of(path)
            if not _log_is_empty(connection) or state_key(connection) != before:
                return False
            _write(path.with_name("archive.db-sums"), before, sums)
            _mark(connection)
    except (sqlite3.Error, OSError):
        return False
    return True


def _log_is_empty(connection: sqlite3.Connection) -> bool:
    """Copy the log into the database file; return True if nothing is left in it."""
    busy, _, _ = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
    return not busy


def _write(path: Path, state: str, sums: array[int]) -> None:
    data = sums.tobytes()
    head = {"format": 2, "state": state, "pages": len(sums), "sha256": _digest(state, data)}
    write_whole(path, json.dumps(head).encode() + b"\n" + data)


def _digest(state: str, data: bytes) -> str:
    return hashlib.sha256(state.encode() + b"\n" + data).hexdigest()


def _mark(connection: sqlite3.Connection) -> None:
    """Record in the database's header that checksums of its pages exist."""
    if not _is_marked(connection):
        connection.execute("pragma user_version = 1")
        _log_is_empty(connection)


def _is_marked(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("pragma user_version").fetchone()[0])


def state_key(connection: sqlite3.Connection) -> str:
    """Return a key that changes with every write; empty if checksums of rows or triggers are missing."""
    db = Database(connection, execute_plugins=False)
    (unsealed,) = connection.execute("select exists (select 1 from unsealed)").fetchone()
    watched = connection.execute("select count(*) from sqlite_master where name like '%\\_unseal\\_insert' escape '\\'")
    if unsealed or watched.fetchone()[0] != len(checked_tables(db)):
        return ""
    key = hashlib.sha256()
    for sql in (
        "select * from seals order by 1, 2",
        "select * from stems_fts_data where id <= 10",
        "select * from articles_fts_data where id <= 10",
        "select name, rootpage, sql from sqlite_master order by 1",
        "pragma page_count",
        "pragma freelist_count",
        *(["select * from sqlite_stat1"] if db["sqlite_stat1"].exists() else []),
    ):
        for row in connection.execute(sql):
            key.update(repr(row).encode())
    return key.hexdigest()


class ChecksumsLost(NewsArchiveError):
    """The checksums of the pages are missing or damaged; the message says which."""


def _read(path: Path) -> tuple[str, bytes]:
    """Return the key of the state that the checksums belong to, and the checksums."""
    head, _, data = path.read_bytes().partition(b"\n")
    try:
        said = json.loads(head)
        state = said["state"]
        wanted = _digest(state, data) if said.get("format") == 2 else hashlib.sha256(data).hexdigest()
        if said["sha256"] != wanted or len(data) != 4 * said["pages"]:
            raise ChecksumsLost("its bytes differ from those that were written")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ChecksumsLost("its bytes differ from those that were written") from error
    return state, data


def checksums_of(path: Path) -> array[int]:
    """Return the CRC-32 of each page of a database file, without the header of the first."""
    sums = array("I")
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(HEAD)[16:18], "big")
        size = 65536 if size == 1 else size
        sums.append(zlib.crc32(file.read(size - HEAD)))
        while page := file.read(size):
            sums.append(zlib.crc32(page))
    return sums


def changed_pages(folder: Path, copy: sqlite3.Connection, path: Path) -> list[int] | None:
    """Return the pages of a copy at `path` that differ from the checksums in `folder`; None if those are outdated.

    Raises ChecksumsLost if the checksums are missing or damaged.
    """
    try:
        state, data = _read(folder / "archive.db-sums")
    except FileNotFoundError as error:
        if _is_marked(copy):
            raise ChecksumsLost("the file is missing, so unused space of the database is not checked") from error
        return None
    except OSError as error:
        raise ChecksumsLost(f"it cannot be read ({error.strerror})") from error
    if state != state_key(copy):
        return None
    sums = array("I", data)
    found = checksums_of(path)
    return [number for number, pair in enumerate(zip(sums, found, strict=False), 1) if pair[0] != pair[1]]
