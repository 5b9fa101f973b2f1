"""Runs spiders in this process: crawls of sites one after another, one-off fetches, and probes."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import scrapy.core.downloader.contextfactory  # noqa: F401  first: on a deep stack of imports it takes 0.6 s more
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.settings import Settings
from twisted.python.failure import Failure

from newsarchive.configuration import read_configuration
from newsarchive.crawling.failures import Failures, cause_of, failure_ends_crawl
from newsarchive.crawling.middlewares import BackOffMiddleware
from newsarchive.crawling.middlewares.back_off import ComeBack
from newsarchive.crawling.outcomes import Outcome
from newsarchive.crawling.progress import Follow, follow_nothing
from newsarchive.crawling.recorders import PageRecorder
from newsarchive.crawling.run import ArchiveRun
from newsarchive.crawling.spiderloader import site_spider, user_agent
from newsarchive.crawling.spiders.page import PageSpider
from newsarchive.crawling.spiders.probe import More, ProbeSpider
from newsarchive.crawling.stopping import CrawlProcess
from newsarchive.errors import NewsArchiveError
from newsarchive.items import Extracted, Fetched, Page
from newsarchive.sites import Site

T = TypeVar("T")
logger = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds of pauses that a person at the terminal waits for, in a fetch or a probe."""


class ProbeFailed(NewsArchiveError):
    """A site could not be probed because of an error of newsarchive; the message says which."""


def make_settings(folder: Path, own: Mapping[str, Any]) -> Settings:
    """Return Scrapy's settings for an archive; `own` overrides all others, including a profile's."""
    settings = Settings()
    settings.setmodule("newsarchive.settings", priority="project")
    settings.set("ARCHIVE_FOLDER", str(folder), priority="cmdline")
    configuration = read_configuration(folder)
    settings.set("CONTACT", settings["CONTACT"] or configuration.contact, priority="project")
    settings.setdict({"LOG_INSTALL_ROOT_HANDLER": False}, priority="cmdline")
    for name, value in own.items():
        settings.set(name, value, priority="cmdline")
    if "DOWNLOAD_DELAY" in own and settings.getfloat("DOWNLOAD_DELAY") == 0:
        settings.set("AUTOTHROTTLE_ENABLED", own.get("AUTOTHROTTLE_ENABLED", False), priority="cmdline")
    return settings


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
    run = _extension(crawler, ArchiveRun)
    if run is not None:
        outcome.counts, outcome.reason, outcome.come_back = run.counts, run.report.reason, run.report.come_back
        outcome.problems += run.problems
        outcome.alerts += run.report.alerts
        outcome.notes += run.notes
    outcome.problems += _failure_of(task)


def _failure_of(task: asyncio.Task[None]) -> list[str]:
    """Return why Scrapy could not run a crawl; empty if it could."""
    error = task.exception() if task.done() and not task.cancelled() else None
    return [cause_of(error)] if error is not None else []


def _extension(crawler: Crawler, kind: type[T]) -> T | None:
    """Return the extension of a crawl; None if the crawl ended before it had any."""
    try:
        return crawler.get_extension(kind)
    except RuntimeError:
        return None


@dataclass(kw_only=True)
class Fetching:
    """The outcome of a one-off fetch: results by requested URL, what else was kept, and what failed."""

    results: dict[str, Extracted]
    recorder: PageRecorder | None
    problems: list[str]
    come_back: dict[str, ComeBack] = field(default_factory=dict)
    """The sites that asked to come back later, by name."""


def fetch_pages(
    folder: Path,
    urls: Sequence[str],
    *,
    sites: Mapping[str, Site],
    settings: Mapping[str, Any],
    keep: bool,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Fetching:
    """Fetch pages one-off and extract them; with `keep` their captures go into a WARC file, nothing else is stored.

    `sites` maps each URL to the site it is of. What is kept are all captures, robots.txt and redirects too, and
    pictures where they were asked for.
    """
    if not urls:
        return Fetching(results={}, recorder=None, problems=[])
    contact = next((site.contact for site in sites.values() if site.contact), "")
    stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
    delays = [site.delay for site in sites.values() if site.delay is not None]
    own = {
        "ARCHIVE_ENABLED": False,
        "BACK_OFF_TOTAL": PATIENCE,
        "PAGE_WARC_FOLDER": str(folder / "warc") if keep else "",
        "PAGE_WARC_NAME": f"fetch-{stamp}-{os.getpid()}",
        "EXTRACTION_WORKERS": 1,  # a process of its own: a page that hangs in C code must not hang the command
        "DOWNLOAD_DELAY": max([1.0, *delays]) if len(urls) > 1 or _with_images(sites, settings) else 0.0,
        "AUTOTHROTTLE_ENABLED": False,
        "RETRY_TIMES": 1,
        "DOWNLOAD_TIMEOUT": 30,
        **({"DOWNLOAD_VERIFY_CERTIFICATES": True} if any(site.strict_tls for site in sites.values()) else {}),
        **settings,
    }
    made = make_settings(folder, own)
    made.set("USER_AGENT", user_agent(contact or made["CONTACT"]), priority="project")
    process = CrawlProcess(made)
    results: dict[str, Extracted] = {}
    crawler = process.create_crawler(PageSpider)
    _collect(crawler, results, lambda: progress(len(results), len(set(urls))))
    task = process.crawl(crawler, urls=tuple(urls), sites=dict(sites))
    progress(0, len(set(urls)))
    process.run()
    return Fetching(
        results=results,
        recorder=_extension(crawler, PageRecorder),
        problems=_problems(crawler, task),
        come_back=_come_back(crawler),
    )


def _come_back(crawler: Crawler) -> dict[str, ComeBack]:
    """Return the sites that asked to come back later, by name."""
    try:
        found = crawler.get_downloader_middleware(BackOffMiddleware)
    except RuntimeError:  # it never came to the middlewares
        return {}
    return found.come_back if found else {}


def _collect(crawler: Crawler, results: dict[str, Extracted], progress: Callable[[], None]) -> None:
    """Gather the outcome for each page: an article or a reason, also if a part of ours refused it or failed."""

    def take(item: object) -> None:
        if isinstance(item, Extracted):
            results[item.fetched.urls[0]] = item
            progress()

    def keep_result(item: Extracted) -> None:
        with failure_ends_crawl(crawler):
            take(item)

    def keep_refusal(item: object, exception: BaseException) -> None:
        with failure_ends_crawl(crawler):
            take(_without_article(item, str(exception)))

    def keep_failure(item: object, failure: Failure) -> None:
        with failure_ends_crawl(crawler):
            take(_without_article(item, cause_of(failure.value)))

    crawler.signals.connect(keep_result, signals.item_scraped, weak=False)
    crawler.signals.connect(keep_refusal, signals.item_dropped, weak=False)
    crawler.signals.connect(keep_failure, signals.item_error, weak=False)


def _without_article(item: object, reason: str) -> object:
    """Return the outcome for a page without an article; an article that was extracted already stays one."""
    return Extracted(fetched=item, outcome="failed", reason=reason) if isinstance(item, Fetched) else item


def _problems(crawler: Crawler, task: asyncio.Task[None]) -> list[str]:
    """Return what failed in our own code, or kept Scrapy from running at all."""
    failures = _extension(crawler, Failures)
    return [*(failures.reasons if failures else []), *_failure_of(task)]


def _with_images(sites: Mapping[str, Site], settings: Mapping[str, Any]) -> bool:
    """Return whether many requests to a host are expected, and so a pause between them."""
    return {settings.get("PICTURES") or site.images for site in sites.values()} != {"none"}


def probe(
    folder: Path,
    urls: Sequence[str],
    more: More,
    *,
    settings: Mapping[str, Any],
    site: Site | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> tuple[dict[str, Page], dict[str, str]]:
    """Fetch pages round by round, storing nothing; gives the pages and the failures by the URL asked for.

    `site` is the one that is probed, where it has a profile: its delay and its contact hold. `progress` is called with
    the number of those so far before each round. Raises ProbeFailed, also where the host asked to come back later or a
    signal ended the probe: half of a site tells nothing about it.
    """
    own = {"ARCHIVE_ENABLED": False, "ITEM_PIPELINES": {}, "RETRY_TIMES": 1, "BACK_OFF_TOTAL": PATIENCE}
    if site is not None and site.delay is not None:
        own |= {"DOWNLOAD_DELAY": site.delay, "AUTOTHROTTLE_START_DELAY": site.delay}
    made = make_settings(folder, {**own, **settings})
    made.set("USER_AGENT", user_agent((site.contact if site else "") or made["CONTACT"]), priority="project")
    process = CrawlProcess(made)
    pages: dict[str, Page] = {}
    failures: dict[str, str] = {}
    crawler = process.create_crawler(ProbeSpider)

    def more_of(found: dict[str, Page]) -> Sequence[str]:
        progress(len(found) + len(failures))
        return more(found)

    def give_up(failure: Failure) -> None:
        """End the probe: it would wait for ever for a page that could not be read."""
        with failure_ends_crawl(crawler):
            failure.raiseException()

    crawler.signals.connect(give_up, signals.spider_error, weak=False)
    task = process.crawl(crawler, urls=urls, more=more_of, pages=pages, failures=failures)
    process.run()
    if process.stopped:
        raise ProbeFailed("stopped before all was fetched")
    if problems := [*_problems(crawler, task), *(later.sentence for later in _come_back(crawler).values())]:
        raise ProbeFailed("; ".join(problems))
    return pages, failures
