"""Crawls sites in this process, one after another."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from scrapy.crawler import Crawler

from newsarchive.crawling.failures import cause_of, extension_of, failure_of
from newsarchive.crawling.outcomes import Outcome
from newsarchive.crawling.progress import Follow, follow_nothing
from newsarchive.crawling.run import ArchiveRun
from newsarchive.crawling.run_settings import make_settings
from newsarchive.crawling.spiderloader import site_spider
from newsarchive.crawling.stopping import CrawlProcess
from newsarchive.sites import Site

logger = logging.getLogger(__name__)


def crawl_sites(
    folder: Path,
    sites: Sequence[Site],
    *,
    settings: Mapping[str, Any],
    begin: Callable[[], None] = lambda: None,
    follow: Follow = follow_nothing,
) -> list[Outcome]:
    """Crawl sites one after another into the archive; the caller holds its lock.

    `begin` is called before each crawl; `follow` shows its progress. Ctrl-C and SIGTERM end the current site in order
    and skip the others.
    """
    process = CrawlProcess(make_settings(folder, {**settings, "ARCHIVE_LOCK": False}))
    outcomes: list[Outcome] = []
    waiting = list(sites)

    def crawl_next(_previous: object = None) -> None:
        if process.stopped and waiting:
            logger.warning("not crawled: %s", ", ".join(site.name for site in waiting))
            waiting.clear()
        while waiting:
            site = waiting.pop(0)
            outcome = Outcome(site=site.name, images_only=process.settings["ARCHIVE_COMMAND"] == "images")
            outcomes.append(outcome)
            try:
                begin()
                crawler = process.create_crawler(site_spider(site, process.settings))
                task = process.crawl(crawler, follow=follow)
            except Exception as error:  # noqa: BLE001  nobody above a callback would report it
                outcome.problems.append(cause_of(error))
                continue  # with the next site
            task.add_done_callback(partial(_take_outcome, crawler, outcome, time.monotonic()))
            task.add_done_callback(crawl_next)
            return

    crawl_next()
    gc.collect()
    gc.freeze()  # looking through all that was loaded would hold the reactor up for 60 ms, again and again
    process.run()
    gc.unfreeze()
    return outcomes


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
