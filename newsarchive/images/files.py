"""Image files as the archive keeps them: what is known of one, its name, and how it is written."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from newsarchive.errors import NewsArchiveError

SVG = "image/svg+xml"
ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    SVG: "svg",
}
"""The media types that are kept, with their file extensions."""


class ImageRefused(NewsArchiveError):
    """The bytes are not kept as an image; the message is a short phrase that is stored with the URL."""


@dataclass(kw_only=True, frozen=True, slots=True)
class ImageFile:
    """An image file: digest, size in bytes, width and height in pixels as shown, media type, perceptual hash.

    The hash is empty for an SVG, which has no pixels of its own.
    """

    sha256: str
    bytes: int
    width: int
    height: int
    type: str
    phash: str

    @property
    def name(self) -> str:
        """The file's name in the archive's `images/`."""
        return f"{self.sha256}.{ENDINGS[self.type]}"


def keep_image_file(folder: Path, image: ImageFile, body: bytes) -> bool:
    """Write an image file to `folder` (the archive's images/) atomically. Returns False if it was there already.

    An existing file with other bytes is damaged and is written again.
    """
    path = folder / image.name
    if path.exists() and path.read_bytes() == body:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    while not _write_draft(folder / f".{image.name}.{os.getpid()}", path, body):
        pass  # it was deleted before it was locked
    return True


def _write_draft(draft: Path, path: Path, body: bytes) -> bool:
    """Write a draft, locked meanwhile, and rename it. Returns False if it vanished."""
    with open(draft, "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
        try:
            os.replace(draft, path)
        except FileNotFoundError:
            return False
    return True


def clear_drafts(folder: Path) -> None:
    """Delete the drafts in `folder` (the archive's images/) that killed runs left, and no others."""
    for draft in folder.glob(".*"):
        with suppress(FileNotFoundError, IsADirectoryError, BlockingIOError), open(draft, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.unlink()
