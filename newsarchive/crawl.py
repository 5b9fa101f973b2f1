"""Running spiders in this process: crawls of sites one after another, and one-off fetches."""

from __future__ import annotations

import gc
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings

from newsarchive.extensions import ArchiveRun
from newsarchive.items import Extracted, Page
from newsarchive.recorders import PageRecorder
from newsarchive.sites import Site
from newsarchive.spiderloader import site_spider, user_agent
from newsarchive.spiders.page import PageSpider
from newsarchive.spiders.probe import More, ProbeSpider

COUNTED = ("new", "changed", "gone", "failed")


@dataclass(kw_only=True)
class Outcome:
    """How the crawl of one site ended: its counts, why it ended, and what needs a person."""

    site: str
    counts: dict[str, int] = field(default_factory=dict)
    reason: str = "failed"
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    """What a person should know, and needs nothing done; logged already."""
    seconds: float = 0.0
    pictures_only: bool = False

    def sentence(self) -> str:
        """The run in one line.

        >>> Outcome(site="ortalyq", counts={"new": 14, "requests": 18}, reason="finished", seconds=41).sentence()
        'ortalyq: 14 new, 0 changed, 0 gone, 0 failed, 18 requests, 41 s'
        >>> found = {"pictures_new": 5, "pictures_refused": 1}
        >>> Outcome(site="a", counts=found, reason="finished", pictures_only=True).sentence()
        'a: pictures: 5 new, 1 refused, 0 requests, 0 s'
        """
        named = ((name.split("_"), count) for name, count in self.counts.items())
        kinds = [f"{count} {' '.join(name[1:])}" for name, count in named if name[0] == "pictures"]
        pictures = [f"pictures: {', '.join(kinds)}"] if kinds else ["no picture is missing"] * self.pictures_only
        articles = [f"{self.counts.get(name, 0)} {name}" for name in COUNTED if not self.pictures_only]
        counts = ", ".join([*articles, *pictures])
        ended = "" if self.reason == "finished" else f" ({self.reason})"
        return f"{self.site}: {counts}, {self.counts.get('requests', 0)} requests, {self.seconds:.0f} s{ended}"


def make_settings(folder: Path, own: Mapping[str, Any]) -> Settings:
    """Scrapy's settings for an archive; `own` wins over all others, also over a profile's."""
    settings = Settings()
    settings.setmodule("newsarchive.settings", priority="project")
    settings.set("ARCHIVE_FOLDER", str(folder), priority="cmdline")
    settings.setdict({"LOG_INSTALL_ROOT_HANDLER": False}, priority="cmdline")
    for name, value in own.items():
        settings.set(name, value, priority="cmdline")
    if "DOWNLOAD_DELAY" in own and settings.getfloat("DOWNLOAD_DELAY") == 0:
        settings.set("AUTOTHROTTLE_ENABLED", own.get("AUTOTHROTTLE_ENABLED", False), priority="cmdline")
    return settings


def _process(settings: Settings) -> AsyncCrawlerProcess:
    process = AsyncCrawlerProcess(settings)
    logging.getLogger("scrapy").setLevel(settings["LOG_LEVEL"])  # it sets DEBUG itself: two records a page for nobody
    return process


def crawl_sites(
    folder: Path,
    sites: Sequence[Site],
    *,
    settings: Mapping[str, Any],
    watch: Callable[[ArchiveRun], None] = lambda _run: None,
) -> list[Outcome]:
    """Crawl sites one after another into the archive; the caller holds its lock.

    `watch` is called with each run as it opens. Ctrl-C and SIGTERM end the site under way in good order and skip the
    rest.
    """
    process = _process(make_settings(folder, {**settings, "ARCHIVE_LOCK": False}))
    outcomes: list[Outcome] = []
    waiting = list(sites)

    def crawl_next(_previous: object = None) -> None:
        if not waiting or (outcomes and outcomes[-1].reason == "interrupted"):
            return
        site = waiting.pop(0)
        crawler = process.create_crawler(site_spider(site, process.settings))
        outcome = Outcome(site=site.name, pictures_only=process.settings["ARCHIVE_COMMAND"] == "images")
        outcomes.append(outcome)
        _follow(crawler, outcome, watch)
        task = process.crawl(crawler)
        task.add_done_callback(lambda done: _fail(outcome, done.exception()))
        task.add_done_callback(crawl_next)

    crawl_next()
    gc.collect()
    gc.freeze()  # looking through all that was loaded would hold the reactor up for 60 ms, again and again
    process.start()
    gc.unfreeze()
    return outcomes


def _fail(outcome: Outcome, error: BaseException | None) -> None:
    if error is not None:
        outcome.problems.append(str(error) or type(error).__name__)


def _follow(crawler: Crawler, outcome: Outcome, watch: Callable[[ArchiveRun], None]) -> None:
    started = time.monotonic()

    def opened() -> None:
        run = crawler.get_extension(ArchiveRun)
        assert run is not None
        watch(run)
        crawler.signals.connect(closed, signals.spider_closed, weak=False)  # after the run's own closing

    def closed() -> None:
        run = crawler.get_extension(ArchiveRun)
        assert run is not None
        outcome.seconds = time.monotonic() - started
        outcome.counts = run.all_counts
        outcome.reason = run.reason
        outcome.problems += run.problems
        outcome.alerts += run.alerts
        outcome.notes += run.plan.notes

    crawler.signals.connect(opened, signals.spider_opened, weak=False)


def fetch_pages(
    folder: Path, urls: Sequence[str], *, sites: Mapping[str, Site], settings: Mapping[str, Any], keep: bool
) -> tuple[list[Extracted], PageRecorder | None]:
    """Fetch pages one-off and extract them; with `keep` their captures go into a WARC file, nothing else is stored.

    `sites` maps each URL to the site it is of. Gives what came of each, in the order of `urls`, and what was kept
    besides: all captures, robots.txt and redirects too, and pictures where they were asked for.
    """
    contact = next((site.contact for site in sites.values() if site.contact), "")
    stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
    own = {
        "ARCHIVE_ENABLED": False,
        "PAGE_WARC_FOLDER": str(folder / "warc") if keep else "",
        "PAGE_WARC_NAME": f"fetch-{stamp}-{os.getpid()}",
        "EXTRACTION_WORKERS": 0,
        "DOWNLOAD_DELAY": 1.0 if len(urls) > 1 or _with_pictures(sites, settings) else 0.0,
        "AUTOTHROTTLE_ENABLED": False,
        "RETRY_TIMES": 1,
        "DOWNLOAD_TIMEOUT": 30,
        **({"DOWNLOAD_VERIFY_CERTIFICATES": True} if any(site.strict_tls for site in sites.values()) else {}),
        **settings,
    }
    made = make_settings(folder, own)
    made.set("USER_AGENT", user_agent(contact or made["CONTACT"]), priority="project")
    process = _process(made)
    results: dict[str, Extracted] = {}

    def keep_result(item: Extracted) -> None:
        results[item.fetched.urls[0]] = item

    crawler = process.create_crawler(PageSpider)
    crawler.signals.connect(keep_result, signals.item_scraped, weak=False)
    process.crawl(crawler, urls=tuple(urls), sites=dict(sites))
    process.start()
    return [results[url] for url in urls if url in results], crawler.get_extension(PageRecorder)


def _with_pictures(sites: Mapping[str, Site], settings: Mapping[str, Any]) -> bool:
    """Whether many requests to a host are to be expected, and so a pause between them."""
    return {settings.get("PICTURES") or site.images for site in sites.values()} != {"none"}


def probe(
    folder: Path, urls: Sequence[str], more: More, *, settings: Mapping[str, Any], contact: str = ""
) -> tuple[dict[str, Page], dict[str, str]]:
    """Fetch pages round by round, storing nothing; gives the pages and the failures by the URL asked for."""
    made = make_settings(folder, {"ARCHIVE_ENABLED": False, "ITEM_PIPELINES": {}, "RETRY_TIMES": 1, **settings})
    made.set("USER_AGENT", user_agent(contact or made["CONTACT"]), priority="project")
    process = _process(made)
    pages: dict[str, Page] = {}
    failures: dict[str, str] = {}
    process.crawl(process.create_crawler(ProbeSpider), urls=urls, more=more, pages=pages, failures=failures)
    process.start()
    return pages, failures
