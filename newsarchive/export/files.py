"""Atomic writing of files and folders: they appear under their name only when they are complete.

Symbolic links are followed: the draft is written next to the link's target and renamed there. A replaced file's
permissions and owner are kept. The draft of a killed process is removed by the next export to the same name.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from newsarchive.database.replacing import NOTES
from newsarchive.errors import NewsArchiveError


class ExportError(NewsArchiveError):
    """The export cannot be made; the message is written for the user."""


class Sink(Protocol):
    """A file that is being written."""

    def write(self, data: bytes, /) -> int:
        """Append bytes."""

    def close(self) -> None:
        """Close the file."""


@contextmanager
def atomic_write(path: Path, *, folder: bool = False) -> Iterator[Path]:
    """Yield a temporary path next to `path`; it takes that name at the end, or is removed on failure.

    A file replaces a file of the same name; a folder replaces only an empty one. Raises ExportError if `path` cannot
    be written.
    """
    try:
        real = _target_of(path, folder=folder)
        in_place = folder and real.is_dir() and (os.path.ismount(real) or os.path.samefile(real, os.curdir))
        parent = real if in_place else real.parent
        parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"Cannot write {path}: {error.strerror}.") from error
    with writing(path), _draft_in(parent, real.name) as draft:
        inside = draft / (real.name or "folder")
        if folder:
            inside.mkdir()
        yield inside
        if in_place:  # a mount point cannot be replaced, and the current folder must not be
            for child in sorted(inside.iterdir()):
                child.rename(real / child.name)
        else:
            _rename(inside, real)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError into an ExportError that names `path`, except for BrokenPipeError."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        name = "to standard output" if str(path) == "-" else path
        raise ExportError(f"Cannot write {name}: {error.strerror or error}.") from error


def refuse_archive_path(path: Path, archive: Path) -> None:
    """Raise ExportError if `path` would overwrite a part of the archive in the folder `archive`."""
    real = Path(os.path.realpath(path))
    parts = [Path(os.path.realpath(archive / name)) for name in ("warc", "images", "sites")]
    database = Path(os.path.realpath(archive / "archive.db"))
    beside = real.parent == database.parent and real.name.startswith((database.name, "archive.lock", NOTES))
    if beside or real == Path(os.path.realpath(archive)) or any(real.is_relative_to(part) for part in parts):
        raise ExportError(f"{path} belongs to the archive itself; choose another path.")


def _target_of(path: Path, *, folder: bool) -> Path:
    real = Path(os.path.realpath(path))
    if real.is_symlink():
        raise ExportError(f"{path} is a symbolic link that leads back to itself.")
    if folder:
        if real.is_dir():
            _remove_leftovers(real, _prefix(real.name))
        if real.exists() and (not real.is_dir() or any(real.iterdir())):
            raise ExportError(f"{path} already exists; choose a folder that does not.")
    elif real.is_dir():
        raise ExportError(f"{path} is a folder; choose a file name.")
    elif real.exists() and not os.access(real, os.W_OK):
        raise ExportError(f"Cannot write {path}: you have no write permission.")
    return real


def _prefix(name: str) -> str:
    return f".{name[:40]}.newsarchive-"


@contextmanager
def _draft_in(parent: Path, name: str) -> Iterator[Path]:
    """Yield a new folder in `parent`, removed at the end; its lock tells other processes that it is in use."""
    _remove_leftovers(parent, _prefix(name))
    while True:
        draft = Path(tempfile.mkdtemp(prefix=_prefix(name), dir=parent))
        handle = os.open(draft, os.O_RDONLY)
        with suppress(OSError):  # some network file systems cannot lock folders; leftovers stay there too
            fcntl.flock(handle, fcntl.LOCK_EX)
        if draft.exists():
            break
        os.close(handle)  # another process removed it as a leftover before it was locked
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        os.close(handle)


def _remove_leftovers(parent: Path, prefix: str) -> None:
    """Remove the drafts of killed processes, whose locks are free."""
    for draft in [path for path in parent.iterdir() if path.name.startswith(prefix)]:
        with suppress(OSError):
            handle = os.open(draft, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(draft, ignore_errors=True)
            finally:
                os.close(handle)


def _rename(draft: Path, real: Path) -> None:
    """Rename the finished draft, with the permissions and owner of the file it replaces."""
    if draft.is_file():
        _flush(draft)
    with suppress(FileNotFoundError):
        _copy_permissions(draft, real)
    draft.replace(real)
    _flush(real.parent)


def _copy_permissions(draft: Path, before: Path) -> None:
    owner = os.stat(before)
    for user in (owner.st_uid, -1):
        try:
            os.chown(draft, user, owner.st_gid)
            break
        except PermissionError:
            continue
    shutil.copystat(before, draft)
    os.utime(draft)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
