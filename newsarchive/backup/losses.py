"""What a new backup would remove from the previous one, and whether takedowns explain it."""

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
"""The share of a backup's files or bytes that may be removed without an explanation."""
_WRITTEN_AGAIN = re.compile(r"(?:-r\d+)?\.warc\.gz$")


def refuse_losses(target: Path, before: Manifest, sizes: Mapping[str, int | None], database: Path) -> None:
    """Raise BackupError if more than a tenth of the backup in `target` would be removed without a takedown.

    `sizes` has the sizes of the files of the new backup, if known; `database` is the new copy, which is deleted
    when the error is raised.
    """
    files = [entry for path, entry in before.files.items() if path not in FILES]
    lost = {entry.path: _lost_bytes(entry, sizes) for entry in files}
    gone = [entry.path for entry in files if entry.path not in sizes]
    total, bytes_lost = sum(entry.bytes for entry in files), sum(lost.values())
    if len(gone) <= MOST * len(files) and bytes_lost <= MOST * total:
        return
    if _is_later(target, before, database) and (_takedowns(target, before, database) or not any(lost.values())):
        return
    database.unlink()
    raise BackupError(
        f"{len(gone)} of {len(files)} files ({_percent(bytes_lost, total)} of the bytes) would be removed from the"
        f" backup in {target}, and no takedown explains that, so it was not changed. If the archive is damaged or"
        f" another one, restore the backup: newsarchive restore {target}. To replace the backup, add --force."
    )


def _lost_bytes(entry: Entry, sizes: Mapping[str, int | None]) -> int:
    """Return how many bytes of a file would be lost; none if a takedown rewrote it under its next name."""
    if entry.path in sizes:
        size = sizes[entry.path]
        return max(0, entry.bytes - size) if size is not None else 0
    name = _WRITTEN_AGAIN.sub("", entry.path)
    again = any(path != entry.path and _WRITTEN_AGAIN.sub("", path) == name for path in sizes)
    return 0 if again else entry.bytes


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "none"


def _is_later(target: Path, before: Manifest, database: Path) -> bool:
    """Return True if the new database continues the one in the backup: it has all its runs."""
    runs = "select id, started from runs"
    return _rows(target, before, runs) <= _rows_of(database, runs)


def _takedowns(target: Path, before: Manifest, database: Path) -> bool:
    """Return True if anything was taken down since the previous backup."""
    takedowns = "select key, captures from forgotten"
    return not _rows_of(database, takedowns) <= _rows(target, before, takedowns)


def _rows(target: Path, before: Manifest, sql: str) -> set[tuple[object, ...]]:
    """Return the rows of the previous backup's database; if it cannot be read, a row that no other has."""
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
