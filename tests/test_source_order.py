"""The order of a site's sources: which is read next, after how those before it went."""

from __future__ import annotations

import json

import pytest

from newsarchive.crawling.full_scans import Scan
from newsarchive.crawling.reports import RunReport
from newsarchive.crawling.scan_results import failures_of_source, source_values
from newsarchive.crawling.source_order import SourceOrder
from newsarchive.database.alerts import Alert
from newsarchive.sites import Source
from newsarchive.times import now

SOURCES = [Source(kind=kind) for kind in ("wordpress", "sitemap", "feed")]
WORKS = {"read": 1, "listed": 1}
BROKEN = {"read": 1, "listed": 1, "broken": True, "failure": "x: no"}
FAILS = {"failure": "x: no"}


def read(order: SourceOrder, *outcomes: dict[str, object], before: str = "") -> list[str]:
    """The kinds of the sources read, each with its outcome."""
    kinds = []
    for outcome in outcomes:
        source = order.next()
        if source is None:
            break
        kinds.append(source.kind)
        order.ended(Scan(source=source, url=source.kind, task="walk", state={"state": before}, **outcome))  # type: ignore[arg-type]
    return kinds


@pytest.mark.parametrize(
    ("outcomes", "every", "kinds"),
    [
        ([WORKS, WORKS, WORKS], False, ["wordpress"]),
        ([WORKS, WORKS, WORKS], True, ["wordpress", "sitemap", "feed"]),
        ([FAILS, WORKS, WORKS], False, ["wordpress", "sitemap"]),
        ([BROKEN, BROKEN, WORKS], False, ["wordpress", "sitemap", "feed"]),  # the next one fills the gap
    ],
)
def test_sources_are_read_until_one_gave_everything(
    outcomes: list[dict[str, object]], every: bool, kinds: list[str]
) -> None:
    states = dict.fromkeys(SOURCES, row(cost=9))
    assert read(SourceOrder(SOURCES, every=every, states=states), *outcomes) == kinds


def row(**values: object) -> dict[str, object]:
    data = {name: values.pop(name) for name in ("cost", "gap", "unfinished") if name in values}
    return {"state": "working", "checked": now(), "complete": now(), "data": json.dumps(data), **values}


@pytest.mark.parametrize(
    ("sitemap", "feed", "kinds"),
    [
        (row(cost=1), row(cost=1), ["wordpress", "sitemap", "feed"]),  # five requests, with robots.txt
        (row(cost=3), row(cost=1), ["wordpress", "feed"]),
        (row(cost=3, only=2), row(cost=1), ["wordpress", "sitemap"]),  # it alone knew of articles
        (row(cost=9, checked="2025-01-01T00:00:00Z"), row(cost=1), ["wordpress", "sitemap"]),  # not compared for long
        ({}, row(cost=1), ["wordpress", "sitemap", "feed"]),  # new in the profile
    ],
)
def test_the_other_sources_are_compared_within_few_requests(
    sitemap: dict[str, object], feed: dict[str, object], kinds: list[str]
) -> None:
    states = dict(zip(SOURCES, (row(), sitemap, feed), strict=True))
    order, read_kinds = SourceOrder(SOURCES, every=False, states=states), []
    while source := order.next():
        read_kinds.append(source.kind)
        cost = json.loads(states[source].get("data", '{"cost": 0}')).get("cost", 2)
        asked = {f"https://a.kz/{source.kind}/{number}" for number in range(cost)}
        scan = order.scan(source, task="changes", state=states[source], asked=asked, read=1)
        order.ended(scan)
    assert sorted(read_kinds) == sorted(kinds)


def test_a_feed_that_is_wholly_new_makes_the_next_source_fill_the_gap() -> None:
    sources = [Source(kind="feed"), Source(kind="listing", url="https://a.kz/"), Source(kind="sitemap")]
    states = {source: row(cost=9) for source in sources}
    order = SourceOrder(sources, every=False, states=states)
    feed = order.next()
    assert feed is not None
    order.ended(order.scan(feed, task="changes", state=states[feed], read=1, listed=10, fresh=10))
    listing = order.next()
    assert listing == sources[1]
    order.ended(order.scan(listing, task="changes", state=states[listing], read=1, listed=30))
    order.finish()
    assert (order.gap_closed, order.next(), order.problems) == (True, None, [])


def test_a_gap_that_no_source_can_fill_needs_a_person() -> None:
    feed = Source(kind="feed")
    order = SourceOrder([feed], every=False, states={feed: row()})
    assert order.next() == feed
    order.ended(order.scan(feed, task="changes", state=row(), read=1, listed=10, fresh=10))
    order.finish()
    assert "add a source of kind listing" in order.problems[0]
    assert order.gap_closed  # it is said once


def test_a_gap_that_a_killed_run_left_is_filled_by_full_scans() -> None:
    sources = [Source(kind="feed"), Source(kind="listing", url="https://a.kz/")]
    order = SourceOrder(sources, every=False, states={sources[0]: row(gap=True), sources[1]: row(cost=9)})
    assert order.left_open(sources[1])
    order.ended(order.scan(sources[0], task="walk", state=row(), read=1, listed=10))
    order.next()
    assert order.next() == sources[1]


@pytest.mark.parametrize(
    ("outcome", "before", "problems", "notes"),
    [
        (WORKS, "", [], []),
        (FAILS, "working", ["the wordpress source no longer works: x: no. The next run tries it again"], []),
        (FAILS, "", [], ["the wordpress source cannot be read: x: no; each run tries it again"]),
        (FAILS, "failed", [], ["the wordpress source cannot be read: x: no; each run tries it again"]),  # in every run
        (BROKEN, "", [], ["the wordpress source was not read to its end: x: no"]),
        ({**WORKS, "problem": "y"}, "", ["the wordpress source: y"], []),
        ({**WORKS, "lost": 1, "lost_example": "z"}, "", [], ["the wordpress source: one entry was lost (z)"]),
    ],
)
def test_a_source_that_goes_wrong_is_reported(
    outcome: dict[str, object], before: str, problems: list[str], notes: list[str]
) -> None:
    order = SourceOrder(SOURCES, every=False)
    read(order, outcome, before=before)
    assert (order.problems, order.notes) == (problems, notes)


def test_a_run_in_which_no_source_was_read_says_so_with_the_reasons() -> None:
    order = SourceOrder(SOURCES, every=False)
    read(order, FAILS, FAILS, {"failure": "y: 403"}, before="failed")
    order.finish()
    (problem,) = order.problems
    assert problem.startswith("no source of the site could be read: x: no; y: 403. Each run tries all of them again")


def test_a_source_that_is_down_is_named_in_every_run_with_how_often_and_since_when() -> None:
    source = Source(kind="feed", url="https://a.kz/rss")
    state: dict[str, object] = row()
    said = []
    for day in range(18, 21):
        order = SourceOrder([source], every=False, states={source: state})
        scan = order.scan(source, task="changes", state=state, **FAILS)
        order.ended(scan)
        said += order.problems
        state |= source_values(scan, state, full=False, time=f"2025-02-{day}T05:00:00Z")
    assert "no longer works: x: no. The next run" in said[0]
    assert "still does not work in 2 runs since 2025-02-18T05:00:00Z: x: no" in said[1]
    assert "in 3 runs since 2025-02-18T05:00:00Z" in said[2]
    scan = order.scan(source, task="changes", state=state, read=1, listed=1)
    state |= source_values(scan, state, full=False, time="2025-02-21T05:00:00Z")
    assert failures_of_source(state) == (0, "")


@pytest.mark.parametrize(
    ("codes", "reason", "ended"),
    [
        ([], "finished", "finished"),
        (["failures"], "finished", "finished"),
        (["source"], "finished", "incomplete"),
        (["sources"], "finished", "incomplete"),
        (["sources"], "shutdown", "interrupted"),
        (["sources"], "postponed", "postponed"),
    ],
)
def test_a_run_that_lost_a_source_is_incomplete(codes: list[str], reason: str, ended: str) -> None:
    report = RunReport()
    report.needs = [Alert("x", code=code) for code in codes]
    report.end(reason, failed=False)
    assert report.reason == ended
    assert bool(report.over()) is (ended in ("finished", "incomplete"))
