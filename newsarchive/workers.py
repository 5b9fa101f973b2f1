"""Processes that extract articles, so that a crawl never waits for it: warmed, watched, replaced when one dies."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import FrameType
from typing import Any, TypeVar

from newsarchive.extraction import EXTRACTOR, extract_article
from newsarchive.extraction.pages import is_cut
from newsarchive.items import Article, Extracted, Fetched, Hints, NotAnArticle, Page
from newsarchive.shadow import shadow_text
from newsarchive.sites import Site

logger = logging.getLogger(__name__)

SOFT_SECONDS = 5
HARD_SECONDS = 10

T = TypeVar("T")


class TooSlow(Exception):
    """A page took longer than a page may."""


class CutShort(Exception):
    """A page's compressed body ends before its end."""


class WorkerDied(Exception):
    """The process that worked on a page died of it."""


def extract_one(pages: Sequence[Page], url: str, site: Site, hints: Hints) -> tuple[Article, tuple[str, str, str]]:
    """Extract an article with its search text. Raises NotAnArticle, CutShort; TooSlow after five seconds."""
    if any(is_cut(page.body) for page in pages):
        raise CutShort("the compressed page was cut short")
    article = extract_article(pages, url, site=site, hints=hints)
    return article, shadow_text(
        title=article.title,
        lead=article.lead,
        body=article.body,
        authors=[author.name for author in article.authors],
        language=article.language,
    )


def guarded(function: Callable[..., T], *args: Any) -> T:
    """Call a function in a worker with a soft limit (TooSlow) and a hard one (the process ends, whatever it does)."""
    signal.setitimer(signal.ITIMER_REAL, SOFT_SECONDS)
    faulthandler.dump_traceback_later(HARD_SECONDS, exit=True, file=open(os.devnull, "w"))  # noqa: SIM115
    try:
        return function(*args)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()


def _raise_too_slow(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlow(f"extraction took longer than {SOFT_SECONDS} s")


def _set_up() -> None:
    """Make a worker: deaf to Ctrl-C, which is for its parent, and gone when its parent is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, _raise_too_slow)
    sys.setrecursionlimit(5000)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()


def _follow(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def _warm() -> str:
    return EXTRACTOR.version


class ExtractionPool:
    """A pool of workers. With none, the work is done in this process, which suits a page or two."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._alone = asyncio.Lock()
        self._pool = self._new(workers) if workers else None

    def _new(self, workers: int) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_set_up)
        for _ in range(workers):
            pool.submit(_warm)
        return pool

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """Call the function in a worker.

        When a worker dies, the calls of the whole pool are lost and cannot tell which of them was to blame; so each is
        tried once more, alone, in a process of its own. Raises WorkerDied for the one that dies again.
        """
        if self._pool is None:
            return function(*args)
        pool = self._pool
        try:
            return await asyncio.wrap_future(pool.submit(guarded, function, *args))
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = self._new(self._workers)
                pool.shutdown(wait=False)
        async with self._alone:
            single = self._new(1)
            try:
                return await asyncio.wrap_future(single.submit(guarded, function, *args))
            except BrokenProcessPool as error:
                raise WorkerDied("extraction crashed or hung on this page") from error
            finally:
                single.shutdown(wait=False)

    async def extract(self, item: Fetched, site: Site) -> Extracted:
        """What comes of a fetched page, extracted in a worker; never raises for what the page is."""
        try:
            return _extracted(item, await self.run(extract_one, *_arguments(item, site)))
        except Exception as error:  # noqa: BLE001  a stranger's page may break any parser; the reason is kept
            return _refused(item, error)

    def close(self) -> None:
        """End the workers; what they are still doing is dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def extract_here(item: Fetched, site: Site) -> Extracted:
    """What comes of a fetched page, extracted in this process."""
    try:
        return _extracted(item, extract_one(*_arguments(item, site)))
    except Exception as error:  # noqa: BLE001  as above
        return _refused(item, error)


def _arguments(item: Fetched, site: Site) -> tuple[tuple[Page, ...], str, Site, Hints]:
    return item.pages, item.pages[0].url, site, item.hints


def _extracted(item: Fetched, result: tuple[Article, tuple[str, str, str]]) -> Extracted:
    article, shadow = result
    return Extracted(
        fetched=item,
        outcome="article",
        article=article,
        shadow=shadow,
        extractor=f"{EXTRACTOR.name} {EXTRACTOR.version}",
        options_digest=EXTRACTOR.options_digest,
    )


def _refused(item: Fetched, error: Exception) -> Extracted:
    if isinstance(error, NotAnArticle):
        return Extracted(fetched=item, outcome="not_article", reason=error.reason)
    if isinstance(error, TooSlow | WorkerDied | CutShort):
        return Extracted(fetched=item, outcome="failed", reason=str(error))
    logger.warning("%s: extraction failed: %s: %s", item.urls[0], type(error).__name__, error)
    return Extracted(fetched=item, outcome="failed", reason=f"extraction failed: {type(error).__name__}: {error}"[:300])
