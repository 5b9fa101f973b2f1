"""One-off fetches: given pages are requested and extracted; nothing is stored but their captures, if asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.settings import Settings
from twisted.python.failure import Failure

from newsarchive.crawling.failures import cause_of, extension_of, failure_ends_crawl, failures_in
from newsarchive.crawling.middlewares.back_off import ComeBack, come_back_of
from newsarchive.crawling.recorders import PageRecorder
from newsarchive.crawling.run_settings import PATIENCE, make_settings, user_agent
from newsarchive.crawling.spiders.page import PageSpider
from newsarchive.crawling.stopping import CrawlProcess
from newsarchive.items import Extracted, Fetched
from newsarchive.sites import Site


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
    images if they were asked for.
    """
    if not urls:
        return Fetching(results={}, recorder=None, problems=[])
    made = _settings(folder, urls, sites=sites, settings=settings, keep=keep)
    process = CrawlProcess(made)
    results: dict[str, Extracted] = {}
    crawler = process.create_crawler(PageSpider)
    _collect(crawler, results, lambda: progress(len(results), len(set(urls))))
    task = process.crawl(crawler, urls=tuple(urls), sites=dict(sites))
    progress(0, len(set(urls)))
    process.run()
    return Fetching(
        results=results,
        recorder=extension_of(crawler, PageRecorder),
        problems=failures_in(crawler, task),
        come_back=come_back_of(crawler),
    )


def _settings(
    folder: Path, urls: Sequence[str], *, sites: Mapping[str, Site], settings: Mapping[str, Any], keep: bool
) -> Settings:
    """Return Scrapy's settings for a fetch; `settings` override those of its own."""
    contact = next((site.contact for site in sites.values() if site.contact), "")
    stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
    delays = [site.delay for site in sites.values() if site.delay is not None]
    own = {
        **_components(images=_with_images(sites, settings)),
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
    return made


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


def _components(*, images: bool) -> dict[str, Any]:
    """Return the settings that leave out the parts of a crawl that a fetch has no use for: loading them takes .2 s."""
    pipelines = {"newsarchive.crawling.pipelines.extraction.ExtractionPipeline": 300}
    if images:
        pipelines["newsarchive.crawling.pipelines.images.ImagePipeline"] = 900
    extensions = {"newsarchive.crawling.failures.Failures": 50, "newsarchive.crawling.recorders.PageRecorder": 110}
    return {
        "ARCHIVE_ENABLED": False,
        "SPIDER_LOADER_CLASS": "scrapy.spiderloader.DummySpiderLoader",
        "EXTENSIONS_BASE": {},
        "EXTENSIONS": extensions,
        "ITEM_PIPELINES": pipelines,
    }


def _with_images(sites: Mapping[str, Site], settings: Mapping[str, Any]) -> bool:
    """Return whether many requests to a host are expected, and so a pause between them."""
    return {settings.get("IMAGES") or site.images for site in sites.values()} != {"none"}
