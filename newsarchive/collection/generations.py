"""The generations of a shard: numbered records, each of a whole archive; the highest one is the shard's state.

`generations/000012.json` is a record and names a folder beside it, `000012-TOKEN/`, which was complete before. Each
attempt to publish has a token of its own, so that two of them never write to one folder; the record is created
exclusively, so that only one of them gets the number.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import asdict, dataclass
from functools import cached_property

from newsarchive.backup import BackupError, Entry, Manifest, parse_manifest
from newsarchive.collection.errors import CollectionError
from newsarchive.collection.store import Store

FOLDER = "generations"
MANIFEST = "manifest.json"
_RECORD = re.compile(r"(\d{6,})\.json")
_FOLDER = re.compile(r"(\d{6,})-[0-9a-f]+")


@dataclass(frozen=True, kw_only=True)
class Record:
    """The record of a generation."""

    number: int
    fence: int
    """The number of the lease under which it was published."""
    folder: str
    """Its folder beside the record; a record that only bars others from a number repeats the previous one, if any."""
    manifest: str
    """SHA-256 of the folder's manifest."""
    made: str
    version: str
    state: str = ""
    """A key that changes with every write to the database; empty if it is not known."""
    tasks: tuple[str, ...] = ()
    """The keys of the last tasks that published, the latest first."""
    takedowns: str = ""
    """Digest of what was taken down in it; empty if nothing was."""
    purged: int = 0
    """Generations up to this one have text that was taken down since: they are deleted at once."""

    def text(self) -> bytes:
        """Return the record as it is stored."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode()


class Generation:
    """A generation whose record and manifest were read."""

    def __init__(self, record: Record, manifest: Manifest, place: str) -> None:
        self.record = record
        self.manifest = manifest
        self.place = place
        """The folder of the shard's generations, as a name in the store."""

    @cached_property
    def folder(self) -> str:
        """Its own folder, as a name in the store."""
        return f"{self.place}/{self.record.folder}"

    def name_of(self, entry: Entry) -> str:
        """Return the name in the store of one of its files; where there are no links it may be in an older folder."""
        return f"{self.folder}/{entry.path}" if entry.stored == entry.path else f"{self.place}/{entry.stored}"


class NothingYet(CollectionError):
    """The record has no content: it only bars others from its number."""


def new_folder(number: int) -> str:
    """Return the name of a folder for one attempt to publish a generation."""
    return f"{number:06d}-{secrets.token_hex(6)}"


def record_name(place: str, number: int) -> str:
    """Return the name in the store of the record of a generation."""
    return f"{place}/{number:06d}.json"


def numbers(names: list[str]) -> list[int]:
    """Return the numbers of the records among the names in a folder, highest first.

    >>> numbers(["000009.json", "000010.json", "000010-ab"])
    [10, 9]
    """
    return sorted((int(found[1]) for name in names if (found := _RECORD.fullmatch(name))), reverse=True)


def folder_number(name: str) -> int | None:
    """Return the number in the name of a generation's folder; None if it is none.

    >>> folder_number("000010-ab12"), folder_number("000010.json")
    (10, None)
    """
    found = _FOLDER.fullmatch(name)
    return int(found[1]) if found else None


def read_record(store: Store, place: str, number: int) -> Record | None:
    """Return a record; None if it was deleted meanwhile. Raises CollectionError if it is broken."""
    name = record_name(place, number)
    try:
        data = json.loads(store.read(name))
        return Record(**{**data, "tasks": tuple(data["tasks"])})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise CollectionError(f"{store.address}/{name} is broken: {error}.") from error


def read_generation(store: Store, place: str, number: int) -> Generation | None:
    """Return a generation; None if it was deleted meanwhile. Raises CollectionError if it is not whole."""
    record = read_record(store, place, number)
    if record is None:
        return None
    if not record.folder:
        raise NothingYet(f"{store.address}/{record_name(place, number)} is before the first generation.")
    name = f"{place}/{record.folder}/{MANIFEST}"
    try:
        data = store.read(name)
    except FileNotFoundError:
        if read_record(store, place, number) is None:
            return None
        raise CollectionError(f"{store.address}/{name} is missing.") from None
    if hashlib.sha256(data).hexdigest() != record.manifest:
        raise CollectionError(f"{store.address}/{name} differs from what was written.")
    try:
        return Generation(record, parse_manifest(data, f"{store.address}/{name}"), place)
    except BackupError as error:
        raise CollectionError(str(error)) from error


def latest_generation(store: Store, place: str) -> Generation | None:
    """Return the highest generation that is whole; None before the first.

    Raises CollectionError if there are generations and none is whole.
    """
    broken: CollectionError | None = None
    while True:
        found = numbers(store.names(place))
        for number in found:
            try:
                generation = read_generation(store, place, number)
            except NothingYet:
                continue
            except CollectionError as error:
                broken = broken or error
                continue
            if generation is None:
                break  # deleted between the two looks: there is a newer one
            return generation
        else:
            if broken is not None:
                raise broken
            return None
