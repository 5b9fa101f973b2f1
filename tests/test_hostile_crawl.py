"""Whole crawls of a server that misbehaves in every way: the run ends, its memory is bounded, each failure is named."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.hostile import BEHAVIOURS, HostileServer, serve

QUICK = ("DOWNLOAD_TIMEOUT=3", "RETRY_TIMES=1", "BACK_OFF_PAUSE=1", "DOWNLOAD_MAXSIZE=3000000", "DOWNLOAD_DELAY=0")
MOST_MEMORY = 450_000  # kilobytes of the largest process; an inflated bomb alone has 512 MB
NO_PAGES = ("/", "/robots.txt", "/sitemap.xml", "/feed/", "/picture.jpg", "/429-year/")
PAGES = [p.rstrip("*") for p in BEHAVIOURS if p not in NO_PAGES and not p.startswith(("/sitemaps/", "/feeds/"))]
PAUSING = [p for p in PAGES if p.startswith(("/429-", "/503-"))]
"""They ask for a pause and half the pace, which the others need not wait for."""
SOUND = {  # wrong in a way that can be read all the same
    "/good/", "/charset-latin1/", "/charset-1251/", "/charset-unknown/", "/charset-utf16/", "/nul-bytes/",
    "/500-then-200/", "/429-seconds/", "/429-date/", "/429-nonsense/", "/503-without/", "/pictures/",
}  # fmt: skip
CUT = {
    "/reset/", "/cut-gzip/", "/slow/", "/hang/", "/endless/", "/endless-chunks/", "/endless-headers/",
    "/length-too-long/",
}  # fmt: skip
KEPT_OUT = {"/captcha/", "/consent/", "/forbidden/", "/pdf/"}
MEASURE = """
import ctypes, os, resource, subprocess, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: what a worker's own parent has not waited for comes to us
code = subprocess.run([sys.executable, "-m", "newsarchive", *sys.argv[1:]]).returncode
try:
    while True:
        os.wait()
except ChildProcessError:
    print("most memory", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with serve() as hostile:
        yield hostile


@pytest.fixture
def crawl(server: HostileServer, folder: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Crawl the server by a profile, quickly; the run must end by itself and stay small."""

    def run(profile: str, *options: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        (folder / "sites").mkdir(parents=True, exist_ok=True)
        (folder / "sites" / "hostile.toml").write_text(profile)
        settings = [word for setting in QUICK for word in ("-s", setting)]
        command = [sys.executable, "-c", MEASURE, "--archive", str(folder), "crawl", "hostile", *settings, *options]
        environment = {**os.environ, "NEWSARCHIVE_CONTACT": "tests@example.org"}
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode in (0, 1), done.stderr
        assert int(done.stdout.split("most memory ")[1]) < MOST_MEMORY
        return done

    return run


def rows(folder: Path, sql: str) -> list[tuple]:
    with sqlite3.connect(folder / "archive.db") as db:
        return db.execute(sql).fetchall()


def outcomes(folder: Path, server: HostileServer) -> Mapping[str, tuple[str, str]]:
    found = rows(folder, "select url, state, reason from urls")
    return {url.removeprefix(server.url.rstrip("/")): (state, reason) for url, state, reason in found}


@pytest.mark.parametrize(
    "pages", [[p for p in PAGES if p not in PAUSING], [*PAUSING, "/good/"]], ids=["at once", "after pauses"]
)
def test_every_hostile_page_gets_a_state_and_a_reason(
    pages: list[str], server: HostileServer, folder: Path, crawl: Callable, newsarchive: Callable
) -> None:
    server.listed = pages
    server.drip = 0.5
    done = crawl(server.profile())
    assert "hostile: " in done.stdout
    found = outcomes(folder, server)
    assert set(pages) <= set(found)
    assert [p for p in SOUND.intersection(pages) if found[p][0] != "article"] == []
    unnamed = [p for p in pages if p not in SOUND and found[p][0] != "article" and not found[p][1]]
    assert unnamed == []
    assert [p for p in pages if found[p][0] == "listed"] == []
    said = newsarchive("status", "--missing", "--json").stdout
    assert [p for p in pages if found[p][0] in ("failed", "not_article") and p not in said] == []
    assert not server.strangers
    assert {found[p][0] for p in CUT.intersection(pages)} <= {"failed"}  # half an article is none
    assert {found[p][0] for p in KEPT_OUT.intersection(pages)} <= {"failed", "not_article"}
    assert ("keeps us out" in done.stderr) == ("/captcha/" in pages)


def test_an_article_whose_second_page_cannot_be_had_now_is_not_stored_without_it(
    server: HostileServer, folder: Path, crawl: Callable
) -> None:
    server.listed = ["/parts/"]
    crawl(server.profile())
    state, reason = outcomes(folder, server)["/parts/"]
    assert state == "failed"
    assert "/parts/2/: 500" in reason
    with sqlite3.connect(folder / "archive.db") as db:
        db.execute("update urls set next_visit = '2020-01-01T00:00:00Z'")
    server.is_mended = True
    crawl(server.profile())
    ((body,),) = rows(folder, "select body from articles")
    assert "таңертеңнен" in body
    assert "Екінші бет" in body


def test_a_bomb_in_a_page_is_read_to_its_bound(server: HostileServer, folder: Path, crawl: Callable) -> None:
    server.listed = ["/gzip-bomb/", "/gzip-bomb-twice/", "/good/"]
    crawl(server.profile())
    assert outcomes(folder, server)["/good/"][0] == "article"


def test_hostile_listings_are_named_and_lead_nowhere(server: HostileServer, folder: Path, crawl: Callable) -> None:
    paths = [p for p in BEHAVIOURS if p.startswith(("/sitemaps/", "/feeds/")) and not p.endswith(("*", "junk.xml"))]
    sources = "".join(
        f'\n[[sources]]\nkind = "{p[1:].split("s/")[0].removesuffix("s")}"\nurl = "{server.url.rstrip("/")}{p}"\n'
        for p in paths
    )
    done = crawl(server.profile().split("\n[[sources]]")[0] + sources)
    found = rows(folder, "select url, state, reason from sources where state <> ''")
    states = {url.removeprefix(server.url.rstrip("/")): (state, reason) for url, state, reason in found}
    assert set(states) == set(paths)
    cut = {p: states[p][1].rpartition(": ")[2] for p in paths if states[p][0] == "working"}
    assert cut.pop("/sitemaps/foreign.xml") == ""  # one page is the site's own
    assert cut == {
        "/sitemaps/cut.xml": "the XML is cut off before its end",
        "/feeds/cut.xml": "the XML is cut off before its end",
        "/sitemaps/cut.xml.gz": "the gzip file is cut off",
        "/sitemaps/broken-off.xml": "the host broke the answer off",
    }
    assert rows(folder, "select count(*) from sources where complete is not null") == [(1,)]
    assert [p for p in paths if p != "/sitemaps/foreign.xml" and not states[p][1]] == []
    assert set(outcomes(folder, server)) == {"/good/"}
    assert "cannot be read" in done.stdout + done.stderr
    assert not server.strangers
    assert b"root:" not in (folder / "archive.db").read_bytes()


def test_ten_thousand_junk_urls_are_in_the_ledger_and_bounded(
    server: HostileServer, folder: Path, crawl: Callable, newsarchive: Callable
) -> None:
    crawl(server.profile("sitemap", url="/sitemaps/junk.xml"), "--limit", "40")
    assert rows(folder, "select count(*) from urls") == [(10_001,)]  # with one of the site's own sitemap
    assert len(server.requests) < 60
    assert len(newsarchive("status", "--missing", "--json").stdout.split('"url"')) > 9_000


@pytest.mark.parametrize("status", [500, 503])
def test_where_robots_txt_cannot_be_had_nothing_is_fetched(
    status: int, server: HostileServer, folder: Path, crawl: Callable
) -> None:
    server.robots = status
    done = crawl(server.profile("feed"), "-s", "BACK_OFF_PAUSE=0.1", "-s", "BACK_OFF_TIMES=2")
    assert {path for _, path in server.requests} == {"/robots.txt"}
    assert ("robots.txt cannot be fetched" if status == 500 else "come back at") in done.stderr
    assert done.returncode == 1
