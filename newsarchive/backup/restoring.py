"""Restoring a backup: verified before anything is changed; what was taken down since stays down."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from newsarchive.backup.files import BackupError, copy_file, digest_of_file
from newsarchive.backup.manifest import Manifest, read_manifest
from newsarchive.configuration import FILE
from newsarchive.database import article_of, connect_reading, lock_archive, open_archive, write_page_checksums
from newsarchive.database.replacing import begin_replacing, commit_replacing, undo_replacing
from newsarchive.notebook import NotebookError, has_notes, open_notebook
from newsarchive.notebook.exchange import import_content, read_content
from newsarchive.takedown import forget
from newsarchive.text.counting import counted

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was restored."""

    files: int
    made: str
    forgotten: int
    """Number of articles taken down since the backup was made, and now again."""
    problems: tuple[str, ...] = ()
    """Alerts."""


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
    """Restore the backup in `source` to `folder`.

    What was taken down according to the archive in `folder`, or in one of `present`, is taken down in the restored one
    too. The archive in place stays until the new one is complete next to it; the next command finishes or undoes an
    interrupted restore. Raises BackupError, and changes nothing, if a file of the backup is broken, if the folder has
    an archive and `force` is not given, or if recordings or images would be deleted that neither the backup nor a
    readable database lists.
    """
    manifest = read_manifest(source)
    if manifest is None:
        raise BackupError(f"There is no backup in {source}: it has no manifest.json.")
    if not force and _has_content(folder):
        raise BackupError(f"{folder} is not empty: name another folder with --to, or replace it with --force.")
    _verify(source, manifest, progress)
    with lock_archive(folder):
        _refuse_unlisted(source, folder, manifest)
        problems: list[str] = []
        places = dict.fromkeys(place.resolve() for place in (folder, *present))
        forgotten = list(dict.fromkeys(row for place in places for row in _forgotten(place, problems)))
        try:
            new = begin_replacing(folder)
            _gather(source, manifest, new, progress)
            _merge_notes(folder, new, problems)
            again = _forget_again(new, forgotten)
        except BaseException:
            undo_replacing(folder)
            raise
        commit_replacing(folder)
    return Restored(files=len(manifest.files), made=manifest.made, forgotten=again, problems=tuple(problems))


PARTS = ("archive.db", "archive.db-wal", "archive.db-shm", "archive.db-sums", FILE, "warc", "images", "sites")


def _has_content(folder: Path) -> bool:
    return any(path.is_file() or any(path.iterdir()) for path in (folder / part for part in PARTS) if path.exists())


def _refuse_unlisted(source: Path, folder: Path, manifest: Manifest) -> None:
    """Raise BackupError if the database is lost or unreadable and files of the archive are newer than the backup.

    Where the database can be read, `force` decides; where it is lost, nobody knows what the files hold.
    """
    if _has_readable_database(folder):
        return
    newer = [path for path in _recordings_and_images(folder) if _is_newer(path, folder, manifest)]
    if newer:
        raise BackupError(
            f"{folder} has {counted(len(newer), 'file')} newer than the backup, such as {newer[0].relative_to(folder)},"
            " and its database is lost or broken; restoring here would delete them. Nothing was changed. Restore the"
            f" backup to another folder with `newsarchive restore {source} --to NEW`, then add what is newer with"
            f" `newsarchive --archive NEW import {folder / 'warc'}`."
        )


def _has_readable_database(folder: Path) -> bool:
    path = folder / "archive.db"
    if not path.exists() or not path.stat().st_size:
        return False
    try:
        with closing(connect_reading(path)) as db:
            return bool(db.execute("select 1 from sqlite_master where name = 'captures'").fetchone())
    except sqlite3.DatabaseError:
        return False


def _recordings_and_images(folder: Path) -> list[Path]:
    return sorted(path for part in ("warc", "images") for path in (folder / part).rglob("[!.]*") if path.is_file())


def _is_newer(path: Path, folder: Path, manifest: Manifest) -> bool:
    """Whether the backup lacks a file, or what a file has grown by."""
    name = path.relative_to(folder).as_posix()
    entry = manifest.files.get(name)
    if entry is None or not entry.bytes:
        return path.stat().st_size > 0
    return path.stat().st_size > entry.bytes and digest_of_file(folder, name, entry.bytes) == entry.sha256


def _verify(source: Path, manifest: Manifest, progress: Progress) -> None:
    for number, entry in enumerate(manifest.files.values()):
        progress("verified", number, len(manifest.files))
        try:
            found = digest_of_file(source, entry.stored, entry.bytes)
        except FileNotFoundError as error:
            raise BackupError(
                f"{entry.stored} is missing from the backup; nothing was changed. Use another backup."
            ) from error
        if found != entry.sha256:
            raise BackupError(
                f"{entry.stored} in the backup differs from its digest; nothing was changed. Use another backup."
            )


def _gather(source: Path, manifest: Manifest, new: Path, progress: Progress) -> None:
    for number, entry in enumerate(manifest.files.values()):
        progress("files", number, len(manifest.files))
        if copy_file(source, entry.stored, new / entry.path, entry.bytes)[1] != entry.sha256:
            raise BackupError(f"{entry.stored} in the backup is broken; nothing was changed. Use another backup.")


def _merge_notes(folder: Path, new: Path, problems: list[str]) -> None:
    """Add the notes in place to those of the backup, so that no restore loses any."""
    if not has_notes(folder):
        return
    try:
        with open_notebook(folder) as book:
            content = read_content(book)
        with closing(open_archive(new)) as db, open_notebook(new, write=True) as book:
            import_content(db, book, content)
    except NotebookError as error:
        problems.append(f"{error} The notes in place were not added to those of the backup.")


def _forgotten(folder: Path, problems: list[str]) -> Iterator[_Forgotten]:
    """Yield what was taken down according to the archive in a folder; an unreadable archive is a problem."""
    path = folder / "archive.db"
    again = (
        "so what was taken down since the backup was made may be back: take it down again with `newsarchive forget`."
    )
    if not path.exists() or not path.stat().st_size:
        if any(path.is_file() for path in (folder / "warc").glob("*")):
            problems.append(f"The database of the archive in {folder} is lost, {again}")
        return
    try:
        with closing(connect_reading(path)) as db:
            if not db.execute("select 1 from sqlite_master where name = 'forgotten'").fetchone():
                return  # an archive of an older version
            rows = db.execute("select site, url, reason, time from forgotten order by id").fetchall()
    except sqlite3.DatabaseError as error:
        problems.append(f"{path} cannot be read ({error}), {again}")
        return
    for site, url, reason, time in rows:
        yield _Forgotten(site=site, url=url, reason=reason, time=time)


def _forget_again(folder: Path, forgotten: Sequence[_Forgotten]) -> int:
    """Take down in the restored archive what was taken down since; its database is left without a log."""
    db = open_archive(folder)
    done = 0
    with lock_archive(folder), closing(db):
        for row in forgotten:
            if db["forgotten"].count_where("url = ?", [row.url]):
                continue
            if not db["sites"].count_where("name = ?", [row.site]):
                db.conn.execute("insert into sites (name, url, added) values (?, ?, ?)", (row.site, row.url, row.time))
            article = article_of(db, row.url)
            forget(db, folder, article=article, site=row.site, url=row.url, reason=row.reason, time=row.time)
            done += 1
        db.conn.commit()
    write_page_checksums(folder)
    return done


def delete_left_copies(folder: Path) -> int:
    """Delete copies of the archive that killed restores of older versions left next to `folder`; return their number.

    They may hold what was taken down since.
    """
    name = re.compile(rf"\.{re.escape(folder.name)}\.[a-z0-9_]{{8}}")
    found = [
        path
        for path in folder.absolute().parent.iterdir()
        if name.fullmatch(path.name)
        and path.is_dir()
        and not path.is_symlink()
        and {part.name for part in path.iterdir()} <= {folder.name, "before"}
    ]
    for path in found:
        shutil.rmtree(path)
    return len(found)
