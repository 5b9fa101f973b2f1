"""SourceDecider: what to read of a source, decided from its state and its listings alone.

It reads no database and sends no request: rows and listings go in, requests and values to store come out.
SourceReader carries out what it decides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from newsarchive.crawling.conditional import validators
from newsarchive.crawling.full_scans import Scan
from newsarchive.discovery import (
    changes_url,
    fewer_url,
    ids_url,
    per_page_of,
    start_urls,
    with_per_page,
)
from newsarchive.items import Listed, Listing, ListingRequest, Page
from newsarchive.sites import Site
from newsarchive.times import stamp
from newsarchive.urls import host_of, url_key

OVERLAP = timedelta(hours=1)
FEW_FILES = 2
MOST_NAMED = 4
"""Sitemaps named by robots.txt that are read in each run, if no more of them bring news."""
NEWS_LATELY = timedelta(days=60)
DEEPEST = {"sitemap": 4}  # robots.txt, an index, an index in it, a file: no honest site nests deeper
MOST_LISTINGS = {"wordpress": 20_000, "sitemap": 20_000, "feed": 2_000, "listing": 2_000}

Row = Mapping[str, Any]
"""A row of `sources`; empty if there is none."""
Rows = Mapping[str, Row]
"""Rows of `sources` by URL."""


class Entry(NamedTuple):
    """An article to note."""

    listed: Listed
    again: bool
    """True if its page is due though it is known and unchanged."""
    unseen: bool
    """True if no listing of this scan named it before."""
    fresh: bool = True
    """True if no listing of this run named it before, of this source or another."""


@dataclass(kw_only=True)
class Noted:
    """What the articles of a listing brought: how many of them are due, how many of these no other listing of this run
    named, and whether any is unseen in this scan."""

    due: int = 0
    fresh: int = 0
    unseen: bool = False


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

    def further(self, request: ListingRequest, listing: Listing, rows: Rows, noted: Noted) -> list[ListingRequest]:
        """Return the listings to read after this one; `rows` are those of `listing.listings`."""
        scan, kind = self.scan, self.scan.source.kind
        if kind == "wordpress" and request.task == "walk":
            scan.total = listing.total if scan.total is None else scan.total
        scan.indexed = scan.indexed or bool(listing.lastmods)
        if kind in ("feed", "listing"):
            scan.pages_with_news += noted.unseen
            brings = self._brings(request, noted)
            urls = self._next_pages(request, listing, brings=brings)
            task = "end" if self.is_end(request) else request.task
            requests = [self._request(url, task, rows) for url in urls]
            further = self._bounded(request, requests, same_depth=not brings)  # another try for the second page
            return further or self._towards_end(request, listing)
        if kind == "wordpress" and listing.total is None and not noted.unseen and listing.articles:
            return []  # a site without a number of pages that answers with the same page for ever
        worth = self._worth_reading(request, listing, rows)
        further = [self._along(request, self._request(url, request.task, rows), listing) for url in worth]
        if kind == "wordpress" and request.task == "changes" and not further and not scan.also:
            further = [self._request(ids_url(self._site, scan.source), "ids", rows)]
        return self._bounded(request, further)

    def _brings(self, request: ListingRequest, noted: Noted) -> bool:
        """Return whether a page of a feed or listing brings what is new, so that the next one is read.

        In a full scan that is what no page of it named before; beside a source that has all, what only this one names;
        else what is due, at any place of the page: pinned and popular articles stand on each. From the last page on,
        whatever comes after it.
        """
        if request.task == "walk" and self.scan.beside and not self._full:
            return noted.fresh > 0
        return noted.unseen if request.task == "walk" or self.is_end(request) else noted.due > 0

    def is_end(self, request: ListingRequest) -> bool:
        """True if a page of a listing is read because it is the last one, or leads to it."""
        return request.task == "end" or (request.task == "changes" and request.url == self.scan.ends.last_url)

    def _towards_end(self, request: ListingRequest, listing: Listing) -> list[ListingRequest]:
        """Return the last page of a listing, after its first pages, unless news is known to be on these."""
        scan = self.scan
        wanted = request.task == "changes" and request.kind == "listing" and not self.is_end(request)
        if not wanted or scan.beside or scan.source.pages:
            return []
        pages = scan.ends.onward(listing.listings)
        return self._bounded(request, [self._request(url, "end", {}) for url in pages])

    def _next_pages(self, request: ListingRequest, listing: Listing, *, brings: bool) -> tuple[str, ...]:
        """Return the next page; if the second page brings nothing, another candidate for it."""
        scan = self.scan
        if brings:
            if request.depth == 0:
                scan.candidates = listing.alternatives
            scan.following = bool(listing.listings)
            return listing.listings
        if request.depth == 1 and request.task == "walk" and scan.candidates:
            candidate, *rest = scan.candidates
            scan.candidates = tuple(rest)
            return (candidate,)
        return ()

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

    @staticmethod
    def _along(request: ListingRequest, further: ListingRequest, listing: Listing) -> ListingRequest:
        """Return a further request, allowed on another host if robots.txt names it, or a file there names it."""
        same_host = request.elsewhere and urlsplit(further.url).netloc == urlsplit(request.url).netloc
        return replace(further, elsewhere=further.url in listing.elsewhere or same_host)

    def instead(self, request: ListingRequest, page: Page) -> list[ListingRequest]:
        """Return the request to make in place of one that the site refused because it asked for too much at once."""
        url = fewer_url(page) if self.scan.source.kind == "wordpress" else ""
        if not url or url in self.scan.asked:
            return []
        self.scan.per_page = per_page_of(url)
        self.scan.asked.add(url)
        if request.url in self.scan.starts:
            self.scan.starts += (url,)
        return [replace(request, url=url)]

    def _request(self, url: str, task: str, rows: Rows) -> ListingRequest:
        url = with_per_page(url, self.scan.per_page) if self.scan.per_page else url
        headers: tuple[tuple[str, str], ...] = ()
        if task == "changes" and self.scan.source.kind in ("feed", "sitemap") and not self._full:
            headers = validators(rows.get(url, {}), now=self.scan.began)
        return ListingRequest(kind=self.scan.source.kind, url=url, task=task, source=self.scan.url, headers=headers)

    def _worth_reading(self, request: ListingRequest, listing: Listing, rows: Rows) -> list[str]:
        """Return the files named by a sitemap index that may have changed.

        If the index states times, those with a new one; if no time is new, the newest file, since some sites never
        change the times in their index. If it states none and names many files: those never read
        before, the first, the last and that of the highest number: in one of them sitemaps keep new articles.
        """
        times = dict(zip(listing.listings, listing.lastmods, strict=False))
        if not times:
            return self._in_turn(list(listing.listings), rows) if request.task == "changes" else list(listing.listings)
        self.scan.times.update(times)
        if request.task == "walk":
            return list(times)
        files = tuple(times)
        likely = {files[0], files[-1], max(files, key=_natural)} if len(files) > FEW_FILES else set(files)
        changed = [
            url
            for url, time in times.items()
            if not rows.get(url) or (time != rows[url]["cursor"] if time else url in likely)
        ]
        if changed or not all(times.values()):
            return changed
        if len(set(times.values())) == 1:
            return [url for url in files if url in likely]
        return [max(files, key=lambda url: times[url])]

    def _in_turn(self, files: list[str], rows: Rows) -> list[str]:
        """Return the files to read of those that robots.txt names: of many that never bring news, some in each run.

        Always read are those never read before, those that brought news lately, the first, the last and that of the
        highest number.
        """
        if self.scan.source.kind != "sitemap" or len(files) <= MOST_NAMED:
            return files
        lately = stamp(datetime.fromisoformat(self.scan.began) - NEWS_LATELY)
        likely = {files[0], files[-1], max(files, key=_natural)}
        usual = [url for url in files if url in likely or not rows.get(url) or _news_of(rows[url]) > lately]
        others = sorted(set(files) - set(usual), key=lambda url: rows[url]["checked"] or "")
        return [*usual, *others[: max(1, MOST_NAMED - len(usual))]]

    def _bounded(
        self, request: ListingRequest, further: list[ListingRequest], *, same_depth: bool = False
    ) -> list[ListingRequest]:
        """Return the requests not made before, bounded in depth and number, so that no site leads on for ever."""
        scan, kind, depth = self.scan, self.scan.source.kind, request.depth + (not same_depth)
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

    # What a listing names

    def take(self, articles: Iterable[Listed], *, believed: bool) -> list[Entry]:
        """Return those of a listing's articles that are on the site; `believed` as `believes` returned it."""
        scan, found = self.scan, []
        for listed in articles:
            if not self._site.covers(listed.url):
                scan.foreign = scan.foreign or host_of(listed.url)
                continue
            key = url_key(listed.url)
            again = self._full and key not in self._seen  # once, though several sources name it
            found.append(Entry(listed, again=again, unseen=key not in scan.keys, fresh=key not in self._seen))
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


def _news_of(row: Row) -> str:
    """Return when a file, given as its row, last named an article that was new in a run for changes."""
    return str(json.loads(row.get("data") or "{}").get("news", ""))


def _natural(url: str) -> list[int]:
    """Sort key of a file's name by the numbers in it."""
    return [int(number) for number in re.findall(r"\d{1,9}", url.rpartition("/")[2])]
