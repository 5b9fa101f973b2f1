"""The folder of a backup: locked while one is made, recognized after a kill, cleaned up at the end."""

from __future__ import annotations

import fcntl
import os
import re
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from newsarchive.backup.files import BackupError, refuse_links
from newsarchive.backup.manifest import FOLDERS, NAME

LOCK = "backup.lock"
_OURS = re.compile(
    r"(?:archive|notes)-[0-9a-f]{16}\.db|(?:archive\.db-sums|newsarchive\.toml)(?:~[0-9a-f]{8})?|backup\.lock"
    r"|\.+(?:archive\.db|notes\.db|newsarchive\.toml|manifest\.json)[a-z.-]*"
)
"""Names of files at the top of a backup, including temporary ones."""


@contextmanager
def held(folder: Path, target: Path) -> Iterator[None]:
    """Hold the folder of the backup, creating it if necessary. Raises BackupError if it cannot be used."""
    if target.resolve().is_relative_to(folder.resolve()) or folder.resolve().is_relative_to(target.resolve()):
        raise BackupError(f"A backup in {target} would be inside the archive: name another folder.")
    if target.exists() and not target.is_dir():
        raise BackupError(f"{target} is not a folder.")
    if target.exists() and not (target / NAME).exists() and not _is_unfinished(target):
        raise BackupError(f"{target} has other files than a backup: name an empty folder.")
    Path(os.path.realpath(target)).mkdir(parents=True, exist_ok=True)  # follows a link
    for name in (LOCK, NAME, *FOLDERS):
        refuse_links(target, name)
    with open(os.open(target / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644), "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError(f"Another backup to {target} is being made: try again when it has finished.") from error
        yield


def _is_unfinished(target: Path) -> bool:
    """Return True if the folder is empty, or has only what a killed first backup copied."""
    found = list(target.iterdir())
    if not found:
        return True
    folders = {path.name for path in found if path.is_dir() and not path.is_symlink()}
    files = {path.name for path in found} - folders
    return LOCK in files and folders <= set(FOLDERS) and all(_OURS.fullmatch(name) for name in files)


def remove_others(target: Path, kept: Collection[str]) -> None:
    """Delete what the manifest no longer lists: earlier databases, what was taken down, temporary files.

    Links are removed, never followed.
    """
    for place, folders, names in os.walk(target):
        inside = Path(place).relative_to(target)
        if inside == Path():
            folders[:] = [name for name in folders if name in FOLDERS]
        links = [name for name in folders if stat.S_ISLNK(os.lstat(Path(place) / name).st_mode)]
        for name in [*names, *links]:
            path = inside / name
            if path.as_posix() in kept or (inside == Path() and not _is_ours(name)):
                continue
            (target / path).unlink()


def _is_ours(name: str) -> bool:
    return name not in (LOCK, NAME) and _OURS.fullmatch(name) is not None
