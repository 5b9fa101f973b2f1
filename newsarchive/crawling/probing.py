"""Probes: a site's pages are requested round by round, to learn what it offers; nothing is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.crawler import Crawler
from twisted.python.failure import Failure

from newsarchive.crawling.failures import failure_ends_crawl, failures_in
from newsarchive.crawling.middlewares.back_off import come_back_of
from newsarchive.crawling.run_settings import PATIENCE, make_settings, user_agent
from newsarchive.crawling.spiders.probe import More, ProbeSpider
from newsarchive.crawling.stopping import CrawlProcess
from newsarchive.errors import NewsArchiveError
from newsarchive.items import Page
from newsarchive.sites import Site

AT_ONCE = 32
"""Sites that are probed side by side."""
STOPPED = "stopped before all was fetched"


class ProbeFailed(NewsArchiveError):
    """A site could not be probed because of an error of newsarchive; the message says which."""


@dataclass(kw_only=True)
class Probe:
    """A site to probe: where to begin, what to fetch `more` of it, and what came."""

    urls: Sequence[str]
    more: More
    site: Site | None = None
    """The site's profile, where it has one: its delay and its contact hold."""
    pages: dict[str, Page] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    """Why the probe came to nothing: an error of newsarchive, a host that asked to come back later, or a signal."""


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

    def more_of(found: dict[str, Page]) -> Sequence[str]:
        progress(len(found) + len(one.failures))
        return more(found)

    one = Probe(urls=urls, more=more_of, site=site)
    probe_all(folder, [one], settings=settings)
    if one.problem:
        raise ProbeFailed(one.problem)
    return one.pages, one.failures


def probe_all(
    folder: Path,
    probes: Sequence[Probe],
    *,
    settings: Mapping[str, Any],
    ended: Callable[[Probe], None] = lambda _probe: None,
) -> None:
    """Probe sites side by side, but one of a host at a time; call `ended` with each when it is over.

    Ctrl-C and SIGTERM end those under way, and the others are not begun; all of them have it as their problem.
    """
    own = {"ARCHIVE_ENABLED": False, "ITEM_PIPELINES": {}, "RETRY_TIMES": 1, "BACK_OFF_TOTAL": PATIENCE}
    process = CrawlProcess(make_settings(folder, {**own, **settings}))
    waiting = list(probes)
    busy: set[str] = set()

    def begin_next(_previous: object = None) -> None:
        while waiting and process.stopped:
            _end(waiting.pop(0), STOPPED, ended)
        while len(busy) < AT_ONCE and (free := [one for one in waiting if _host(one) not in busy]):
            waiting.remove(free[0])
            busy.add(_host(free[0]))
            begin(free[0])

    def begin(one: Probe) -> None:
        crawler = _crawler(process, one)
        task = process.crawl(crawler, urls=one.urls, more=one.more, pages=one.pages, failures=one.failures)

        def take(task: asyncio.Task[None]) -> None:
            busy.discard(_host(one))
            problems = [*failures_in(crawler, task), *(later.sentence for later in come_back_of(crawler).values())]
            _end(one, STOPPED if process.stopped else "; ".join(problems), ended)

        task.add_done_callback(take)
        task.add_done_callback(begin_next)

    begin_next()
    process.run()


def _crawler(process: CrawlProcess, one: Probe) -> Crawler:
    """Return the crawler of a probe, with the settings of its profile."""
    site, own = one.site, {}
    if site is not None and site.delay is not None:
        own = {"DOWNLOAD_DELAY": site.delay, "AUTOTHROTTLE_START_DELAY": site.delay}
    agent = user_agent((site.contact if site else "") or process.settings["CONTACT"])
    spider = type("SiteProbe", (ProbeSpider,), {"custom_settings": {**own, "USER_AGENT": agent}})
    crawler = process.create_crawler(spider)

    def give_up(failure: Failure) -> None:
        """End the probe: it would wait for ever for a page that could not be read."""
        with failure_ends_crawl(crawler):
            failure.raiseException()

    crawler.signals.connect(give_up, signals.spider_error, weak=False)
    return crawler


def _end(one: Probe, problem: str, ended: Callable[[Probe], None]) -> None:
    one.problem = problem
    ended(one)


def _host(one: Probe) -> str:
    return urlsplit(one.urls[0]).netloc if one.urls else ""
