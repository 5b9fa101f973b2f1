"""What to read of a site in a run: which listings, in which order, and which pages are due.

A first crawl walks the first source to its end and lets the others fill gaps. Later crawls ask the best source that
works for what changed: WordPress by the time of modification, and by the list of its IDs where their number says that
something is gone; a sitemap by its lastmod; a feed and a listing by their first page, further only while all is new.
Where a source fails the next takes over in the same run.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlite_utils import Database

from newsarchive import database
from newsarchive.database.runs import now
from newsarchive.discovery import (
    ListingError,
    changes_url,
    ids_url,
    is_guess,
    lastmod_is_reliable,
    read_listing,
    start_urls,
)
from newsarchive.items import Article, Hints, Listing, ListingRequest, Page
from newsarchive.sites import Site, Source
from newsarchive.urls import url_key
from newsarchive.walks import Walk, kind_of_walk, walk_is_due

logger = logging.getLogger(__name__)

USUAL_SOURCES = (Source(kind="wordpress"), Source(kind="sitemap"), Source(kind="feed"))
OVERLAP = timedelta(hours=1)
STEP = 25  # addresses of a listing that are written before others have their turn: some 4 ms
FEW_FILES = 2
DEEPEST = {"sitemap": 4}  # robots.txt, an index, an index in it, a file: none is honest beyond
MOST_LISTINGS = {"wordpress": 20_000, "sitemap": 20_000, "feed": 2_000, "listing": 2_000}
RELOOK_AFTER = timedelta(days=90)
MOST_LOOKS = 500  # in a weekly walk, at articles that no source tells of any more
AGES = tuple(timedelta(hours=h) for h in (1, 6, 24, 72, 168, 720))


class SitePlan:
    """The plan of one site's run; `write` is called before each write to the database."""

    def __init__(
        self,
        db: Database,
        site: Site,
        *,
        write: Callable[[], None],
        run: int,
        full: bool = False,
        since: str = "",
        limit: int = 0,
    ) -> None:
        self.db = db
        self.site = site
        self.problems: list[str] = []
        self.notes: list[str] = []
        self._write = write
        self._run = run
        self._full = full
        self._since = since
        self._limit = limit
        self._given = 0
        self._under_way: set[str] = set()
        self._seen: set[str] = set()
        self._started = now()
        self._sources = list(site.sources or USUAL_SOURCES)
        self._walk: Walk | None = None
        self._done_by: Source | None = None
        self._partly_by: Source | None = None
        self._first = not any(s["complete"] for s in self._states())

    def _states(self) -> list[dict[str, Any]]:
        return list(self.db.query("select * from sources where site = ?", [self.site.name]))

    # The spider's side

    def begin(self) -> list[ListingRequest]:
        """The listings to read first."""
        return self._next_source()

    async def read(self, request: ListingRequest, page: Page) -> list[ListingRequest]:
        """Take in what a listing gave; gives the listings to read next.

        A hundred posts take longer than others should wait, so it goes in steps, each in the transaction then open.
        """
        walk = self._walk
        assert walk is not None
        self._write()
        if page.status == 304:
            walk.read += 1
            self._note_file(walk, request)
            return self._close(walk, request, [])
        robots = request.url.endswith("/robots.txt")
        if page.status in (404, 410) and is_guess(request.kind, request.url, request.depth):
            return self._close(walk, request, [])  # no listing named it: nothing is missed
        if page.status in (404, 410) and robots:
            page = replace(page, status=200, body=b"")  # it names no sitemap: the usual places are left
        try:
            if page.status != 200:
                raise ListingError(request.url, f"status {page.status}")
            listing = read_listing(page, site=self.site, source=walk.source)
        except ListingError as error:
            return self.fail(request, error.reason)
        walk.read += not robots  # it only names what is to be read
        if listing.cut:
            walk.fail(f"{request.url}: {listing.cut}")
        else:
            self._remember_validators(walk, request, page, is_index=bool(listing.lastmods))
            self._note_file(walk, request)
        further = await self._take_in(walk, request, listing)
        return self._close(walk, request, further)

    def fail(self, request: ListingRequest, reason: str) -> list[ListingRequest]:
        """Take in that a listing could not be had; gives what to read instead."""
        walk = self._walk
        assert walk is not None
        self._write()
        walk.fail(f"{request.url}: {reason}", whole=request.url in walk.starts)
        logger.debug("%s cannot be read: %s", request.url, reason)
        return self._close(walk, request, [])

    def due(self, limit: int) -> list[tuple[str, Hints]]:
        """URLs whose page is to be fetched now, each given once, with what a listing said of it."""
        if self._limit:
            limit = min(limit, self._limit - self._given)
        if limit <= 0:
            return []
        rows = database.due_urls(
            self.db,
            self.site.name,
            now=now(),
            run=self._run,
            limit=limit + len(self._under_way),
            since=self._since,
        )
        fresh = [(url, hints) for url, hints in rows if url not in self._under_way][:limit]
        self._under_way.update(url for url, _ in fresh)
        self._given += len(fresh)
        return fresh

    def waiting(self) -> int:
        """How many pages are due now or under way."""
        return database.count_due_urls(self.db, self.site.name, now=now(), run=self._run)

    # The archive's side

    def done(self, url: str) -> None:
        """Note that what came of a URL is stored."""
        self._under_way.discard(url)

    def revisit(self, article: Article, time: str) -> str | None:
        """When to look again at an article fetched at `time`: at growing ages, where no source tells of changes."""
        fetched = datetime.fromisoformat(time)
        published = datetime.fromisoformat(article.published or time)
        if published.tzinfo is None:
            published = published.replace(tzinfo=UTC)
        later = [published + age for age in AGES if published + age > fetched]
        if not later or self._changes_are_told():
            return None
        return later[0].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _changes_are_told(self) -> bool:
        return any(
            s["kind"] == "wordpress" or json.loads(s["data"]).get("lastmod") == "believed"
            for s in self._states()
            if s["state"] == "working"
        )

    def finish(self, *, completed: bool) -> None:
        """The run is over."""
        if completed and self._done_by is None and self._partly_by is None:
            self.problems.append("no source of the site could be read")

    # Sources, one after the other

    def _next_source(self) -> list[ListingRequest]:
        while self._sources:
            if self._done_by is not None and not (self._full or self._first):
                return []
            source = self._sources.pop(0)
            walk = self._make_walk(source)
            requests = self._first_requests(walk)
            if requests:
                self._walk = walk
                walk.open = len(requests)
                walk.starts = tuple(request.url for request in requests)
                walk.asked.update(walk.starts)
                return requests
        return []

    def _make_walk(self, source: Source) -> Walk:
        url = source.url or source.kind
        state = database.source_state(self.db, self.site.name, source.kind, url)
        due = self._full or walk_is_due({"kind": source.kind, **state}, datetime.now(UTC))
        walk = Walk(source=source, url=url, task="walk" if due else "changes", state=state, began=now())
        if source.kind in ("feed", "listing"):  # a better source gave all there is: the first page fills gaps
            walk.follow = self._done_by is None and self._partly_by is None
        return walk

    def _first_requests(self, walk: Walk) -> list[ListingRequest]:
        if walk.task == "changes" and walk.source.kind == "wordpress" and walk.state["cursor"]:
            since = datetime.fromisoformat(walk.state["cursor"]) - OVERLAP
            return [self._request(walk, changes_url(self.site, walk.source, since=_stamp(since)), "changes")]
        return [self._request(walk, url, walk.task) for url in start_urls(self.site, walk.source)]

    def _request(self, walk: Walk, url: str, task: str) -> ListingRequest:
        headers: tuple[tuple[str, str], ...] = ()
        if task == "changes" and walk.source.kind in ("feed", "sitemap") and not self._full:
            headers = self._validators(walk, url)
        return ListingRequest(kind=walk.source.kind, url=url, task=task, source=walk.url, headers=headers)

    def _validators(self, walk: Walk, url: str) -> tuple[tuple[str, str], ...]:
        """Conditional headers for a listing read before; a weak ETag is told without its W/.

        WordPress never answers 304 to a weak one: its comparison is literal.
        """
        known = database.source_state(self.db, self.site.name, walk.source.kind, url)
        if json.loads(known.get("data") or "{}").get("index"):  # unchanged, it says nothing of its files
            return ()
        headers = {"If-None-Match": known.get("etag"), "If-Modified-Since": known.get("last_modified")}
        return tuple((name, value) for name, value in headers.items() if value)

    def _remember_validators(self, walk: Walk, request: ListingRequest, page: Page, *, is_index: bool) -> None:
        etag = page.headers.get("etag", "").removeprefix("W/")
        modified = page.headers.get("last-modified", "")
        if etag or modified:
            data = self._data(walk.source.kind, request.url, index=is_index)
            values = {"etag": etag, "last_modified": modified, "checked": now(), "data": data}
            database.update_source(self.db, self.site.name, walk.source.kind, request.url, **values)

    def _data(self, kind: str, url: str, **new: Any) -> str:
        """What is remembered of a source besides, with what is new of it: an index may be a source's beginning too."""
        known = database.source_state(self.db, self.site.name, kind, url).get("data") or "{}"
        return json.dumps({**json.loads(known), **new})

    def _note_file(self, walk: Walk, request: ListingRequest) -> None:
        """Note of a file that an index named, now that it was read, when it had changed."""
        if request.url in walk.times:
            time = walk.times[request.url]
            database.update_source(self.db, self.site.name, walk.source.kind, request.url, cursor=time)

    def _close(self, walk: Walk, request: ListingRequest, further: list[ListingRequest]) -> list[ListingRequest]:
        """One listing is read; when nothing of its source is open any more, the next source has its turn."""
        further = self._bounded(walk, request, further)
        walk.open += len(further) - 1
        if walk.open:
            return further
        return self._end(walk)

    def _bounded(self, walk: Walk, request: ListingRequest, further: list[ListingRequest]) -> list[ListingRequest]:
        """What of further listings is asked for: each once, so deep and so many that no site leads us on for ever."""
        kind, depth = walk.source.kind, request.depth + 1
        fresh = [replace(f, depth=depth) for f in further if f.url not in walk.asked]
        if fresh and depth > DEEPEST.get(kind, depth):
            walk.fail(f"{request.url}: sitemaps are nested too deep")
            return []
        most = MOST_LISTINGS[kind]
        if walk.source.pages:
            most = min(most, walk.source.pages)
        room = max(0, most - len(walk.asked))
        if len(fresh) > room and not walk.source.pages:
            walk.fail(f"{walk.url}: more than {most} listings")
        walk.asked.update(f.url for f in fresh[:room])
        return fresh[:room]

    def _end(self, walk: Walk) -> list[ListingRequest]:
        worked = walk.read > 0 and (walk.listed > 0 or (walk.task != "walk" and not walk.broken))
        if not worked:
            self._note_failure(walk)
            return self._next_source()
        kind, row = walk.source.kind, walk.state
        values: dict[str, Any] = {"state": "working", "reason": walk.failure if walk.broken else "", "checked": now()}
        if walk.newest and not (walk.broken and walk.task == "walk"):  # what was not read may be older
            values["cursor"] = max(walk.newest, row.get("cursor") or "")
        if walk.total is not None:
            values["total"] = walk.total
        lastmod = json.loads(row.get("data") or "{}").get("lastmod")
        if walk.task == "walk":
            told = kind != "feed" and walk.believed and walk.newest  # a feed tells of the newest alone
            lastmod = "believed" if told else "none"
            values |= {"data": self._data(kind, walk.url, lastmod=lastmod), "walked": now()}
            values["walks_cut"] = (row.get("walks_cut") or 0) + 1 if walk.broken else 0
        if walk.broken:
            self.notes.append(f"the {kind} source was not read to its end: {walk.failure}")
        elif walk.task == "walk":
            values |= {"complete": now(), "walk_began": walk.began}
            self._look_for_the_missing(walk)
        values |= {"run": self._run, "task": kind_of_walk(walk, full=self._full, believed=lastmod == "believed")}
        database.update_source(self.db, self.site.name, kind, walk.url, **values)
        if walk.broken:  # what was read is used, and the next source fills what is missing
            self._partly_by = self._partly_by or walk.source
        else:
            self._done_by = self._done_by or walk.source
        if walk.task == "walk" and row.get("walked") and not self._full and not self._changes_are_told():
            self._look_at_old_ones()
        return self._next_source()

    def _note_failure(self, walk: Walk) -> None:
        kind, reason = walk.source.kind, walk.failure or "it lists nothing"
        if walk.state.get("state") == "working":
            self.problems.append(f"the {kind} source no longer works: {reason}")
        elif walk.state.get("state") != "failed":
            self.notes.append(f"the {kind} source cannot be read: {reason}")
        values = {"state": "failed", "reason": reason, "checked": now(), "run": self._run}
        database.update_source(self.db, self.site.name, kind, walk.url, **values)

    # What listings give

    async def _take_in(self, walk: Walk, request: ListingRequest, listing: Listing) -> list[ListingRequest]:
        if request.task == "ids":
            return self._take_in_ids(walk, listing)
        believed = walk.source.kind == "wordpress" or lastmod_is_reliable(listing.articles)
        walk.believed = walk.believed and believed
        fresh, seen_before = 0, len(walk.keys)
        for number, listed in enumerate(listing.articles):
            if number % STEP == 0:
                await asyncio.sleep(0)
                self._write()
            if not self.site.covers(listed.url):
                continue
            key = url_key(listed.url)
            again = self._full and key not in self._seen  # another source names it too: once is enough
            self._seen.add(key)
            walk.keys.add(key)
            walk.listed += 1
            if believed and listed.lastmod:
                walk.newest = max(walk.newest, listed.lastmod)
            fresh += database.save_listed(
                self.db,
                listed,
                site=self.site,
                source=walk.source.kind,
                time=now(),
                again=again,
                trust_lastmod=believed,
            )
        return self._further(walk, request, listing, fresh, unseen=len(walk.keys) > seen_before)

    def _further(
        self, walk: Walk, request: ListingRequest, listing: Listing, fresh: int, *, unseen: bool
    ) -> list[ListingRequest]:
        if walk.source.kind == "wordpress" and request.task == "walk":
            walk.total = listing.total if walk.total is None else walk.total
        if walk.source.kind in ("feed", "listing"):
            known_ground = bool(listing.articles) and fresh < len(listing.articles)
            stop = not walk.follow or known_ground if request.task == "changes" else not walk.follow or not unseen
            return [] if stop else [self._request(walk, url, request.task) for url in listing.listings]
        further = [self._request(walk, url, request.task) for url in self._worth_reading(walk, request, listing)]
        if walk.source.kind == "wordpress" and request.task == "changes" and not further:
            further = [self._request(walk, ids_url(self.site, walk.source), "ids")]
        return further

    def _worth_reading(self, walk: Walk, request: ListingRequest, listing: Listing) -> list[str]:
        """Of the files that a sitemap index names, those that may have changed.

        Where the index gives times, the files with a new one. Where it gives none and there are many: those never
        read before, and the last, where sitemaps that are split by number keep what is new.
        """
        times = dict(zip(listing.listings, listing.lastmods, strict=False))
        if not times:
            return list(listing.listings)
        known = {url: database.source_state(self.db, self.site.name, "sitemap", url) for url in times}
        walk.times.update(times)
        if request.task == "walk":
            return list(times)
        few = len(times) <= FEW_FILES
        return [
            url
            for url, time in times.items()
            if not known[url] or (time != known[url]["cursor"] if time else few or url == listing.listings[-1])
        ]

    def _take_in_ids(self, walk: Walk, listing: Listing) -> list[ListingRequest]:
        """The first page of IDs tells how many there are; where that is what we know of, nothing is gone."""
        walk.keys.update(f"wordpress:{listed.native_id}" for listed in listing.articles)
        for listed in listing.articles:
            if self.site.covers(listed.url):
                database.save_listed(self.db, listed, site=self.site, source="wordpress", time=now())
        if walk.total is None:
            walk.total = listing.total
            known = database.count_known_ids(self.db, self.site.name)
            if walk.total in (None, known):  # without a number there is no telling where the list ends
                return []
        further = [self._request(walk, url, "ids") for url in listing.listings]
        if walk.open == 1 and not further:
            self._look_for_missing_ids(walk)
        return further

    def _look_for_missing_ids(self, walk: Walk) -> None:
        """Look at what the list of IDs no longer has, and at what it has again."""
        gone, forgotten, back = database.compare_ids(self.db, self.site.name, walk.keys)
        database.note_unlisted(self.db, forgotten)
        if gone:
            logger.info("%s: %d articles are no longer listed; looking at their pages", self.site.name, len(gone))
        database.make_due(self.db, [*gone, *back], time=self._started)

    def _look_for_the_missing(self, walk: Walk) -> None:
        """After a walk to the end: what this source listed before and lists no more is looked at.

        A feed has its end, and a listing may have: of what they listed in the walk before, and no more; of the oldest
        look the first, where a new layout hides all.
        """
        since, most = "", -1
        if walk.source.kind in ("feed", "listing"):
            since, most = walk.state.get("walk_began") or "9", MOST_LOOKS
        missing = database.no_longer_listed(self.db, self.site.name, walk.source.kind, keys=walk.keys, since=since)
        database.make_due(self.db, missing[:most] if most > 0 else missing, time=self._started)

    def _look_at_old_ones(self) -> None:
        """In a weekly walk, where no source tells of changes: those articles that were not looked at for longest."""
        before = _stamp(datetime.now(UTC) - RELOOK_AFTER)
        old = database.unvisited_since(self.db, self.site.name, before, limit=MOST_LOOKS)
        database.make_due(self.db, old, time=self._started)


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
