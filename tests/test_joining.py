"""A crawl that finds the archive held by another hands its sites over to that one."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from newsarchive.database import read_archive
from newsarchive.database.locking import lock_archive, request_sites, take_requests
from tests.hosts import Answer, Host, article, serve_host


class Gate:
    """A page that answers once the gate is open."""

    def __init__(self, host: Host) -> None:
        self.open = threading.Event()
        host.special["/uy-1/"] = self.answer

    def answer(self, _hit: int) -> Answer:
        assert self.open.wait(60)
        return article(1)


@pytest.fixture
def long_and_short(folder: Path) -> Iterator[tuple[Host, Host]]:
    """Two newspapers in the archive: `long` and `short`."""
    (folder / "sites").mkdir(parents=True)
    with ExitStack() as served:
        hosts = served.enter_context(serve_host(pages=2)), served.enter_context(serve_host(pages=2))
        for name, host in zip(("long", "short"), hosts, strict=True):
            (folder / "sites" / f"{name}.toml").write_text(host.profile(delay=0), encoding="utf-8")
        yield hosts


def waited_for(condition: Callable[[], bool]) -> bool:
    never = threading.Event()
    return any(condition() or never.wait(0.05) for _ in range(600))


def finished(folder: Path, site: str) -> int:
    with (
        suppress(sqlite3.OperationalError),
        closing(sqlite3.connect(f"file:{folder}/archive.db?mode=ro", uri=True)) as db,
    ):
        sql = "select count(*) from runs where site = ? and reason = 'finished'"
        return int(db.execute(sql, [site]).fetchone()[0])
    return 0  # there is no archive yet


def test_while_one_site_is_crawled_for_long_the_others_are_crawled_again(
    newsarchive: Callable, folder: Path, long_and_short: tuple[Host, Host]
) -> None:
    long, short = long_and_short
    gate = Gate(long)
    done = []
    first = threading.Thread(target=lambda: done.append(newsarchive("crawl", code=None)))
    first.start()
    try:
        assert waited_for(lambda: finished(folder, "short") == 1)
        short.pages = 5
        refused = newsarchive("crawl", "--full", code=75)  # that run is no such crawl
        assert "was asked" not in refused.stderr
        assert take_requests(folder) == []
        refused = newsarchive("crawl", code=75)
        assert "was asked to look again at the sites it is done with" in refused.stderr
        assert waited_for(lambda: finished(folder, "short") == 2), done
        assert finished(folder, "long") == 0
    finally:
        gate.open.set()
        first.join()
    assert done[0].returncode == 0, done[0].stderr
    assert "Total: 7 new" in done[0].stdout
    assert "(3 crawls of 2 sites)" in done[0].stdout
    assert long.paths().count("/sitemap.xml") == 1, "it is not crawled beside itself"
    counts = {
        row["site"]: row["n"] for row in read_archive(folder).query("select site, count(*) n from articles group by 1")
    }
    assert counts == {"long": 2, "short": 5}


def test_what_was_asked_of_a_run_that_has_ended_is_dropped(folder: Path) -> None:
    folder.mkdir()
    request_sites(folder, ["a", "b", "a"])
    assert take_requests(folder) == ["a", "b"]
    request_sites(folder, ["a"])
    with lock_archive(folder, takes_requests=True):
        assert take_requests(folder) == []
        request_sites(folder, ["b"])
        assert take_requests(folder) == ["b"]
    assert sorted(path.name for path in folder.iterdir()) == ["archive.lock"]
