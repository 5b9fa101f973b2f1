"""Probes: a site's pages are requested round by round, to learn what it offers; nothing is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scrapy import signals
from twisted.python.failure import Failure

from newsarchive.crawling.failures import failure_ends_crawl, failures_in
from newsarchive.crawling.middlewares.back_off import come_back_of
from newsarchive.crawling.run_settings import PATIENCE, make_settings, user_agent
from newsarchive.crawling.spiders.probe import More, ProbeSpider
from newsarchive.crawling.stopping import CrawlProcess
from newsarchive.errors import NewsArchiveError
from newsarchive.items import Page
from newsarchive.sites import Site


class ProbeFailed(NewsArchiveError):
    """A site could not be probed because of an error of newsarchive; the message says which."""


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
    if problems := [*failures_in(crawler, task), *(later.sentence for later in come_back_of(crawler).values())]:
        raise ProbeFailed("; ".join(problems))
    return pages, failures
