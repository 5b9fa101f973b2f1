"""Durable writes: files that appear only when complete, in folders that are synced."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that appears under its name only when all of it is on the disk.

    The temporary file is named after the process, so that two writers never share one.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with open(draft, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def delete_drafts(path: Path) -> None:
    """Delete the temporary files that killed writers of a file left; one whose writer is alive stays."""
    for draft in path.parent.glob(f".{path.name}.*.new"):
        number = draft.name.removesuffix(".new").rpartition(".")[2]
        if number.isdecimal() and not _is_alive(int(number)):
            draft.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):  # of another user, or no number of a process
        return True
    return True


def sync_folder(folder: Path) -> None:
    """Sync the names in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
