"""NewsSpider: crawls a site by its plan, listings first, then the pages that are due."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Protocol, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from newsarchive.crawling.signals import abandoned
from newsarchive.crawling.spiders.images import image_requests
from newsarchive.crawling.spiders.page import (
    ANSWERS,
    Postponed,
    RobotsForbidden,
    fetched,
    page_of,
    page_request,
    refusal,
)
from newsarchive.items import Extracted, Fetched, FetchedImage, Hints, ImageToDownload, ListingRequest, NotKept, Page
from newsarchive.sites import Site

LISTING_PRIORITY = 10
BATCH = 50


class Plan(Protocol):
    """What to read of a site in this run; the archive makes it."""

    def begin(self) -> list[ListingRequest]:
        """The listings to read first."""

    async def read(self, request: ListingRequest, page: Page) -> list[ListingRequest]:
        """Store what a listing gave; return the listings to read next."""

    def fail(self, request: ListingRequest, reason: str) -> list[ListingRequest]:
        """Record that a listing could not be fetched; return what to read instead."""

    def held(self) -> list[ListingRequest]:
        """Listings that were put off until the pages due had been fetched."""

    def due(self, limit: int) -> list[tuple[str, Hints]]:
        """Return up to `limit` URLs to fetch now, each once, with what a listing said of it."""


class NewsSpider(Spider):
    """One site's spider; the loader makes a class of it for each profile, the archive gives it its plan."""

    site: Site
    plan: Plan
    left_images: Sequence[ImageToDownload] = ()
    """Images that an earlier run was killed before it had kept."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._listings = 0
        self._reading: set[asyncio.Future[list[ListingRequest]]] = set()
        self._abandoned = False

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        self = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(self.abandon, abandoned)
        return self

    async def start(self) -> AsyncIterator[Request | Extracted | FetchedImage]:
        for request in self._listing_requests(self.plan.begin()):
            yield request
        while True:
            due = self.plan.due(BATCH)
            for url, hints in due:
                try:
                    yield page_request(url, self.parse_page, self.page_failed, hints=hints)
                except ValueError as error:
                    yield self._failed(url, refusal(Failure(error)))  # type: ignore[no-untyped-call]
            if not due and not self._listings and not self._is_at_work():
                held = list(self._listing_requests(self.plan.held()))
                for request in held:
                    yield request
                if not held:
                    break
            await self.crawler.signals.wait_for(signals.scheduler_empty)
        for image in image_requests(self, self.left_images):
            yield image

    def _is_at_work(self) -> bool:
        """Return whether a page is under way, up to the storing of its outcome, which may prove the site honest."""
        engine = self.crawler.engine
        assert engine is not None
        assert engine.scraper.slot is not None
        return bool(engine.downloader.active) or not engine.scraper.slot.is_idle()

    def _listing_requests(self, listings: list[ListingRequest]) -> Iterator[Request]:
        """The requests for listings; of one whose address is invalid the plan says what to read instead."""
        waiting = list(listings)
        while waiting:
            listing = waiting.pop(0)
            try:
                request = self._listing_request(listing)
            except ValueError as error:
                waiting += self.plan.fail(listing, refusal(Failure(error)))  # type: ignore[no-untyped-call]
                continue
            self._listings += 1
            yield request

    def _listing_request(self, listing: ListingRequest) -> Request:
        return Request(
            listing.url,
            callback=self.parse_listing,
            errback=self.listing_failed,
            headers=dict(listing.headers),
            cb_kwargs={"listing": listing},
            priority=LISTING_PRIORITY,
            dont_filter=True,
            meta={"handle_httpstatus_list": ANSWERS, "any_host": listing.elsewhere},
        )

    async def parse_listing(self, response: Response, listing: ListingRequest) -> list[Request]:
        """Read one listing; what it leads to is in the plan."""
        reading = asyncio.ensure_future(self.plan.read(listing, page_of(response)))
        self._reading.add(reading)
        try:
            return list(self._listing_requests(await reading))
        except asyncio.CancelledError:
            if self._abandoned:
                return []
            raise
        finally:
            self._reading.discard(reading)
            self._listings -= 1

    def abandon(self) -> None:
        """Read none of the listings to its end that are being read."""
        self._abandoned = True
        for reading in self._reading:
            reading.cancel()

    def listing_failed(self, failure: Failure) -> Iterator[Request]:
        """Ask the plan what to read instead of a listing that failed, unless the run itself is to end."""
        self._listings -= 1
        if isinstance(failure.value, NotKept | Postponed):
            return
        listing = failure.request.cb_kwargs["listing"]  # type: ignore[attr-defined]
        yield from self._listing_requests(self.plan.fail(listing, refusal(failure)))

    def parse_page(self, response: Response, url: str, hints: Hints) -> Iterator[Fetched | Extracted]:
        """Pass an article's page on to extraction, or the reason why there is none."""
        yield fetched(response, self.site.name, url, hints, home=self.site.url)

    def page_failed(self, failure: Failure) -> Iterator[Extracted]:
        """Report a page that failed; one that was postponed, or was not stored, stays in the queue."""
        if isinstance(failure.value, NotKept | Postponed):
            return
        outcome = "forbidden" if isinstance(failure.value, RobotsForbidden) else "failed"
        yield self._failed(failure.request.cb_kwargs["url"], refusal(failure), outcome=outcome)  # type: ignore[attr-defined]

    def _failed(self, url: str, reason: str, *, outcome: str = "failed") -> Extracted:
        nothing = Fetched(site=self.site.name, urls=(url,), pages=(), captures=())
        return Extracted(fetched=nothing, outcome=outcome, reason=reason)
