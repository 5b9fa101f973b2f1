"""Files of a backup, read and written without following symbolic links inside it."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from newsarchive.configuration import FILE, OWNER_ONLY
from newsarchive.database import ArchiveError

CHUNK = 1 << 20


class BackupError(ArchiveError):
    """The backup cannot be made or used; the message is written for the user."""


@contextmanager
def open_file(root: Path, name: str) -> Iterator[BinaryIO]:
    """Open a file of the backup in `root` for reading. Raises BackupError if it is a link or not a regular file."""
    refuse_links(root, name)
    path = root / name
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except IsADirectoryError as error:
        raise BackupError(f"{path} is a folder where the backup has a file.") from error
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise BackupError(f"{path} is not a regular file; a backup has no others. Remove it.")
        yield file


def refuse_links(root: Path, name: str) -> None:
    """Raise BackupError if a file of the backup, or a folder on its path, is a symbolic link."""
    path = root
    for part in Path(name).parts:
        path = path / part
        if path.is_symlink():
            raise BackupError(f"{path} is a symbolic link; a backup has none and follows none. Remove it.")


def is_plain(root: Path, name: str) -> bool:
    """Return True if the backup has a file as a regular file in regular folders."""
    try:
        refuse_links(root, name)
        return stat.S_ISREG(os.lstat(root / name).st_mode)
    except (OSError, BackupError):
        return False


def digest_of_file(root: Path, name: str, size: int | None = None) -> str:
    """Return the SHA-256 of a file of the backup, or of its first `size` bytes."""
    with open_file(root, name) as file:
        return _copy(file, None, size)[1]


def copy_file(root: Path, name: str, target: Path, size: int) -> tuple[int, str]:
    """Copy the first `size` bytes of a file out of the backup; return length and SHA-256. See `copy_bytes`."""
    with open_file(root, name) as file:
        return _copy_whole(file, root / name, target, size)


def copy_bytes(source: Path, target: Path, size: int | None = None) -> tuple[int, str]:
    """Copy a file, or its first `size` bytes, to a file that gets its name when complete; return length and SHA-256.

    The copy is read back. Raises BackupError if it differs, or if the file is shorter.
    """
    with open(source, "rb") as file:
        return _copy_whole(file, source, target, size)


def draft_of(path: Path) -> Path:
    """Return the path under which a file of the backup is written before it gets its name."""
    return path.with_name(f".{path.name}.new")


def _copy_whole(reader: BinaryIO, source: Path, target: Path, size: int | None) -> tuple[int, str]:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = draft_of(target)
    draft.unlink(missing_ok=True)  # left by a killed copy, or a link
    try:
        with open(draft, "xb", opener=_owner_only if _is_private(target) else None) as writer:
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


def _is_private(target: Path) -> bool:
    """Return True for a copy of the archive's configuration, which may hold passwords."""
    return FILE in target.name


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, OWNER_ONLY)


def _copy(reader: BinaryIO, writer: BinaryIO | None, size: int | None) -> tuple[int, str]:
    digest, length = hashlib.sha256(), 0
    while chunk := reader.read(CHUNK if size is None else min(CHUNK, size - length)):
        digest.update(chunk)
        length += len(chunk)
        if writer is not None:
            writer.write(chunk)
    return length, digest.hexdigest()
