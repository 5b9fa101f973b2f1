"""What a new backup would take out of the one before, and whether takedowns explain it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from newsarchive.backup.files import BackupError, is_plain
from newsarchive.backup.manifest import FILES, Entry, Manifest
from newsarchive.database import connect_reading

MOST = 0.1
"""The part of a backup's files or bytes that may go without a word."""
_WRITTEN_AGAIN = re.compile(r"(?:-r\d+)?\.warc\.gz$")


def refuse_losses(target: Path, before: Manifest, wanted: Mapping[str, int | None], database: Path) -> None:
    """Raise BackupError where more than a tenth of the backup in `target` would go without a takedown.

    `wanted` has the files of the new backup with their sizes, where those are known; `database` is the new copy. Where
    it raises, the copy is deleted.
    """
    files = [entry for path, entry in before.files.items() if path not in FILES]
    lost = {entry.path: _lost_bytes(entry, wanted) for entry in files}
    gone = [entry.path for entry in files if entry.path not in wanted]
    total, bytes_lost = sum(entry.bytes for entry in files), sum(lost.values())
    if len(gone) <= MOST * len(files) and bytes_lost <= MOST * total:
        return
    if _is_later(target, before, database) and (_takedowns(target, before, database) or not any(lost.values())):
        return
    database.unlink()
    raise BackupError(
        f"{len(gone)} of {len(files)} files ({_percent(bytes_lost, total)} of the bytes) would go from the backup in"
        f" {target}, and no takedown explains that, so it is left as it is. If the archive is damaged or another one,"
        f" put the backup back: newsarchive restore {target}. If the backup is to be replaced, add --force."
    )


def _lost_bytes(entry: Entry, wanted: Mapping[str, int | None]) -> int:
    """How many bytes of a file would go; none of one that a takedown has written again under its next name."""
    if entry.path in wanted:
        size = wanted[entry.path]
        return max(0, entry.bytes - size) if size is not None else 0
    name = _WRITTEN_AGAIN.sub("", entry.path)
    again = any(path != entry.path and _WRITTEN_AGAIN.sub("", path) == name for path in wanted)
    return 0 if again else entry.bytes


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "none"


def _is_later(target: Path, before: Manifest, database: Path) -> bool:
    """Whether the new database goes on from the one in the backup: it knows all runs that that one knows."""
    runs = "select id, started from runs"
    return _rows(target, before, runs) <= _rows_of(database, runs)


def _takedowns(target: Path, before: Manifest, database: Path) -> bool:
    """Whether anything was taken down that was not yet in the backup before."""
    takedowns = "select key, captures from forgotten"
    return not _rows_of(database, takedowns) <= _rows(target, before, takedowns)


def _rows(target: Path, before: Manifest, sql: str) -> set[tuple[object, ...]]:
    """What the database of the backup before has; where it cannot be read, what no other can have."""
    entry = before.files.get("archive.db")
    try:
        if entry is not None and is_plain(target, entry.stored):
            return _rows_of(target / entry.stored, sql)
    except sqlite3.DatabaseError:
        pass
    return {("unknown",)}


def _rows_of(database: Path, sql: str) -> set[tuple[object, ...]]:
    with closing(connect_reading(database)) as db:
        return set(db.execute(sql).fetchall())
