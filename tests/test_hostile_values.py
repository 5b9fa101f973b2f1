"""One bad value costs one entry: the rest of a listing is read, the reason is told, and the next source is tried."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hostile import HostileServer, serve
from tests.hostile.values import BROKEN

QUICK = ("-s", "RETRY_TIMES=0", "-s", "DOWNLOAD_TIMEOUT=10")


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with serve() as hostile:
        yield hostile


def write_profile(folder: Path, server: HostileServer, *sources: tuple[str, str]) -> None:
    (folder / "sites").mkdir(parents=True, exist_ok=True)
    text = server.profile().partition("\n[[sources]]")[0]
    for kind, path in sources:
        where = f'url = "{server.url.rstrip("/")}{path}"\n' if path else ""
        text += f'\n[[sources]]\nkind = "{kind}"\n{where}'
    (folder / "sites" / "hostile.toml").write_text(text)


def rows(folder: Path, sql: str) -> list[tuple]:
    with sqlite3.connect(folder / "archive.db") as db:
        return db.execute(sql).fetchall()


def articles(folder: Path) -> set[str]:
    return {url.strip("/").rpartition("/")[2] for (url,) in rows(folder, "select url from articles")}


def test_a_bad_value_costs_its_entry_and_no_other(server: HostileServer, folder: Path, newsarchive: Callable) -> None:
    server.robots = "User-agent: *\nDisallow:\nSitemap: http://[broken/\nSitemap: //[x"
    write_profile(
        folder,
        server,
        ("wordpress", "/values/posts"),
        ("sitemap", "/values/sitemap.xml"),
        ("sitemap", "/values/index.xml"),
        ("feed", "/values/feed.xml"),
        ("feed", "/values/feed.json"),
    )
    done = newsarchive("crawl", "hostile", *QUICK)
    assert articles(folder) == {
        "good", "year", "first", "types", "sitemap", "picture", "nested", "markup", "base", "letter", "feed", "letters",
    }  # fmt: skip
    assert (
        "the sitemap source: 5 entries were lost, such as the first (http://[broken/: not a valid address)"
        in done.stderr
    )
    assert "the wordpress source: one entry was lost" in done.stderr
    missing = newsarchive("status", "--missing").stdout
    assert all(url in missing for url in BROKEN)
    assert "an address of more than 8,000 characters" in missing
    assert "error in newsarchive" not in done.stderr
    again = newsarchive("crawl", "hostile", *QUICK, "--full")
    assert ", 0 failed" in again.stdout  # what is no address is never asked for


def test_a_time_to_come_hides_no_later_change(server: HostileServer, folder: Path, newsarchive: Callable) -> None:
    write_profile(folder, server, ("wordpress", "/values/posts"))
    newsarchive("crawl", "hostile", *QUICK)
    assert rows(folder, "select coalesce(max(cursor), '') < '2100' from sources") == [(1,)]
    assert rows(folder, "select count(*) from urls where lastmod > '2100'") == [(0,)]


@pytest.mark.parametrize("bad", ["/values/deep.json", "/values/none", "/sitemaps/page.html"])
def test_a_listing_that_cannot_be_read_hands_over_to_the_next_source(
    bad: str, server: HostileServer, folder: Path, newsarchive: Callable
) -> None:
    write_profile(folder, server, ("feed", bad), ("sitemap", "/values/nested.xml"))
    done = newsarchive("crawl", "hostile", *QUICK)
    assert articles(folder) == {"good", "nested"}  # the first by the sitemap that the site has itself
    assert "the feed source cannot be read" in done.stderr


def test_the_sitemap_that_robots_txt_names_invalidly_is_sought_at_its_usual_places(
    server: HostileServer, folder: Path, newsarchive: Callable
) -> None:
    server.robots = "User-agent: *\nDisallow:\n" + "\n" * 400_000 + "Sitemap: http://[broken/\nSitemap: //[x"
    server.listed = ["/values/article/usual/"]
    write_profile(folder, server, ("sitemap", ""))
    done = newsarchive("crawl", "hostile", *QUICK)
    assert articles(folder) == {"usual"}
    assert "http://[broken/: not a valid address" in done.stderr


def test_a_site_that_invents_posts_is_listed_no_further_than_its_articles_make_credible(
    server: HostileServer, folder: Path, newsarchive: Callable
) -> None:
    write_profile(folder, server, ("wordpress", "/values/endless"), ("sitemap", "/values/nested.xml"))
    done = newsarchive("crawl", "hostile", *QUICK, "-s", "ARCHIVE_LISTED_AHEAD=250")
    assert rows(folder, "select count(*) from urls where source = 'wordpress'") == [(300,)]
    assert "it lists 300 addresses that are no article so far, beside 0 that are" in done.stderr
    assert articles(folder) == {"good", "nested"}  # the first by the sitemap that the site has itself


def test_a_site_whose_posts_are_articles_is_listed_to_its_end_in_one_run(
    server: HostileServer, folder: Path, newsarchive: Callable
) -> None:
    write_profile(folder, server, ("wordpress", "/values/big"))
    done = newsarchive("crawl", "hostile", *QUICK, "-s", "ARCHIVE_LISTED_AHEAD=5")
    assert "41 new" in done.stdout  # with one of the sitemap that the site has itself
    asked = [path for _, path in server.requests]
    listings = [n for n, path in enumerate(asked) if path.startswith("/values/big")]
    assert listings[1] - listings[0] > 10  # pages are fetched before more is listed
    assert rows(folder, "select count(*) from sources where complete is not null and kind = 'wordpress'") == [(1,)]


def test_posts_older_than_since_do_not_keep_the_new_ones_from_being_listed(
    server: HostileServer, folder: Path, newsarchive: Callable
) -> None:
    write_profile(folder, server, ("wordpress", "/values/old"))
    done = newsarchive("crawl", "hostile", *QUICK, "--since", "2025-01-01", "-s", "ARCHIVE_LISTED_AHEAD=15")
    assert articles(folder) == {"good", *(str(number) for number in range(50, 60))}
    assert "no article so far" not in done.stderr
    assert rows(folder, "select count(*) from sources where complete is not null and kind = 'wordpress'") == [(1,)]
