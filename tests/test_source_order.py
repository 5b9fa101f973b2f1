"""The order of a site's sources: which is read next, after how those before it went."""

from __future__ import annotations

import pytest

from newsarchive.crawling.full_scans import Scan
from newsarchive.crawling.source_order import SourceOrder
from newsarchive.sites import Source

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
    assert read(SourceOrder(SOURCES, every=every), *outcomes) == kinds


@pytest.mark.parametrize(("outcome", "follows"), [(WORKS, False), (BROKEN, False), (FAILS, True)])
def test_pagers_are_followed_only_if_no_better_source_was_read(outcome: dict[str, object], follows: bool) -> None:
    order = SourceOrder(SOURCES, every=True)
    read(order, outcome)
    assert order.follows_pagers == follows


@pytest.mark.parametrize(
    ("outcome", "before", "problems", "notes"),
    [
        (WORKS, "", [], []),
        (FAILS, "working", ["the wordpress source no longer works: x: no"], []),
        (FAILS, "", [], ["the wordpress source cannot be read: x: no"]),
        (FAILS, "failed", [], []),
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
    assert order.problems == ["no source of the site could be read: x: no; y: 403"]
