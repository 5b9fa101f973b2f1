"""Extracting again from kept captures, without the network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from newsarchive.items import Article, Hints, NotAnArticle
from newsarchive.revisions import content_digest, content_of
from newsarchive.shadow import Shadow
from newsarchive.sites import Site
from newsarchive.warc import CaptureError, read_capture
from newsarchive.workers import extract_one

Place = tuple[str, int]
"""Where a capture is kept: the name of its WARC file, and its offset there in bytes."""


def extract_stored(
    folder: Path, places: Sequence[Place], site: Site, hints: Hints, digest: str = ""
) -> tuple[Article, Shadow] | None:
    """The article of kept captures (pages in order) with its search text; None where its content has that digest.

    `folder` is the archive's. Raises NotAnArticle, and CaptureError where a capture cannot be read.
    """
    pages = [read_capture(folder / "warc", warc=warc, offset=offset) for warc, offset in places]
    article, shadow = extract_one(pages, pages[0].url, site, hints)
    return None if content_digest(content_of(article)) == digest else (article, shadow)


def article_again(folder: Path, site: Site, places: Sequence[Place], hints: Hints) -> Article | None:
    """The article that today's extractor makes of kept captures; None where it makes none."""
    try:
        found = extract_stored(folder, places, site, hints)
    except (NotAnArticle, CaptureError):
        return None
    return found[0] if found else None
