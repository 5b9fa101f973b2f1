"""Reading the shards of a collection as one: connections kept open, and each query on their newest generations."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Protocol

from newsarchive.collection.scratch import scratch_folder
from newsarchive.database import ArchiveError, read_archive
from newsarchive.export.partitioned import delete_outdated
from newsarchive.search.several import Archives, Part

PARQUET = "parquet"
"""Where a worker's folder has the files that SQL over a collection reads."""


class Shard(Protocol):
    """An archive of a collection, of which each generation is an archive's folder."""

    @property
    def name(self) -> str:
        """Its name."""

    def open_latest(self) -> Path | None:
        """Return the folder of the newest generation; None before the first."""


Shards = Callable[[], Iterable[Shard]]
"""Returns the shards that a collection has now."""


class Reader:
    """The shards of a collection, opened for reading. One request at a time may use it."""

    def __init__(self, shards: Shards, *, root: Path | None = None, address: str = "") -> None:
        self._shards, self._root, self._address = shards, root, address
        self._opened: dict[str, Part] = {}
        self._scratch = scratch_folder(address) if address else None
        self._archives = Archives([], root=root, scratch=self._scratch)

    def current(self) -> Archives:
        """Return the newest generations of all shards. What still reads earlier ones may go on.

        Raises ArchiveError if a shard cannot be opened.
        """
        folders = self._newest()
        while folders != {name: part.folder for name, part in self._opened.items()}:
            try:
                self._open(folders)
            except ArchiveError:
                before, folders = folders, self._newest()
                if folders == before:  # else a generation was deleted between the two looks
                    raise
        return self._archives

    def close(self) -> None:
        """Close all databases."""
        self._archives.close()
        for part in self._opened.values():
            part.db.close()
        self._opened = {}

    def _newest(self) -> dict[str, Path]:
        shards = list(self._shards())
        with ThreadPoolExecutor(min(8, len(shards) or 1)) as pool:
            found = list(pool.map(lambda shard: shard.open_latest(), shards))
        return {shard.name: folder for shard, folder in zip(shards, found, strict=True) if folder is not None}

    def _open(self, folders: dict[str, Path]) -> None:
        # Superseded databases close themselves when nothing reads them any more.
        self._opened = {name: part for name, part in self._opened.items() if folders.get(name) == part.folder}
        missing = [(name, folder) for name, folder in folders.items() if name not in self._opened]
        with ThreadPoolExecutor(min(8, len(missing) or 1)) as pool:
            for part in pool.map(lambda named: _open(*named), missing):
                self._opened[part.name] = part
        self._archives.release()
        if self._address:
            delete_outdated_parquet(self._address, folders)
        self._archives = Archives(self._opened.values(), root=self._root, scratch=self._scratch)


def _open(name: str, folder: Path) -> Part:
    try:
        return Part(name, folder, read_archive(folder, any_thread=True), state=folder.name)
    except ArchiveError as error:
        raise ArchiveError(f"The shard {name} cannot be read: {error}") from error


class Readers:
    """Readers of one collection for requests that run at the same time; each keeps its connections open."""

    def __init__(self, shards: Shards, *, root: Path | None = None, address: str = "") -> None:
        self._shards, self._root, self._address = shards, root, address
        self._free: list[Reader] = []
        self._lock = Lock()

    @contextmanager
    def lend(self) -> Iterator[Archives]:
        """Give a request the shards as they are now. Raises ArchiveError if one cannot be opened."""
        with self._lock:
            reader = self._free.pop() if self._free else None
        reader = reader or Reader(self._shards, root=self._root, address=self._address)
        try:
            yield reader.current()
        finally:
            with self._lock:
                self._free.append(reader)

    def close(self) -> None:
        """Close the readers that no request has."""
        with self._lock:
            while self._free:
                self._free.pop().close()


def parquet_folder(address: str) -> Path:
    """Return where this worker keeps a collection's Parquet files."""
    return scratch_folder(address) / PARQUET


def delete_outdated_parquet(address: str, folders: Mapping[str, Path]) -> None:
    """Delete the Parquet files of shards whose newest generation is another one by now, as after a takedown.

    `folders` are those of the newest generations.
    """
    folder = parquet_folder(address)
    if folder.is_dir():
        delete_outdated(folder, {name: path.name for name, path in folders.items()})


def reader_of(address: str) -> Reader:
    """Return a reader of the collection at an address. Raises CollectionError if there is none."""
    shards, root = _shards_of(address)
    return Reader(shards, root=root, address=address)


def readers_of(address: str) -> Readers:
    """Return readers of the collection at an address. Raises CollectionError if there is none."""
    shards, root = _shards_of(address)
    return Readers(shards, root=root, address=address)


def _shards_of(address: str) -> tuple[Shards, Path | None]:
    from newsarchive.collection import Collection

    collection = Collection.open(address)
    return collection.shards, Path(os.path.realpath(address)) if os.path.isdir(address) else None
