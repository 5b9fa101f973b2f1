"""Writes saved pages as resource records, one at a time: together they may be larger than the memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from newsarchive.captures.writing import CaptureWriter
from newsarchive.importing.saved_pages import SavedPage


@dataclass(kw_only=True)
class Written:
    """What was written: the WARC file, None without any page or image, and how many pages."""

    file: Path | None = None
    pages: int = 0
    untold: int = 0
    """Pages and images whose time is only that of their file."""


def write_saved(pages: Iterable[SavedPage], target: Path, broken: list[str]) -> Written:
    """Write the pages to the WARC file `target` (`….warc.gz`)."""
    writer, written = CaptureWriter(target.parent, target.name.removesuffix(".warc.gz")), Written()
    try:
        for page in pages:
            try:
                body = page.file.read_bytes() if page.body is None else page.body
            except OSError as error:
                broken.append(f"{page.file} cannot be read: {error.strerror}; skipped")
                continue
            writer.write_resource(url=page.url, body=body, content_type=page.media, time=page.time, truncated=page.cut)
            written.file = target
            written.pages += not page.media.startswith("image/")
            written.untold += not page.told
    finally:
        writer.close()
    return written
