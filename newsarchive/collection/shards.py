"""A collection: archives of one newspaper each, its shards, in one store."""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path

from newsarchive.collection.cleaning import clean_generations, is_purged
from newsarchive.collection.config import FILE, NEW, CollectionConfiguration, parse_configuration
from newsarchive.collection.copies import reading_copy
from newsarchive.collection.errors import CollectionError, NoCollection
from newsarchive.collection.generations import FOLDER, Generation, latest_generation
from newsarchive.collection.leases import FOLDER as LEASES
from newsarchive.collection.leases import take_lease
from newsarchive.collection.publishing import bar_former_holder
from newsarchive.collection.store import Store, is_address, open_store

SHARDS = "shards"
_NAME = re.compile(r"[^\s/\\~.\x00-\x1f\x7f][^\s/\\~\x00-\x1f\x7f]{0,199}")
"""Names of shards are those of sites: of a profile's file, or of a host."""


class Shard:
    """One newspaper's archive in a collection."""

    def __init__(self, collection: Collection, name: str) -> None:
        self.collection = collection
        self.name = name
        self.store: Store = collection.store
        self.place = f"{SHARDS}/{name}"
        self.generations = f"{self.place}/{FOLDER}"

    def __repr__(self) -> str:
        return f"Shard({self.name!r})"

    def latest(self) -> Generation | None:
        """Return its present generation; None before the first. Raises CollectionError if none is whole."""
        try:
            return latest_generation(self.store, self.generations)
        except CollectionError as error:
            raise CollectionError(f"{self.name}: {error}") from error

    def open_latest(self) -> Path | None:
        """Return a folder of this machine with the present generation, an archive to be read; None before the first.

        It does not change, and is kept for as long as `collection.toml` says after newer ones are published.
        """
        for _ in range(5):  # a generation may be deleted while it is copied; then there is a newer one
            generation = self.latest()
            if generation is None:
                return None
            if generation.record.purged and not is_purged(self.store, self.generations, generation.record):
                self._finish_purge()
            try:
                return reading_copy(self.collection.address, self.name, self.store, generation)
            except FileNotFoundError as error:
                missing = error
        raise CollectionError(f"{self.name}: {missing.filename} is missing; restore a backup of the collection.")

    def _finish_purge(self) -> None:
        """Delete what a killed takedown left; if another worker holds the lease, it does that."""
        settings = self.collection.configuration
        try:
            taken = take_lease(self.store, f"{self.place}/{LEASES}", settings.lease_seconds, name=self.name)
        except (CollectionError, OSError):  # busy, or no right to write: the next task does it
            return
        try:
            if taken.unreleased:
                bar_former_holder(self.store, self.generations, taken.lease.fence)
            clean_generations(self.store, self.generations, settings, taken.lease.check)
        finally:
            taken.lease.release()


class Collection:
    """A collection in a store: `collection.toml`, and its shards below `shards/`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.address = store.address

    @classmethod
    def open(cls, address: str | os.PathLike[str]) -> Collection:
        """Open the collection at an address: a folder, or `s3://BUCKET/PREFIX`.

        Raises NoCollection if there is none, AddressError for any other address, ConfigurationError for an invalid
        `collection.toml`.
        """
        collection = cls(open_store(os.fspath(address)))
        _ = collection.configuration
        return collection

    @classmethod
    def create(cls, address: str | os.PathLike[str]) -> Collection:
        """Create an empty collection. Raises CollectionError if there is one, or anything else."""
        store = open_store(os.fspath(address))
        others = [name for name in store.names("") if name != FILE]
        if others:
            raise CollectionError(f"{store.address} is not empty: choose a new place for the collection.")
        if not store.create(FILE, NEW.encode()):
            raise CollectionError(f"There is a collection in {store.address} already.")
        if store.create(FILE, f"{NEW}\n".encode()):
            store.delete(FILE)
            raise CollectionError(
                f"{store.address} cannot hold a collection: it lets two workers create one object (it ignores"
                " If-None-Match)."
            )
        return cls(store)

    @cached_property
    def configuration(self) -> CollectionConfiguration:
        """What `collection.toml` says. Raises ConfigurationError, NoCollection."""
        try:
            data = self.store.read(FILE)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NoCollection(
                f"There is no collection in {self.address}: newsarchive collection new {self.address}"
            ) from error
        return parse_configuration(data, f"{self.address}/{FILE}")

    def shards(self) -> list[Shard]:
        """Return the shards that have a generation or a lease, sorted by name."""
        return [Shard(self, name) for name in self.store.names(SHARDS) if _NAME.fullmatch(name)]

    def shard(self, name: str) -> Shard:
        """Return a shard by name, which need not exist yet. Raises CollectionError if none can have this name."""
        if not _NAME.fullmatch(name) or len(name.encode()) > 200:
            raise CollectionError(f"“{name}” cannot be the name of a newspaper in a collection.")
        return Shard(self, name)


def is_collection(address: str | os.PathLike[str]) -> bool:
    """True if an address is that of a collection rather than an archive's folder; nothing is requested for that.

    Addresses of stores other than folders can only be those of collections.
    """
    text = os.fspath(address)
    return is_address(text) or (Path(text) / FILE).is_file()
