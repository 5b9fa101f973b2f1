"""What to read of a site in a run: which listings, in which order, and which pages are due.

A first crawl walks the first source to its end and lets the others fill gaps. Later crawls ask the best source that
works for what changed: WordPress by the time of modification, and by the list of its IDs where their number says that
something is gone; a sitemap by its lastmod; a feed and a listing by their first page, further only while all is new.
Where a source fails the next takes over in the same run.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlite_utils import Database

from newsarchive import database
from newsarchive.crawling.full_scans import Scan, full_scan_is_due
from newsarchive.crawling.sources import MOST_LOOKS, SourceReader
from newsarchive.items import Article, Hints, ListingRequest, Page
from newsarchive.sites import Site, Source
from newsarchive.times import now, stamp

USUAL_SOURCES = (Source(kind="wordpress"), Source(kind="sitemap"), Source(kind="feed"))
ADDRESSES_PER_ARTICLE = 20
"""That are no article (yet), for each article: the credit that a fetched article gives."""
AHEAD_OF_A_LIMIT = 10_000
RELOOK_AFTER = timedelta(days=90)
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
        ahead: int = 100_000,
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
        self._ahead = min(ahead, max(AHEAD_OF_A_LIMIT, limit * ADDRESSES_PER_ARTICLE)) if limit and not since else ahead
        self._check_at = 0
        self._held: list[ListingRequest] = []
        self._given = 0
        self._under_way: set[str] = set()
        self._seen: set[str] = set()
        self._started = now()
        self._sources = list(site.sources or USUAL_SOURCES)
        self._reader: SourceReader | None = None
        self._done_by: Source | None = None
        self._partly_by: Source | None = None
        self._why_not: list[str] = []
        self._first = not any(s["complete"] for s in self._states())

    def _states(self) -> list[dict[str, Any]]:
        return list(self.db.query("select * from sources where site = ?", [self.site.name]))

    # The spider's side

    def begin(self) -> list[ListingRequest]:
        """The listings to read first."""
        return self._next_source()

    async def read(self, request: ListingRequest, page: Page) -> list[ListingRequest]:
        """Take in what a listing gave; gives the listings to read next."""
        assert self._reader is not None
        further = await self._reader.read(request, page)
        if further and self._is_far_ahead():
            self._held += further
            return []
        return further or self._next_if_read()

    def fail(self, request: ListingRequest, reason: str) -> list[ListingRequest]:
        """Take in that a listing could not be had; gives what to read instead."""
        assert self._reader is not None
        self._reader.fail(request, reason)
        return self._next_if_read()

    def held(self) -> list[ListingRequest]:
        """The listings to read now that no page is due: those put off until pages had proved the site true.

        Where they did not, the source ends here.
        """
        held, self._held = self._held, []
        if not held or not self._is_far_ahead():
            return held
        assert self._reader is not None
        self._write()
        articles, others = database.count_proven(self.db, self.site.name, since=self._since)
        self._reader.give_up(
            held, f"it lists {others:,} addresses that are no article so far, beside {articles:,} that are"
        )
        return self._next_if_read()

    def _is_far_ahead(self) -> bool:
        """Whether the site has listed more than its articles make credible: so no site fills the ledger by inventing.

        A new site has credit; each article that was fetched gives more, so that a true one is listed to its end.
        """
        assert self._reader is not None
        if len(self._seen) < self._check_at:
            return False
        articles, others = database.count_proven(self.db, self.site.name, since=self._since)
        credit = self._ahead + articles * ADDRESSES_PER_ARTICLE - others
        self._check_at = len(self._seen) + max(0, min(credit, 1_000))
        return credit <= 0

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
        due = database.count_due_urls(self.db, self.site.name, now=now(), run=self._run)
        return min(due, self._limit - self._given + len(self._under_way)) if self._limit else due

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
        if published > fetched + AGES[-1]:  # announced for a far day, which may be the last of the calendar
            return None
        later = [published + age for age in AGES if published + age > fetched]
        if not later or self._changes_are_told():
            return None
        return stamp(later[0])

    def _changes_are_told(self) -> bool:
        return any(
            s["kind"] == "wordpress" or json.loads(s["data"]).get("lastmod") == "believed"
            for s in self._states()
            if s["state"] == "working"
        )

    def finish(self, *, completed: bool) -> None:
        """The run is over."""
        if completed and self._done_by is None and self._partly_by is None:
            why = "; ".join(dict.fromkeys(filter(None, self._why_not)))
            self.problems.append("no source of the site could be read" + (f": {why}" if why else ""))

    # Sources, one after the other

    def _next_source(self) -> list[ListingRequest]:
        while self._sources:
            if self._done_by is not None and not (self._full or self._first):
                return []
            self._reader = self._make_reader(self._sources.pop(0))
            if requests := self._reader.begin():
                return requests
        return []

    def _make_reader(self, source: Source) -> SourceReader:
        url = source.url or source.kind
        state = database.source_state(self.db, self.site.name, source.kind, url)
        due = self._full or full_scan_is_due({"kind": source.kind, **state}, datetime.now(UTC))
        scan = Scan(source=source, url=url, task="walk" if due else "changes", state=state, began=now())
        if source.kind in ("feed", "listing"):  # a better source gave all there is: the first page fills gaps
            scan.follow = self._done_by is None and self._partly_by is None
        return SourceReader(
            self.db,
            self.site,
            scan,
            write=self._write,
            full=self._full,
            started=self._started,
            seen=self._seen,
        )

    def _next_if_read(self) -> list[ListingRequest]:
        """When no listing of the source is open any more, the next source has its turn."""
        assert self._reader is not None
        scan = self._reader.scan
        if scan.open:
            return []
        self._reader.finish(self._run)
        kind = scan.source.kind
        if scan.problem:
            self.problems.append(f"the {kind} source: {scan.problem}")
        if scan.lost and scan.worked:
            self.notes.append(f"the {kind} source: {scan.losses}")
        if not scan.worked:
            self._why_not.append(scan.why_not)
            if scan.state.get("state") == "working":
                self.problems.append(f"the {kind} source no longer works: {scan.why_not}")
            elif scan.state.get("state") != "failed":
                self.notes.append(f"the {kind} source cannot be read: {scan.why_not}")
            return self._next_source()
        if scan.broken:  # what was read is used, and the next source fills what is missing
            self.notes.append(f"the {kind} source was not read to its end: {scan.failure}")
            self._partly_by = self._partly_by or scan.source
        else:
            self._done_by = self._done_by or scan.source
        if scan.is_full and scan.state.get("walked") and not self._full and not self._changes_are_told():
            self._look_at_old_ones()
        return self._next_source()

    def _look_at_old_ones(self) -> None:
        """In a weekly scan, where no source tells of changes: those articles that were not looked at for longest."""
        before = stamp(datetime.now(UTC) - RELOOK_AFTER)
        old = database.unvisited_since(self.db, self.site.name, before, limit=MOST_LOOKS)
        database.make_due(self.db, old, time=self._started)
