"""A worker's own folder on its own disk: where tasks work, and where copies of generations are kept for reading."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from newsarchive.collection.errors import CollectionError
from newsarchive.collection.store import delete_tree

VARIABLE = "NEWSARCHIVE_SCRATCH"
_LOCK = "worker.lock"
_BEGINNING = 60.0
"""Seconds in which a new folder gets its lock and its name, unless its process was killed."""


def scratch_folder(address: str) -> Path:
    """Return this worker's folder for a collection, created if necessary: below NEWSARCHIVE_SCRATCH, else TMPDIR.

    Only its owner can read it. Raises CollectionError if it belongs to somebody else.
    """
    given = os.environ.get(VARIABLE)
    base = Path(given) if given else Path(tempfile.gettempdir()) / f"newsarchive-{os.getuid()}"
    place = address if "://" in address else str(Path(address).resolve())
    folder = base / hashlib.sha256(place.encode()).hexdigest()[:16]
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = os.lstat(base)
    if not given and (not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid()):
        raise CollectionError(f"{base} belongs to somebody else: name another folder for workers in {VARIABLE}.")
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextmanager
def work_folder(address: str, shard: str) -> Iterator[Path]:
    """Yield an empty folder for one task on a shard; it is deleted at the end, and those that killed tasks left too.

    A task holds a lock on its folder, which the system releases when it is killed.
    """
    work = scratch_folder(address) / "work"
    work.mkdir(exist_ok=True)
    delete_left(work)
    name = f"{shard}~{secrets.token_hex(6)}"
    folder, draft = work / name, work / f".{name}"
    draft.mkdir()
    with open(draft / _LOCK, "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        draft.rename(folder)  # it has its name only when it is locked
        try:
            yield folder
        finally:
            delete_tree(folder)


def delete_left(work: Path) -> None:
    """Delete the folders that killed tasks left, of whatever shard."""
    for folder in sorted(work.glob("*~*")):
        if folder.name.startswith(".") and time.time() - folder.lstat().st_mtime < _BEGINNING:
            continue
        if not _is_used(folder):
            with suppress(FileNotFoundError):
                delete_tree(folder)


def _is_used(folder: Path) -> bool:
    try:
        with open(folder / _LOCK, "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # killed before it had the lock
        return False
    return False
