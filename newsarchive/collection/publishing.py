"""Publishing: an archive that a task worked on becomes the next generation of its shard."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from newsarchive import __version__
from newsarchive.backup import Entry, FileToCopy, Manifest, copy_database, files_to_copy
from newsarchive.collection.errors import CollectionError, LeaseLost
from newsarchive.collection.generations import (
    MANIFEST,
    Generation,
    Record,
    latest_generation,
    new_folder,
    numbers,
    record_name,
)
from newsarchive.collection.store import Store
from newsarchive.configuration import FILE
from newsarchive.database import connect_reading, write_page_checksums
from newsarchive.database.page_checksums import state_key
from newsarchive.times import now

REMEMBERED = 100
"""Keys of tasks in a record."""


@dataclass(kw_only=True)
class Publication:
    """An archive on this worker's disk that becomes the next generation, and the generation that it continues."""

    store: Store
    place: str
    """The folder of the shard's generations, as a name in the store."""
    archive: Path
    before: Generation | None
    fence: int
    task: str = ""
    """Its key; a task whose key was published is not done again."""
    check: Callable[[], None] = lambda: None
    """Raises LeaseLost if the lease is lost; called before each file is stored, and before the record is."""
    problems: list[str] = field(default_factory=list)
    """Files of the archive that are missing or damaged; the copies of the previous generation stay."""
    bytes: int = 0
    """What was stored besides what earlier generations had."""

    def publish(self) -> Generation:
        """Store the archive and create its record. Raises LeaseLost, and CollectionError if the store has no room.

        Until the record is there, the previous generation is the present one; after a failure it stays so.
        """
        write_page_checksums(self.archive)
        number = max(numbers(self.store.names(self.place)), default=0) + 1
        folder = new_folder(number)
        try:
            return self._publish(number, folder)
        except (OSError, sqlite3.Error) as error:
            self._discard(folder)
            reason = getattr(error, "strerror", None) or error
            raise CollectionError(
                f"Nothing was published in {self.store.address}: {reason}; the previous generation stays."
            ) from error
        except BaseException:
            self._discard(folder)
            raise

    def _discard(self, folder: str) -> None:
        try:
            self.store.delete(f"{self.place}/{folder}")
        except OSError:
            return  # the next task deletes it

    def _publish(self, number: int, folder: str) -> Generation:
        with tempfile.TemporaryDirectory(prefix="publish-", dir=self.archive.parent) as draft:
            database = copy_database(self.archive, Path(draft))
            key = state_of(database)
            files = {"archive.db": self._put(folder, "archive.db", database)}
            for item in files_to_copy(self.archive, database):
                if (entry := self._store(folder, item)) is not None:
                    files[item.path] = entry
            gone = takedowns_in(database)
        manifest = Manifest(made=now(), version=__version__, files=files)
        data = manifest.text().encode()
        self.check()
        self.store.create(f"{self.place}/{folder}/{MANIFEST}", data)
        self.store.settle(f"{self.place}/{folder}")
        record = Record(
            number=number,
            fence=self.fence,
            folder=folder,
            manifest=hashlib.sha256(data).hexdigest(),
            made=manifest.made,
            version=__version__,
            state=key,
            tasks=self._tasks(),
            takedowns=gone,
            purged=self._purged(gone),
        )
        create_record(self.store, self.place, record, self.check)
        return Generation(record, manifest, self.place)

    def _tasks(self) -> tuple[str, ...]:
        before = self.before.record.tasks if self.before else ()
        return tuple([key for key in (self.task,) if key] + [key for key in before if key != self.task])[:REMEMBERED]

    def _put(self, folder: str, path: str, source: Path, size: int | None = None) -> Entry:
        self.check()
        length, sha256 = self.store.put(source, f"{self.place}/{folder}/{path}", size)
        self.bytes += length
        return Entry(path=path, stored=path, bytes=length, sha256=sha256)

    def _store(self, folder: str, item: FileToCopy) -> Entry | None:
        """Store one file unless the previous generation has it; what the archive has lost stays as it was there."""
        before = self.before.manifest.files.get(item.path) if self.before else None
        if before is not None and _is_same(before, item):
            return self._keep(folder, before)
        source = self.archive / item.path
        problem = _problem(source, item)
        if problem:
            self.problems.append(problem)
            return self._keep(folder, before) if before else None
        entry = self._put(folder, item.path, source, item.bytes)
        if item.sha256 and entry.sha256 != item.sha256:
            self.problems.append(f"{item.path} differs from its digest.")
            self.store.delete(f"{self.place}/{folder}/{item.path}")
            return self._keep(folder, before) if before else None
        return entry

    def _purged(self, gone: str) -> int:
        """Return the number up to which generations are to be deleted at once: they have what was taken down since."""
        if self.before is None:
            return 0
        before = self.before.record
        return before.purged if gone == before.takedowns else before.number

    def _keep(self, folder: str, before: Entry) -> Entry:
        assert self.before is not None
        name = self.store.share(self.before.name_of(before), f"{self.place}/{folder}/{before.path}")
        inside = name.removeprefix(f"{self.place}/")
        stored = before.path if inside == f"{folder}/{before.path}" else inside
        return Entry(path=before.path, stored=stored, bytes=before.bytes, sha256=before.sha256)


def bar_former_holder(store: Store, place: str, fence: int) -> None:
    """Take the next number, so that the former holder of the lease, if it still works, cannot publish under it.

    The record repeats the present content. If the former holder was faster, its generation is the present one.
    """
    while True:
        number = max(numbers(store.names(place)), default=0) + 1
        latest = latest_generation(store, place)
        record = Record(number=number, fence=fence, folder="", manifest="", made=now(), version=__version__)
        if latest is not None:
            record = replace(latest.record, number=number, fence=fence)
        if store.create(record_name(place, number), record.text()):
            return


def create_record(store: Store, place: str, record: Record, check: Callable[[], None]) -> None:
    """Create the record of a generation. Raises LeaseLost if another worker has published under its number."""
    check()
    if not store.create(record_name(place, record.number), record.text()):
        raise LeaseLost(
            f"Another worker has published generation {record.number} of {store.address}/{place} meanwhile; what was"
            " done here is not published."
        )


def state_of(database: Path) -> str:
    """Return the key of the state of a database, which changes with every write; empty if it is not known."""
    with closing(connect_reading(database)) as connection:
        return state_key(connection)


def takedowns_in(database: Path) -> str:
    """Return a digest of what was taken down according to a database; empty if nothing was."""
    with closing(connect_reading(database)) as connection:
        rows = connection.execute("select key, captures from forgotten order by key").fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest() if rows else ""


def is_changed(archive: Path, before: Generation | None) -> bool:
    """True if an archive differs from a generation; True also where that cannot be known."""
    if before is None:
        return (archive / "archive.db").exists()
    write_page_checksums(archive)
    try:
        state = state_of(archive / "archive.db")
    except sqlite3.DatabaseError:
        return True
    if not state or state != before.record.state:
        return True
    files = {item.path: item.sha256 for item in files_to_copy(archive, archive / "archive.db")}
    others = {entry.path: entry.sha256 for entry in before.manifest.files.values()}
    return _small(files) != _small(others)


def _small(files: dict[str, str]) -> dict[str, str]:
    """Return the digests of profiles and configuration; all other files follow from the database."""
    return {path: sha256 for path, sha256 in files.items() if path.startswith("sites/") or path == FILE}


def _is_same(before: Entry, item: FileToCopy) -> bool:
    return before.sha256 == item.sha256 if item.sha256 else before.bytes == item.bytes


def _problem(source: Path, item: FileToCopy) -> str:
    """Return why a file of the archive cannot be stored; empty if it can be."""
    if not source.is_file():
        return f"{item.path} is missing."
    if item.bytes is not None and source.stat().st_size < item.bytes:
        return f"{item.path} has {source.stat().st_size} bytes instead of {item.bytes}."
    return ""
