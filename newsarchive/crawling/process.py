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
from twisted.internet.task import LoopingCall

from newsarchive.configuration import MOST_PARALLEL
from newsarchive.crawling.failures import cause_of, extension_of, failure_of
from newsarchive.crawling.outcomes import Outcome
from newsarchive.crawling.pools import Pools
from newsarchive.crawling.progress import Ended, Follow, Join, follow_nothing, join_nothing, show_nothing
from newsarchive.crawling.run import ArchiveRun
from newsarchive.crawling.run_settings import make_settings
from newsarchive.crawling.spiderloader import site_spider
from newsarchive.crawling.stopping import CrawlProcess
from newsarchive.crawling.writer import ArchiveWriter
from newsarchive.sites import Site

logger = logging.getLogger(__name__)

JOIN_SECONDS = 2.0
"""Seconds between two looks at whether others asked for more sites."""
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
    join: Join = join_nothing,
) -> list[Outcome]:
    """Crawl sites side by side into the archive, at most `parallel` at a time; the caller holds its lock.

    `begin` is called before each crawl, `follow` shows its progress, and `ended` is called with its outcome. `join` is
    called every two seconds, and returns sites to crawl as well: those that are neither under way nor waiting are.
    Ctrl-C and SIGTERM end the sites under way in order and skip the others. Return the outcomes in the order of the
    sites, then of those that joined.
    """
    process = CrawlProcess(make_settings(folder, {**settings, "ARCHIVE_LOCK": False}))
    crawls = _Crawls(process, sites, most=min(parallel, MOST_PARALLEL), begin=begin, follow=follow, ended=ended)
    _allow_open_files(min(parallel, len(sites)))
    crawls.fill()
    gc.collect()
    gc.freeze()  # looking through all that was loaded would hold the reactor up for 60 ms, again and again
    joining = LoopingCall(crawls.add_joining, join)
    joining.start(JOIN_SECONDS, now=False)
    process.run()
    if joining.running:
        joining.stop()
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
        most: int,
        begin: Callable[[], None],
        follow: Follow,
        ended: Ended,
    ) -> None:
        self.outcomes: list[Outcome | None] = [None] * len(sites)
        self._process = process
        self._shared = {"writer": ArchiveWriter.of(process.settings), "pools": Pools.of(process.settings)}
        self._waiting = dict(enumerate(sites))
        self._most = most
        self._under_way: set[str] = set()
        self._begin = begin
        self._follow = follow
        self._ended = ended

    def fill(self) -> None:
        """Begin as many of the crawls that wait as there is room for; on a signal none."""
        if self._process.stopped and self._waiting:
            logger.warning("not crawled: %s", ", ".join(site.name for site in self._waiting.values()))
            self._waiting.clear()
        for number, site in [*self._waiting.items()]:
            if len(self._under_way) < self._most and site.name not in self._under_way:
                del self._waiting[number]
                self._crawl(number, site)

    def add_joining(self, join: Join) -> None:
        """Crawl the sites that `join` returns as well, except those that are under way or wait; on a signal none."""
        if self._process.stopped:
            return
        try:
            sites = join()
        except Exception as error:  # noqa: BLE001  the sites of this run are crawled whatever others ask for
            logger.warning("what another run asked for cannot be read: %s", cause_of(error))
            return
        here = self._under_way | {site.name for site in self._waiting.values()}
        for site in sites:
            if site.name not in here:
                self._waiting[len(self.outcomes)] = site
                self.outcomes.append(None)
        self.fill()

    def _crawl(self, number: int, site: Site) -> None:
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
            return
        self._under_way.add(site.name)
        task.add_done_callback(partial(self._end, crawler, outcome, time.monotonic()))

    def _end(self, crawler: Crawler, outcome: Outcome, started: float, task: asyncio.Task[None]) -> None:
        self._under_way.discard(outcome.site)
        _take_outcome(crawler, outcome, started, task)
        self._ended(outcome)
        self.fill()


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
