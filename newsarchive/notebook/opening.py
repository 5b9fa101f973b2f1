"""Opening `notes.db`: created by the first note, refused if another program or a newer version wrote it."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from newsarchive.database import connect_reading
from newsarchive.database.errors import ArchiveError
from newsarchive.database.replacing import NOTES
from newsarchive.errors import NewsArchiveError

VERSION = 1
APPLICATION = 0x6E6F7465
"""SQLite's application_id of a notebook: `note` in ASCII."""
BUSY_SECONDS = 30
SCHEMA = """
create table notes (
    id integer primary key,
    uuid text not null unique,
    url text not null,                  -- of the article
    key text not null,                  -- the URL without what does not tell articles apart
    site text not null default '',
    quotation text not null default '', -- the passage, empty for the whole article
    before text not null default '',    -- the words in front of it
    after text not null default '',     -- the words behind it
    start integer,                      -- its place in the article's text
    seen text not null default '',      -- time of the revision that the note was written on
    words text not null default '',     -- what the person wrote
    created text not null,
    modified text not null
) strict;
create index notes_key on notes(key);
create table tags (
    note integer not null references notes(id) on delete cascade,
    position integer not null,
    name text not null,
    primary key (note, name)
) strict;
create index tags_name on tags(name);
create table collections (
    id integer primary key,
    uuid text not null unique,
    name text not null unique,
    about text not null default '',
    created text not null,
    modified text not null
) strict;
create table members (
    collection integer not null references collections(id) on delete cascade,
    url text not null,
    key text not null,
    added text not null,
    primary key (collection, key)
) strict;
create table searches (
    id integer primary key,
    uuid text not null unique,
    name text not null,
    query text not null,
    created text not null
) strict;
"""

Notebook = Database


class NotebookError(NewsArchiveError):
    """The notebook cannot be read or written; the message is written for the user."""


def has_notes(folder: Path) -> bool:
    """Return True if the archive in a folder has a notebook."""
    path = folder / NOTES
    return path.exists() and path.stat().st_size > 0


def is_writable(folder: Path) -> bool:
    """Return True if notes can be kept next to the archive in a folder."""
    path = folder / NOTES
    return os.access(folder, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))


@contextmanager
def open_notebook(folder: Path, *, write: bool = False) -> Iterator[Notebook]:
    """Open the notebook next to the archive in a folder; with `write`, create it if there is none.

    What is written is committed at the end, or not at all after an exception. Without `write` and without a notebook,
    an empty one is read. Raises NotebookError.
    """
    path = folder / NOTES
    try:
        connection = _connect(path, write=write)
    except (sqlite3.Error, OSError, ArchiveError) as error:
        raise _explained(path, error) from error
    book = Database(connection, execute_plugins=False)
    try:
        connection.execute("begin immediate" if write else "begin")
        _settle(book, path)
        yield book
        connection.execute("commit")
    except sqlite3.Error as error:
        raise _explained(path, error) from error
    finally:
        connection.close()  # and thereby what is not committed is undone


def _connect(path: Path, *, write: bool) -> sqlite3.Connection:
    if not write and not has_notes(path.parent):
        connection = sqlite3.connect(":memory:")
    elif not write and not os.access(path.parent, os.W_OK):
        connection = connect_reading(path)
    elif not write:
        # Not read-only to SQLite, so that what a killed program left half-written is rolled back.
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)
        connection.execute("pragma query_only = on")
    elif not is_writable(path.parent):
        raise PermissionError(errno.EACCES, "read-only")
    else:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
        # No write-ahead log: it would keep deleted quotations until the next checkpoint.
        connection.execute("pragma journal_mode = delete")
        connection.execute("pragma secure_delete = on")
        connection.execute("pragma foreign_keys = on")
    connection.isolation_level = None
    return connection


def _settle(book: Notebook, path: Path) -> None:
    """Create the tables of a new notebook. Raises NotebookError on a file of another program or version."""
    (version,) = book.conn.execute("pragma user_version").fetchone()
    (application,) = book.conn.execute("pragma application_id").fetchone()
    (tables,) = book.conn.execute("select count(*) from sqlite_master").fetchone()
    if not tables and not version:
        for statement in filter(str.strip, SCHEMA.split(";")):
            book.conn.execute(statement)
        book.conn.execute(f"pragma application_id = {APPLICATION}")
        book.conn.execute(f"pragma user_version = {VERSION}")
    elif application != APPLICATION:
        raise NotebookError(f"{path} is a file of another program, not a notebook: move it away to keep notes here.")
    elif version > VERSION:
        raise NotebookError(
            f"{path} was written by a newer version of newsarchive: update newsarchive to read your notes."
        )


def _explained(path: Path, error: Exception) -> NotebookError:
    """Return what keeps a notebook from being opened as a sentence that says what to do."""
    if isinstance(error, PermissionError) or getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY:
        return NotebookError(f"Notes cannot be kept in {path.parent}: the folder or {path.name} is read-only.")
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return NotebookError(f"The disk of {path} is full; nothing was changed. Free some space and save again.")
    if code == sqlite3.SQLITE_BUSY:
        return NotebookError(f"{path} is in use by another program; nothing was changed. Save again in a moment.")
    if isinstance(error, sqlite3.DatabaseError) and code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return NotebookError(f"{path} is damaged ({error}). Move it away, and restore it from a backup.")
    return NotebookError(f"{path} cannot be used: {error}.")
