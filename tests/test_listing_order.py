"""Listings that do not begin with the newest articles: where a run for changes looks, and what it finds there."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from newsarchive.crawling.full_scans import next_full_scan
from newsarchive.crawling.source_order import SourceOrder
from newsarchive.crawling.source_store import SourceStore
from newsarchive.crawling.sources import SourceReader
from newsarchive.database import open_archive, save_site, source_state, start_run
from newsarchive.items import Page
from newsarchive.sites import Site, Source
from tests.hosts import Answer, article, serve_host

URL = "https://a.kz/news/"
SITE = Site(name="a", url="https://a.kz/")
DAYS = ["2025-02-18T05:00:00Z", "2025-02-20T05:00:00Z", "2025-02-20T11:00:00Z", "2025-02-27T05:00:00Z"]
"""The first crawl, two of another day, and one after a week."""


def pager(articles: list[str], *, size: int = 4) -> dict[str, str]:
    """The pages of a listing by their URLs."""
    parts = [articles[start : start + size] for start in range(0, len(articles), size)]
    urls = [f"{URL}?page={number}" if number > 1 else URL for number in range(1, len(parts) + 1)]
    pages = {}
    for number, (url, part) in enumerate(zip(urls, parts, strict=True)):
        links = "".join(f'<h2><a href="/n/{name}">Қала жаңалығы {name}</a></h2>' for name in part)
        onward = f'<a rel="next" href="{urls[number + 1]}">Келесі</a>' if number + 1 < len(urls) else ""
        pages[url] = f"<html><body><main>{links}{onward}</main></body></html>"
    return pages


class Reader:
    """Reads a listing run by run, as a crawl does."""

    def __init__(self, folder: Path) -> None:
        self.db: Database = open_archive(folder)
        save_site(self.db, SITE)
        self.source = Source(kind="listing", url=URL)
        self.notes: list[str] = []

    def run(self, pages: dict[str, str], when: str, task: str = "") -> list[str]:
        """Read it at a time; return the paths that were asked for."""
        state = source_state(self.db, "a", "listing", URL)
        order = SourceOrder([self.source], every=False, states={self.source: state})
        due = next_full_scan({"kind": "listing", **state})
        task = task or ("walk" if order.left_open(self.source) or (due is not None and due <= when) else "changes")
        scan = order.scan(self.source, task=task, state=state, began=when)
        store = SourceStore(self.db, SITE, "listing", write=lambda: None, started=when)
        reader = SourceReader(SITE, scan, store, full=False, seen=set())
        waiting, asked = reader.begin(), list[str]()
        while waiting:
            request = waiting.pop(0)
            asked.append(request.url.removeprefix(URL))
            body = pages.get(request.url)
            page = Page(url=request.url, body=(body or "").encode(), status=200 if body else 404)
            waiting += asyncio.run(reader.read(request, page))
        reader.finish(start_run(self.db, "crawl", "a"))
        self.db.execute("update urls set next_visit = null")
        self.db.execute("update sources set walked = ? where walked > '2025-03'", [when])
        order.ended(scan)
        self.notes = order.notes
        return asked

    @property
    def articles(self) -> int:
        """How many articles the ledger has."""
        return int(self.db["urls"].count)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def names(start: int, stop: int) -> list[str]:
    return [f"{number}-qala-zhanalygy" for number in range(start, stop)]


def test_news_at_the_end_of_a_listing_is_found_by_the_next_run(reader: Reader) -> None:
    assert reader.run(pager(names(0, 10)), DAYS[0]) == ["", "?page=2", "?page=3"]
    assert reader.run(pager(names(0, 10)), DAYS[1]) == ["", "?page=3"]
    assert reader.run(pager(names(0, 21)), DAYS[1]) == ["", "?page=3", "?page=4", "?page=5", "?page=6"]
    assert reader.articles == 21
    assert reader.run(pager(names(0, 22)), DAYS[2]) == ["", "?page=6"]
    assert reader.articles == 22


def test_a_listing_that_grows_a_second_page_is_read_on(reader: Reader) -> None:
    assert reader.run(pager(names(0, 4)), DAYS[0]) == [""]
    assert reader.run(pager(names(0, 4)), DAYS[1]) == [""]
    assert reader.run(pager(names(0, 9)), DAYS[1]) == ["", "?page=2", "?page=3"]
    assert reader.articles == 9


def test_a_last_page_that_is_gone_leads_to_a_full_scan_once_a_day(reader: Reader) -> None:
    reader.run(pager(names(0, 10)), DAYS[0])
    fewer = pager(names(3, 11))
    assert reader.run(fewer, DAYS[1]) == ["", "?page=3"]
    assert reader.run(fewer, DAYS[1]) == ["", "?page=2"]
    assert reader.articles == 11
    assert reader.run(fewer, DAYS[2]) == ["", "?page=2"]
    assert next_full_scan({"kind": "listing", **source_state(reader.db, "a", "listing", URL)}) > DAYS[3][:10] + "T04"


def test_a_listing_in_no_order_is_named_and_read_in_full_each_day(reader: Reader) -> None:
    """By title, for example."""
    old, new = names(0, 12), names(20, 24)
    reader.run(pager(old), DAYS[0])
    mixed = old[:6] + new + old[6:]
    assert reader.run(mixed_pages := pager(mixed), DAYS[1]) == ["", "?page=3", "?page=4"]
    assert reader.run(mixed_pages, DAYS[3]) == ["", "?page=2", "?page=3", "?page=4"]
    assert reader.articles == 16
    assert "2 new articles on pages that ordinary runs do not read" in reader.notes[0]
    assert reader.run(mixed_pages, "2025-02-28T06:00:00Z") == ["", "?page=2", "?page=3", "?page=4"]


def test_pages_that_the_profile_limits_are_not_exceeded(reader: Reader) -> None:
    reader.source = Source(kind="listing", url=URL, pages=1)
    assert reader.run(pager(names(0, 10)), DAYS[0]) == [""]
    assert reader.run(pager(names(0, 10)), DAYS[1]) == [""]


@pytest.mark.parametrize("oldest_first", [True, False])
def test_the_dates_of_its_articles_tell_where_the_news_of_a_listing_is(
    oldest_first: bool, folder: Path, newsarchive: Callable[..., Any]
) -> None:
    paper = {"articles": 9}

    def page(number: int) -> Answer:
        shown = sorted(range(paper["articles"]), reverse=not oldest_first)
        body = pager([f"{n}-qala-zhanalygy" for n in shown])[f"{URL}?page={number}" if number > 1 else URL]
        return 200, {"Content-Type": "text/html"}, body.replace("https://a.kz", "").encode()

    def dated(number: int) -> Answer:
        status, headers, body = article(number)
        head = f'<meta property="article:published_time" content="2025-01-{number + 2:02}T09:00:00+05:00">'
        return status, headers, body.replace(b"</head>", head.encode() + b"</head>")

    special: dict[str, Callable[[int], Answer]] = {}
    special |= {f"/n/{number}-qala-zhanalygy": partial(lambda n, _hit: dated(n), number) for number in range(20)}
    special |= {f"/news/?page={number}": partial(lambda n, _hit: page(n), number) for number in range(2, 6)}
    special |= {"/news/": lambda _hit: page(1), "/sitemap.xml": lambda _hit: (404, {}, b"")}
    with serve_host(special=special) as host:
        (folder / "sites").mkdir(parents=True)
        profile = host.profile(delay=0).replace('kind = "sitemap"', f'kind = "listing"\nurl = "{host.url}news/"')
        (folder / "sites" / "paper.toml").write_text(profile)
        newsarchive("crawl", "paper")
        paper["articles"] = 15
        host.log.clear()
        newsarchive("crawl", "paper")
        asked = [path for _, path, _ in host.log if path.startswith("/news/")]
    with sqlite3.connect(folder / "archive.db") as db:
        assert db.execute("select count(*) from articles").fetchone() == (15,)
    oldest = ["/news/", "/news/?page=3", "/news/?page=4"]
    assert asked == (oldest if oldest_first else ["/news/", "/news/?page=2", "/news/?page=3"])
