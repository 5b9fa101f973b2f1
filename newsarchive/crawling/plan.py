"""SitePlan: what to read of a site in a run, listings and pages.

A first crawl makes a full scan of every source. Later crawls ask the best source that works for what changed: WordPress
by the time of modification, and by the list of its IDs if their number shows that something is gone; a sitemap by its
lastmod; a feed and a listing by their first page, and further pages as long as they bring something new. If a source
fails, or is wholly new since the last run, the next one takes over in the same run; else the others are compared in
turn. At first, every few days, and once a day while no source works, the site's own pages are searched for sources that
the profile lacks.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from scrapy.settings import BaseSettings
from sqlite_utils import Database

from newsarchive import database
from newsarchive.crawling.credit import ListingCredit
from newsarchive.crawling.due_pages import DuePages, next_visit
from newsarchive.crawling.full_scans import full_scan_is_due
from newsarchive.crawling.scan_results import MOST_LOOKS
from newsarchive.crawling.site_learning import SiteLearning
from newsarchive.crawling.source_order import SOURCE_CODES, SourceOrder
from newsarchive.crawling.source_search import MOST_TRIED, SourceSearch
from newsarchive.crawling.source_store import SourceStore
from newsarchive.crawling.sources import SourceReader
from newsarchive.database.alerts import Alert, AlertKey, open_about
from newsarchive.items import Article, Hints, ListingRequest, Page
from newsarchive.sites import Site, Source
from newsarchive.times import now, stamp

LOOK_AGAIN_AFTER = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class PlanOptions:
    """What a run is asked for."""

    full: bool = False
    """Read every source to its end and fetch every page again."""
    since: str = ""
    """A day: nothing published before it."""
    limit: int = 0
    """Articles to fetch at most; 0 is all."""
    retry: bool = False
    """Try failed pages now, whatever they wait for."""
    ahead: int = 100_000
    """URLs that a site may list before its pages prove to be articles."""

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> PlanOptions:
        """Read the options from Scrapy's settings."""
        return cls(
            full=settings.getbool("ARCHIVE_FULL"),
            since=settings["ARCHIVE_SINCE"],
            limit=settings.getint("ARCHIVE_LIMIT"),
            retry=settings.getbool("ARCHIVE_RETRY"),
            ahead=settings.getint("ARCHIVE_LISTED_AHEAD"),
        )


class SitePlan:
    """The plan of one site's run; `write` is called before each write to the database."""

    def __init__(
        self, db: Database, site: Site, *, write: Callable[[], None], run: int, options: PlanOptions = PlanOptions()
    ) -> None:
        self._db = db
        self._write = write
        self._run = run
        self._full = options.full
        self._started = now()
        if options.retry:
            write()
            database.retry_failed(db, site.name, time=self._started)
        self._learning = SiteLearning(db, site, write=write, started=self._started)
        self._search: SourceSearch | None = None
        self._seen: set[str] = set()
        self._held: list[ListingRequest] = []
        self._reader: SourceReader | SourceSearch | None = None
        self._pages = DuePages(db, site.name, run=run, since=options.since, limit=options.limit)
        self._credit = ListingCredit(db, site.name, ahead=options.ahead, limit=options.limit, since=options.since)
        self._everything = options.full or not database.was_read(db, site.name)
        states = {source: self._row(source) for source in self._site.sources}
        searches = self._learning.look_is_due or self._learning.has_candidates
        self._order = SourceOrder(self._site.sources, every=self._everything, states=states, reserved=int(searches))

    @property
    def _site(self) -> Site:
        """The site as it is known now."""
        return self._learning.site

    @property
    def problems(self) -> list[Alert]:
        """What a person needs to see to."""
        return self._order.problems

    @property
    def well(self) -> frozenset[AlertKey]:
        """The alerts on sources that are over, if they lasted: all is well, or the profile has the source no more."""
        known = self._order.labels
        alerted = {code: open_about(self._db, self._site.name, code) for code in SOURCE_CODES}
        gone = {AlertKey(code, label) for code, labels in alerted.items() for label in labels - known}
        return frozenset(self._order.well | gone)

    @property
    def notes(self) -> list[str]:
        """What a person should know, though nothing is wrong."""
        return [*self._learning.notes, *self._order.notes]

    # For the spider

    def begin(self) -> list[ListingRequest]:
        """Return the listings to read first."""
        return self._begin_next_source()

    async def read(self, request: ListingRequest, page: Page) -> list[ListingRequest]:
        """Store what a listing gave; return the listings to read next."""
        assert self._reader is not None
        self._learning.note_root(request, page)
        further = await self._reader.read(request, page)
        if isinstance(self._reader, SourceSearch):
            return further or self._next_if_read()
        if further and self._credit.is_spent(len(self._seen)):
            self._held += further
            return []
        return further or self._next_if_read()

    def fail(self, request: ListingRequest, reason: str) -> list[ListingRequest]:
        """Record that a listing could not be fetched; return what to read instead."""
        assert self._reader is not None
        further = self._reader.fail(request, reason)
        return further or self._next_if_read()

    def held(self) -> list[ListingRequest]:
        """Return the listings put off until pages had proved that the site is honest, now that no page is due.

        If they have not, the source ends here.
        """
        held, self._held = self._held, []
        if not held or not self._credit.is_spent(len(self._seen)):
            return held
        assert isinstance(self._reader, SourceReader)
        self._write()
        articles, others = self._credit.counts()
        self._reader.give_up(
            held, f"it lists {others:,} addresses that are no article so far, beside {articles:,} that are"
        )
        return self._next_if_read()

    def due(self, limit: int) -> list[tuple[str, Hints]]:
        """Return up to `limit` URLs to fetch now, each once, with what a listing said of it."""
        return self._pages.take(limit)

    # For the archive

    def waiting(self) -> int:
        """Return the number of pages that are due now or under way."""
        return self._pages.waiting()

    def done(self, url: str) -> None:
        """Record that the outcome for a page is stored."""
        self._pages.done(url)

    def revisit(self, article: Article, time: str) -> str | None:
        """Return when an article fetched at `time` is due again; None if a source reports its changes."""
        visit = next_visit(article, time)
        return None if visit is None or self._changes_are_reported() else visit

    def finish(self, *, completed: bool) -> None:
        """End the plan; `completed` is False if the run was cut off."""
        if completed:
            self._order.finish()
            if self._order.gap_closed:
                database.forget_gaps(self._db, self._site.name)
            self._learning.finish(self._order.scans, worked=self._order.worked)
        for scan in self._order.scans:
            total = None if scan.also else scan.total
            if scan.worked and not scan.broken and (scan.is_full or total is not None):
                database.store_denominator(
                    self._db, self._site.name, scan.source.kind, scan.url, keys=scan.keys, total=total
                )

    # Sources, one after the other

    def _row(self, source: Source) -> dict[str, Any]:
        return database.source_state(self._db, self._site.name, source.kind, source.url or source.kind)

    def _changes_are_reported(self) -> bool:
        return any(
            row["kind"] == "wordpress" or json.loads(row["data"]).get("lastmod") == "believed"
            for source in self._site.sources
            if (row := self._row(source)).get("state") == "working"
        )

    def _begin_next_source(self) -> list[ListingRequest]:
        while source := self._order.next():
            self._reader = self._make_reader(source)
            if requests := self._reader.begin():
                return requests
        return self._begin_search()

    def _begin_search(self) -> list[ListingRequest]:
        """Look for sources that the profile lacks, after the known ones; resume once one was found and read."""
        if self._search is None:
            order, profile = self._order, self._learning.profile
            look = self._full or self._learning.looks(worked=order.worked)
            room = MOST_TRIED if self._everything or not order.worked else max(order.room + 1, int(look))
            self._search = SourceSearch(
                self._site, profile, self._db, self._write, look=look, room=room, no_rest=order.rest_failed
            )
        self._reader = self._search
        return self._reader.begin()

    def _take_found(self, search: SourceSearch) -> list[ListingRequest]:
        """Read the sources that a search found, in this run; end if it found none."""
        if not search.found:
            return []
        self._order.add(search.found, {source: self._row(source) for source in search.found})
        self._learning.note_found(search.found)
        return self._begin_next_source()

    def _make_reader(self, source: Source) -> SourceReader:
        state = self._row(source)
        values = {"kind": source.kind, "also": self._order.is_repeated(source), **state}
        due = self._full or self._order.left_open(source) or full_scan_is_due(values, datetime.now(UTC))
        scan = self._order.scan(source, task="walk" if due else "changes", state=state, began=now())
        scan.source = self._learning.moved(source)
        store = SourceStore(
            self._db,
            self._site,
            source.kind,
            write=self._write,
            started=self._started,
            label=scan.label,
            addresses=self._learning.addresses,
        )
        return SourceReader(self._site, scan, store, full=self._full, seen=self._seen)

    def _next_if_read(self) -> list[ListingRequest]:
        """Move to the next source once no listing of this one is open any more."""
        if isinstance(self._reader, SourceSearch):
            return [] if self._reader.open else self._take_found(self._reader)
        assert self._reader is not None
        scan = self._reader.scan
        if scan.open:
            return []
        self._reader.finish(self._run)
        self._order.ended(scan)
        if self._order.gap_closed:
            database.forget_gaps(self._db, self._site.name)
        again = scan.worked and scan.is_full and scan.state.get("walked") and not self._full
        if again and not self._changes_are_reported():
            self._look_at_old_ones()
        return self._begin_next_source()

    def _look_at_old_ones(self) -> None:
        """Make due the articles whose last visit is longest ago: weekly, and only if no source reports changes."""
        before = stamp(datetime.now(UTC) - LOOK_AGAIN_AFTER)
        old = database.unvisited_since(self._db, self._site.name, before, limit=MOST_LOOKS)
        database.make_due(self._db, old, time=self._started)
