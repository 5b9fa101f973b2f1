"""SourceDecider: what to read of a source, decided from its state and its listings alone.

It reads no database and sends no request: rows and listings go in, requests and values to store come out.
SourceReader carries out what it decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, NamedTuple

from newsarchive.crawling.full_scans import Scan
from newsarchive.discovery import ListingError, changes_url, ids_url, is_guess, lastmod_is_reliable, start_urls
from newsarchive.items import Listed, Listing, ListingRequest, Page
from newsarchive.sites import Site
from newsarchive.times import stamp
from newsarchive.urls import url_key

OVERLAP = timedelta(hours=1)
FEW_FILES = 2
DEEPEST = {"sitemap": 4}  # robots.txt, an index, an index in it, a file: no honest site nests deeper
MOST_LISTINGS = {"wordpress": 20_000, "sitemap": 20_000, "feed": 2_000, "listing": 2_000}

Row = Mapping[str, Any]
"""A row of `sources`; empty if there is none."""
Rows = Mapping[str, Row]
"""Rows of `sources` by URL."""


class Unread(Enum):
    """An answer that needs no parsing."""

    UNCHANGED = auto()
    NOT_THERE = auto()
    """A guessed URL does not exist: nothing is missed."""


class Entry(NamedTuple):
    """An article to note."""

    listed: Listed
    again: bool
    """True if its page is due though it is known and unchanged."""
    unseen: bool
    """True if no listing of this scan named it before."""


class SourceDecider:
    """Decides what to read of one source; its `scan` holds what was read so far.

    `full` is True if every article is to be fetched again; `seen` holds the keys that any source listed in this run.
    """

    def __init__(self, site: Site, scan: Scan, *, full: bool, seen: set[str]) -> None:
        self.scan = scan
        self._site = site
        self._full = full
        self._seen = seen

    # What to request

    def starts(self) -> tuple[str, ...]:
        """Return the URLs at which this scan starts."""
        scan = self.scan
        if scan.task == "changes" and scan.source.kind == "wordpress" and scan.state["cursor"]:
            since = datetime.fromisoformat(min(scan.state["cursor"], scan.began)) - OVERLAP
            return (changes_url(self._site, scan.source, since=stamp(since)),)
        return start_urls(self._site, scan.source)

    def begin(self, rows: Rows) -> list[ListingRequest]:
        """Return the requests to start with; `rows` are those of `starts`."""
        scan = self.scan
        requests = [self._request(url, scan.task, rows) for url in self.starts()]
        scan.open = len(requests)
        scan.starts = tuple(request.url for request in requests)
        scan.asked.update(scan.starts)
        return requests

    def further(
        self, request: ListingRequest, listing: Listing, rows: Rows, *, due: int, unseen: bool
    ) -> list[ListingRequest]:
        """Return the listings to read after this one.

        `rows` are those of `listing.listings`, `due` the number of its articles whose page is due, `unseen`
        whether any of them is unseen.
        """
        scan, kind = self.scan, self.scan.source.kind
        if kind == "wordpress" and request.task == "walk":
            scan.total = listing.total if scan.total is None else scan.total
        if kind in ("feed", "listing"):
            known_ground = bool(listing.articles) and due < len(listing.articles)
            stop = not scan.follow or known_ground if request.task == "changes" else not scan.follow or not unseen
            urls = () if stop else listing.listings
            return self._bounded(request, [self._request(url, request.task, rows) for url in urls])
        further = [self._request(url, request.task, rows) for url in self._worth_reading(request, listing, rows)]
        if kind == "wordpress" and request.task == "changes" and not further:
            further = [self._request(ids_url(self._site, scan.source), "ids", rows)]
        return self._bounded(request, further)

    def further_ids(
        self, request: ListingRequest, listing: Listing, *, known: int
    ) -> tuple[list[ListingRequest], bool]:
        """Return the pages of IDs to read after this one, and whether the list of IDs is complete now.

        The first page states the total. If it equals the `known` number of articles, nothing is gone and the rest is
        not read; without a total nothing tells where the list ends.
        """
        scan = self.scan
        if scan.total is None:
            scan.total = listing.total
            if scan.total in (None, known):
                return [], False
        further = [self._request(url, "ids", {}) for url in listing.listings]
        return self._bounded(request, further), scan.open == 1 and not further

    def _request(self, url: str, task: str, rows: Rows) -> ListingRequest:
        headers: tuple[tuple[str, str], ...] = ()
        if task == "changes" and self.scan.source.kind in ("feed", "sitemap") and not self._full:
            headers = _validators(rows.get(url, {}))
        return ListingRequest(kind=self.scan.source.kind, url=url, task=task, source=self.scan.url, headers=headers)

    def _worth_reading(self, request: ListingRequest, listing: Listing, rows: Rows) -> list[str]:
        """Return the files named by a sitemap index that may have changed.

        If the index states times, those with a new one. If it states none and names many files: those never read
        before, and the last one, because sitemaps that are split by number keep new articles there.
        """
        times = dict(zip(listing.listings, listing.lastmods, strict=False))
        if not times:
            return list(listing.listings)
        self.scan.times.update(times)
        if request.task == "walk":
            return list(times)
        few = len(times) <= FEW_FILES
        return [
            url
            for url, time in times.items()
            if not rows.get(url) or (time != rows[url]["cursor"] if time else few or url == listing.listings[-1])
        ]

    def _bounded(self, request: ListingRequest, further: list[ListingRequest]) -> list[ListingRequest]:
        """Return the requests not made before, bounded in depth and number, so that no site leads on for ever."""
        scan, kind, depth = self.scan, self.scan.source.kind, request.depth + 1
        fresh = [replace(f, depth=depth) for f in further if f.url not in scan.asked]
        if fresh and depth > DEEPEST.get(kind, depth):
            scan.fail(f"{request.url}: sitemaps are nested too deep")
            return []
        most = MOST_LISTINGS[kind]
        if scan.source.pages:
            most = min(most, scan.source.pages)
        room = max(0, most - len(scan.asked))
        if len(fresh) > room and not scan.source.pages:
            scan.fail(f"{scan.url}: more than {most} listings")
        scan.asked.update(f.url for f in fresh[:room])
        return fresh[:room]

    # What an answer gave

    def judge(self, request: ListingRequest, page: Page) -> Page | Unread:
        """Return the page to parse, or why it needs no parsing. Raise ListingError if it is no listing."""
        if page.status == 304:
            self.scan.read += 1
            return Unread.UNCHANGED
        if page.status in (404, 410) and is_guess(request.kind, request.url, request.depth):
            return Unread.NOT_THERE
        if 400 <= page.status < 500 and _is_robots(request):
            return replace(page, status=200, body=b"")  # it names no sitemap: the usual paths are left
        if page.status != 200:
            raise ListingError(request.url, f"status {page.status}")
        return page

    def note_read(self, request: ListingRequest, listing: Listing) -> None:
        """Count a listing that was parsed, and record whether it is truncated."""
        self.scan.read += not _is_robots(request)  # robots.txt only names what to read
        if listing.cut:
            self.scan.fail(f"{request.url}: {listing.cut}")

    def fail(self, request: ListingRequest, reason: str, *, ours: bool = False) -> None:
        """Record that a listing could not be read; `ours` is True if the fault is in newsarchive."""
        scan = self.scan
        scan.fail(f"{request.url}: {reason}", whole=request.url in scan.starts)
        if ours:
            scan.problem = scan.problem or f"{request.url}: {reason}"

    def believes(self, listing: Listing) -> bool:
        """Return whether the times of modification in a listing are reliable."""
        believed = self.scan.source.kind == "wordpress" or lastmod_is_reliable(listing.articles)
        self.scan.believed = self.scan.believed and believed
        return believed

    def take(self, articles: Iterable[Listed], *, believed: bool) -> list[Entry]:
        """Return those of a listing's articles that are on the site; `believed` as `believes` returned it."""
        scan, found = self.scan, []
        for listed in articles:
            if not self._site.covers(listed.url):
                continue
            key = url_key(listed.url)
            again = self._full and key not in self._seen  # once, though several sources name it
            found.append(Entry(listed, again=again, unseen=key not in scan.keys))
            self._seen.add(key)
            scan.keys.add(key)
            scan.listed += 1
            if believed and listed.lastmod:
                scan.newest = max(scan.newest, listed.lastmod)
        return found

    def take_ids(self, listing: Listing) -> list[Listed]:
        """Return the articles of a page of WordPress IDs that are on the site."""
        self.scan.keys.update(f"wordpress:{listed.native_id}" for listed in listing.articles)
        return [listed for listed in listing.articles if self._site.covers(listed.url)]


def _is_robots(request: ListingRequest) -> bool:
    return request.url.endswith("/robots.txt")


def _validators(row: Row) -> tuple[tuple[str, str], ...]:
    """Return the conditional headers for a listing read before; a weak ETag is stored without its W/.

    WordPress never answers 304 to a weak one: its comparison is literal.
    """
    if json.loads(row.get("data") or "{}").get("index"):  # an unchanged index says nothing about its files
        return ()
    headers = {"If-None-Match": row.get("etag"), "If-Modified-Since": row.get("last_modified")}
    return tuple((name, value) for name, value in headers.items() if value and value.isascii())
