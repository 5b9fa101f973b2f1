"""CrawlProcess: crawls end in order on the first Ctrl-C or SIGTERM, and at once on the second."""

from __future__ import annotations

import asyncio
import logging
import os
import signal

from scrapy.crawler import Crawler
from scrapy.settings import Settings
from scrapy.utils.ossignal import install_shutdown_handlers

from newsarchive.crawling.middlewares.pace import downloader_of
from newsarchive.crawling.scrapy_internals import SignalProcess
from newsarchive.crawling.signals import abandoned
from newsarchive.crawling.spiders.page import Postponed

logger = logging.getLogger(__name__)

STOP_SECONDS = 5.0
"""How long requests and pages under way may take after a signal."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR = b"\x1b[?25h"


class CrawlProcess(SignalProcess):
    """Scrapy's process of crawls; a signal ends pauses and queues at once, and what is under way within five seconds.

    Scrapy itself waits for everything that was begun, including pauses and timeouts, and on a second signal leaves runs
    open, which then count as failed.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.stopped = False
        """Whether a signal came."""
        self._stopping: asyncio.Future[None] | None = None
        logging.getLogger("scrapy").setLevel(settings["LOG_LEVEL"])  # it sets DEBUG: two records a page for nobody

    def run(self) -> None:
        """Run the crawls to their end, and restore the signal handlers."""
        before = [(each, signal.getsignal(each)) for each in _SIGNALS]
        try:
            self.start()
        finally:
            for each, handler in before:
                signal.signal(each, handler)

    def first_signal(self, signum: int) -> None:
        from twisted.internet import reactor

        self.stopped = True
        install_shutdown_handlers(lambda number, _frame: self.second_signal(number))
        reactor.callFromThread(self._stop_in_order)

    def second_signal(self, signum: int) -> None:
        """Die of the second signal at once: what was committed is safe, and the next run resumes from there."""
        if os.isatty(2):
            os.write(2, _SHOW_CURSOR)  # a progress bar hides it
        signal.signal(signum, signal.SIG_DFL)
        os.kill(os.getpid(), signum)

    def _stop_in_order(self) -> None:
        self._stopping = asyncio.ensure_future(self._stop_all())

    async def _stop_all(self) -> None:
        """End all crawls at once: begin nothing more, wait five seconds for what is under way, then drop it."""
        crawlers = [crawler for crawler in [*self.crawlers] if await self._is_open(crawler)]
        reason = Postponed("stopped before it was fetched")
        for crawler in crawlers:
            downloader_of(crawler).stop(reason)
        pages = sum(map(_under_way, crawlers))
        of_sites = f" of {len(crawlers)} sites" if len(crawlers) > 1 else ""
        logger.warning("stopping, %d %s under way%s", pages, "page" if pages == 1 else "pages", of_sites)
        await asyncio.gather(*(_stop(crawler, reason) for crawler in crawlers))

    async def _is_open(self, crawler: Crawler) -> bool:
        """Wait while a crawl opens or closes, since nothing tells when that is done; return whether it is open."""
        while crawler in self.crawlers and not _is_running(crawler):
            await asyncio.sleep(0.02)
        return crawler in self.crawlers


def _is_running(crawler: Crawler) -> bool:
    try:
        return crawler.engine.running
    except RuntimeError:  # it has no engine yet
        return False


def _under_way(crawler: Crawler) -> int:
    """Return the number of pages that are requested, extracted or stored now."""
    slot = crawler.engine.scraper.slot
    return downloader_of(crawler).under_way + (len(slot.active) if slot else 0)


async def _stop(crawler: Crawler, reason: Postponed) -> None:
    """End one crawl: wait five seconds for what is under way, then drop it."""
    ending = asyncio.ensure_future(crawler.stop_async())
    await asyncio.wait({ending}, timeout=STOP_SECONDS)
    if not ending.done():
        downloader_of(crawler).abandon(reason)
        crawler.signals.send_catch_log(abandoned)
    await ending
