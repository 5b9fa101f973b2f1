"""Opening an archive: one folder with archive.db, warc/, images/ and sites/."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from newsarchive.database.seals import forget_seals, watch_tables
from newsarchive.database.sums import sum_pages
from newsarchive.errors import NewsArchiveError
from newsarchive.migrations import migrations

BUSY_SECONDS = 30


class ArchiveError(NewsArchiveError):
    """The archive cannot be used; the message is a sentence for the person at the terminal."""


class ArchiveLocked(ArchiveError):
    """Another run holds the archive."""


def open_archive(folder: Path) -> Database:
    """Open the archive in `folder` for writing, making or migrating it as needed.

    Raises ArchiveError where the file is no archive, was written by a newer version or cannot be written.
    """
    path = folder / "archive.db"
    try:
        for name in ("warc", "images", "sites"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        db = Database(sqlite3.connect(path, timeout=BUSY_SECONDS))
        db.conn.execute("pragma foreign_keys = on")
        db.conn.execute("pragma journal_mode = wal")
        db.conn.execute("pragma synchronous = normal")
        db.conn.execute("pragma wal_autocheckpoint = 4000")  # pages, 16 MB: each checkpoint holds a crawl up
        if migrations.pending(db):
            forget_seals(db)
            migrations.apply(db)
        watch_tables(db)
    except OSError as error:
        raise ArchiveError(f"Cannot use {folder} as an archive: {error.strerror}.") from error
    except sqlite3.DatabaseError as error:
        raise ArchiveError(f"Cannot open {path}: {error}.") from error
    _check_version(db, path)
    return db


def read_archive(folder: Path) -> Database:
    """Open the archive in `folder` for reading only; it may be written to by a crawl meanwhile.

    Raises ArchiveError where there is none.
    """
    path = folder / "archive.db"
    if not path.exists():
        raise ArchiveError(f"There is no archive in {folder} yet: crawl a site or fetch a page first.")
    try:
        db = Database(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS))
        if migrations.pending(db):
            db.close()
            open_archive(folder).close()
            return read_archive(folder)
    except sqlite3.DatabaseError as error:
        raise ArchiveError(f"Cannot open {path}: {error}.") from error
    _check_version(db, path)
    return db


def _check_version(db: Database, path: Path) -> None:
    known = {m.name for m in migrations.applied(db)} | {m.name for m in migrations.pending(db)}
    ours = {m.name for m in migrations._migrations}
    if not known <= ours:
        raise ArchiveError(f"{path} was written by a newer version of newsarchive; please update.")


@contextmanager
def lock_archive(folder: Path) -> Iterator[None]:
    """Hold the archive for one run; the system frees the lock of a killed run by itself. At its end sum up the pages.

    Raises ArchiveLocked at once where another run holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "archive.lock", "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip()
            raise ArchiveLocked(
                f"Another run holds the archive in {folder}{f' ({holder})' if holder else ''}; nothing was done."
            ) from error
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        yield
        sum_pages(folder)
