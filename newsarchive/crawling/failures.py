"""Failures of our own handlers, timers and callbacks in a crawl: Scrapy only logs them; here they end it."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider
from twisted.python.failure import Failure

from newsarchive.errors import NewsArchiveError
from newsarchive.run_ends import RunEnd

T = TypeVar("T")
logger = logging.getLogger(__name__)

MOST = 5
"""Number of reasons reported: what follows the first few is their consequence."""


class Failures:
    """What failed in our own code during a crawl of any kind; it is reported at the end of the crawl."""

    def __init__(self, crawler: Crawler) -> None:
        self.reasons: list[str] = []
        self._crawler = crawler
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Failures:
        self = cls(crawler)
        if not crawler.settings.getbool("ARCHIVE_ENABLED"):  # else the run in the archive hears of it first
            crawler.signals.connect(self.error, signals.item_error)
            crawler.signals.connect(self.error, signals.spider_error)
        return self

    def note(self, reason: str) -> None:
        """Keep a reason to report at the end; the crawl continues."""
        if reason not in self.reasons and len(self.reasons) < MOST:
            self.reasons.append(reason)

    def end(self, reason: str) -> None:
        """End the crawl for a reason: what is under way is finished, nothing new begins."""
        self.note(reason)
        engine = self._crawler.engine
        if self._closing is None and engine.spider is not None:
            self._closing = close_soon(self._crawler, reason=RunEnd.FAILED)

    def error(self, failure: Failure) -> None:
        """Record that a spider's callback or a pipeline raised.

        Never continue when storing fails: an archive that is silently wrong is worse than a crawl that stops.
        """
        logger.debug("An error in a callback", exc_info=failure.value)
        if isinstance(failure.value, (sqlite3.Error, OSError)):
            self.end(cause_of(failure.value))
        else:
            self.note(cause_of(failure.value))

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Keep the reason for what is raised inside; what follows is still done."""
        try:
            yield
        except Exception as error:
            logger.debug("An error at the end of a crawl", exc_info=True)
            self.note(cause_of(error))


def close_soon(crawler: Crawler, *, reason: str) -> asyncio.Task[None]:
    """End a crawl from a handler that cannot wait for it: what is under way is finished, nothing new is begun."""

    async def close() -> None:
        with suppress(RuntimeError):  # it is closed already
            await crawler.engine.close_spider_async(reason=reason)

    task = asyncio.get_running_loop().create_task(close())
    _CLOSING.add(task)
    task.add_done_callback(_CLOSING.discard)
    return task


_CLOSING: set[asyncio.Task[None]] = set()
"""The event loop itself keeps no task alive."""


@contextmanager
def failure_ends_crawl(crawler: Crawler) -> Iterator[None]:
    """Enclose the body of a signal handler or timer that stores or decides: what it raises ends the crawl."""
    try:
        yield
    except CloseSpider:
        raise
    except Exception as error:
        logger.debug("An error in a handler", exc_info=True)
        failures_of(crawler).end(cause_of(error))


def failures_of(crawler: Crawler) -> Failures:
    """Return the failures of a crawl that has begun."""
    failures = crawler.get_extension(Failures)
    assert failures is not None
    return failures


def extension_of(crawler: Crawler, kind: type[T]) -> T | None:
    """Return the extension of a crawl; None if it has none of the kind, or ended before it had any."""
    try:
        return crawler.get_extension(kind)
    except RuntimeError:
        return None


def failures_in(crawler: Crawler, task: asyncio.Task[None]) -> list[str]:
    """Return what failed in our own code during a crawl, or kept Scrapy from running it at all."""
    failures = extension_of(crawler, Failures)
    return [*(failures.reasons if failures else []), *failure_of(task)]


def failure_of(task: asyncio.Task[None]) -> list[str]:
    """Return why Scrapy could not run a crawl; empty if it could."""
    error = task.exception() if task.done() and not task.cancelled() else None
    return [cause_of(error)] if error is not None else []


def cause_of(error: BaseException | None) -> str:
    """Return an error in one clause.

    >>> cause_of(OSError(28, "No space left on device", "data/archive.db"))
    'storing failed: No space left on device (data/archive.db)'
    >>> cause_of(KeyError("site"))
    "an error in newsarchive itself (KeyError: 'site'); please report it"
    """
    if isinstance(error, OSError):
        place = f" ({error.filename})" if error.filename else ""
        return f"storing failed: {error.strerror or error}{place}"
    if isinstance(error, sqlite3.Error):
        return f"the archive's database failed: {error}"
    if isinstance(error, NewsArchiveError):
        return str(error).removesuffix(".")
    return f"an error in newsarchive itself ({type(error).__name__}: {error}); please report it"
