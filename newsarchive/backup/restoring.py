"""Putting a backup back: verified before anything is touched, and what was taken down since stays down."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from newsarchive.backup.manifest import BackupError, Manifest, copy_bytes, digest_of, read_manifest
from newsarchive.database import article_of, lock_archive, open_archive
from newsarchive.takedown import forget

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was put back."""

    files: int
    made: str
    forgotten: int
    """Articles that were taken down since the backup was made, and again now."""


@dataclass(frozen=True, kw_only=True)
class _Forgotten:
    site: str
    url: str
    reason: str
    time: str


def restore_backup(
    source: Path,
    folder: Path,
    *,
    present: Sequence[Path] = (),
    force: bool = False,
    progress: Progress = lambda _what, _done, _total: None,
) -> Restored:
    """Put the backup in `source` back into `folder`.

    What the archive in `folder`, or in one of `present`, knows to be taken down is taken down in the restored one too.
    Raises BackupError where a file of the backup is broken, or where the folder has an archive and `force` is not
    given; then nothing is touched.
    """
    manifest = read_manifest(source)
    if manifest is None:
        raise BackupError(f"There is no backup in {source}: it has no manifest.json.")
    if not force and _has_content(folder):
        raise BackupError(f"{folder} is not empty: name another folder with --to, or replace it with --force.")
    _verify(source, manifest, progress)
    forgotten = list(dict.fromkeys(f for place in (folder, *present) for f in _forgotten(place)))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with lock_archive(folder), tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as draft:
        new = Path(draft) / folder.name
        for number, entry in enumerate(manifest.files.values()):
            progress("files", number, len(manifest.files))
            if copy_bytes(source / entry.stored, new / entry.path, entry.bytes)[1] != entry.sha256:
                raise BackupError(f"{entry.stored} in the backup is broken.")
        again = _forget_again(new, forgotten)
        _swap(new, folder, Path(draft) / "before")
    return Restored(files=len(manifest.files), made=manifest.made, forgotten=again)


PARTS = ("archive.db", "archive.db-wal", "archive.db-shm", "archive.db-sums", "warc", "images", "sites")


def _has_content(folder: Path) -> bool:
    return any(path.is_file() or any(path.iterdir()) for path in (folder / part for part in PARTS) if path.exists())


def _verify(source: Path, manifest: Manifest, progress: Progress) -> None:
    for number, entry in enumerate(manifest.files.values()):
        progress("verified", number, len(manifest.files))
        path = source / entry.stored
        if not path.exists():
            raise BackupError(f"{entry.stored} is missing from the backup; nothing was changed.")
        if digest_of(path, entry.bytes) != entry.sha256:
            raise BackupError(f"{entry.stored} in the backup differs from its digest; nothing was changed.")


def _forgotten(folder: Path) -> Iterable[_Forgotten]:
    path = folder / "archive.db"
    if not path.exists():
        return
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as db:
        try:
            rows = db.execute("select site, url, reason, time from forgotten order by id").fetchall()
        except sqlite3.DatabaseError:  # an archive of an older version, or one that is broken and so is replaced
            return
    for site, url, reason, time in rows:
        yield _Forgotten(site=site, url=url, reason=reason, time=time)


def _forget_again(folder: Path, forgotten: Sequence[_Forgotten]) -> int:
    """Take down in the restored archive what was taken down since."""
    db = open_archive(folder)
    done = 0
    with closing(db):
        for row in forgotten:
            if db["forgotten"].count_where("url = ?", [row.url]):
                continue
            if not db["sites"].count_where("name = ?", [row.site]):
                db.conn.execute("insert into sites (name, url, added) values (?, ?, ?)", (row.site, row.url, row.time))
            article = article_of(db, row.url)
            forget(db, folder, article=article, site=row.site, url=row.url, reason=row.reason, time=row.time)
            done += 1
        db.conn.commit()
    return done


def _swap(new: Path, folder: Path, before: Path) -> None:
    """Put the new archive in the place of the old one, whose files are deleted with the draft."""
    before.mkdir()
    for part in PARTS:
        if (folder / part).exists():
            os.replace(folder / part, before / part)
    for path in new.iterdir():
        if path.name in PARTS:
            os.replace(path, folder / path.name)
