"""Extraction in worker processes, so that a crawl never waits for it, and its outcome for a page."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from newsarchive.errors import NewsArchiveError
from newsarchive.extraction.identity import EXTRACTOR
from newsarchive.items import Article, BlockPage, Extracted, Fetched, Hints, NotAnArticle, Page
from newsarchive.sites import Site
from newsarchive.text.compression import why_incomplete
from newsarchive.text.encodings import CAP, gunzipped
from newsarchive.text.search_text import make_search_text
from newsarchive.workers.pool import PoolClosed, WorkerDied, WorkerPool
from newsarchive.workers.serving import TooSlow
from newsarchive.workers.starting import EXTRACTING

logger = logging.getLogger(__name__)


class CutShort(NewsArchiveError):
    """A page is truncated."""


def extract_one(pages: Sequence[Page], url: str, site: Site, hints: Hints) -> tuple[Article, tuple[str, str, str]]:
    """Extract an article with its search text. Raises NotAnArticle, CutShort; TooSlow after five seconds."""
    from newsarchive.extraction import extract_article  # the main process of a crawl never needs it: 50 MB, .2 s

    whole = [_decompressed(page) for page in pages]
    with deep_recursion():
        article = extract_article(whole, url, site=site, hints=hints)
    return article, make_search_text(
        title=article.title,
        lead=article.lead,
        body=article.body,
        authors=[author.name for author in article.authors],
        language=article.language,
    )


def _decompressed(page: Page) -> Page:
    """Return a page with its gzip body decompressed. Raises CutShort if it is incomplete, whatever its compression."""
    plain = gunzipped(page)
    if plain is None:
        raise CutShort("the compressed page was cut short")
    reason = page.cut
    if plain is page and not reason:
        reason = why_incomplete(page.body, page.headers.get("content-encoding", ""), CAP)
    if reason:
        raise CutShort(f"the page was cut short: {reason}")
    return plain


DEEPEST = 4_900
"""Calls within calls that extraction may make, wherever it runs."""


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Allow the same depth of calls in every process, so that the same data is too deep in all of them."""
    before, depth, frame = sys.getrecursionlimit(), 0, sys._getframe()
    while (outer := frame.f_back) is not None:
        depth, frame = depth + 1, outer
    sys.setrecursionlimit(depth + DEEPEST)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


class ExtractionPool(WorkerPool):
    """A pool of workers that extract articles."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers, preload=EXTRACTING)

    async def extract(self, item: Fetched, site: Site) -> Extracted:
        """Return the outcome for a page, extracted in a worker; raise PoolClosed, but never for the page itself."""
        try:
            return _extracted(item, await self.run(extract_one, *_arguments(item, site), lane=site.name))
        except PoolClosed:
            raise
        except Exception as error:  # noqa: BLE001  a stranger's page may break any parser; the reason is kept
            return _refused(item, error)


def extract_now(items: Sequence[tuple[Fetched, Site]]) -> list[Extracted]:
    """What comes of a few pages, extracted in a worker that starts and ends with this call."""
    return asyncio.run(_extract_all(items))


async def _extract_all(items: Sequence[tuple[Fetched, Site]]) -> list[Extracted]:
    pool = ExtractionPool(1)
    try:
        return [await pool.extract(item, site) for item, site in items]
    finally:
        pool.close()


def _arguments(item: Fetched, site: Site) -> tuple[tuple[Page, ...], str, Site, Hints]:
    return item.pages, item.pages[0].url, site, item.hints


def _extracted(item: Fetched, result: tuple[Article, tuple[str, str, str]]) -> Extracted:
    article, search_text = result
    return Extracted(
        fetched=item,
        outcome="article",
        article=article,
        search_text=search_text,
        extractor=f"{EXTRACTOR.name} {EXTRACTOR.version}",
        options_digest=EXTRACTOR.options_digest,
    )


def _refused(item: Fetched, error: Exception) -> Extracted:
    if isinstance(error, NotAnArticle):
        kept_out = isinstance(error, BlockPage)
        return Extracted(fetched=item, outcome="not_article", reason=error.reason, kept_out=kept_out)
    if isinstance(error, TooSlow | WorkerDied | CutShort):
        return Extracted(fetched=item, outcome="failed", reason=str(error))
    logger.warning("%s: extraction failed: %s: %s", item.urls[0], type(error).__name__, error)
    return Extracted(fetched=item, outcome="failed", reason=f"extraction failed: {type(error).__name__}: {error}"[:300])
