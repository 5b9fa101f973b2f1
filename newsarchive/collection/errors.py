"""Errors of a collection as a whole."""

from __future__ import annotations

from newsarchive.database import ArchiveError, ArchiveLocked, NoArchive


class CollectionError(ArchiveError):
    """The collection cannot be used; the message is written for the user."""


class NoCollection(CollectionError, NoArchive):
    """There is no collection at the address."""


class ShardBusy(CollectionError, ArchiveLocked):
    """Another worker holds the lease of a shard; nothing was done."""


class LeaseLost(CollectionError):
    """The lease passed to another worker, or ran out; what was done under it is not published."""
