"""What to read of a source: tables of states and listings, and the decisions they lead to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from newsarchive.crawling.answers import Unread, judge
from newsarchive.crawling.decisions import MOST_LISTINGS, Noted, SourceDecider
from newsarchive.crawling.full_scans import Scan
from newsarchive.crawling.scan_results import (
    ComparedIds,
    compare_ids,
    listing_values,
    missing,
    missing_since,
    source_values,
)
from newsarchive.discovery import ListingError
from newsarchive.items import Listed, Listing, ListingRequest, Page
from newsarchive.sites import Site, Source

SITE = Site(name="a", url="https://a.kz/")
WHEN = "2025-02-20T05:00:00Z"


def scan_of(kind: str, task: str = "changes", **values: Any) -> Scan:
    source = Source(kind=kind, url="https://a.kz/news/" if kind == "listing" else "", pages=values.pop("pages", 0))
    state = values.pop("state", {"cursor": ""})
    return Scan(source=source, url=source.url or kind, task=task, state=state, began=WHEN, **values)


def decider(scan: Scan, *, full: bool = False, seen: set[str] | None = None) -> SourceDecider:
    return SourceDecider(SITE, scan, full=full, seen=set() if seen is None else seen)


def request(kind: str, task: str = "changes", url: str = "https://a.kz/x", depth: int = 0) -> ListingRequest:
    return ListingRequest(kind=kind, url=url, task=task, depth=depth)


def articles(*names: str, lastmod: str = "") -> tuple[Listed, ...]:
    return tuple(Listed(url=f"https://a.kz/{name}", lastmod=lastmod, native_id=name) for name in names)


READ = json.dumps({"whole": WHEN})
FILES = ("https://a.kz/1.xml", "https://a.kz/2.xml", "https://a.kz/3.xml")


@pytest.mark.parametrize(
    ("row", "headers"),
    [
        ({}, ()),
        ({"etag": '"x"', "last_modified": "", "data": READ}, (("If-None-Match", '"x"'),)),
        ({"etag": "ұ", "last_modified": "Thu", "data": READ}, (("If-Modified-Since", "Thu"),)),
        ({"etag": '"x"', "last_modified": "", "data": '{"index": true}'}, ()),
        ({"etag": '"x"', "last_modified": "", "data": '{"whole": "2025-02-19T04:00:00Z"}'}, ()),  # 304 for ever?
    ],
)
def test_a_listing_read_before_is_requested_conditionally(row: dict[str, str], headers: tuple[Any, ...]) -> None:
    feed = decider(scan_of("feed"))
    (start,) = feed.begin(dict.fromkeys(feed.starts(), row))
    assert start.headers == headers


def test_a_full_scan_requests_unconditionally() -> None:
    feed = decider(scan_of("feed", "walk"))
    row = {"etag": '"x"', "last_modified": "", "data": "{}"}
    assert [start.headers for start in feed.begin(dict.fromkeys(feed.starts(), row))] == [()]


@pytest.mark.parametrize(
    ("cursor", "since"),
    [("2025-02-18T09:30:00Z", "2025-02-18T08:30:00Z"), ("2031-01-01T00:00:00Z", "2025-02-20T04:00:00Z")],
)
def test_wordpress_is_asked_for_changes_with_an_overlap_and_never_from_the_future(cursor: str, since: str) -> None:
    (url,) = decider(scan_of("wordpress", state={"cursor": cursor})).starts()
    assert f"modified_after={since}".replace(":", "%3A") in url


@pytest.mark.parametrize(
    ("kind", "task", "beside", "noted", "read_on"),
    [
        ("feed", "changes", False, Noted(due=1, unseen=True), True),  # a pinned article may be the known one
        ("feed", "changes", False, Noted(unseen=True), False),  # known ground
        ("listing", "walk", False, Noted(unseen=True), True),  # a full scan passes over known ground
        ("listing", "walk", False, Noted(due=2), False),  # the pager shows the same page again
        ("listing", "walk", True, Noted(due=2, unseen=True), False),  # a source that has all named all of it
        ("listing", "walk", True, Noted(due=2, fresh=1, unseen=True), True),
    ],
)
def test_a_pager_is_followed_as_long_as_it_gives_what_the_scan_looks_for(
    kind: str, task: str, beside: bool, noted: Noted, read_on: bool
) -> None:
    scan = scan_of(kind, task, beside=beside)
    listing = Listing(articles=articles("1", "2"), listings=("https://a.kz/news/2",))
    further = decider(scan).further(request(kind, task), listing, {}, noted)
    assert [each.url for each in further] == (["https://a.kz/news/2"] if read_on else [])


def test_candidates_for_the_second_page_are_tried_until_one_brings_what_is_new() -> None:
    scan = scan_of("listing", "walk")
    first = Listing(articles=articles("1"), listings=("https://a.kz/more",), alternatives=("https://a.kz/?p=2",))
    (second,) = decider(scan).further(request("listing", "walk"), first, {}, Noted(unseen=True))
    (other,) = decider(scan).further(second, Listing(articles=articles("1")), {}, Noted())
    assert (second.url, other.url, other.depth) == ("https://a.kz/more", "https://a.kz/?p=2", 1)
    third = Listing(articles=articles("2"), listings=("https://a.kz/?p=3",))
    assert [each.url for each in decider(scan).further(other, third, {}, Noted(unseen=True))] == ["https://a.kz/?p=3"]


@pytest.mark.parametrize(
    ("kind", "fresh", "state", "gap"),
    [
        ("feed", 10, {"checked": WHEN, "state": "working"}, True),
        ("feed", 9, {"checked": WHEN, "state": "working"}, False),
        ("feed", 10, {}, False),  # it was never read before
        ("sitemap", 10, {"checked": WHEN, "state": "working"}, True),
        ("listing", 10, {"checked": WHEN, "state": "working"}, False),  # it has pages
    ],
)
def test_a_short_source_that_is_wholly_new_has_a_gap_which_is_remembered(
    kind: str, fresh: int, state: dict[str, str], gap: bool
) -> None:
    scan = scan_of(kind, state=state, listed=10, read=1, fresh=fresh)
    assert scan.has_gap == gap
    assert json.loads(source_values(scan, {}, full=False, time=WHEN)["data"])["gap"] == gap


def test_a_refused_number_of_posts_is_asked_for_in_smaller_pages_from_then_on() -> None:
    scan = scan_of("wordpress", "walk")
    asked = request("wordpress", "walk", url="https://a.kz/wp-json/wp/v2/posts?per_page=100&page=1")
    refusal = Page(url=asked.url, status=400, body=b'{"code": "rest_invalid_param", "message": "per_page"}')
    (again,) = decider(scan).instead(asked, refusal)
    assert (again.url, scan.per_page) == (asked.url.replace("100", "50"), "50")
    (ids,) = decider(scan_of("wordpress", per_page="50")).further(request("wordpress"), Listing(), {}, Noted())
    assert "per_page=50" in ids.url


def test_a_page_of_posts_beyond_the_last_is_the_end_of_the_list() -> None:
    body = b'{"code": "rest_post_invalid_page_number", "message": "m", "data": {"status": 400}}'
    page = Page(url="https://a.kz/wp-json/wp/v2/posts?page=3", status=400, body=body)
    assert judge(scan_of("wordpress"), request("wordpress", url=page.url), page) is Unread.NOT_THERE


def test_only_sitemaps_that_robots_txt_names_are_read_on_other_hosts() -> None:
    cdn = "https://cdn.example/map.xml"
    scan = scan_of("sitemap", "walk")
    robots = Listing(listings=(cdn, "https://a.kz/s.xml"), elsewhere=frozenset({cdn}))
    first = decider(scan).further(request("sitemap", "walk"), robots, {}, Noted())
    assert [each.elsewhere for each in first] == [True, False]
    index = Listing(listings=("https://cdn.example/1.xml", "https://other.example/2.xml"), lastmods=("", ""))
    assert [each.elsewhere for each in decider(scan).further(first[0], index, {}, Noted())] == [True, False]


@pytest.mark.parametrize(
    ("task", "times", "known", "read"),
    [
        ("walk", ("t1", "t2", "t3"), {0: "t1", 1: "t2", 2: "t3"}, [0, 1, 2]),
        ("changes", ("t1", "t2", "t3"), {0: "t1", 1: "t1", 2: "t3"}, [1]),
        ("changes", ("t1", "t2", "t3"), {0: "t1"}, [1, 2]),
        ("changes", ("", "", ""), {0: "", 1: "", 2: ""}, [0, 2]),  # without times the first or last has what is new
        ("changes", ("", "", ""), {2: ""}, [0, 1, 2]),
        ("changes", ("", ""), {0: "", 1: ""}, [0, 1]),  # two files are few enough to read both
        ("changes", ("t1", "", "t3"), {0: "t1", 1: "", 2: "t3"}, []),
        ("changes", ("t1", "t3", "t2"), {0: "t1", 1: "t3", 2: "t2"}, [1]),  # the times may never change
        ("changes", ("t1", "t1", "t1"), {0: "t1", 1: "t1", 2: "t1"}, [0, 2]),
    ],
)
def test_of_an_index_the_files_that_may_have_changed_are_read(
    task: str, times: tuple[str, ...], known: dict[int, str], read: list[int]
) -> None:
    listing = Listing(listings=FILES[: len(times)], lastmods=times)
    rows = {FILES[i]: {"cursor": cursor, "etag": "", "last_modified": "", "data": "{}"} for i, cursor in known.items()}
    further = decider(scan_of("sitemap", task)).further(request("sitemap", task), listing, rows, Noted())
    assert [each.url for each in further] == [FILES[i] for i in read]


def test_of_many_sitemaps_in_robots_txt_those_without_news_are_read_in_turn() -> None:
    files = tuple(f"https://a.kz/{name}.xml" for name in "abcdefg")
    rows: dict[str, dict[str, str]] = {
        url: {"checked": f"2025-02-0{n}T00:00:00Z", "data": "{}"} for n, url in enumerate(files, 1)
    }
    rows[files[2]]["data"] = json.dumps({"news": "2025-02-10T00:00:00Z"})
    rows[files[3]]["data"] = json.dumps({"news": "2024-02-10T00:00:00Z"})
    rows[files[4]]["checked"] = "2025-01-01T00:00:00Z"
    scan = scan_of("sitemap")
    further = decider(scan).further(
        request("sitemap", url="https://a.kz/robots.txt"), Listing(listings=files), rows, Noted()
    )
    assert [f.url[-5] for f in further] == ["a", "c", "g", "e"]
    unread = decider(scan_of("sitemap")).further(request("sitemap"), Listing(listings=files), {}, Noted())
    assert len(unread) == len(files)
    walk = decider(scan_of("sitemap", "walk")).further(
        request("sitemap", "walk"), Listing(listings=files), rows, Noted()
    )
    assert len(walk) == len(files)


def test_wordpress_is_asked_for_its_ids_after_its_changes() -> None:
    scan = scan_of("wordpress")
    new = Noted(due=1, unseen=True)
    first = decider(scan).further(request("wordpress"), Listing(listings=("https://a.kz/p2",)), {}, new)
    last = decider(scan).further(request("wordpress"), Listing(), {}, new)
    assert [each.task for each in (*first, *last)] == ["changes", "ids"]


@pytest.mark.parametrize(
    ("total", "known", "listings", "further", "complete"),
    [
        (3, 3, ("https://a.kz/ids2",), 0, False),  # the number is as known: nothing is gone
        (None, 3, ("https://a.kz/ids2",), 0, False),  # nothing tells where the list ends
        (2, 3, ("https://a.kz/ids2",), 1, False),
        (2, 3, (), 0, True),
    ],
)
def test_ids_are_read_to_the_end_only_if_their_number_differs(
    total: int | None, known: int, listings: tuple[str, ...], further: int, complete: bool
) -> None:
    scan = scan_of("wordpress", open=1)
    listing = Listing(articles=articles("1", "2"), listings=listings, total=total)
    requests, is_complete = decider(scan).further_ids(request("wordpress", "ids"), listing, known=known)
    assert (len(requests), is_complete) == (further, complete)


@pytest.mark.parametrize(
    ("kind", "pages", "depth", "asked", "left", "failure"),
    [
        ("sitemap", 0, 3, 0, 3, ""),
        ("sitemap", 0, 4, 0, 0, "sitemaps are nested too deep"),
        ("feed", 0, 90, MOST_LISTINGS["feed"] - 2, 2, "more than 2000 listings"),
        ("listing", 5, 3, 3, 2, ""),  # the profile asks for no more, so nothing is missed
    ],
)
def test_no_site_leads_on_for_ever(kind: str, pages: int, depth: int, asked: int, left: int, failure: str) -> None:
    scan = scan_of(kind, "walk", pages=pages, asked={f"https://a.kz/asked/{i}" for i in range(asked)})
    further = decider(scan).further(
        request(kind, "walk", depth=depth),
        Listing(articles=articles("1"), listings=FILES),
        {},
        Noted(due=1, unseen=True),
    )
    assert (len(further), {each.depth for each in further}) == (left, {depth + 1} if left else set())
    assert (scan.broken, scan.failure.endswith(failure)) == (bool(failure), True)


@pytest.mark.parametrize(
    ("kind", "url", "depth", "status", "answer"),
    [
        ("feed", "https://a.kz/feed/", 0, 304, Unread.UNCHANGED),
        ("feed", "https://a.kz/feed/?paged=2", 1, 404, Unread.NOT_THERE),
        ("sitemap", "https://a.kz/sitemap.xml", 1, 410, Unread.NOT_THERE),
        ("sitemap", "https://a.kz/robots.txt", 0, 403, 200),
        ("sitemap", "https://a.kz/robots.txt", 0, 500, None),
        ("sitemap", "https://a.kz/posts.xml", 1, 404, None),
        ("feed", "https://a.kz/feed/", 0, 403, None),
        ("feed", "https://a.kz/feed/", 0, 200, 200),
    ],
)
def test_an_answer_is_parsed_passed_over_or_a_failure(
    kind: str, url: str, depth: int, status: int, answer: Unread | int | None
) -> None:
    page = Page(url=url, body=b"x", status=status)
    asked = request(kind, url=url, depth=depth)
    if answer is None:
        with pytest.raises(ListingError, match=str(status)):
            judge(scan_of(kind), asked, page)
        return
    found = judge(scan_of(kind), asked, page)
    assert (found.status if isinstance(found, Page) else found) == answer


@pytest.mark.parametrize(("full", "again"), [(False, [False, False]), (True, [False, True])])
def test_with_full_an_article_is_due_once_however_many_sources_list_it(full: bool, again: list[bool]) -> None:
    seen: set[str] = set()
    decider(scan_of("sitemap", "walk"), full=full, seen=seen).take(articles("1"), believed=True)
    entries = decider(scan_of("feed", "walk"), full=full, seen=seen).take(articles("1", "2"), believed=True)
    assert [entry.again for entry in entries] == again


def test_articles_of_other_sites_are_passed_over_and_the_newest_time_is_kept() -> None:
    scan = scan_of("wordpress")
    found = (*articles("1", lastmod="2025-02-18"), Listed(url="https://b.kz/2", lastmod="2025-02-19"))
    entries = decider(scan).take(found, believed=True)
    assert ([entry.listed.url for entry in entries], scan.newest) == (["https://a.kz/1"], "2025-02-18")
    nothing_own = scan_of("sitemap")
    decider(nothing_own).take((Listed(url="https://staging.a.example/2"),), believed=True)
    assert "another host only (staging.a.example)" in nothing_own.why_not


@pytest.mark.parametrize(
    ("kind", "task", "broken", "state", "since"),
    [
        ("sitemap", "walk", False, {}, ""),
        ("sitemap", "walk", True, {}, None),
        ("sitemap", "changes", False, {}, None),
        ("feed", "walk", False, {"walk_began": "2025-02-01T00:00:00Z"}, "2025-02-01T00:00:00Z"),
        ("listing", "walk", False, {}, "9"),  # its first full scan has nothing to be compared with
    ],
)
def test_only_a_complete_full_scan_proves_what_is_missing(
    kind: str, task: str, broken: bool, state: dict[str, str], since: str | None
) -> None:
    assert missing_since(scan_of(kind, task, broken=broken, state=state, read=1, listed=1)) == since


@pytest.mark.parametrize(("kind", "most"), [("sitemap", 600), ("feed", 500), ("listing", 500)])
def test_a_new_layout_cannot_make_every_article_of_a_pager_due(kind: str, most: int) -> None:
    before = [(f"a.kz/{number}", f"https://a.kz/{number}") for number in range(601)]
    found = missing(scan_of(kind, "walk", keys={"a.kz/0"}), before)
    assert (found[0], len(found)) == ("https://a.kz/1", most)


def test_ids_tell_what_is_gone_what_is_back_and_what_was_taken_down() -> None:
    states = ("article", "gone", "forgotten", "failed")
    known = [(f"wordpress:{i}", f"{state}{i}", state) for i, state in enumerate(states)]
    known += [(f"wordpress:{i + 10}", f"{state}{i + 10}", state) for i, state in enumerate(states)]
    scan = scan_of("wordpress", keys={f"wordpress:{i}" for i in range(4)})
    expected = ComparedIds(gone=["article10", "failed13"], forgotten=["forgotten12"], back=["gone1"])
    assert compare_ids(scan, known) == expected


@pytest.mark.parametrize(
    ("scan", "values"),
    [
        (scan_of("feed", failure="x: no"), {"state": "failed", "reason": "x: no"}),
        (
            scan_of("sitemap", "walk", read=1, listed=1, newest="2025-02-18", state={"walks_cut": 2}),
            {"state": "working", "cursor": "2025-02-18", "walks_cut": 0},
        ),
        (
            scan_of("sitemap", "walk", read=1, listed=1, newest="2025-02-18", broken=True, failure="y", state={}),
            {"state": "working", "reason": "y", "cursor": None, "complete": None, "walks_cut": 1},
        ),
        (
            scan_of("feed", read=1, listed=1, newest="2025-02-18", state={"cursor": "2025-02-19"}),
            {"cursor": "2025-02-19", "task": "newest", "walked": None},
        ),
    ],
)
def test_what_is_remembered_of_a_source(scan: Scan, values: dict[str, Any]) -> None:
    found = source_values(scan, {}, full=False, time=WHEN)
    assert {name: found.get(name) for name in values} == values


@pytest.mark.parametrize(
    ("modified", "kept"),
    [
        ("Tue, 18 Feb 2025 05:00:00 GMT", "Tue, 18 Feb 2025 05:00:00 GMT"),
        ("Mon, 01 Jan 2024 00:00:00 GMT", ""),  # older than what the file lists: it would be 304 for ever
        ("Thu", "Thu"),
        ("", ""),
    ],
)
def test_a_last_modified_older_than_the_newest_entry_is_not_asked_with(modified: str, kept: str) -> None:
    listing = Listing(articles=articles("a", lastmod="2025-02-18T04:00:00Z"))
    page = Page(url="https://a.kz/rss", body=b"", headers={"last-modified": modified})
    before = {"last_modified": "Sun, 01 Dec 2024 00:00:00 GMT"}
    assert listing_values(page, listing, before, time=WHEN)["last_modified"] == kept


def test_validators_that_stay_though_other_articles_are_listed_are_never_asked_with_again() -> None:
    page = Page(url="https://a.kz/rss", body=b"", headers={"etag": '"x"', "last-modified": "Thu"})
    row: dict[str, Any] = {}
    kept = []
    for names in (("1", "2"), ("1", "2"), ("2", "3"), ("2", "3")):
        row |= listing_values(page, Listing(articles=articles(*names)), row, time=WHEN)
        kept.append((row["etag"], row["last_modified"]))
    assert kept == [('"x"', "Thu"), ('"x"', "Thu"), ("", ""), ("", "")]


@pytest.mark.parametrize("kind", ["feed", "sitemap"])
@pytest.mark.parametrize(("whole", "asked"), [("2025-02-20T04:00:00Z", 1), ("2025-02-19T04:00:00Z", 0)])
def test_a_listing_that_says_unchanged_for_ever_is_read_whole_once_a_day(kind: str, whole: str, asked: int) -> None:
    reader = decider(scan_of(kind))
    row = {"etag": '"x"', "last_modified": "", "data": json.dumps({"whole": whole})}
    (start,) = reader.begin(dict.fromkeys(reader.starts()[:1], row))[:1]
    assert len(start.headers) == asked
