"""The manifest of a backup: its files with their sizes and digests."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from newsarchive.backup.files import BackupError, draft_of, open_file
from newsarchive.configuration import FILE
from newsarchive.database.disk import sync_folder
from newsarchive.database.replacing import NOTES

NAME = "manifest.json"
FOLDERS = ("warc", "images", "sites")
FILES = ("archive.db", "archive.db-sums", FILE, NOTES)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file of a backup. Only its first `bytes` bytes belong to it, because it may have grown since."""

    path: str
    """Inside the archive's folder: archive.db, newsarchive.toml, warc/NAME, images/NAME, sites/NAME."""
    stored: str
    """Inside the backup's folder."""
    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The contents of a backup, and when it was made (UTC)."""

    made: str
    version: str
    files: dict[str, Entry] = field(default_factory=dict)

    def text(self) -> str:
        """Return the manifest as it is written."""
        data = {"format": "newsarchive backup 1", "made": self.made, "version": self.version}
        files = [asdict(self.files[path]) for path in sorted(self.files)]
        return json.dumps({**data, "files": files}, ensure_ascii=False, indent=1)

    def write(self, folder: Path) -> None:
        """Write the manifest in one step; until then the previous one is valid."""
        draft = draft_of(folder / NAME)
        draft.unlink(missing_ok=True)
        with open(draft, "x", encoding="utf-8") as file:
            file.write(self.text())
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, folder / NAME)
        sync_folder(folder)


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest in a folder; None if there is none. Raises BackupError if it is invalid."""
    try:
        with open_file(folder, NAME) as file:
            data = file.read()
    except FileNotFoundError:
        return None
    return parse_manifest(data, folder / NAME)


def parse_manifest(text: bytes, path: Path | str) -> Manifest:
    """Return the manifest in a file's content. Raises BackupError, which names `path`, if it is invalid."""
    try:
        data = json.loads(text)
        if data["format"] != "newsarchive backup 1":
            raise BackupError(f"{path} was written by another version of newsarchive.")
        files = {entry["path"]: Entry(**entry) for entry in data["files"]}
        for entry in files.values():
            _check(entry)
        return Manifest(made=data["made"], version=data["version"], files=files)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(f"{path} is broken: {error}.") from error


def _check(entry: Entry) -> None:
    """Raise ValueError if an entry is not part of an archive, or its path leads outside."""
    if not isinstance(entry.bytes, int) or entry.bytes < 0:
        raise ValueError(f"“{entry.path}” has no size")
    for path in (entry.path, entry.stored):
        parts = Path(path).parts
        if path != Path(path).as_posix() or not parts or any(part == ".." for part in parts) or parts[0] == "/":
            raise ValueError(f"“{path}” leads out of the folder")
    parts = Path(entry.path).parts
    if entry.path not in FILES and (len(parts) < 2 or parts[0] not in FOLDERS or parts[1].startswith(".")):
        raise ValueError(f"“{entry.path}” is no part of an archive")
