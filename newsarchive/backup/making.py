"""Making a backup: a consistent copy of the database, and copies of new and changed files."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from newsarchive import __version__
from newsarchive.backup.files import BackupError, copy_bytes, digest_of_file, draft_of, is_plain, refuse_links
from newsarchive.backup.losses import refuse_losses
from newsarchive.backup.manifest import Entry, Manifest, read_manifest
from newsarchive.backup.target import held, remove_others
from newsarchive.configuration import FILE
from newsarchive.database import connect_reading, read_archive
from newsarchive.database.replacing import NOTES
from newsarchive.database.warcfiles import file_sha256
from newsarchive.images.files import ENDINGS
from newsarchive.notebook import NotebookError, has_notes, open_notebook
from newsarchive.times import now

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class FileToCopy:
    """A file that belongs in the backup: the number of its bytes, and its digest if the archive has it."""

    path: str
    bytes: int | None = None
    sha256: str = ""


@dataclass(kw_only=True)
class Copied:
    """The results of a backup, and its alerts."""

    copied: int = 0
    bytes: int = 0
    kept: int = 0
    removed: int = 0
    problems: list[str] = field(default_factory=list)


def make_backup(
    folder: Path,
    target: Path,
    *,
    verify: bool = False,
    force: bool = False,
    progress: Progress = lambda _what, _done, _total: None,
) -> Copied:
    """Copy the archive in `folder` to `target`, which may have an earlier backup; a crawl may run meanwhile.

    A WARC file that still grows is copied as far as the copied database lists it. The new manifest replaces the old one
    at the end; until then the previous backup is valid. With `verify`, files already copied are read again. Raises
    ArchiveError, also if much of the previous backup would be removed without a takedown, unless `force` is given.
    """
    read_archive(folder).close()
    with held(folder, target):
        before = read_manifest(target) or Manifest(made="", version="")
        done = Copied()
        progress("database", 0, 1)
        draft = copy_database(folder, target)
        to_copy = list(files_to_copy(folder, draft))
        if not force:
            refuse_losses(target, before, {item.path: item.bytes for item in to_copy}, draft)
        files = {"archive.db": _keep_database(draft, "archive.db", done)}
        if notes := _copy_notes(folder, target, done):
            files[NOTES] = notes
        for number, item in enumerate(to_copy):
            progress("files", number, len(to_copy))
            entry = _copy(folder, target, item, before.files.get(item.path), done, verify=verify)
            if entry is not None:
                files[item.path] = entry
        Manifest(made=now(), version=__version__, files=files).write(target)
        remove_others(target, {entry.stored for entry in files.values()})
        done.removed = len(before.files.keys() - files.keys())
    return done


def copy_database(folder: Path, target: Path) -> Path:
    """Copy the database consistently by SQLite's own means, checked and without a log; return the temporary file.

    Raises BackupError if the database is broken.
    """
    draft = draft_of(target / "archive.db")
    for ending in ("", "-journal", "-wal", "-shm"):
        draft.with_name(draft.name + ending).unlink(missing_ok=True)
    with closing(connect_reading(folder / "archive.db")) as source, closing(sqlite3.connect(draft)) as copy:
        source.backup(copy)
        copy.execute("pragma journal_mode = delete")
        found = [row[0] for row in copy.execute("pragma integrity_check(3)")]
    if found != ["ok"]:
        draft.unlink()
        raise BackupError(
            f"The database is broken, so the previous backup stays unchanged: {found[0]} (newsarchive check)."
        )
    with open(draft, "rb") as file:
        os.fsync(file.fileno())
    return draft


def _copy_notes(folder: Path, target: Path, done: Copied) -> Entry | None:
    """Copy the notebook consistently, as SQLite does; one that cannot be read is a problem of its own."""
    draft = draft_of(target / NOTES)
    for ending in ("", "-journal"):
        draft.with_name(draft.name + ending).unlink(missing_ok=True)
    if not has_notes(folder):
        return None
    try:
        with open_notebook(folder) as book, closing(sqlite3.connect(draft)) as copy:
            book.conn.backup(copy)
    except NotebookError as error:
        draft.unlink(missing_ok=True)
        done.problems.append(f"{error} It is not in the backup.")
        return None
    with open(draft, "rb") as file:
        os.fsync(file.fileno())
    return _keep_database(draft, NOTES, done)


def _keep_database(draft: Path, path: str, done: Copied) -> Entry:
    """Rename the copy to the name that the manifest will have."""
    sha256 = file_sha256(draft)
    stored = f"{Path(path).stem}-{sha256[:16]}.db"
    size = draft.stat().st_size
    os.replace(draft, draft.with_name(stored))
    done.copied += 1
    done.bytes += size
    return Entry(path=path, stored=stored, bytes=size, sha256=sha256)


def files_to_copy(folder: Path, database: Path) -> Iterator[FileToCopy]:
    """Yield the files that the copied database lists, the profiles, the configuration, and the pages' checksums."""
    with closing(connect_reading(database)) as connection:
        for name, size, sha256 in connection.execute(
            "select name, bytes, sha256 from warc_files union all"
            " select warc, max(offset + length), '' from captures where warc not in (select name from warc_files)"
            " group by warc order by 1"
        ):
            yield FileToCopy(path=f"warc/{name}", bytes=size, sha256=sha256)
        files = "select sha256, type from images where sha256 is not null union select sha256, type from image_versions"
        known = {sha256: f"{sha256}.{ENDINGS.get(kind, '')}" for sha256, kind in connection.execute(files)}
    there = {path.stem: path.relative_to(folder / "images") for path in _images(folder / "images")}
    for sha256 in sorted(known):
        yield FileToCopy(path=(Path("images") / there.get(sha256, Path(known[sha256]))).as_posix(), sha256=sha256)
    for path in sorted((folder / "sites").glob("*.toml")):
        yield FileToCopy(path=f"sites/{path.name}", sha256=file_sha256(path))
    for name in (FILE, "archive.db-sums"):
        if (folder / name).exists():
            yield FileToCopy(path=name, sha256=file_sha256(folder / name))


def _images(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def _copy(
    folder: Path, target: Path, item: FileToCopy, before: Entry | None, done: Copied, *, verify: bool
) -> Entry | None:
    """Copy one file unless the backup has it; if it is broken or missing, the backup's own copy stays."""
    if before is not None and _is_there(target, item, before, verify=verify):
        done.kept += 1
        return before
    stays = "; the previous copy is kept" if before else ""
    copy = target / Path(item.path).parent / f".{Path(item.path).name}.copy"
    refuse_links(target, Path(item.path).parent.as_posix())
    try:
        size, sha256 = copy_bytes(folder / item.path, copy, item.bytes)
    except OSError as error:
        done.problems.append(f"{item.path}: {error.strerror}{stays}.")
        return before
    except BackupError as error:
        done.problems.append(str(error))
        return before
    if item.sha256 and sha256 != item.sha256:
        copy.unlink()
        done.problems.append(f"{item.path} differs from its digest{stays}.")
        return before
    stored = _free_name(copy, item.path, before, sha256)
    os.replace(copy, target / stored)
    done.copied += 1
    done.bytes += size
    return Entry(path=item.path, stored=stored, bytes=size, sha256=sha256)


def _free_name(copy: Path, path: str, before: Entry | None, sha256: str) -> str:
    """Return where a file is stored: until the new manifest is written, the files of the old one must not change."""
    if before is None or before.stored != path or file_sha256(copy, most=before.bytes) == before.sha256:
        return path
    return f"{path}~{sha256[:8]}"


def _is_there(target: Path, item: FileToCopy, before: Entry, *, verify: bool) -> bool:
    same = before.sha256 == item.sha256 if item.sha256 else before.bytes == item.bytes
    whole = same and is_plain(target, before.stored) and (target / before.stored).stat().st_size >= before.bytes
    return whole and (not verify or digest_of_file(target, before.stored, before.bytes) == before.sha256)
