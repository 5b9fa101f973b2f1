"""Extraction from kept captures, without the network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from newsarchive.captures.reading import read_capture
from newsarchive.database.readings import Unread
from newsarchive.errors import reason_of
from newsarchive.items import Article, Hints, NotAnArticle, Reading
from newsarchive.revisions.content import content_digest, content_of
from newsarchive.sites import Site
from newsarchive.text.search_text import SearchText
from newsarchive.workers.extracting import extract_one
from newsarchive.workers.pool import PoolClosed, WorkerPool

Place = tuple[str, int]
"""Where a capture is kept: the name of its WARC file, and its offset there in bytes."""


def extract_stored(
    folder: Path, places: Sequence[Place], site: Site, hints: Hints, digest: str = ""
) -> tuple[Article, SearchText] | None:
    """Return the article of kept captures (its pages in order) and its search text; None if its content has `digest`.

    `folder` is the archive's. Raise NotAnArticle, or CaptureError if a capture cannot be read.
    """
    pages = [read_capture(folder / "warc", warc=warc, offset=offset) for warc, offset in places]
    article, search_text = extract_one(pages, pages[0].url, site, hints)
    return None if content_digest(content_of(article)) == digest else (article, search_text)


async def read_again(pool: WorkerPool, folder: Path, unread: Sequence[Unread], site: Site) -> dict[int, Reading]:
    """Return today's extraction of stored revisions, by their ids; it runs in workers and never raises for a page."""
    return {one.revision: await _reading(pool, folder, one, site) for one in unread}


async def _reading(pool: WorkerPool, folder: Path, one: Unread, site: Site) -> Reading:
    try:
        found = await pool.run(extract_stored, folder, one.places, site, one.hints, one.digest, lane=site.name)
    except NotAnArticle as error:
        return Reading(outcome="not_article", reason=error.reason)
    except PoolClosed:
        raise  # the run ends, which says nothing of the page
    except Exception as error:  # noqa: BLE001  a stranger's page may break any parser; the reason is kept
        return Reading(outcome="failed", reason=reason_of(error))
    return Reading(outcome="changed", article=found[0]) if found else Reading(outcome="same")
