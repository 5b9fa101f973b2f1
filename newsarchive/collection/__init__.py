"""Collections: many archives as one, a newspaper each, in a folder or in S3, for several workers."""

from newsarchive.collection.errors import CollectionError, LeaseLost, NoCollection, ShardBusy
from newsarchive.collection.shards import Collection, Shard, is_collection
from newsarchive.database import AddressError

__all__ = [
    "AddressError",
    "Collection",
    "CollectionError",
    "LeaseLost",
    "NoCollection",
    "Shard",
    "ShardBusy",
    "is_collection",
]
