"""The manifest of a backup: which files belong to it, how long each is, and its digest."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from newsarchive.database import ArchiveError

NAME = "manifest.json"
CHUNK = 1 << 20


class BackupError(ArchiveError):
    """The backup cannot be made or used; the message is a sentence for the person at the terminal."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file of a backup: only its first `bytes` bytes belong to it, for it may have grown since."""

    path: str
    """Inside the archive's folder: archive.db, warc/NAME, images/NAME, sites/NAME."""
    stored: str
    """Inside the backup's folder."""
    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup holds and when it was made (UTC)."""

    made: str
    version: str
    files: dict[str, Entry] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the manifest in one step: until then the one before holds."""
        data = {"format": "newsarchive backup 1", "made": self.made, "version": self.version}
        files = [asdict(self.files[path]) for path in sorted(self.files)]
        draft = folder / f".{NAME}.new"
        with open(draft, "w", encoding="utf-8") as file:
            json.dump({**data, "files": files}, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, folder / NAME)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest in a folder; None where there is none. Raises BackupError where it cannot be understood."""
    path = folder / NAME
    if not path.exists():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != "newsarchive backup 1":
            raise BackupError(f"{path} was written by another version of newsarchive.")
        files = {entry["path"]: Entry(**entry) for entry in data["files"]}
        for entry in files.values():
            _check_path(entry.path)
            _check_path(entry.stored)
        return Manifest(made=data["made"], version=data["version"], files=files)
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{path} is broken: {error}.") from error


def _check_path(path: str) -> None:
    if Path(path).is_absolute() or ".." in Path(path).parts:
        raise ValueError(f"“{path}” leads out of the folder")


def copy_bytes(source: Path, target: Path, size: int | None = None) -> tuple[int, str]:
    """Copy a file, or its first `size` bytes, to a place that takes its name at the end; gives length and SHA-256.

    What was written is read back. Raises BackupError where the copy differs or the file is shorter.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.new")
    digest, left = hashlib.sha256(), size
    with open(source, "rb") as reader, open(draft, "wb") as writer:
        while chunk := reader.read(CHUNK if left is None else min(CHUNK, left)):
            writer.write(chunk)
            digest.update(chunk)
            left = None if left is None else left - len(chunk)
        length = writer.tell()
        writer.flush()
        os.fsync(writer.fileno())
    if left:
        draft.unlink()
        raise BackupError(f"{source} has fewer bytes than it should: {length} of {size}.")
    if digest_of(draft) != digest.hexdigest():
        draft.unlink()
        raise BackupError(f"{target} cannot be read back as it was written: the disk may be broken.")
    os.replace(draft, target)
    return length, digest.hexdigest()


def digest_of(path: Path, size: int | None = None) -> str:
    """The SHA-256 of a file, or of its first `size` bytes."""
    digest, left = hashlib.sha256(), size
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK if left is None else min(CHUNK, left)):
            digest.update(chunk)
            left = None if left is None else left - len(chunk)
    return digest.hexdigest()
