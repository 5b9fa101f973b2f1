"""What a crawl of a site would ask for now, as far as the archive tells: no request is made, nothing is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlite_utils import Database

from newsarchive import database
from newsarchive.crawling.full_scans import full_scan_is_due
from newsarchive.crawling.plan import LOOK_AGAIN_AFTER, PlanOptions
from newsarchive.crawling.scan_results import MOST_LOOKS
from newsarchive.crawling.site_learning import USUAL_SOURCES, SiteLearning
from newsarchive.crawling.source_order import USUAL_COST, SourceOrder
from newsarchive.sites import Site, Source
from newsarchive.text.counting import counted
from newsarchive.times import now, stamp

_PAGES = {"new": "not fetched yet", "again": "due again", "retries": "failed before", "gone": "that may be gone"}


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a crawl of one site would ask for."""

    site: str
    due: bool
    come_back: str
    """When the site asked to be requested again (UTC with Z), if that is yet to come; empty otherwise."""
    sources: list[dict[str, Any]]
    """The sources that would be read if there were no news, in order: kind, url, and whether to their end."""
    pages: dict[str, int]
    """Pages due by why: new, again, retries, gone."""
    recheck: int
    """Articles that no source reports changes of, not visited for long."""
    search: bool = False
    """Whether sources are looked for that neither the profile nor an earlier crawl knows."""
    limit: int = 0
    """Articles to fetch at most; 0 is all."""

    def sentence(self) -> str:
        """Return it in one line.

        >>> source = {"kind": "feed", "url": "https://a.kz/feed/", "full": False}
        >>> Preview(site="a", due=True, come_back="", sources=[source], pages={"new": 1}, recheck=0).sentence()
        'a: due now; sources: feed (changes); pages: 1 not fetched yet'
        """
        if not self.due:
            return f"{self.site}: not due before {self.come_back}, since the site asked for that"
        sources = ", ".join(f"{one['kind']} ({'full scan' if one['full'] else 'changes'})" for one in self.sources)
        sources += ", and a search for further ones" if self.search else ""
        pages = [f"{count:,} {_PAGES[why]}" for why, count in self.pages.items() if count]
        if self.recheck:
            pages.append(f"{self.recheck:,} not visited for {LOOK_AGAIN_AFTER.days} days")
        most = f", at most {self.limit:,} of them" if self.limit and pages else ""
        return f"{self.site}: due now; sources: {sources}; pages: {', '.join(pages) or 'none known to be due'}{most}"


def preview(db: Database | None, site: Site, options: PlanOptions, *, keep: bool = True) -> Preview:
    """Return what a crawl of a site would ask for; `db` is None if there is no archive yet.

    With `keep`, a time before which the site asked for no requests is respected.
    """
    come_back = database.retry_after_of(db, site.name) if db is not None and keep else ""
    learning = SiteLearning(db, site, write=lambda: None, started=now()) if db is not None else None
    search = learning is not None and (learning.look_is_due or learning.has_candidates)
    sources = list(_sources(db, learning.site if learning else site, options, reserved=int(search)))
    pages = _pages(db, site, options) if db is not None else dict.fromkeys(_PAGES, 0)
    recheck = 0
    if db is not None and any(full for _, full in sources) and not _reports_changes(db, site):
        before = stamp(datetime.now(UTC) - LOOK_AGAIN_AFTER)
        recheck = len(list(database.unvisited_since(db, site.name, before, limit=MOST_LOOKS)))
    return Preview(
        site=site.name,
        due=not come_back,
        come_back=come_back,
        sources=[{"kind": source.kind, "url": source.url, "full": full} for source, full in sources],
        pages=pages,
        recheck=recheck,
        search=search,
        limit=options.limit,
    )


def previews_total(previews: list[Preview]) -> str:
    """Return several previews in one line.

    >>> previews_total([Preview(site="a", due=True, come_back="", sources=[], pages={"new": 2, "again": 1}, recheck=1)])
    'Total: 1 of 1 site due, 4 pages; nothing was requested or stored'
    """
    due = [one for one in previews if one.due]
    pages = sum(sum(one.pages.values()) + one.recheck for one in due)
    return (
        f"Total: {len(due)} of {counted(len(previews), 'site')} due, {counted(pages, 'page')};"
        " nothing was requested or stored"
    )


def _sources(db: Database | None, site: Site, options: PlanOptions, *, reserved: int) -> Iterator[tuple[Source, bool]]:
    """Yield the sources that are read if all of them work and have no news, with whether each is read to its end."""
    sources = site.sources or USUAL_SOURCES
    states = {source: _state(db, site, source) for source in sources}
    every = options.full or db is None or not database.was_read(db, site.name)
    order = SourceOrder(sources, every=every, states=states, reserved=reserved)
    while source := order.next():
        values = {"kind": source.kind, "also": order.is_repeated(source), **states[source]}
        full = options.full or order.left_open(source) or full_scan_is_due(values, datetime.now(UTC))
        scan = order.scan(source, task="walk" if full else "changes", state=states[source], began=now())
        cost = json.loads(states[source].get("data") or "{}").get("cost", USUAL_COST[source.kind])
        scan.read, scan.listed, scan.asked = 1, 1, {f"request {number}" for number in range(cost)}
        order.ended(scan)
        yield source, full


def _state(db: Database | None, site: Site, source: Source) -> dict[str, Any]:
    return database.source_state(db, site.name, source.kind, source.url or source.kind) if db is not None else {}


def _reports_changes(db: Database, site: Site) -> bool:
    rows = db.query("select kind, data from sources where site = ? and state = 'working'", [site.name])
    return any(row["kind"] == "wordpress" or json.loads(row["data"]).get("lastmod") == "believed" for row in rows)


def _pages(db: Database, site: Site, options: PlanOptions) -> dict[str, int]:
    """Return the number of pages that are due now, by why."""
    rows = db.conn.execute(
        "select case when attempts > 0 then 'retries' when state = 'listed' then 'new'"
        " when missing is not null then 'gone' else 'again' end, count(*)"
        " from urls where site = ?1 and coalesce(day, '9') >= ?2"
        " and (next_visit <= ?3 or (?4 and attempts > 0) or (?5 and state in ('listed', 'article', 'failed')))"
        " group by 1",
        (site.name, options.since, now(), options.retry, options.full),
    )
    found = dict(rows.fetchall())
    return {why: found.get(why, 0) for why in _PAGES}
