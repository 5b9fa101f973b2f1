"""Checksums of the database's pages, written when a run ends: what finds a flipped bit where no row or index is.

They are in archive.db-sums beside the database: a head of one line, then four bytes a page. They hold for as long as
nobody writes to the database, which its seals and the state of its full-text indexes tell. That they were once written
is noted in the database's own head (`user_version`), which they leave out: a file that is missing then was lost.
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
"""Larger databases are not summed up after each run: it would cost more than most runs do."""
HEAD = 100
"""Bytes of the first page that SQLite itself counts its work in."""


def write_page_checksums(folder: Path) -> bool:
    """Seal what is not sealed, and write the checksums of an archive's database at rest; gives whether that could be.

    It cannot while somebody reads an old state of it or writes; a check then goes without them.
    """
    path = folder / "archive.db"
    try:
        if path.stat().st_size > MOST:
            return False
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=5)) as connection:
            write_row_checksums(Database(connection))
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
    """Whether all is in the database's own file; what is in the log is brought there."""
    busy, _, _ = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
    return not busy


def _write(path: Path, state: str, sums: array[int]) -> None:
    data = sums.tobytes()
    head = {"format": 2, "state": state, "pages": len(sums), "sha256": _digest(state, data)}
    write_whole(path, json.dumps(head).encode() + b"\n" + data)


def _digest(state: str, data: bytes) -> str:
    return hashlib.sha256(state.encode() + b"\n" + data).hexdigest()


def _mark(connection: sqlite3.Connection) -> None:
    """Note in the database's head that there are checksums of its pages."""
    if not _is_marked(connection):
        connection.execute("pragma user_version = 1")
        _log_is_empty(connection)


def _is_marked(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("pragma user_version").fetchone()[0])


def state_key(connection: sqlite3.Connection) -> str:
    """What tells that nobody has written to the database; empty where something is not sealed, or not ours."""
    db = Database(connection)
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
    """The state of the database that the checksums are of, and the checksums."""
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
    """The CRC-32 of each page of a database's file, but for the head of the first."""
    sums = array("I")
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(HEAD)[16:18], "big")
        size = 65536 if size == 1 else size
        sums.append(zlib.crc32(file.read(size - HEAD)))
        while page := file.read(size):
            sums.append(zlib.crc32(page))
    return sums


def changed_pages(folder: Path, copy: sqlite3.Connection, path: Path) -> list[int] | None:
    """The pages of a copy at `path` that differ from the checksums in `folder`; None where those do not hold for it.

    Raises ChecksumsLost where the checksums are missing or damaged.
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
