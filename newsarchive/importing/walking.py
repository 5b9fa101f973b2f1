"""The files below a folder, also through symbolic links, each folder once."""

from __future__ import annotations

import os
from pathlib import Path

from newsarchive.importing.unpacking import RecordingError


def entries_below(folder: Path) -> list[Path]:
    """Return everything below a folder that is not a folder, and the folders that cannot be read, in order.

    Links to folders are followed, but not around in circles.
    """
    found: list[Path] = []
    seen: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            stat = current.stat()
            entries = [] if (stat.st_dev, stat.st_ino) in seen else list(os.scandir(current))
        except OSError:
            found.append(current)
            continue
        seen.add((stat.st_dev, stat.st_ino))
        for entry in entries:
            (waiting if _is_folder(entry) else found).append(Path(entry.path))
    return sorted(found)


def files_below(folder: Path) -> list[Path]:
    """Return the files below a folder, in order."""
    return [file for file in entries_below(folder) if file.is_file()]


def require_readable(path: Path) -> None:
    """Raise RecordingError if a path is neither a file nor a folder that can be read."""
    try:
        if path.is_dir():
            os.scandir(path).close()
        elif path.exists() and not path.is_file():
            raise RecordingError(f"{path} is a pipe or a device; save what it gives as a file first")
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error.strerror}") from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False
