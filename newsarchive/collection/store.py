"""Where a collection is kept: a local or shared folder, or S3; files by name, whole, some created exclusively."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from newsarchive.backup import copy_bytes
from newsarchive.collection.errors import CollectionError
from newsarchive.database import AddressError
from newsarchive.database.disk import sync_folder, write_whole

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://.*", re.DOTALL)
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
"""What a disk without hard links, or with too many, answers."""
READ_ONLY = 0o444


class Store(Protocol):
    """Files by their names, which are paths with `/`; a file appears whole or not at all."""

    address: str

    def read(self, name: str) -> bytes:
        """Return the content of a file. Raises FileNotFoundError."""

    def create(self, name: str, data: bytes) -> bool:
        """Create a file; return False, and change nothing, if there is one of this name, whoever else creates it."""

    def replace(self, name: str, data: bytes) -> None:
        """Write a file in place of what has its name."""

    def names(self, folder: str) -> list[str]:
        """Return the names of the files and folders in a folder, sorted; none if it does not exist."""

    def files(self, folder: str) -> list[str]:
        """Return the names of all files below a folder, from the store's root."""

    def delete(self, folder: str) -> None:
        """Delete a file, or a folder with all that is in it; nothing if it is not there."""

    def delete_drafts(self, folder: str, *, seconds: float = 0.0) -> None:
        """Delete the unfinished files in a folder that killed workers left so many seconds ago."""

    def local(self, name: str) -> Path | None:
        """Return where a file or folder is on a disk of this machine; None if it is not on one."""

    def put(self, source: Path, name: str, size: int | None = None) -> tuple[int, str]:
        """Store a copy of a local file, or of its first `size` bytes; return length and SHA-256."""

    def share(self, old: str, new: str) -> str:
        """Give a stored file, which never changes, a second name if there are such; return the name to read it by."""

    def settle(self, folder: str) -> None:
        """Return when all that was put into a folder survives a power cut."""

    def get(self, name: str, target: Path) -> None:
        """Copy a file to a local one. Raises FileNotFoundError."""


def is_address(text: str) -> bool:
    """True for the address of a store that is no folder.

    >>> is_address("s3://papers/kz"), is_address("data/kz")
    (True, False)
    """
    return _ADDRESS.fullmatch(text) is not None


def open_store(address: str) -> Store:
    """Return the store at an address: a folder, or `s3://BUCKET/PREFIX`.

    Raises AddressError for any other address, CollectionError if the extra for S3 is not installed.
    """
    kind = _ADDRESS.fullmatch(address)
    if kind is None:
        return FolderStore(Path(address))
    if kind[1].lower() != "s3":
        raise AddressError(
            f"“{address}” is no place for a collection: it must be a folder, local or on a shared disk, or"
            " s3://BUCKET/PREFIX."
        )
    from newsarchive.collection.s3 import S3Store  # the extra is loaded only where it is needed

    return S3Store.of(address)


class FolderStore:
    """A folder on a local or shared disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = str(folder)

    def read(self, name: str) -> bytes:
        """Return the content of a file. Raises FileNotFoundError."""
        return (self.folder / name).read_bytes()

    def create(self, name: str, data: bytes) -> bool:
        """Create a file exclusively, on the disk when this returns.

        It is written under another name and then linked, so that it is whole when it appears; where the disk has no
        hard links, it is created by O_EXCL.
        """
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
        try:
            _write(draft, data)
            created = _link(draft, path, data)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent)
        return created

    def replace(self, name: str, data: bytes) -> None:
        """Write a file in place of what has its name, on the disk when this returns."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.folder / name, data)

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder; drafts are left out."""
        try:
            return sorted(name for name in os.listdir(self.folder / folder) if not name.startswith("."))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def files(self, folder: str) -> list[str]:
        """Return the names of all files below a folder."""
        return sorted(
            (Path(place) / name).relative_to(self.folder).as_posix()
            for place, _, names in os.walk(self.folder / folder)
            for name in names
        )

    def delete(self, folder: str) -> None:
        """Delete a file or a folder; one that somebody else deletes at the same time is no error."""
        path = self.folder / folder
        try:
            path.unlink()
        except FileNotFoundError:
            return
        except (IsADirectoryError, PermissionError):
            if not path.is_dir() or path.is_symlink():
                raise
            delete_tree(path)

    def delete_drafts(self, folder: str, *, seconds: float = 0.0) -> None:
        """Delete the unfinished files in a folder that killed workers left."""
        for draft in (self.folder / folder).glob(".*.new"):
            with suppress(FileNotFoundError):
                if time.time() - draft.lstat().st_mtime >= seconds:
                    draft.unlink()

    def local(self, name: str) -> Path | None:
        """Return where a file or folder is."""
        return self.folder / name

    def put(self, source: Path, name: str, size: int | None = None) -> tuple[int, str]:
        """Store a copy of a local file, read back after it was written. Raises BackupError, OSError."""
        path = self.folder / name
        found = copy_bytes(source, path, size)
        path.chmod(stat.S_IMODE(path.stat().st_mode) & READ_ONLY)
        return found

    def share(self, old: str, new: str) -> str:
        """Give a file a second name, by a hard link where the disk has them."""
        (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(self.folder / old, self.folder / new)
        return new

    def settle(self, folder: str) -> None:
        """Sync the names in a folder and those in it."""
        for place, _, _ in os.walk(self.folder / folder):
            sync_folder(Path(place))
        sync_folder((self.folder / folder).parent)

    def get(self, name: str, target: Path) -> None:
        """Copy a file to a local one."""
        shutil.copyfile(self.folder / name, target)


def delete_tree(folder: Path) -> None:
    """Delete a folder; another process may delete it too. Raises OSError if anything is left."""
    for _ in range(3):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
    shutil.rmtree(folder)


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file that never changes a second name; where the disk has no hard links, copy it.

    Raises FileExistsError if there is one of this name.
    """
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with open(source, "rb") as reader, open(target, "xb") as writer:
            shutil.copyfileobj(reader, writer, 1 << 20)
            writer.flush()
            os.fsync(writer.fileno())


def _write(path: Path, data: bytes) -> None:
    with open(path, "xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _link(draft: Path, path: Path, data: bytes) -> bool:
    """Give a draft its name unless that is taken; return True if it got it."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return os.stat(draft).st_nlink == 2  # a shared disk may do it and lose the answer
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise CollectionError(f"{path} cannot be created: {error.strerror or error}.") from error
        try:
            _write(path, data)
        except FileExistsError:
            return False
    return True
