"""Crawls sites side by side in this process."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from scrapy.crawler import Crawler

from newsarchive.configuration import MOST_PARALLEL
from newsarchive.crawling.failures import cause_of, extension_of, failure_of
from newsarchive.crawling.outcomes import Outcome
from newsarchive.crawling.pools import Pools
from newsarchive.crawling.progress import Ended, Follow, follow_nothing, show_nothing
from newsarchive.crawling.run import ArchiveRun
from newsarchive.crawling.run_settings import make_settings
from newsarchive.crawling.spiderloader import site_spider
from newsarchive.crawling.stopping import CrawlProcess
from newsarchive.crawling.writer import ArchiveWriter
from newsarchive.sites import Site

logger = logging.getLogger(__name__)

FILES_PER_SITE = 24
"""Files that the crawl of one site may have open: its connections, those kept for later, its WARC file."""


def crawl_sites(
    folder: Path,
    sites: Sequence[Site],
    *,
    settings: Mapping[str, Any],
    parallel: int = MOST_PARALLEL,
    begin: Callable[[], None] = lambda: None,
    follow: Follow = follow_nothing,
    ended: Ended = show_nothing,
) -> list[Outcome]:
    """Crawl sites side by side into the archive, at most `parallel` at a time; the caller holds its lock.

    `begin` is called before each crawl, `follow` shows its progress, and `ended` is called with its outcome. Ctrl-C and
    SIGTERM end the sites under way in order and skip the others. Return the outcomes in the order of the sites.
    """
    process = CrawlProcess(make_settings(folder, {**settings, "ARCHIVE_LOCK": False}))
    crawls = _Crawls(process, sites, begin=begin, follow=follow, ended=ended)
    _allow_open_files(min(parallel, len(sites)))
    for _ in range(min(parallel, MOST_PARALLEL)):
        crawls.crawl_next()
    gc.collect()
    gc.freeze()  # looking through all that was loaded would hold the reactor up for 60 ms, again and again
    process.run()
    gc.unfreeze()
    return [outcome for outcome in crawls.outcomes if outcome is not None]


class _Crawls:
    """The crawls of one process: those that wait, those under way, and the outcomes of the others.

    A site that is named twice is crawled twice, but never beside itself.
    """

    def __init__(
        self,
        process: CrawlProcess,
        sites: Sequence[Site],
        *,
        begin: Callable[[], None],
        follow: Follow,
        ended: Ended,
    ) -> None:
        self.outcomes: list[Outcome | None] = [None] * len(sites)
        self._process = process
        self._shared = {"writer": ArchiveWriter.of(process.settings), "pools": Pools.of(process.settings)}
        self._waiting = dict(enumerate(sites))
        self._under_way: set[str] = set()
        self._begin = begin
        self._follow = follow
        self._ended = ended

    def crawl_next(self) -> None:
        """Begin the next crawl that can be; on a signal none."""
        if self._process.stopped and self._waiting:
            logger.warning("not crawled: %s", ", ".join(site.name for site in self._waiting.values()))
            self._waiting.clear()
        for number, site in [*self._waiting.items()]:
            if site.name not in self._under_way:
                del self._waiting[number]
                if self._crawl(number, site):
                    return

    def _crawl(self, number: int, site: Site) -> bool:
        settings = self._process.settings
        outcome = Outcome(site=site.name, images_only=settings["ARCHIVE_COMMAND"] == "images")
        self.outcomes[number] = outcome
        try:
            self._begin()
            crawler = self._process.create_crawler(site_spider(site, settings))
            task = self._process.crawl(crawler, follow=self._follow, **self._shared)
        except Exception as error:  # noqa: BLE001  nobody above a callback would report it
            outcome.problems.append(cause_of(error))
            self._ended(outcome)
            return False
        self._under_way.add(site.name)
        task.add_done_callback(partial(self._end, crawler, outcome, time.monotonic()))
        return True

    def _end(self, crawler: Crawler, outcome: Outcome, started: float, task: asyncio.Task[None]) -> None:
        self._under_way.discard(outcome.site)
        _take_outcome(crawler, outcome, started, task)
        self._ended(outcome)
        self.crawl_next()


def _allow_open_files(sites: int) -> None:
    """Raise the limit of open files to what so many crawls may need at once, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 256 + sites * FILES_PER_SITE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _take_outcome(crawler: Crawler, outcome: Outcome, started: float, task: asyncio.Task[None]) -> None:
    """Record how a crawl ended, once it is over."""
    outcome.seconds = time.monotonic() - started
    run = extension_of(crawler, ArchiveRun)
    if run is not None:
        outcome.counts, outcome.reason, outcome.come_back = run.counts, run.report.reason, run.report.come_back
        outcome.problems += run.problems
        outcome.alerts += run.report.alerts
        outcome.notes += run.notes
    outcome.problems += failure_of(task)
