"""Reading one source: what is written while others have their turn."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from newsarchive.crawling import sources
from newsarchive.crawling.full_scans import Scan
from newsarchive.crawling.source_store import SourceStore
from newsarchive.crawling.sources import SourceReader
from newsarchive.database import open_archive
from newsarchive.items import Listing, Page
from newsarchive.sites import Site, Source


def test_what_a_listing_gives_is_in_a_transaction_though_one_was_committed_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = open_archive(tmp_path)
    parse = threading.Event()
    done: list[str] = []
    site, source = Site(name="a", url="https://a.kz/"), Source(kind="wordpress")
    scan = Scan(source=source, url="wordpress", task="walk", state={})
    store = SourceStore(db, site, "wordpress", write=lambda: done.append("write"), started="")
    reader = SourceReader(site, scan, store, full=False, seen=set())

    def read_late(page: Page, **_: object) -> Listing:
        assert parse.wait(10)
        return Listing()

    async def read() -> None:
        (request,) = reader.begin()
        reading = asyncio.create_task(reader.read(request, Page(url=request.url, body=b"[]")))
        await asyncio.sleep(0.05)
        done.append("commit")  # as the run does after some articles
        parse.set()
        await reading

    monkeypatch.setattr(sources, "read_listing", read_late)
    asyncio.run(read())
    assert done == ["write", "commit", "write"]
