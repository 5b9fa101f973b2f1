"""What a run reads of a site that leads it on for ever: it ends, and says what it did not read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile import serve


@pytest.mark.parametrize(
    ("kind", "path"),
    [("sitemap", "/sitemaps/deep/1.xml"), ("sitemap", "/sitemaps/loop.xml"), ("listing", "/calendar/")],
)
def test_listings_without_an_end_are_bounded(kind: str, path: str, folder: Path, newsarchive: Callable) -> None:
    with serve() as server:
        (folder / "sites").mkdir(parents=True)
        profile = server.profile(kind, url=path)
        (folder / "sites" / "hostile.toml").write_text(profile + ("pages = 5\n" if kind == "listing" else ""))
        newsarchive("crawl", "hostile", "--limit", "3", "-s", "DOWNLOAD_TIMEOUT=5", code=None, timeout=120)
        assert len(server.requests) < 60
        db = sqlite3.connect(folder / "archive.db")
        assert db.execute("select count(*) from runs where finished is not null").fetchone() == (1,)
