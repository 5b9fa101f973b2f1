"""ProbeSpider: fetches pages round by round, storing nothing, to find out how a site works."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from scrapy import Request, Spider, signals
from scrapy.http import Response
from twisted.python.failure import Failure

from newsarchive.crawling.spiders.page import ANSWERS, page_of, refusal
from newsarchive.items import Page

More = Callable[[dict[str, Page]], Sequence[str]]
"""Gives, from all pages so far by the URL asked for, what to fetch next; nothing: the probe is over."""


class ProbeSpider(Spider):
    """Fetches `urls`, then what `more` asks for, until it asks for nothing new; fills `pages` and `failures`."""

    name = "probe"
    urls: Sequence[str]
    more: More
    pages: dict[str, Page]
    failures: dict[str, str]

    async def start(self) -> AsyncIterator[Request]:
        waiting = list(self.urls)
        asked: set[str] = set()
        while waiting:
            for url in waiting:
                asked.add(url)
                yield self._request(url)
            while asked - self.pages.keys() - self.failures.keys():
                await self.crawler.signals.wait_for(signals.scheduler_empty)
            waiting = [url for url in dict.fromkeys(self.more(self.pages)) if url not in asked]

    def _request(self, url: str) -> Request:
        return Request(
            url,
            callback=self.parse_probe,
            errback=self.probe_failed,
            cb_kwargs={"url": url},
            dont_filter=True,
            meta={"handle_httpstatus_list": ANSWERS},
        )

    def parse_probe(self, response: Response, url: str) -> None:
        """Keep a page for `more` to judge."""
        self.pages[url] = page_of(response)

    def probe_failed(self, failure: Failure) -> None:
        """Record why a page could not be fetched."""
        self.failures[failure.request.cb_kwargs["url"]] = refusal(failure)  # type: ignore[attr-defined]
