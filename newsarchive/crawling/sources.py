"""Reading one source of a site: what its listings give goes into the ledger, and leads to the listings to read next."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from newsarchive import database
from newsarchive.crawling.full_scans import Scan, kind_of_scan
from newsarchive.crawling.threads import in_thread
from newsarchive.discovery import (
    ListingError,
    changes_url,
    ids_url,
    is_guess,
    lastmod_is_reliable,
    read_listing,
    start_urls,
)
from newsarchive.items import Listing, ListingRequest, Page
from newsarchive.sites import Site
from newsarchive.text.counting import counted
from newsarchive.times import now, stamp
from newsarchive.urls import url_key

logger = logging.getLogger(__name__)

OVERLAP = timedelta(hours=1)
STEP = 25  # addresses of a listing that are written before others have their turn: some 4 ms
FEW_FILES = 2
DEEPEST = {"sitemap": 4}  # robots.txt, an index, an index in it, a file: none is honest beyond
MOST_LISTINGS = {"wordpress": 20_000, "sitemap": 20_000, "feed": 2_000, "listing": 2_000}
MOST_LOST = 1_000  # invalid addresses of a scan that are noted one by one
OURS = "an error in newsarchive itself"
MOST_LOOKS = 500  # at articles that no source tells of any more


class SourceReader:
    """Reads one source by its scan; `write` is called before each write to the database.

    `started` is when the run began (UTC), `seen` the keys of what its sources listed so far, shared by their readers.
    """

    def __init__(
        self,
        db: Database,
        site: Site,
        scan: Scan,
        *,
        write: Callable[[], None],
        full: bool,
        started: str,
        seen: set[str],
    ) -> None:
        self.scan = scan
        self._db = db
        self._site = site
        self._write = write
        self._full = full
        self._started = started
        self._seen = seen

    def begin(self) -> list[ListingRequest]:
        """The listings to read first."""
        scan = self.scan
        requests = self._first_requests()
        scan.open = len(requests)
        scan.starts = tuple(request.url for request in requests)
        scan.asked.update(scan.starts)
        return requests

    async def read(self, request: ListingRequest, page: Page) -> list[ListingRequest]:
        """Take in what a listing gave; gives the listings to read next.

        A hundred posts, or a sitemap of thousands, take longer than others should wait: a thread reads the listing, and
        what it gives is written in steps, each in the transaction then open.
        """
        self._write()
        further: list[ListingRequest] = []
        try:
            further = self._bounded(request, await self._read(request, page))
        except (sqlite3.Error, OSError):  # storing failed: that ends the run
            raise
        except Exception as error:
            logger.debug("%s cannot be read", request.url, exc_info=True)
            self._note_failure(request, f"{OURS} ({type(error).__name__}: {error})"[:300], ours=True)
        self.scan.open += len(further) - 1
        return further

    def fail(self, request: ListingRequest, reason: str) -> None:
        """Take in that a listing could not be had."""
        self._write()
        self._note_failure(request, reason)
        self.scan.open -= 1

    def give_up(self, requests: list[ListingRequest], reason: str) -> None:
        """Take in that listings are not to be read."""
        self.scan.fail(f"{requests[0].url}: {reason}")
        self.scan.open -= len(requests)

    def finish(self, run: int) -> None:
        """Remember of the source what the next run needs; what it no longer lists is looked at."""
        scan = self.scan
        values = self._what_was_read() if scan.worked else {"state": "failed", "reason": scan.why_not}
        values |= {"checked": now(), "run": run}
        database.update_source(self._db, self._site.name, scan.source.kind, scan.url, **values)
        if scan.worked and scan.is_full and not scan.broken:
            self._look_for_the_missing()

    def _what_was_read(self) -> dict[str, Any]:
        scan = self.scan
        kind, row = scan.source.kind, scan.state
        values: dict[str, Any] = {"state": "working", "reason": scan.failure if scan.broken else ""}
        if scan.newest and not (scan.broken and scan.is_full):  # what was not read may be older
            values["cursor"] = max(scan.newest, row.get("cursor") or "")
        if scan.total is not None:
            values["total"] = scan.total
        lastmod = json.loads(row.get("data") or "{}").get("lastmod")
        if scan.is_full:
            told = kind != "feed" and scan.believed and scan.newest  # a feed tells of the newest alone
            lastmod = "believed" if told else "none"
            values |= {"data": self._data(scan.url, lastmod=lastmod), "walked": now()}
            values["walks_cut"] = (row.get("walks_cut") or 0) + 1 if scan.broken else 0
            if not scan.broken:
                values |= {"complete": now(), "walk_began": scan.began}
        return values | {"task": kind_of_scan(scan, full=self._full, believed=lastmod == "believed")}

    # Requests, and what is remembered for those of the next run

    def _first_requests(self) -> list[ListingRequest]:
        scan = self.scan
        if scan.task == "changes" and scan.source.kind == "wordpress" and scan.state["cursor"]:
            since = datetime.fromisoformat(min(scan.state["cursor"], scan.began)) - OVERLAP
            return [self._request(changes_url(self._site, scan.source, since=stamp(since)), "changes")]
        return [self._request(url, scan.task) for url in start_urls(self._site, scan.source)]

    def _request(self, url: str, task: str) -> ListingRequest:
        headers: tuple[tuple[str, str], ...] = ()
        if task == "changes" and self.scan.source.kind in ("feed", "sitemap") and not self._full:
            headers = self._validators(url)
        return ListingRequest(kind=self.scan.source.kind, url=url, task=task, source=self.scan.url, headers=headers)

    def _known(self, url: str) -> dict[str, Any]:
        return database.source_state(self._db, self._site.name, self.scan.source.kind, url)

    def _remember(self, url: str, **values: Any) -> None:
        database.update_source(self._db, self._site.name, self.scan.source.kind, url, **values)

    def _data(self, url: str, **new: Any) -> str:
        """What is remembered of a source besides, with what is new of it: an index may be a source's beginning too."""
        return json.dumps({**json.loads(self._known(url).get("data") or "{}"), **new})

    def _validators(self, url: str) -> tuple[tuple[str, str], ...]:
        """Conditional headers for a listing read before; a weak ETag is told without its W/.

        WordPress never answers 304 to a weak one: its comparison is literal.
        """
        known = self._known(url)
        if json.loads(known.get("data") or "{}").get("index"):  # unchanged, it says nothing of its files
            return ()
        headers = {"If-None-Match": known.get("etag"), "If-Modified-Since": known.get("last_modified")}
        return tuple((name, value) for name, value in headers.items() if value and value.isascii())

    def _remember_validators(self, request: ListingRequest, page: Page, *, is_index: bool) -> None:
        etag = page.headers.get("etag", "").removeprefix("W/")
        modified = page.headers.get("last-modified", "")
        if etag or modified:
            data = self._data(request.url, index=is_index)
            self._remember(request.url, etag=etag, last_modified=modified, checked=now(), data=data)

    def _note_file(self, request: ListingRequest) -> None:
        """Note of a file that an index named, now that it was read, when it had changed."""
        if request.url in self.scan.times:
            self._remember(request.url, cursor=self.scan.times[request.url])

    # What listings give

    async def _read(self, request: ListingRequest, page: Page) -> list[ListingRequest]:
        scan = self.scan
        if page.status == 304:
            scan.read += 1
            self._note_file(request)
            return []
        robots = request.url.endswith("/robots.txt")
        if page.status in (404, 410) and is_guess(request.kind, request.url, request.depth):
            return []  # no listing named it: nothing is missed
        if 400 <= page.status < 500 and robots:
            page = replace(page, status=200, body=b"")  # it names no sitemap: the usual places are left
        try:
            if page.status != 200:
                raise ListingError(request.url, f"status {page.status}")
            listing = await in_thread(read_listing, page, site=self._site, source=scan.source)
        except ListingError as error:
            self._note_failure(request, error.reason, ours=error.ours)
            return []
        finally:
            self._write()  # what was open before the thread began may be committed meanwhile
        scan.read += not robots  # it only names what is to be read
        if listing.cut:
            scan.fail(f"{request.url}: {listing.cut}")
        else:
            self._remember_validators(request, page, is_index=bool(listing.lastmods))
            self._note_file(request)
        self._note_lost(listing)
        if request.task == "ids":
            return self._take_in_ids(listing)
        return await self._take_in(request, listing)

    def _note_failure(self, request: ListingRequest, reason: str, *, ours: bool = False) -> None:
        self.scan.fail(f"{request.url}: {reason}", whole=request.url in self.scan.starts)
        if ours:
            self.scan.problem = self.scan.problem or f"{request.url}: {reason}"
        logger.debug("%s cannot be read: %s", request.url, reason)

    def _note_lost(self, listing: Listing) -> None:
        """Note what a listing names by an invalid address; the ledger has it for a person, with its reason."""
        for lost in listing.lost:
            if lost.listing:
                self.scan.fail(f"{lost.url[:200]}: {lost.reason}")
                continue
            self.scan.lose(lost)
            if self.scan.lost <= MOST_LOST:
                database.save_lost(self._db, lost, site=self._site, source=self.scan.source.kind, time=now())

    async def _take_in(self, request: ListingRequest, listing: Listing) -> list[ListingRequest]:
        scan = self.scan
        believed = scan.source.kind == "wordpress" or lastmod_is_reliable(listing.articles)
        scan.believed = scan.believed and believed
        fresh, seen_before = 0, len(scan.keys)
        for number, listed in enumerate(listing.articles):
            if number % STEP == 0:
                await asyncio.sleep(0)
                self._write()
            if not self._site.covers(listed.url):
                continue
            key = url_key(listed.url)
            again = self._full and key not in self._seen  # another source names it too: once is enough
            self._seen.add(key)
            scan.keys.add(key)
            scan.listed += 1
            if believed and listed.lastmod:
                scan.newest = max(scan.newest, listed.lastmod)
            fresh += database.save_listed(
                self._db,
                listed,
                site=self._site,
                source=scan.source.kind,
                time=now(),
                again=again,
                trust_lastmod=believed,
            )
        return self._further(request, listing, fresh, unseen=len(scan.keys) > seen_before)

    def _further(self, request: ListingRequest, listing: Listing, fresh: int, *, unseen: bool) -> list[ListingRequest]:
        scan = self.scan
        if scan.source.kind == "wordpress" and request.task == "walk":
            scan.total = listing.total if scan.total is None else scan.total
        if scan.source.kind in ("feed", "listing"):
            known_ground = bool(listing.articles) and fresh < len(listing.articles)
            stop = not scan.follow or known_ground if request.task == "changes" else not scan.follow or not unseen
            return [] if stop else [self._request(url, request.task) for url in listing.listings]
        further = [self._request(url, request.task) for url in self._worth_reading(request, listing)]
        if scan.source.kind == "wordpress" and request.task == "changes" and not further:
            further = [self._request(ids_url(self._site, scan.source), "ids")]
        return further

    def _worth_reading(self, request: ListingRequest, listing: Listing) -> list[str]:
        """Of the files that a sitemap index names, those that may have changed.

        Where the index gives times, the files with a new one. Where it gives none and there are many: those never
        read before, and the last, where sitemaps that are split by number keep what is new.
        """
        times = dict(zip(listing.listings, listing.lastmods, strict=False))
        if not times:
            return list(listing.listings)
        self.scan.times.update(times)
        if request.task == "walk":
            return list(times)
        known = {url: self._known(url) for url in times}
        few = len(times) <= FEW_FILES
        return [
            url
            for url, time in times.items()
            if not known[url] or (time != known[url]["cursor"] if time else few or url == listing.listings[-1])
        ]

    def _bounded(self, request: ListingRequest, further: list[ListingRequest]) -> list[ListingRequest]:
        """What of further listings is asked for: each once, so deep and so many that no site leads us on for ever."""
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

    # What listings give no more

    def _take_in_ids(self, listing: Listing) -> list[ListingRequest]:
        """The first page of IDs tells how many there are; where that is what we know of, nothing is gone."""
        scan = self.scan
        scan.keys.update(f"wordpress:{listed.native_id}" for listed in listing.articles)
        for listed in listing.articles:
            if self._site.covers(listed.url):
                database.save_listed(self._db, listed, site=self._site, source="wordpress", time=now())
        if scan.total is None:
            scan.total = listing.total
            known = database.count_known_ids(self._db, self._site.name)
            if scan.total in (None, known):  # without a number there is no telling where the list ends
                return []
        further = [self._request(url, "ids") for url in listing.listings]
        if scan.open == 1 and not further:
            self._look_for_missing_ids()
        return further

    def _look_for_missing_ids(self) -> None:
        """Look at what the list of IDs no longer has, and at what it has again."""
        gone, forgotten, back = database.compare_ids(self._db, self._site.name, self.scan.keys)
        database.note_unlisted(self._db, forgotten)
        if gone:
            logger.info("%s: no longer listed: %s; checking the pages", self._site.name, counted(len(gone), "article"))
        database.make_due(self._db, [*gone, *back], time=self._started)

    def _look_for_the_missing(self) -> None:
        """After a walk to the end: what this source listed before and lists no more is looked at.

        A feed has its end, and a listing may have: of what they listed in the walk before, and no more; of the oldest
        look the first, where a new layout hides all.
        """
        scan, kind = self.scan, self.scan.source.kind
        since, most = "", -1
        if kind in ("feed", "listing"):
            since, most = scan.state.get("walk_began") or "9", MOST_LOOKS
        missing = database.no_longer_listed(self._db, self._site.name, kind, keys=scan.keys, since=since)
        database.make_due(self._db, missing[:most] if most > 0 else missing, time=self._started)
