"""Files and folders that appear under their name only when they are whole, and keep what the name stands for.

A link is followed: the draft is written beside its target and renamed there. Rights and owner of a file that is
replaced are kept. A draft that a killed process left is removed by the next one for the same name.
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

from newsarchive.errors import NewsArchiveError


class ExportError(NewsArchiveError):
    """The export cannot be made; the message is a sentence for the person at the terminal."""


class Sink(Protocol):
    """A file that is being written."""

    def write(self, data: bytes, /) -> int:
        """Append bytes."""

    def close(self) -> None:
        """End the file."""


@contextmanager
def whole(path: Path, *, folder: bool = False) -> Iterator[Path]:
    """Give a temporary place beside what `path` stands for, which takes that name at the end or vanishes on failure.

    A file replaces one of the same name; a folder does not. Raises ExportError where the place cannot be written.
    """
    try:
        real = _place_of(path, folder=folder)
        inside_out = folder and real.is_dir() and (os.path.ismount(real) or os.path.samefile(real, os.curdir))
        parent = real if inside_out else real.parent
        parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"Cannot write {path}: {error.strerror}.") from error
    with writing(path), _draft_in(parent, real.name) as draft:
        inside = draft / (real.name or "folder")
        if folder:
            inside.mkdir()
        yield inside
        if inside_out:  # a mounted disk or the current folder: to replace it is impossible, or pulls it from under us
            for child in sorted(inside.iterdir()):
                child.rename(real / child.name)
        else:
            _settle(inside, real)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError into an ExportError that names `path`; a reader that closed its pipe is not one."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        name = "to standard output" if str(path) == "-" else path
        raise ExportError(f"Cannot write {name}: {error.strerror or error}.") from error


def keep_out(path: Path, archive: Path) -> None:
    """Raise ExportError where `path` would overwrite a part of the archive in the folder `archive`."""
    real = Path(os.path.realpath(path))
    parts = [Path(os.path.realpath(archive / name)) for name in ("warc", "images", "sites")]
    database = Path(os.path.realpath(archive / "archive.db"))
    beside = real.parent == database.parent and real.name.startswith((database.name, "archive.lock"))
    if beside or real == Path(os.path.realpath(archive)) or any(real.is_relative_to(part) for part in parts):
        raise ExportError(f"{path} belongs to the archive itself: name another place.")


def _place_of(path: Path, *, folder: bool) -> Path:
    real = Path(os.path.realpath(path))
    if real.is_symlink():
        raise ExportError(f"{path} is a link that leads back to itself.")
    if folder:
        if real.is_dir():
            _remove_leftovers(real, _prefix(real.name))
        if real.exists() and (not real.is_dir() or any(real.iterdir())):
            raise ExportError(f"{path} exists already: name a folder that does not.")
    elif real.is_dir():
        raise ExportError(f"{path} is a folder: name a file.")
    elif real.exists() and not os.access(real, os.W_OK):
        raise ExportError(f"Cannot write {path}: it is read-only for you.")
    return real


def _prefix(name: str) -> str:
    return f".{name[:40]}.newsarchive-"


@contextmanager
def _draft_in(parent: Path, name: str) -> Iterator[Path]:
    """A new folder in `parent` that vanishes at the end; its lock tells other processes that it is in use."""
    _remove_leftovers(parent, _prefix(name))
    while True:
        draft = Path(tempfile.mkdtemp(prefix=_prefix(name), dir=parent))
        handle = os.open(draft, os.O_RDONLY)
        with suppress(OSError):  # some network disks lock no folders: there a leftover is not removed either
            fcntl.flock(handle, fcntl.LOCK_EX)
        if draft.exists():
            break
        os.close(handle)  # taken for a leftover in the moment before it was locked
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        os.close(handle)


def _remove_leftovers(parent: Path, prefix: str) -> None:
    """Remove the drafts of killed processes: nobody holds their locks."""
    for draft in [path for path in parent.iterdir() if path.name.startswith(prefix)]:
        with suppress(OSError):
            handle = os.open(draft, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(draft, ignore_errors=True)
            finally:
                os.close(handle)


def _settle(draft: Path, real: Path) -> None:
    """Give the finished draft its name, and the rights and owner of what it replaces."""
    if draft.is_file():
        _flush(draft)
    with suppress(FileNotFoundError):
        _take_rights(draft, real)
    draft.replace(real)
    _flush(real.parent)


def _take_rights(draft: Path, before: Path) -> None:
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
