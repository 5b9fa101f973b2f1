"""Runs that end early: on a signal, or because a host asked to come back later; what is told is what is stored."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from newsarchive.crawling.middlewares.back_off import retry_after
from tests.forking import Forked, Forks
from tests.hosts import Answer, Host, article, serve_host

SOON = ("-s", "DOWNLOAD_DELAY=0.05", "-s", "AUTOTHROTTLE_START_DELAY=0.05")


def hang(_hit: int) -> Answer:
    return 0, {}, b""


def later(seconds: int | str, status: int = 503) -> Callable[[int], Answer]:
    return lambda _hit: (status, {"Retry-After": str(seconds)}, b"")


@pytest.fixture
def start(folder: Path, forks: Forks) -> Callable[..., Forked | subprocess.Popen[str]]:
    """Start a command on the archive and leave it running."""

    def run(*arguments: str) -> Forked | subprocess.Popen[str]:
        environment = {**os.environ, "NEWSARCHIVE_DATA": str(folder), "NEWSARCHIVE_CONTACT": "tests@example.org"}
        return forks.start(arguments, environment)

    return run


def add(folder: Path, host: Host, name: str = "uy") -> None:
    (folder / "sites").mkdir(parents=True, exist_ok=True)
    (folder / "sites" / f"{name}.toml").write_text(host.profile(delay=0), encoding="utf-8")


def rows(folder: Path, sql: str) -> list[tuple]:
    with sqlite3.connect(folder / "archive.db") as db:
        return db.execute(sql).fetchall()


def stored_as_told(folder: Path, said: str) -> None:
    """The last run's counts are in the sentence, in the table of runs, and what the archive holds."""
    told = int(re.findall(r"(\d+) new", said)[-1])
    ((stored,),) = rows(folder, "select count(*) from articles")
    ((counted,),) = rows(folder, "select counts ->> 'new' from runs order by id desc limit 1")
    assert told == stored == counted


@pytest.mark.parametrize(
    ("kind", "options", "configured"), [(signal.SIGINT, ["--parallel", "1"], 9), (signal.SIGTERM, [], 1)]
)
def test_a_signal_in_a_pause_ends_it_at_once(
    kind: signal.Signals, options: list[str], configured: int, start: Callable, newsarchive: Callable, folder: Path
) -> None:
    with serve_host(special={"/uy-3/": later(50)}) as host, serve_host() as other:
        add(folder, host)
        add(folder, other, "uzaq")
        (folder / "newsarchive.toml").write_text(f"parallel = {configured}\n", encoding="utf-8")
        process = start("crawl", "uy", "uzaq", *options)
        host.wait_for(lambda h: any(status == 503 for _, _, status in h.log))
        while "pausing for 50 s" not in process.stderr.readline():
            pass
        began = time.monotonic()
        process.send_signal(kind)
        out, err = process.communicate(timeout=60)
        assert time.monotonic() - began < 20  # much of it is the machine's load; a pause would be fifty
    assert "stopping, " in err
    assert "not crawled: uzaq" in err
    assert not other.log
    assert process.returncode == 1
    assert out.strip().endswith("(interrupted)")
    stored_as_told(folder, out)
    assert rows(folder, "select reason from runs") == [("interrupted",)]
    newsarchive("check")


def test_what_hangs_at_a_signal_is_abandoned_and_the_rest_is_stored(
    start: Callable, newsarchive: Callable, folder: Path
) -> None:
    with serve_host(special={"/uy-3/": hang, "/uy-5/": hang}) as host:
        add(folder, host)
        process = start("crawl", "uy")
        host.wait_for(lambda h: len([p for p in h.paths() if p.startswith("/uy-")]) == 8)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        out, err = process.communicate(timeout=60)
        assert 3 < time.monotonic() - began < 25
    assert re.search(r"stopping, \d+ pages under way", err)
    stored_as_told(folder, out)
    assert rows(folder, "select count(*) from articles") == [(6,)]
    assert (
        rows(folder, "select url like '%uy-3%' or url like '%uy-5%', state from urls where state <> 'article'")
        == [(1, "listed")] * 2
    )
    newsarchive("check")


HANG = """
import sys, threading
def hang(*args, **kwargs):
    if {when}:
        print("hanging", file=sys.stderr, flush=True)
        threading.Event().wait()
    return real(*args, **kwargs)
import {module}
real, {module}.{name} = {module}.{name}, hang
"""
"""Makes a function of a library hang, as a name server or a parser may."""


@pytest.mark.parametrize(
    ("module", "name", "when"),
    [("socket", "gethostbyname", 'args[0] == "slow.example"'), ("feedparser", "parse", "True")],
)
def test_a_look_up_or_a_listing_that_hangs_does_not_hold_up_the_end(
    module: str, name: str, when: str, start: Callable, newsarchive: Callable, folder: Path,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    feed = b'<rss version="2.0"><channel><title>Uy</title><item><link>/uy-1/</link></item></channel></rss>'
    with serve_host(special={"/feed/": lambda _hit: (200, {"Content-Type": "application/rss+xml"}, feed)}) as host:
        add(folder, host)
        profile = folder / "sites" / "uy.toml"
        text = profile.read_text()
        if module == "socket":
            text = text.replace(host.url, "http://slow.example/")
        else:
            text += f'[[sources]]\nkind = "feed"\nurl = "{host.url}feed/"\n'
        profile.write_text(text)
        (tmp_path / "sitecustomize.py").write_text(HANG.format(module=module, name=name, when=when))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        process = start("crawl", "uy", *SOON, "-s", "DOWNLOAD_TIMEOUT=60")
        while "hanging" not in process.stderr.readline():
            assert process.poll() is None
        if module == "feedparser":
            host.wait_for(lambda h: len([p for p in h.paths() if p.startswith("/uy-")]) == 8)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        out, err = process.communicate(timeout=55)
        assert time.monotonic() - began < 25  # five seconds, and the machine's load
    monkeypatch.delenv("PYTHONPATH")
    assert process.returncode == 1
    assert out.strip().endswith("(interrupted)")
    assert "error" not in err
    stored_as_told(folder, out)
    assert rows(folder, "select count(*) from articles") == [(0 if module == "socket" else 8,)]
    newsarchive("check")


def test_a_second_signal_ends_at_once_and_says_nothing_false(
    start: Callable, newsarchive: Callable, folder: Path
) -> None:
    with serve_host(special={"/uy-3/": hang}) as host:
        add(folder, host)
        process = start("crawl", "uy")
        host.wait_for(lambda h: "/uy-3/" in h.paths())
        process.send_signal(signal.SIGINT)
        while "stopping, " not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        out, err = process.communicate(timeout=60)
        assert time.monotonic() - began < 4
    assert process.returncode == -signal.SIGINT
    assert out + err == ""
    newsarchive("check")


@pytest.mark.parametrize("status", [429, 503])
def test_a_site_that_asks_to_come_back_is_left_until_then(status: int, newsarchive: Callable, folder: Path) -> None:
    with serve_host(special={"/uy-3/": later(3600, status)}) as host, serve_host(pages=1) as other:
        add(folder, host)
        add(folder, other, "uzaq")
        done = newsarchive("crawl", "uy", "uzaq", *SOON, code=1)
        until = re.findall(r"asked to come back at (\S+Z)", done.stdout)[0]
        assert abs(datetime.fromisoformat(until) - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=2)
        assert f"asked to come back at {until}" in done.stderr
        assert "uzaq: 1 new" in done.stdout
        assert rows(folder, "select site, reason from runs order by id") == [("uy", "postponed"), ("uzaq", "finished")]
        assert rows(folder, "select state from sources where kind = 'sitemap' and state = 'failed'") == []
        host.log.clear()
        stand = {site["site"]: site for site in json.loads(newsarchive("status", "--json").stdout)["sites"]}
        assert (stand["uy"]["come_back"], stand["uzaq"]["come_back"]) == (until, None)
        again = newsarchive("crawl", "--full", "uy", code=1)
        assert until in again.stderr + again.stdout
        fetched = newsarchive("fetch", f"{host.url}uy-7/", code=1)
        assert until in fetched.stderr
        newsarchive("sites", "check", "uy", code=1)
        assert host.log == []
        with sqlite3.connect(folder / "archive.db") as db:
            db.execute("update sites set retry_after = '2020-01-01T00:00:00Z'")
        host.special.clear()
        newsarchive("crawl", "uy", *SOON)
    assert rows(folder, "select count(*) from articles where site = 'uy'") == [(8,)]
    assert rows(folder, "select retry_after from sites where name = 'uy'") == [(None,)]
    newsarchive("check")


def test_pauses_of_a_run_are_bounded_together(newsarchive: Callable, folder: Path) -> None:
    with serve_host() as host:
        host.special = {f"/uy-{n}/": lambda _hit: (503, {}, b"") for n in range(8)}
        add(folder, host)
        done = newsarchive("crawl", "uy", "-s", "BACK_OFF_PAUSE=0.5", "-s", "BACK_OFF_TOTAL=2", code=1)
    assert "may come back at" in done.stderr
    assert len(re.findall("pausing for", done.stderr)) == 2  # half a second and one; two more would be too many


def test_a_page_that_is_always_out_of_order_holds_nothing_up(newsarchive: Callable, folder: Path) -> None:
    with serve_host(special={"/uy-3/": lambda _hit: (503, {}, b"")}) as host:
        add(folder, host)
        newsarchive("crawl", "uy", "-s", "BACK_OFF_PAUSE=0.5", "-s", "BACK_OFF_TOTAL=5")
    assert rows(folder, "select state, count(*) from urls group by state") == [("article", 7), ("failed", 1)]
    assert rows(folder, "select reason from urls where state = 'failed'") == [("503 Service Unavailable",)]


def test_a_picture_host_that_asks_for_an_hour_is_given_up_alone(newsarchive: Callable, folder: Path) -> None:
    with serve_host(pages=0, special={"/1.jpg": later(3600, 429)}) as pictures:
        figure = f'<figure><img src="{pictures.url}1.jpg" width="640" height="400"></figure>'
        with serve_host(pages=4, extra=figure) as host:
            add(folder, host)
            done = newsarchive("crawl", "uy", "--images", *SOON)
            assert "4 new" in done.stdout
            assert pictures.paths().count("/1.jpg") == 1
            newsarchive("images", "fetch", "uy", *SOON)
    assert rows(folder, "select state, reason like 'backing off: %' from images") == [("failed", 1)]
    assert rows(folder, "select retry_after from sites") == [(None,)]


def test_fetch_and_sites_add_do_not_wait_for_an_hour(newsarchive: Callable, folder: Path) -> None:
    with serve_host(special={"/uy-1/": later(3600), "/": later(3600, 429)}) as host:
        done = newsarchive("fetch", f"{host.url}uy-1/", code=1)
        assert len(done.stderr.strip().splitlines()) == 2  # where the new archive is, and why there is no article
        assert "asked to come back at" in done.stderr
        newsarchive("check")
        done = newsarchive("sites", "add", host.url, "--name", "uy", code=1)
        assert "asked to come back at" in done.stderr
        assert not (folder / "sites" / "uy.toml").exists()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        (format_datetime(datetime(2024, 12, 31, tzinfo=UTC), usegmt=True), 0.0),
        ("1" * 400, float("inf")),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²²", None),
        ("", None),
        ("Wed, 01 Jan 2025 00:01:00 +99999999", None),
        ("Wed, 01 Jan 99999 00:01:00 GMT", None),
    ],
)
def test_any_retry_after_is_read_or_refused(value: str, seconds: float | None) -> None:
    assert retry_after(value, datetime(2025, 1, 1, tzinfo=UTC)) == seconds


@pytest.mark.parametrize("path", ["/uy-3/", "/feed/"])
def test_a_page_that_ends_run_after_run_waits_alone_and_the_site_goes_on(
    path: str, newsarchive: Callable, folder: Path
) -> None:
    def first_soon_then_late(hit: int) -> Answer:
        return 503, {"Retry-After": "1" if hit < 3 else "3600"}, b""

    def crawl(code: int) -> subprocess.CompletedProcess[str]:
        return newsarchive("crawl", "uy", *SOON, "-s", "BACK_OFF_TOTAL=0.5", "-s", "BACK_OFF_KEEP=1", code=code)

    with serve_host(special={path: first_soon_then_late}) as host:
        add(folder, host)
        profile = folder / "sites" / "uy.toml"
        feed = f'[[sources]]\nkind = "feed"\nurl = "{host.url}feed/"\n' if path == "/feed/" else ""
        profile.write_text(profile.read_text().replace("[[sources]]", f"{feed}[[sources]]", 1))
        for _ in range(2):
            assert "asked to come back at" in crawl(1).stdout
            while rows(folder, "select 1 from sites where retry_after >= strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"):
                time.sleep(0.1)
        done = crawl(0)
        assert "only this page waits, the crawl of the site continues" in done.stderr
        fetched = set(range(8)) - {3} if path == "/uy-3/" else set(range(8))
        found = rows(folder, "select url from articles")
        assert {int(url.strip("/").rpartition("-")[2]) for (url,) in found} == fetched
        (waiting,) = json.loads(newsarchive("status", "--json").stdout)["waiting"]
        assert (waiting["url"], waiting["runs"]) == (f"{host.url.rstrip('/')}{path}", 3)
        assert waiting["url"] in newsarchive("status").stdout
        host.log.clear()
        host.special[path] = lambda _hit: article(3) if path == "/uy-3/" else (404, {}, b"")
        crawl(0)
        assert path not in host.paths()  # before its time it is not asked for


def test_a_host_that_answers_nothing_else_is_postponed_as_a_whole_each_time(
    newsarchive: Callable, folder: Path
) -> None:
    busy = {path: later(1) for path in ("/robots.txt", "/sitemap.xml", *(f"/uy-{n}/" for n in range(8)))}
    with serve_host(special=busy) as host:
        add(folder, host)
        for _ in range(3):
            said = newsarchive("crawl", "uy", *SOON, "-s", "BACK_OFF_TOTAL=0.5", "-s", "BACK_OFF_KEEP=0", code=1)
            assert "asked to come back at" in said.stdout
        assert json.loads(newsarchive("status", "--json").stdout)["waiting"] == []
