"""Restoring files missing from images/ from the captures they came with, without the network."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sqlite_utils import Database

from newsarchive.captures.reading import CaptureError, read_capture
from newsarchive.database.images import kept_files, note_lost
from newsarchive.images.files import ImageRefused, keep_image_file
from newsarchive.images.reading import read_image_file
from newsarchive.text.encodings import inflate


def restore_images(db: Database, folder: Path) -> tuple[int, int]:
    """Restore missing files in `folder`/images; return how many were restored and how many were not.

    The latter are downloaded again if their URLs have returned no other file since.
    """
    found, lost = 0, 0
    for kept in kept_files(db):
        path = folder / "images" / kept.name
        if path.exists() and path.stat().st_size == kept.bytes:
            continue
        if kept.warc and _put_back(folder, kept.sha256, kept.warc, kept.offset):
            found += 1
        else:
            note_lost(db, kept.sha256)
            lost += 1
    return found, lost


def _put_back(folder: Path, sha256: str, warc: str, offset: int) -> bool:
    try:
        page = read_capture(folder / "warc", warc=warc, offset=offset)
        body = inflate(page.body, page.headers.get("content-encoding", ""))
        # Only bytes that a worker has decoded once are read here.
        return hashlib.sha256(body).hexdigest() == sha256 and keep_image_file(
            folder / "images", read_image_file(body), body
        )
    except (CaptureError, ImageRefused):
        return False
