"""Making a backup: a consistent copy of the database, and of the other files only what is new or changed."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from newsarchive import __version__
from newsarchive.backup.manifest import NAME, BackupError, Entry, Manifest, copy_bytes, digest_of, read_manifest
from newsarchive.database import read_archive
from newsarchive.database.runs import now

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A file that belongs into the backup: how many of its bytes, and its digest where the archive knows it."""

    path: str
    bytes: int | None = None
    sha256: str = ""


@dataclass(kw_only=True)
class Copied:
    """What a backup did, and what needs a person."""

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
    progress: Progress = lambda _what, _done, _total: None,
) -> Copied:
    """Copy the archive in `folder` to `target`, where an earlier backup of it may be; a crawl may run meanwhile.

    Of a WARC file that still grows what the copied database knows is taken. The new manifest takes the place of the
    old one at the end: until then the backup before holds. With `verify` files that are there already are read again.
    Raises ArchiveError.
    """
    read_archive(folder).close()
    with _held(folder, target):
        before = read_manifest(target) or Manifest(made="", version="")
        done = Copied()
        files = {"archive.db": _copy_database(folder, target, done)}
        wanted = list(_wanted(folder, target / files["archive.db"].stored))
        for number, item in enumerate(wanted):
            progress("files", number, len(wanted))
            entry = _copy(folder, target, item, before.files.get(item.path), done, verify=verify)
            if entry is not None:
                files[item.path] = entry
        Manifest(made=now(), version=__version__, files=files).write(target)
        _remove_others(target, files, done)
    return done


@contextmanager
def _held(folder: Path, target: Path) -> Iterator[None]:
    """Hold the folder of the backup, made where it is missing. Raises BackupError where it cannot serve."""
    if target.resolve().is_relative_to(folder.resolve()) or folder.resolve().is_relative_to(target.resolve()):
        raise BackupError(f"A backup in {target} would be in the archive itself: name another folder.")
    if target.exists() and not target.is_dir():
        raise BackupError(f"{target} is not a folder.")
    if target.exists() and not (target / NAME).exists() and any(p.name != "backup.lock" for p in target.iterdir()):
        raise BackupError(f"{target} holds other things than a backup: name an empty folder.")
    Path(os.path.realpath(target)).mkdir(parents=True, exist_ok=True)  # a link is followed
    with open(target / "backup.lock", "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError(f"Another backup to {target} is being made.") from error
        yield


def _copy_database(folder: Path, target: Path, done: Copied) -> Entry:
    """A consistent copy by SQLite's own means, checked, as a file that needs no log beside it."""
    draft = target / ".archive.db.new"
    draft.unlink(missing_ok=True)
    source = sqlite3.connect(f"{(folder / 'archive.db').absolute().as_uri()}?mode=ro", uri=True, timeout=30)
    with closing(source), closing(sqlite3.connect(draft)) as copy:
        source.backup(copy)
        copy.execute("pragma journal_mode = delete")
        found = [row[0] for row in copy.execute("pragma integrity_check(3)")]
    if found != ["ok"]:
        draft.unlink()
        raise BackupError(f"The database is broken, so the backup before is left as it is: {found[0]} (see: check).")
    with open(draft, "rb") as file:
        os.fsync(file.fileno())
    sha256 = digest_of(draft)
    stored = f"archive-{sha256[:16]}.db"
    size = draft.stat().st_size
    os.replace(draft, target / stored)
    done.copied += 1
    done.bytes += size
    return Entry(path="archive.db", stored=stored, bytes=size, sha256=sha256)


def _wanted(folder: Path, database: Path) -> Iterator[Wanted]:
    """The files that the copied database knows, the profiles, and the checksums of the pages."""
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        for name, size, sha256 in db.execute(
            "select name, bytes, sha256 from warc_files union all"
            " select warc, max(offset + length), '' from captures where warc not in (select name from warc_files)"
            " group by warc order by 1"
        ):
            yield Wanted(path=f"warc/{name}", bytes=size, sha256=sha256)
        files = "select sha256 from images where sha256 is not null union select sha256 from image_versions"
        known = {sha256 for (sha256,) in db.execute(files)}
    for path in sorted((folder / "images").rglob("*")):
        if path.stem in known:
            yield Wanted(path=path.relative_to(folder).as_posix(), sha256=path.stem)
    for path in sorted((folder / "sites").glob("*.toml")):
        yield Wanted(path=f"sites/{path.name}", sha256=digest_of(path))
    if (folder / "archive.db-sums").exists():
        yield Wanted(path="archive.db-sums", sha256=digest_of(folder / "archive.db-sums"))


def _copy(
    folder: Path, target: Path, item: Wanted, before: Entry | None, done: Copied, *, verify: bool
) -> Entry | None:
    """Copy one file unless the backup has it; where it is broken, what the backup had stays."""
    place = target / item.path
    if before is not None and _is_there(place, item, before, verify=verify):
        done.kept += 1
        return before
    try:
        size, sha256 = copy_bytes(folder / item.path, place.with_name(f".{place.name}.copy"), item.bytes)
    except (OSError, BackupError) as error:
        words = error.strerror if isinstance(error, OSError) else str(error)
        done.problems.append(f"{item.path}: {words}" if isinstance(error, OSError) else str(words))
        return before
    copy = place.with_name(f".{place.name}.copy")
    if item.sha256 and sha256 != item.sha256:
        copy.unlink()
        done.problems.append(f"{item.path} differs from its digest{'; the copy before is kept' if before else ''}.")
        return before
    os.replace(copy, place)
    done.copied += 1
    done.bytes += size
    return Entry(path=item.path, stored=item.path, bytes=size, sha256=sha256)


def _is_there(place: Path, item: Wanted, before: Entry, *, verify: bool) -> bool:
    same = before.sha256 == item.sha256 if item.sha256 else before.bytes == item.bytes
    whole = same and place.exists() and place.stat().st_size >= before.bytes
    return whole and (not verify or digest_of(place, before.bytes) == before.sha256)


def _remove_others(target: Path, files: dict[str, Entry], done: Copied) -> None:
    """Delete what the manifest no longer names: earlier databases, what was taken down, drafts."""
    kept = {entry.stored for entry in files.values()} | {"backup.lock"}
    ours = ("warc/", "images/", "sites/", "archive-", ".archive", ".manifest")
    for path in sorted(target.rglob("*")):
        name = path.relative_to(target).as_posix()
        if path.is_file() and name not in kept and name.startswith(ours):
            path.unlink()
            done.removed += not path.name.startswith((".", "archive-"))
