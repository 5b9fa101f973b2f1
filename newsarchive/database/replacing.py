"""Replacing an archive by another in the same folder, with a journal: a kill at any moment leaves a complete archive.

The new archive is copied to `.restore/` folders, one inside each part, so that each part may be on its own disk and
nothing is ever outside the archive's folder. Until the journal says "moving", the old archive is in place, and the copy
is discarded after a kill. From then on the new archive is complete on the disk, and its files are moved into place, in
as many attempts as that takes.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from newsarchive.configuration import FILE
from newsarchive.database.disk import sync_folder, write_whole
from newsarchive.database.errors import ArchiveError
from newsarchive.database.warcfiles import is_being_written

GATHERED = ".restore"
FOLDERS = ("warc", "images", "sites")
NOTES = "notes.db"
"""The notebook of the archive's reader (see newsarchive.notebook): in the folder, but no part of the archive."""
FILES = ("archive.db", "archive.db-sums", FILE, NOTES)
COPYING, MOVING = "copying", "moving"


def begin_replacing(folder: Path) -> Path:
    """Begin to replace the archive in `folder`; return the folder for the new one.

    The caller holds the archive's lock.
    """
    place = folder / GATHERED
    place.mkdir()
    _write_journal(folder, {"state": COPYING})
    new = place / "new"
    new.mkdir()
    for part in FOLDERS:
        shutil.rmtree(folder / part / GATHERED, ignore_errors=True)
        (folder / part / GATHERED).mkdir(parents=True)
        (new / part).symlink_to(Path("..", "..", part, GATHERED), target_is_directory=True)
    return new


def commit_replacing(folder: Path) -> None:
    """Move the complete new archive into the place of the old one. Raises ArchiveError if the disk refuses a step.

    The next command that opens the archive does the rest.
    """
    files = sorted(_gathered(folder))
    for part in FOLDERS:
        _sync_tree(folder / part / GATHERED)
    sync_folder(folder / GATHERED / "new")
    _write_journal(folder, {"state": MOVING, "files": files})
    settle_replacing(folder)


def undo_replacing(folder: Path) -> None:
    """Discard the new archive; the old one is unchanged."""
    for part in FOLDERS:
        if (folder / part / GATHERED).exists():
            shutil.rmtree(folder / part / GATHERED)
    place = folder / GATHERED
    if (place / "new").exists():
        shutil.rmtree(place / "new")
    for path in place.iterdir():  # the journal last
        path.unlink()
    place.rmdir()


def is_replacing(folder: Path) -> bool:
    """Return True if a replacement was begun and is neither finished nor undone."""
    return (folder / GATHERED).is_dir()


def is_moving(folder: Path) -> bool:
    """Return True if the files in place may be of both archives."""
    return bool(_read_journal(folder)["state"] == MOVING)


def settle_replacing(folder: Path) -> None:
    """Finish the replacement, or undo it if the new archive was not complete; the caller holds the lock.

    Raises ArchiveError if the disk refuses a step.
    """
    if not is_replacing(folder):
        return
    try:
        journal = _read_journal(folder)
        if journal["state"] == MOVING:
            _move(folder, set(journal["files"]))
        undo_replacing(folder)
    except OSError as error:
        raise ArchiveError(
            f"A restore into {folder} was interrupted and cannot be finished: {error.filename}: {error.strerror}."
            " The next command tries again."
        ) from error


def _move(folder: Path, files: set[str]) -> None:
    for part in FOLDERS:
        _move_folder(folder / part, {Path(name).relative_to(part) for name in files if Path(name).parts[0] == part})
    new = folder / GATHERED / "new"
    if (new / "archive.db").exists():
        for name in ("archive.db-wal", "archive.db-shm", "archive.db-journal", "archive.db-sums"):
            (folder / name).unlink(missing_ok=True)
        os.replace(new / "archive.db", folder / "archive.db")
    for name in ("archive.db-sums", FILE, NOTES):
        if (new / name).exists():
            os.replace(new / name, folder / name)
    sync_folder(folder)


def _move_folder(folder: Path, names: set[Path]) -> None:
    """Move the new files of a part into place, and delete files that do not belong to it."""
    for name in _files_in(folder / GATHERED):
        target = folder / name
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(folder / GATHERED / name, target)
    for name in _files_in(folder):
        if name not in names and not _is_growing(folder / name):
            (folder / name).unlink()
    _sync_tree(folder)


def _is_growing(path: Path) -> bool:
    """Return True for a WARC file in use: a one-off fetch takes no lock, and stores its file in the new archive."""
    return path.name.endswith(".warc.gz") and path.is_file() and is_being_written(path)


def _gathered(folder: Path) -> Iterator[str]:
    for part in FOLDERS:
        yield from ((Path(part) / name).as_posix() for name in _files_in(folder / part / GATHERED))
    yield from (name for name in FILES if (folder / GATHERED / "new" / name).exists())


def _files_in(folder: Path) -> list[Path]:
    """Return all files below a folder, by their paths in it; symbolic links count as files."""
    found = []
    for place, folders, names in os.walk(folder):
        if Path(place) == folder:
            folders[:] = [name for name in folders if name != GATHERED]
        linked = [name for name in folders if (Path(place) / name).is_symlink()]
        found += [(Path(place) / name).relative_to(folder) for name in [*names, *linked]]
    return found


def _sync_tree(folder: Path) -> None:
    for place, _, _ in os.walk(folder):
        sync_folder(Path(place))


def _read_journal(folder: Path) -> dict[str, Any]:
    try:
        journal: dict[str, Any] = json.loads((folder / GATHERED / "journal.json").read_bytes())
    except FileNotFoundError:  # killed before the first step or after the last
        return {"state": COPYING}
    return journal


def _write_journal(folder: Path, journal: dict[str, Any]) -> None:
    write_whole(folder / GATHERED / "journal.json", json.dumps(journal, ensure_ascii=False).encode())
