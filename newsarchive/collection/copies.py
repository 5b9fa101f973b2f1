"""Copies of generations on this machine: to read, where the store is not on a disk of it, and to work on."""

from __future__ import annotations

import errno
import os
import secrets
import time
from pathlib import Path

from sqlite_utils import Database

from newsarchive.backup import Entry
from newsarchive.collection.errors import CollectionError
from newsarchive.collection.generations import Generation, folder_number, numbers, read_record
from newsarchive.collection.scratch import scratch_folder
from newsarchive.collection.store import Store, delete_tree
from newsarchive.database import open_archive
from newsarchive.database.read_only import connect_reading
from newsarchive.database.schema.migrations import migrations
from newsarchive.database.warcfiles import file_sha256

_COPYING = 3600.0
"""Seconds after which an unfinished copy is one that a killed reader left."""
LARGE = ("warc", "images")
"""The folders whose files never change; they are linked rather than copied."""


def reading_copy(address: str, shard: str, store: Store, generation: Generation) -> Path:
    """Return a folder of this machine with a generation, an archive to be read.

    That is the generation's own folder where the store is one; else, or if the archive was written by an older version,
    a copy in this worker's folder. Raises FileNotFoundError if the generation was deleted meanwhile.
    """
    own = store.local(generation.folder)
    if own is not None:
        database = own / "archive.db"
        database.stat()
        if not _is_outdated(database):
            return own
    copies = reading_copies(address, shard)
    copies.mkdir(parents=True, exist_ok=True)
    delete_superseded(copies, store, generation.place)
    target = copies / generation.record.folder
    if not target.is_dir():
        _make_copy(store, generation, copies, target)
    return target


def reading_copies(address: str, shard: str) -> Path:
    """Return the folder of this worker's copies of a shard's generations."""
    return scratch_folder(address) / "read" / shard


def _is_outdated(database: Path) -> bool:
    connection = connect_reading(database)
    try:
        return bool(migrations.pending(Database(connection, execute_plugins=False)))
    finally:
        connection.close()


def _make_copy(store: Store, generation: Generation, copies: Path, target: Path) -> None:
    draft = copies / f".{target.name}.{secrets.token_hex(4)}"
    draft.mkdir()
    try:
        before = next((path for path in sorted(copies.iterdir(), reverse=True) if folder_number(path.name)), None)
        bring(store, generation, draft, before=before)
        if _is_outdated(draft / "archive.db"):
            open_archive(draft).close()
        try:
            draft.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            delete_tree(draft)  # another reader was faster
    except BaseException:
        delete_tree(draft)
        raise


def delete_superseded(copies: Path, store: Store, place: str) -> None:
    """Delete the copies of generations that have no record in the store any more, and what killed readers left."""
    records = [read_record(store, place, number) for number in numbers(store.names(place))]
    kept = {record.folder for record in records if record is not None}
    for path in copies.iterdir():
        is_draft = path.name.startswith(".")
        folder = path.name[1:].rpartition(".")[0] if is_draft else path.name
        if folder not in kept or (is_draft and time.time() - path.lstat().st_mtime > _COPYING):
            delete_tree(path)


def bring(store: Store, generation: Generation, target: Path, *, before: Path | None = None) -> None:
    """Make a copy of a generation in an empty folder, an archive that may be written to.

    Files that never change are linked: to the store's, where it is a folder, else to those in `before`, an older copy.
    Raises FileNotFoundError if a file is missing, CollectionError if the database differs from its digest.
    """
    for part in ("warc", "images", "sites"):
        (target / part).mkdir()
    for entry in generation.manifest.files.values():
        path = target / entry.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if entry.path.partition("/")[0] in LARGE and _linked(store, generation, entry, path, before):
            continue
        store.get(generation.name_of(entry), path)
        os.chmod(path, 0o600)
        if file_sha256(path) != entry.sha256:
            raise CollectionError(f"{store.address}/{generation.name_of(entry)} differs from its digest.")


def _linked(store: Store, generation: Generation, entry: Entry, path: Path, before: Path | None) -> bool:
    source = store.local(generation.name_of(entry)) or (before / entry.path if before else None)
    if source is None:
        return False
    if not source.exists():
        return store.local(generation.name_of(entry)) is not None  # a check of the copy reports what is missing
    if source.stat().st_size != entry.bytes:
        return False
    try:
        os.link(source, path)
    except OSError:
        path.symlink_to(source.resolve())
    return True
