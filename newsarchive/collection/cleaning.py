"""Deleting what a shard has too much: superseded generations, and what killed tasks left in the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from newsarchive.collection.config import CollectionConfiguration
from newsarchive.collection.errors import CollectionError
from newsarchive.collection.generations import (
    Generation,
    Record,
    folder_number,
    latest_generation,
    numbers,
    read_generation,
    read_record,
    record_name,
)
from newsarchive.collection.store import Store


def clean_generations(
    store: Store, place: str, settings: CollectionConfiguration, check: Callable[[], None] = lambda: None
) -> None:
    """Delete the generations that nobody needs any more, and all that belongs to none; the caller holds the lease.

    Records go before their folders, so that no reader finds one without the other; only where a text was taken down
    they go last, and so tell that there is something to delete. `check` raises LeaseLost.
    """
    store.delete_drafts(place)
    latest = latest_generation(store, place)
    if latest is None:
        _delete_others(store, place, set(), set(), check)
        return
    records = [_record(store, place, number) for number in numbers(store.names(place))]
    kept = _kept([record for record in records if record is not None], latest, settings)
    outdated = [record.number for record in records if record is not None and record.number not in kept]
    purged = latest.record.purged
    _delete_records(store, place, [number for number in outdated if number > purged], check)
    generations = [read for number in kept if (read := read_generation(store, place, number)) is not None]
    folders = {generation.record.folder for generation in generations}
    used = {generation.name_of(entry) for generation in generations for entry in generation.manifest.files.values()}
    _delete_others(store, place, folders, used, check)
    _delete_records(store, place, [number for number in outdated if number <= purged], check)


def is_purged(store: Store, place: str, latest: Record) -> bool:
    """True if no generation is left that has a text which was taken down since."""
    return not any(number <= latest.purged for number in numbers(store.names(place)))


def _delete_records(store: Store, place: str, outdated: Sequence[int], check: Callable[[], None]) -> None:
    for number in outdated:
        check()
        store.delete(record_name(place, number))


def _record(store: Store, place: str, number: int) -> Record | None:
    try:
        return read_record(store, place, number)
    except CollectionError:  # a broken record stays: it bars others from its number
        return None


def _kept(records: Sequence[Record], latest: Generation, settings: CollectionConfiguration) -> set[int]:
    """Return the numbers of the records to keep, highest first in `records`."""
    kept = {latest.record.number}
    patience = timedelta(minutes=settings.minutes)
    superseded = latest.record.made
    for position, record in enumerate(records):
        if record.folder and record.number > latest.record.purged and record.number < latest.record.number:
            recent = datetime.now(UTC) - datetime.fromisoformat(superseded) < patience
            if recent or position < settings.keep:
                kept.add(record.number)
        superseded = record.made
    return kept


def _delete_others(store: Store, place: str, folders: set[str], used: set[str], check: Callable[[], None]) -> None:
    """Delete the folders of no generation, except files in them that a generation refers to."""
    for name in store.names(place):
        if folder_number(name) is None or name in folders:
            continue
        check()
        folder = f"{place}/{name}/"
        inside = {path for path in used if path.startswith(folder)}
        if not inside:
            store.delete(folder.rstrip("/"))
            continue
        for path in store.files(folder.rstrip("/")):
            if path not in inside:
                store.delete(path)
