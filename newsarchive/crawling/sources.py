"""SourceReader: reads one source of a site, carrying out what SourceDecider decides."""

from __future__ import annotations

import logging
import sqlite3
from functools import partial

from newsarchive.crawling.answers import Unread, believes, judge, note_failure, note_read
from newsarchive.crawling.decisions import SourceDecider
from newsarchive.crawling.full_scans import Scan
from newsarchive.crawling.listing_ends import order_of
from newsarchive.crawling.scan_results import (
    compare_ids,
    file_values,
    listing_values,
    missing,
    missing_since,
    news_values,
    source_values,
    unfinished_values,
)
from newsarchive.crawling.source_store import SourceStore
from newsarchive.crawling.threads import in_thread
from newsarchive.discovery import ListingError, read_listing
from newsarchive.items import Listing, ListingRequest, Page
from newsarchive.sites import Site
from newsarchive.text.counting import counted
from newsarchive.times import now
from newsarchive.urls import url_key

logger = logging.getLogger(__name__)

MOST_LOST = 1_000  # invalid URLs of a scan that are stored one by one
OURS = "an error in newsarchive itself"


class SourceReader:
    """Reads one source: requests in, listings out of answers, and what they give into the archive.

    `full` is True if every article is to be fetched again; `seen` holds the keys that any source listed in this run.
    """

    def __init__(self, site: Site, scan: Scan, store: SourceStore, *, full: bool, seen: set[str]) -> None:
        self.scan = scan
        self._site = site
        self._store = store
        self._full = full
        self._decider = SourceDecider(site, scan, full=full, seen=seen)

    def begin(self) -> list[ListingRequest]:
        """Return the listings to read first."""
        ends = self.scan.ends
        ends.order = order_of(self._store.days(ends.first_keys), self._store.days(ends.last_keys))
        return self._decider.begin(self._store.rows(self._decider.starts()))

    async def read(self, request: ListingRequest, page: Page) -> list[ListingRequest]:
        """Store what a listing gave, and return the listings to read next.

        A hundred posts, or a sitemap of thousands, take longer than others should wait: a thread parses the listing,
        and its articles are written in steps, each in the transaction then open.
        """
        self._store.write()
        further: list[ListingRequest] = []
        try:
            further = await self._read(request, page)
        except (sqlite3.Error, OSError):  # storing failed: that ends the run
            raise
        except Exception as error:
            logger.debug("%s cannot be read", request.url, exc_info=True)
            self._fail(request, f"{OURS} ({type(error).__name__}: {error})"[:300], ours=True)
        self.scan.open += len(further) - 1
        return further

    def fail(self, request: ListingRequest, reason: str) -> list[ListingRequest]:
        """Record that a listing could not be fetched; return what to read in its place: nothing."""
        self._store.write()
        self._fail(request, reason)
        self.scan.open -= 1
        return []

    def give_up(self, requests: list[ListingRequest], reason: str) -> None:
        """Record that listings are not to be read."""
        self.scan.fail(f"{requests[0].url}: {reason}")
        self.scan.open -= len(requests)

    def finish(self, run: int) -> None:
        """Store what the next run needs to know of the source, and make due what it no longer lists."""
        scan, time = self.scan, now()
        values = source_values(scan, self._store.row(scan.url), full=self._full, time=time)
        self._store.remember(scan.url, values | {"checked": time, "run": run})
        if (since := missing_since(scan)) is not None:
            self._store.make_due(missing(scan, self._store.listed_since(since)))

    async def _read(self, request: ListingRequest, page: Page) -> list[ListingRequest]:
        if instead := self._decider.instead(request, page):
            return instead
        try:
            answer = judge(self.scan, request, page)
            if isinstance(answer, Unread):
                if answer is Unread.UNCHANGED:
                    self._store.remember(request.url, file_values(self.scan, request.url, time=now()))
                return []
            listing = await self._parse(answer)
        except ListingError as error:
            self._fail(request, error.reason, ours=error.ours)
            return []
        note_read(self.scan, request, listing)
        if not listing.cut:
            values = listing_values(answer, listing, self._store.row(request.url), time=now())
            self._store.remember(request.url, values | file_values(self.scan, request.url, time=now()))
        self._note_lost(listing)
        if request.task == "ids":
            return self._read_ids(request, listing)
        return await self._read_articles(request, listing)

    async def _parse(self, page: Page) -> Listing:
        try:
            scan = self.scan
            return await in_thread(read_listing, page, site=self._site, source=scan.source, shapes=scan.shapes)
        finally:
            self._store.write()  # what was open before the thread began may be committed by now

    def _fail(self, request: ListingRequest, reason: str, *, ours: bool = False) -> None:
        note_failure(self.scan, request, reason, ours=ours)
        logger.debug("%s cannot be read: %s", request.url, reason)

    def _note_lost(self, listing: Listing) -> None:
        """Note the entries with invalid URLs, for a person to see with their reason."""
        for lost in listing.lost:
            if lost.listing:
                self.scan.fail(f"{lost.url[:200]}: {lost.reason}")
                continue
            self.scan.lose(lost)
            if self.scan.lost <= MOST_LOST:
                self._store.save_lost(lost)

    async def _read_articles(self, request: ListingRequest, listing: Listing) -> list[ListingRequest]:
        believed = believes(self.scan, listing)
        take = partial(self._decider.take, believed=believed)
        if request.kind == "listing":
            self._note_place(request, listing)
        noted = await self._store.save_listed(listing.articles, take, trust_lastmod=believed)
        self.scan.fresh += noted.fresh
        if noted.fresh and request.task == "changes" and request.kind == "sitemap" and request.depth:
            self._store.remember(request.url, news_values(self._store.row(request.url), time=now()))
        rows = self._store.rows(listing.listings) if request.task == "changes" else {}
        further = self._decider.further(request, listing, rows, noted)
        if request.task == "changes" and (self.scan.has_gap or (further and self.scan.following)):
            self._store.remember(self.scan.url, unfinished_values(self.scan, self._store.row(self.scan.url)))
        return further

    def _note_place(self, request: ListingRequest, listing: Listing) -> None:
        """Note what a page of a listing has that those before it had not, before that is stored."""
        scan = self.scan
        keys = dict.fromkeys(url_key(listed.url) for listed in listing.articles if self._site.covers(listed.url))
        unseen = [key for key in keys if key not in scan.keys]
        is_end = self._decider.is_end(request)
        to_end = is_end or (scan.is_full and not scan.beside)
        role = "first" if request.url in scan.starts else "end" if to_end else "other"
        scan.ends.lost = scan.ends.lost or (is_end and request.url == scan.ends.last_url and not unseen)
        news = len(unseen) - self._store.count_known(unseen)
        scan.ends.note(request.url, unseen, news=news, role=role, leads_on=bool(listing.listings))

    def _read_ids(self, request: ListingRequest, listing: Listing) -> list[ListingRequest]:
        """Note a page of IDs; once all pages are read, look at the pages of what has gone or come back."""
        self._store.save_ids(self._decider.take_ids(listing))
        known = self._store.count_known_ids() if self.scan.total is None else 0
        further, complete = self._decider.further_ids(request, listing, known=known)
        if complete:
            found = compare_ids(self.scan, self._store.known_ids())
            self._store.note_unlisted(found.forgotten)
            if found.gone:
                number = counted(len(found.gone), "article")
                logger.info("%s: no longer listed: %s; checking the pages", self._site.name, number)
            self._store.make_due([*found.gone, *found.back])
        return further
