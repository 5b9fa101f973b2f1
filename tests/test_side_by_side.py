"""Many sites in one crawl: each host in its pace, none in the way of others, and whole after any end."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from newsarchive.crawling.middlewares.pace import Host as PacedHost
from newsarchive.crawling.middlewares.pace import PoliteSlot, Slot
from tests.hosts import Answer, Host, article, serve_host
from tests.terminals import on_terminal

Run = Callable[..., subprocess.CompletedProcess[str]]
DELAY = 0.2
LATE = DELAY / 2
"""Seconds by which the log may be late: an answer's thread waits for the processor."""


@contextmanager
def newspapers(folder: Path, count: int, *, pages: int = 4, delay: float = DELAY) -> Iterator[list[Host]]:
    """Serve newspapers, each on a host of its own, with profiles in the archive: uy-0, uy-1, ..."""
    (folder / "sites").mkdir(parents=True, exist_ok=True)
    with ExitStack() as served:
        hosts = [served.enter_context(serve_host(pages=pages)) for _ in range(count)]
        for number, host in enumerate(hosts):
            (folder / "sites" / f"uy-{number}.toml").write_text(host.profile(delay=delay), encoding="utf-8")
        yield hosts


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "NEWSARCHIVE_DATA": str(folder), "NEWSARCHIVE_CONTACT": "tests@example.org"}


@pytest.fixture
def start(environment: dict[str, str]) -> Callable[..., subprocess.Popen[str]]:
    """Start a command on the archive and leave it running."""

    def run(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "newsarchive", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment)

    return run


def rows(folder: Path, sql: str) -> list[tuple]:
    with sqlite3.connect(folder / "archive.db") as db:
        return db.execute(sql).fetchall()


def test_sites_are_crawled_at_once_and_each_host_is_asked_in_its_pace(newsarchive: Run, folder: Path) -> None:
    with newspapers(folder, 5) as hosts:
        done = newsarchive("crawl")
    assert max(host.log[0][0] for host in hosts) < min(host.log[-1][0] for host in hosts)
    assert min(gap for host in hosts for gap in host.gaps()) > DELAY - LATE
    lines = done.stdout.splitlines()
    assert sorted(line[:12] for line in lines[:-1]) == [f"uy-{n}: 4 new," for n in range(5)]
    assert re.fullmatch(r"Total: 20 new, 0 changed, 0 gone, 0 failed, \d+ requests, \d+ s \(5 sites\)", lines[-1])
    assert rows(folder, "select site, reason, counts ->> 'new' from runs order by site") == [
        (f"uy-{n}", "finished", 4) for n in range(5)
    ]


def test_the_delay_holds_over_all_sites_of_a_host_and_they_take_turns(newsarchive: Run, folder: Path) -> None:
    with newspapers(folder, 1, pages=0) as (host,):
        for site in "ab":
            urls = "".join(f"<url><loc>{host.url}uy-{n}{ord(site)}/</loc></url>" for n in range(1, 6))
            xml = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()
            host.special[f"/{site}.xml"] = lambda _hit, xml=xml: (200, {"Content-Type": "application/xml"}, xml)
            profile = f'{host.profile(delay=DELAY)}url = "{host.url}{site}.xml"\n'
            (folder / "sites" / f"{site}.toml").write_text(profile, encoding="utf-8")
        newsarchive("crawl", "a", "b")
    assert min(host.gaps()) > DELAY - LATE
    pages = [path.strip("/")[-2:] for path in host.paths() if path.startswith("/uy-")]
    assert sum(one != other for one, other in pairwise(pages)) >= 3, pages  # else 1


def test_slots_of_a_host_share_what_it_asked_for() -> None:
    host = PacedHost(asked=10.0)
    one, other = PoliteSlot(Slot(4, 1.0, 0), host), PoliteSlot(Slot(4, 3.0, 0), host)
    for slot in (one, other):
        slot.queue.append(None)  # type: ignore[arg-type]
    one.lastseen = 20.0
    assert (other.lastseen, other.download_delay()) == (20.0, 3.0)
    assert 3.0 < one.download_delay() < 3.1  # the other's turn comes first
    host.paused_until = 50.0
    assert other.download_delay() == 30.0
    other.close()
    host.paused_until = 0.0
    assert one.download_delay() == 1.0


def hostile(hosts: list[Host]) -> None:
    """Three that never end by themselves within a minute: a long pause, a circle, a listing without end."""
    busy, circle, endless = hosts
    busy.special = {"/sitemap.xml": lambda _hit: (503, {"Retry-After": "50"}, b"")}
    circle.special = {
        "/sitemap.xml": lambda _hit: (302, {"Location": "/x"}, b""),
        "/x": lambda _hit: (302, {"Location": "/sitemap.xml"}, b""),
    }

    def listing(number: int) -> Callable[[int], Answer]:
        names = "".join(f"<sitemap><loc>{endless.url}{number * 9 + n}.xml</loc></sitemap>" for n in range(1, 10))
        index = f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{names}</sitemapindex>'.encode()
        return lambda _hit: (200, {"Content-Type": "application/xml"}, index)

    endless.special = {f"/{number}.xml": listing(number) for number in range(2_000)} | {"/sitemap.xml": listing(0)}


def test_hostile_sites_delay_no_other_and_a_signal_ends_all_with_true_counts(
    start: Callable, newsarchive: Run, folder: Path
) -> None:
    with newspapers(folder, 6, delay=0.1) as hosts, serve_host() as elsewhere:
        hostile(hosts[:3])
        process = start("crawl")
        said: set[str] = set()
        while {f"uy-{n}: 4 new," for n in (3, 4, 5)} - said:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            said.add(line[:12])
        assert process.poll() is None
        with sqlite3.connect(folder / "archive.db", timeout=5, isolation_level=None) as db:
            db.execute("begin immediate")  # no transaction is open while the others wait for answers
            db.rollback()
        assert "stored" not in newsarchive("fetch", f"{elsewhere.url}uy-1/").stderr
        again = newsarchive("crawl", code=75)
        held = rf"process {process.pid}, crawl of 6 sites \(uy-0, uy-1, uy-2 and 3 more\) since \d{{4}}-\S+Z"
        assert re.search(held, again.stderr), again.stderr
        quiet = newsarchive("--quiet", "crawl", code=75)
        assert (quiet.stdout, quiet.stderr) == ("", "")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert len(re.findall("^stopping, ", err, re.MULTILINE)) == 1
    assert "Total: 12 new" in out
    # the sites that were done were crawled again: the refused crawls asked for that
    for site, counted in rows(
        folder, "select site, sum(counts ->> 'new') from runs where command = 'crawl' group by 1"
    ):
        assert rows(folder, f"select count(*) from articles where site = '{site}'") == [(counted,)]
    assert rows(folder, "select count(*) from runs where finished is null") == [(0,)]
    newsarchive("check")


def test_after_kill_minus_nine_the_next_crawl_is_whole(start: Callable, newsarchive: Run, folder: Path) -> None:
    with newspapers(folder, 4, pages=6, delay=0.1) as hosts:
        process = start("crawl")
        hosts[3].wait_for(lambda host: len(host.log) >= 5)
        process.kill()
        process.communicate(timeout=60)
        newsarchive("crawl", "uy-0")
        found = rows(folder, "select site, reason from runs where reason <> 'finished' order by site")
        assert found == [(f"uy-{n}", "killed") for n in range(4)]
        known = {name for (name,) in rows(folder, "select name from warc_files")}
        assert known == {path.name for path in (folder / "warc").iterdir()}
        newsarchive("crawl")
        assert rows(folder, "select site, count(*), count(distinct key) from articles group by 1 order by 1") == [
            (f"uy-{n}", 6, 6) for n in range(4)
        ]
    assert rows(folder, "select warc, offset from captures group by 1, 2 having count(*) > 1") == []
    assert rows(folder, "select max(number) from revisions") == [(1,)]
    newsarchive("check")


def test_a_terminal_shows_a_bar_for_each_site_as_far_as_there_is_room(
    environment: dict[str, str], folder: Path
) -> None:
    command = [sys.executable, "-m", "newsarchive", "crawl"]
    with newspapers(folder, 6, pages=8, delay=0.3):
        seen = on_terminal(command, environment, rows=8)
    assert seen.code == 0, seen.shown
    assert any(re.search(r"uy-0 .* \d/\d", bar) for bar in seen.bars)
    assert any(re.search(r"\d more under way", bar) for bar in seen.bars), seen.bars
    assert [line for line in seen.lines if re.match(r"uy-\d: 8 new,", line)]
    assert seen.last.startswith("Total: 48 new, ")


def test_a_page_that_cannot_be_read_again_is_the_same_beside_others(newsarchive: Run, folder: Path) -> None:
    with newspapers(folder, 2, delay=0) as hosts:
        hosts[1].special = {"/uy-1/": lambda _hit: article(1)}  # the same bytes as of the other: kept once
        newsarchive("crawl")
        newsarchive("check")
    assert rows(folder, "select count(*) from captures where refers_to is not null")[0][0] >= 4


def test_a_dry_run_says_what_would_be_asked_and_stores_nothing(newsarchive: Run, folder: Path) -> None:
    def state() -> list[tuple[str, int, bytes]]:
        return [(str(path), path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(folder.rglob("*.*"))]

    with newspapers(folder, 2, delay=0) as hosts:
        before = state()
        first = newsarchive("crawl", "--dry-run")
        assert state() == before  # not even a new archive
        assert [host.log for host in hosts] == [[], []]
        assert first.stdout.splitlines() == [
            "uy-0: due now; sources: sitemap (full scan); pages: none known to be due",
            "uy-1: due now; sources: sitemap (full scan); pages: none known to be due",
            "Total: 2 of 2 sites due, 0 pages; nothing was requested or stored",
        ]
        hosts[0].special = {"/uy-1/": lambda _hit: (500, {}, b"")}
        newsarchive("crawl", "-s", "RETRY_TIMES=0")
        with sqlite3.connect(folder / "archive.db") as db:
            db.execute("update urls set next_visit = '2020-01-01T00:00:00Z' where site = 'uy-0' and url like '%-2/'")
            db.execute("update sites set retry_after = '2199-01-01T00:00:00Z' where name = 'uy-1'")
        db.close()
        asked = [len(host.log) for host in hosts]
        found = json.loads(newsarchive("crawl", "--dry-run", "--retry", "--json").stdout)
        told = newsarchive("crawl", "--dry-run").stdout
        assert [len(host.log) for host in hosts] == asked
    assert [(one["due"], one["pages"]["again"], one["pages"]["retries"]) for one in found] == [
        (True, 1, 1),
        (False, 0, 0),
    ]
    assert told.splitlines()[0] == "uy-0: due now; sources: sitemap (changes); pages: 1 due again"
    assert "uy-1: not due before 2199-01-01T00:00:00Z" in told
    assert rows(folder, "select count(*) from runs") == [(2,)]
