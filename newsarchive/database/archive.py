"""Opening an archive: a folder with archive.db, warc/, images/ and sites/."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlite_utils import Database

from newsarchive.database.disk import sync_folder
from newsarchive.database.errors import ArchiveError, NoArchive
from newsarchive.database.index import mark_empty_index
from newsarchive.database.locking import brief_lock
from newsarchive.database.read_only import BUSY_SECONDS, connect_reading
from newsarchive.database.replacing import FOLDERS, is_moving, is_replacing, settle_replacing
from newsarchive.database.row_checksums import are_watched, drop_row_checksums, watch_tables
from newsarchive.database.schema.migrations import known_migrations, migrations


def open_archive(folder: Path) -> Database:
    """Open the archive in `folder` for writing; create or migrate it under its lock if necessary.

    The database is created before any other file. Raises ArchiveError if the file is not an archive, was written by a
    newer version, is read-only, or is lost while other files of the archive are there; ArchiveLocked if the archive
    must be created or migrated while another run holds it.
    """
    with _explained(folder):
        _refuse_read_only(folder)
        settle_archive(folder)
        if not _is_current(folder):
            with brief_lock(folder, until=lambda: _is_current(folder)) as held:
                if held:
                    _set_up(folder)
        return _connect(folder, "rw")


def read_archive(folder: Path, *, any_thread: bool = False) -> Database:
    """Open the archive in `folder` read-only; a crawl may write to it meanwhile.

    An archive of an older version is migrated first. With `any_thread`, threads may use the database in turn. Raises
    NoArchive if there is none, ArchiveError if it cannot be read.
    """
    with _explained(folder):
        settle_archive(folder, reading=True)
        if not _has_database(folder):
            _refuse_lost(folder)
            raise NoArchive(f"There is no archive in {folder} yet: crawl a site or fetch a page first.")
        db = Database(connect_reading(folder / "archive.db", any_thread=any_thread), execute_plugins=False)
        _check_version(db, folder / "archive.db")
        if not migrations.pending(db):
            return db
        db.close()
        if not os.access(folder, os.W_OK):
            raise ArchiveError(
                f"The archive in {folder} was written by an older version and has to be migrated, but the folder is"
                " read-only. Open it once where it can be written to, or copy it there."
            )
    open_archive(folder).close()
    return read_archive(folder, any_thread=any_thread)


def has_archive(folder: Path) -> bool:
    """Return True if the folder has an archive. Raises ArchiveError if its database is lost or not an archive's."""
    with _explained(folder):
        settle_archive(folder, reading=True)
        if _has_database(folder):
            return True
        _refuse_lost(folder)
        return False


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Turn errors of the disk and of SQLite into ArchiveError, whose message is a sentence."""
    try:
        yield
    except OSError as error:
        raise ArchiveError(f"Cannot use {folder} as an archive: {error.strerror or error}.") from error
    except sqlite3.OperationalError as error:
        raise ArchiveError(f"Cannot open {folder / 'archive.db'}: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise ArchiveError(
            f"Cannot open {folder / 'archive.db'}: {error}. To restore a backup: newsarchive restore BACKUP --force."
        ) from error


def _refuse_read_only(folder: Path) -> None:
    path = folder / "archive.db"
    if path.exists() and not (os.access(path, os.W_OK) and os.access(folder, os.W_OK)):
        raise ArchiveError(
            f"The archive in {folder} cannot be written to: the folder or archive.db is read-only. Make both"
            " writable, or copy the archive to where they are."
        )


def settle_archive(folder: Path, *, reading: bool = False) -> None:
    """Finish or undo an interrupted restore; a reader does not wait for a restore that is still copying.

    Raises ArchiveError if that fails.
    """
    if not is_replacing(folder) or (reading and not is_moving(folder) and not os.access(folder, os.W_OK)):
        return
    if not os.access(folder, os.W_OK):
        raise ArchiveError(
            f"A restore into {folder} was interrupted, and the folder is read-only, so it cannot be finished. Open the"
            " archive once where it can be written to, or copy it there."
        )

    def settled() -> bool:
        return not is_replacing(folder) or (reading and not is_moving(folder))

    with brief_lock(folder, until=settled) as held:
        if held:
            settle_replacing(folder)


def _has_database(folder: Path) -> bool:
    """Return True if archive.db has tables of an archive; it has none if the process creating it was killed.

    Raises ArchiveError if the database belongs to another program.
    """
    path = folder / "archive.db"
    if not _size(path):
        return False
    with closing(connect_reading(path)) as connection:
        connection.execute("begin")  # one state, whatever another process writes meanwhile
        if migrations.applied(Database(connection, execute_plugins=False)):
            return True
        others = "select name from sqlite_master where type = 'table' and name not like '\\_%' escape '\\'"
        if connection.execute(others).fetchone():
            raise ArchiveError(f"{path} is a database of another program, not an archive: choose another folder.")
    return False


def _refuse_lost(folder: Path) -> None:
    """Raise ArchiveError if the folder has files but no database that lists them: then it was lost."""
    found = {part: len(_files(folder / part)) for part in ("warc", "images")}
    is_empty = not _size(folder / "archive.db")
    if not any(found.values()) and not (is_empty and _size(folder / "archive.db-wal")):
        return
    there = " and ".join(f"{part}/ ({count} file{'s' * (count != 1)})" for part, count in found.items() if count)
    state = "empty" if (folder / "archive.db").exists() else "missing"
    raise ArchiveError(
        f"The database of the archive in {folder} is lost: archive.db is {state},"
        f" yet there is {there or 'its log, archive.db-wal'}. Nothing was done. Restore a backup with `newsarchive"
        f" restore BACKUP --force`, or import the captures into a new archive with `newsarchive --archive NEW import"
        f" {folder / 'warc'}`."
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("[!.]*") if path.is_file() and path.stat().st_size]


def _is_current(folder: Path) -> bool:
    """Return True if the archive is complete and of this version."""
    if not _has_database(folder) or not all((folder / part).is_dir() for part in FOLDERS):
        return False
    with closing(connect_reading(folder / "archive.db")) as connection:
        db = Database(connection, execute_plugins=False)
        connection.execute("begin")
        _check_version(db, folder / "archive.db")
        logged = connection.execute("pragma journal_mode").fetchone() == ("wal",)
        return logged and not migrations.pending(db) and are_watched(db)


def _set_up(folder: Path) -> None:
    """Create or migrate the archive; the caller holds its lock.

    The database is on the disk before any other file is created, so that after a kill or a power cut, files without a
    database always mean that the database was lost.
    """
    if not _has_database(folder):
        _refuse_lost(folder)
    db = _connect(folder, "rwc")
    with closing(db.conn):
        _check_version(db, folder / "archive.db")
        db.conn.execute("pragma journal_mode = wal")
        if migrations.pending(db):
            drop_row_checksums(db)
            migrations.apply(db)
        mark_empty_index(db)
        watch_tables(db)
        db.conn.execute("pragma wal_checkpoint(full)")
    sync_folder(folder)
    for part in FOLDERS:
        (folder / part).mkdir(exist_ok=True)


def _connect(folder: Path, mode: str) -> Database:
    path = folder / "archive.db"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_SECONDS)
    db = Database(connection, execute_plugins=False)
    db.conn.execute("pragma foreign_keys = on")
    db.conn.execute("pragma synchronous = normal")
    db.conn.execute("pragma wal_autocheckpoint = 4000")  # pages, 16 MB: each checkpoint holds a crawl up
    return db


def _check_version(db: Database, path: Path) -> None:
    if not {migration.name for migration in migrations.applied(db)} <= known_migrations():
        raise ArchiveError(f"{path} was written by a newer version of newsarchive: update newsarchive to open it.")
