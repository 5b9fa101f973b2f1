"""SourceSearch: finds sources that the profile lacks, and tries each by one or two of its listings."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urljoin

from sqlite_utils import Database

from newsarchive.crawling.threads import in_thread
from newsarchive.database import learned
from newsarchive.discovery import (
    ListingError,
    identity,
    read_listing,
    source_candidates,
    start_urls,
    types_url,
    unlisted,
)
from newsarchive.items import Listing, ListingRequest, Page
from newsarchive.sites import Site, Source
from newsarchive.times import now
from newsarchive.urls import url_key

logger = logging.getLogger(__name__)

LEAST_UNKNOWN = {"listing": 2}
"""Unknown articles from which a source is worth reading, if more than one: a page may show a link to anything."""
MOST_TRIED = 20
"""Sources that a first crawl tries at most."""
LOOK, TRY = "look", "try"


@dataclass
class SourceSearch:
    """The search for further sources in one run, after the known ones were read; `site` has all of these.

    It looks at what the home page, robots.txt and WordPress' types name if `look` asks for it, then tries sources that
    were never tried; `room` bounds the requests of a run of a site without news, and `no_rest` is True if WordPress'
    REST interface was asked in vain. Once one is worth reading, it is in `found`, and the search pauses: what that
    source lists is no news of the next one.
    """

    site: Site
    profile: Site
    db: Database
    write: Callable[[], None]
    look: bool
    room: int
    no_rest: bool = False
    found: list[Source] = field(default_factory=list)
    open: int = 0
    _pages: dict[str, Page] = field(default_factory=dict)
    _looking: dict[str, str] = field(default_factory=dict)
    _tried_now: set[Source] = field(default_factory=set)
    _trying: Source | None = None
    _began: bool = False
    _home_lists: set[str] = field(default_factory=set)

    def begin(self) -> list[ListingRequest]:
        """Return the first requests, or those to go on with; none if nothing is left to look for."""
        self.found = []
        if self._began or not self.look:
            return self._begin_trying()
        self._began = True
        self._looking = {self.site.url: "home"}
        if not any(source.kind == "sitemap" and not source.url for source in self.site.sources):
            self._looking[urljoin(self.site.url, "/robots.txt")] = "robots"
        if (url := types_url(self.site)) and not self.no_rest:
            self._looking[url] = "types"
        return self._asked([ListingRequest(kind="listing", url=url, task=LOOK) for url in self._looking])

    async def read(self, request: ListingRequest, page: Page) -> list[ListingRequest]:
        """Take note of an answer; return what to request next."""
        self.open -= 1
        if request.task == LOOK:
            name = self._looking[request.url]
            self._pages[name] = page
            if name == "home":
                self._home_lists = await self._urls_of(Source(kind="listing", url=self.site.url), page)
            return self._next_if_looked()
        further = await self._tried(request, page)
        return self._asked(further) or self._begin_trying()

    def fail(self, request: ListingRequest, reason: str) -> list[ListingRequest]:
        """Take note that a request failed; return what to request next."""
        self.open -= 1
        logger.debug("%s: %s", request.url, reason)
        if request.task == LOOK:
            return self._next_if_looked()
        self._settle(used=False)
        return self._begin_trying()

    def _asked(self, requests: list[ListingRequest]) -> list[ListingRequest]:
        self.open += len(requests)
        return requests

    def _next_if_looked(self) -> list[ListingRequest]:
        """Record the sources that were named, once all answers are there, and begin to try them."""
        if self.open:
            return []
        self.write()
        for candidate in source_candidates(self.site, **self._pages):
            learned.note_candidate(self.db, self.site.name, candidate.source, origin=candidate.origin)
        if "home" in self._pages:
            learned.note_looked(self.db, self.profile, time=now())
        return self._begin_trying()

    def _begin_trying(self) -> list[ListingRequest]:
        """Return the request for the next source to try; none if one was found, or no other is to be tried now."""
        while not self.found and self.room > 0 and (source := self._next_to_try()) is not None:
            self._trying = source
            if source.kind == "listing" and source.url == self.site.url and "home" in self._pages:
                self._judge(source, self._home_lists)  # it was read already
                continue
            self.room -= 1
            url = start_urls(self.site, source)[0]
            return self._asked([ListingRequest(kind=source.kind, url=url, task=TRY, source=source.url)])
        return []

    def _next_to_try(self) -> Source | None:
        known = {identity(self.site, source) for source in self.site.sources}
        for source in learned.candidates_to_try(self.db, self.site.name, time=now()):
            new = source not in self._tried_now and identity(self.site, source) not in known
            if new and self.site.covers(source.url):
                self._tried_now.add(source)
                return source
        return None

    async def _tried(self, request: ListingRequest, page: Page) -> list[ListingRequest]:
        """Judge the source being tried by one of its listings; return another listing of it that must be read first."""
        source = self._trying
        assert source is not None
        listing = await self._listing_of(source, page)
        if listing is not None and not listing.articles and listing.listings and request.depth < 2:
            newest = max(zip(listing.lastmods, listing.listings, strict=False), default=("", listing.listings[-1]))[1]
            return [ListingRequest(kind=source.kind, url=newest, task=TRY, source=source.url, depth=request.depth + 1)]
        self._judge(source, _urls(listing))
        return []

    def _judge(self, source: Source, urls: set[str]) -> None:
        """Use a source if it lists articles that no source has listed."""
        unknown = unlisted(self.site, urls, learned.known_keys(self.db, {url_key(url) for url in urls}))
        self._settle(used=len(unknown) >= LEAST_UNKNOWN.get(source.kind, 1))

    async def _urls_of(self, source: Source, page: Page) -> set[str]:
        return _urls(await self._listing_of(source, page))

    async def _listing_of(self, source: Source, page: Page) -> Listing | None:
        if page.status != 200:
            return None
        try:
            return await in_thread(read_listing, page, site=self.site, source=source)
        except ListingError:
            return None

    def _settle(self, *, used: bool) -> None:
        source, self._trying = self._trying, None
        if source is None:
            return
        self.write()
        learned.note_tried(self.db, self.site.name, source, used=used, time=now())
        if used:
            self.found.append(source)


def _urls(listing: Listing | None) -> set[str]:
    return {listed.url for listed in listing.articles} if listing is not None else set()
