"""Files of a backup: read and written without ever following a symbolic link inside it."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from newsarchive.database import ArchiveError

CHUNK = 1 << 20


class BackupError(ArchiveError):
    """The backup cannot be made or used; the message is a sentence for the person at the terminal."""


@contextmanager
def open_file(root: Path, name: str) -> Iterator[BinaryIO]:
    """Open a file of the backup in `root` for reading. Raises BackupError where it is a link, or no plain file."""
    refuse_links(root, name)
    path = root / name
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except IsADirectoryError as error:
        raise BackupError(f"{path} is a folder where the backup has a file.") from error
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise BackupError(f"{path} is not a plain file, as every file of a backup is.")
        yield file


def refuse_links(root: Path, name: str) -> None:
    """Raise BackupError where a file of the backup, or a folder on the way to it, is a symbolic link."""
    path = root
    for part in Path(name).parts:
        path = path / part
        if path.is_symlink():
            raise BackupError(f"{path} is a symbolic link; a backup has none, and none in it is followed. Remove it.")


def is_plain(root: Path, name: str) -> bool:
    """Whether a file of the backup is there, as a plain file reached through plain folders."""
    try:
        refuse_links(root, name)
        return stat.S_ISREG(os.lstat(root / name).st_mode)
    except (OSError, BackupError):
        return False


def digest_of_file(root: Path, name: str, size: int | None = None) -> str:
    """The SHA-256 of a file of the backup, or of its first `size` bytes."""
    with open_file(root, name) as file:
        return _copy(file, None, size)[1]


def copy_file(root: Path, name: str, target: Path, size: int) -> tuple[int, str]:
    """Copy the first `size` bytes of a file out of the backup; gives length and SHA-256. See `copy_bytes`."""
    with open_file(root, name) as file:
        return _copy_whole(file, root / name, target, size)


def copy_bytes(source: Path, target: Path, size: int | None = None) -> tuple[int, str]:
    """Copy a file, or its first `size` bytes, to a place that takes its name at the end; gives length and SHA-256.

    What was written is read back. Raises BackupError where the copy differs or the file is shorter.
    """
    with open(source, "rb") as file:
        return _copy_whole(file, source, target, size)


def draft_of(path: Path) -> Path:
    """Where a file of the backup is written before it takes its name."""
    return path.with_name(f".{path.name}.new")


def _copy_whole(reader: BinaryIO, source: Path, target: Path, size: int | None) -> tuple[int, str]:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = draft_of(target)
    draft.unlink(missing_ok=True)  # of a copy that was killed, or a link
    try:
        with open(draft, "xb") as writer:
            length, digest = _copy(reader, writer, size)
            writer.flush()
            os.fsync(writer.fileno())
        if size is not None and length < size:
            raise BackupError(f"{source} has fewer bytes than it should: {length} of {size}.")
        with open(draft, "rb") as file:
            if _copy(file, None, None)[1] != digest:
                raise BackupError(f"{target} cannot be read back as it was written: the disk may be broken.")
        os.replace(draft, target)
    except (OSError, BackupError):
        draft.unlink(missing_ok=True)
        raise
    return length, digest


def _copy(reader: BinaryIO, writer: BinaryIO | None, size: int | None) -> tuple[int, str]:
    digest, length = hashlib.sha256(), 0
    while chunk := reader.read(CHUNK if size is None else min(CHUNK, size - length)):
        digest.update(chunk)
        length += len(chunk)
        if writer is not None:
            writer.write(chunk)
    return length, digest.hexdigest()
