"""Sources that a profile lacks: which a site names, and that a crawl finds, reads and remembers them."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from newsarchive.database import learned, open_archive, save_site
from newsarchive.discovery import source_candidates
from newsarchive.items import Page
from newsarchive.sites import Site, Source
from newsarchive.times import now
from tests.hosts import Host, serve_host

Run = Callable[..., subprocess.CompletedProcess[str]]
HOME = """<html lang="kk"><head>
<link rel="alternate" type="application/rss+xml" href="/rss.xml">
<link rel="alternate" hreflang="ru" href="https://a.kz/ru/">
<link rel="https://api.w.org/" href="https://a.kz/wp-json/"></head>
<body><nav><a href="/sport/">Спорт</a></nav></body></html>"""
TYPES = '{"post": {"rest_base": "posts"}, "column": {"rest_base": "columns"}}'
WORDPRESS = "https://a.kz/wp-json/wp/v2"


@pytest.mark.parametrize(
    ("sources", "named"),
    [
        (
            ["feed https://a.kz/rss.xml"],
            [
                f"wordpress {WORDPRESS}/posts", "listing https://a.kz/ru/", "listing https://a.kz/",
                "listing https://a.kz/sport/", "sitemap https://cdn.a.kz/map.xml", "sitemap https://a.kz/map.xml",
            ],
        ),
        (
            ["wordpress ", "sitemap "],
            [
                f"wordpress {WORDPRESS}/columns", "feed https://a.kz/rss.xml", f"wordpress {WORDPRESS}/posts?lang=ru",
                "listing https://a.kz/ru/", "listing https://a.kz/", "listing https://a.kz/sport/",
            ],
        ),
    ],
)  # fmt: skip
def test_the_sources_that_a_site_names_and_its_profile_lacks(sources: list[str], named: list[str]) -> None:
    own = tuple(Source(kind=kind, url=url) for kind, _, url in (source.partition(" ") for source in sources))
    site = Site(name="a", url="https://a.kz/", aliases=("cdn.a.kz",), sources=own)
    found = source_candidates(
        site,
        home=Page(url="https://a.kz/", body=HOME.encode()),
        robots=Page(url="x", body=b"Sitemap: https://cdn.a.kz/map.xml\nSitemap: https://a.kz/map.xml\nSitemap: https://b.kz/x"),
        types=Page(url="x", body=TYPES.encode()),
    )  # fmt: skip
    assert [f"{candidate.source.kind} {candidate.source.url}" for candidate in found] == named


def test_a_source_found_is_tried_again_after_a_month_and_dropped_when_it_fails_as_long(tmp_path: Path) -> None:
    db, site, feed = (
        open_archive(tmp_path),
        Site(name="a", url="https://a.kz/"),
        Source(kind="feed", url="https://a.kz/x"),
    )
    save_site(db, site)
    learned.note_candidate(db, "a", feed, origin="the home page")
    assert learned.candidates_to_try(db, "a", time=now()) == [feed]
    learned.note_tried(db, "a", feed, used=False, time="2025-02-18T00:00:00Z")
    assert learned.candidates_to_try(db, "a", time="2025-03-18T00:00:00Z") == []
    assert learned.candidates_to_try(db, "a", time="2025-03-28T00:00:00Z") == [feed]
    learned.note_tried(db, "a", feed, used=True, time="2025-02-18T00:00:00Z")
    assert learned.learned_sources(db, "a", time=now()) == [feed]
    db.execute("update sources set state = 'failed', complete = '2025-02-18T00:00:00Z'")
    assert learned.learned_sources(db, "a", time="2025-03-18T00:00:00Z") == [feed]
    assert learned.learned_sources(db, "a", time="2025-03-28T00:00:00Z") == []


def test_where_a_site_lives_is_forgotten_with_the_address_in_its_profile(tmp_path: Path) -> None:
    db, site = open_archive(tmp_path), Site(name="a", url="http://a.kz/")
    save_site(db, site)
    learned.note_root(db, "a", "https://a.kz/")
    save_site(db, site)
    assert learned.root_of(db, "a") == "https://a.kz/"
    save_site(db, Site(name="a", url="https://b.kz/"))
    assert learned.root_of(db, "a") == ""


PROFILE = """# kept by hand
title = "Uy"
url = "{url}"
language = "kk"   # Kazakh

[[sources]]
kind = "feed"
url = "{url}rss"
"""


def listing(host: Host, *numbers: int) -> Callable[[int], tuple[int, dict[str, str], bytes]]:
    links = "".join(f'<h2><a href="/uy-{n}/">Жаңа үйлер салынды, {n} күн</a></h2>' for n in numbers)
    menu = '<nav><a href="/su/">Су</a><a href="/bos/">Бос</a></nav>'
    page = f"<html><body>{menu}<main>{links}</main></body></html>"
    return lambda _hit: (200, {"Content-Type": "text/html; charset=utf-8"}, page.encode())


def feed(host: Host, *numbers: int) -> Callable[[int], tuple[int, dict[str, str], bytes]]:
    items = "".join(f"<item><link>{host.url}uy-{n}/</link></item>" for n in numbers)
    xml = f"<rss><channel>{items}</channel></rss>"
    return lambda _hit: (200, {"Content-Type": "application/xml"}, xml.encode())


def test_a_crawl_finds_reads_and_remembers_the_source_that_its_profile_lacks(
    folder: Path, newsarchive: Callable
) -> None:
    with serve_host(pages=0) as host:
        host.special |= {"/rss": feed(host, 1, 2), "/": listing(host, 1, 2), "/su/": listing(host, 1, 2, 3, 4, 5)}
        host.special["/bos/"] = listing(host, 1)
        (folder / "sites").mkdir(parents=True)
        path = folder / "sites" / "uy.toml"
        path.write_text(PROFILE.format(url=host.url), encoding="utf-8")
        first = newsarchive("crawl", "uy", "-s", "DOWNLOAD_DELAY=0")
        assert "uy: 5 new" in first.stdout
        assert f"lists further articles, and is read from now on: listing {host.url}su/" in first.stderr
        assert path.read_text(encoding="utf-8") == PROFILE.format(url=host.url)
        before = len(host.log)
        newsarchive("crawl", "uy", "-s", "DOWNLOAD_DELAY=0")
        assert sorted(host.paths()[before:]) == ["/robots.txt", "/rss", "/su/"]
        shown = newsarchive("sites", "learn", "uy").stdout
        assert f'url = "{host.url}su/"' in shown
        assert path.read_text(encoding="utf-8") == PROFILE.format(url=host.url)
        newsarchive("sites", "learn", "uy", "--write")
        written = path.read_text(encoding="utf-8")
        assert written.startswith(PROFILE.format(url=host.url).rstrip())
        assert f'[[sources]]\nkind = "listing"\nurl = "{host.url}su/"' in written
        assert "nothing" in newsarchive("sites", "learn", "uy", "--write").stderr
        before = len(host.log)
        newsarchive("crawl", "uy", "-s", "DOWNLOAD_DELAY=0")
        assert sorted(host.paths()[before:]).count("/su/") == 1


def test_a_site_without_a_source_is_searched_for_another_once_a_day(newsarchive: Run, folder: Path) -> None:
    with serve_host(pages=0) as host:
        host.special["/"] = lambda _hit: (200, {"Content-Type": "text/html"}, b"<title>Uy</title><p>Uy</p>")
        (folder / "sites").mkdir(parents=True)
        profile = host.profile(delay=0).replace('"sitemap"', '"wordpress"')
        (folder / "sites" / "uy.toml").write_text(profile, encoding="utf-8")
        newsarchive("crawl", "uy", code=1)
        assert host.paths().count("/") == 1
        assert not [path for path in host.paths() if path.endswith("/types")], "there is no REST interface"
        newsarchive("crawl", "uy", code=1)
        assert host.paths().count("/") == 1
        with sqlite3.connect(folder / "archive.db") as db:
            db.execute("update sites set looked = datetime(looked, '-1 day')")
        newsarchive("crawl", "uy", code=1)
        assert host.paths().count("/") == 2
