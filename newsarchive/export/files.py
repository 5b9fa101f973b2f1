"""Files that appear under their name only when they are whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
    """Give a temporary place beside `path` that takes its name at the end, and vanishes where something fails.

    A file replaces one of the same name; a folder does not. Raises ExportError where the place cannot be written.
    """
    if folder and path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ExportError(f"{path} exists already: name a folder that does not.")
    if not folder and path.is_dir():
        raise ExportError(f"{path} is a folder: name a file.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise ExportError(f"Cannot write to {path.parent}: {error.strerror}.") from error
    try:
        inside = draft / path.name
        if folder:
            inside.mkdir()
        yield inside
        if not folder:
            _flush(inside)
        inside.replace(path)
    except OSError as error:
        raise ExportError(f"Cannot write {path}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _flush(path: Path) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())
