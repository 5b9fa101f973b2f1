"""Atom feeds: valid by the rules of RFC 4287, with stable ids and true times, and without what is withheld."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import pytest
from datasette.app import Datasette  # type: ignore[import-untyped]
from lxml import etree
from sqlite_utils import Database

from newsarchive.browse.app import make_datasette
from newsarchive.browse.atom import NAMESPACE
from newsarchive.database import lock_archive, open_archive, save_site
from newsarchive.database.embargoes import embargo_article
from newsarchive.takedown import forget
from tests.test_api import ask
from tests.test_browse import ATTACK, TAN, VEST, get, make_article, store, tree_of
from tests.test_withheld import NEXT_YEAR

FEEDS = ("articles", "changes", "headlines", "deletions")
A = f"{{{NAMESPACE}}}"
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@pytest.fixture
def paper(tmp_path: Path) -> Iterator[tuple[Database, Datasette]]:
    """An archive with an edited headline, a deletion, an attack and a headline that XML cannot hold; and its room."""
    db = open_archive(tmp_path)
    for site in (TAN, VEST):
        save_site(db, site)
    first = make_article("flood", "Өзен тасыды", "Үйді су басты.", published="2025-02-18")
    store(db, first, TAN, "2025-03-01T02:00:00Z")
    store(db, replace(first, title="Нұра тасыды"), TAN, "2025-03-02T02:00:00Z")
    store(db, make_article("odd", "Тақырып \x0b\ufffe <b>қалың</b> & т.б.", "Мәтін " * 200), TAN)
    store(db, ATTACK, TAN)
    gone = store(db, make_article("voda", "Вода ушла", "Река вошла в берега.", site=VEST), VEST, "2019-01-01T00:00:00Z")
    db.conn.execute("update articles set gone = '2025-03-05T00:00:00Z', gone_reason = '410' where id = ?", (gone,))
    db.conn.commit()
    room = make_datasette(tmp_path)
    yield db, room
    for database in room.databases.values():
        database.close()
    room.executor.shutdown()
    db.close()


def check_rules(text: bytes) -> etree._Element:
    """The rules of RFC 4287, sections 4.1.1 and 4.1.2, for what we write."""
    feed = etree.fromstring(text)
    assert feed.tag == f"{A}feed"
    for element in (feed, *feed.iter(f"{A}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{A}{name}")) == 1, name
        assert urlsplit(element.findtext(f"{A}id")).scheme == "tag"
        assert re.fullmatch(r"tag:newsarchive,2025:[a-z]+:[0-9a-f]{32}", element.findtext(f"{A}id"))
        for name in ("updated", "published"):
            assert all(RFC_3339.fullmatch(moment.text) for moment in element.findall(f"{A}{name}"))
        assert element.findall(f"{A}author/{A}name")
        alternates = [link for link in element.findall(f"{A}link") if link.get("rel") == "alternate"]
        assert len(alternates) == 1
        assert all(urlsplit(link.get("href")).scheme in ("http", "https") for link in element.findall(f"{A}link"))
    entries = feed.findall(f"{A}entry")
    ids = [entry.findtext(f"{A}id") for entry in entries]
    assert len(ids) == len(set(ids))
    newest = max((entry.findtext(f"{A}updated") for entry in entries), default=None)
    assert newest in (None, feed.findtext(f"{A}updated"))
    assert [link.get("href") for link in feed.findall(f"{A}link") if link.get("rel") == "self"]
    return feed


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_keeps_the_rules_and_is_read(paper: tuple[Database, Datasette], name: str) -> None:
    response = get(paper[1], f"/feeds/{name}.atom?lang=ru")
    assert response.headers["content-type"].startswith("application/atom+xml")
    check_rules(response.content)
    read = feedparser.parse(response.content)
    assert not read.bozo
    assert read.version == "atom10"
    assert read.feed.language == "ru"
    for entry in read.entries:
        link = urlsplit(entry.link)
        assert get(paper[1], f"{link.path}?{link.query}").status_code == 200, "its page is there"
    assert "<script" not in response.text


def test_new_articles_come_as_they_were_archived_with_their_times(paper: tuple[Database, Datasette]) -> None:
    read = feedparser.parse(get(paper[1], "/feeds/articles.atom").content)
    assert read.entries[0].title == "Вода ушла", "archived last, though its capture is old"
    flood = read.entries[-1]
    assert (flood.title, flood.updated, flood.published) == (
        "Нұра тасыды", "2025-03-02T02:00:00Z", "2025-02-17T19:00:00Z",
    )  # fmt: skip
    assert read.entries[2].title.startswith("Тақырып")
    assert len(read.entries[2].summary) < 310
    assert {link.rel for link in flood.links} == {"alternate", "via"}


def test_any_search_is_a_feed_and_its_page_names_it(paper: tuple[Database, Datasette]) -> None:
    room = paper[1]
    page = tree_of(get(room, "/search?q=өзендер&site=tan&page=1&order=oldest"))
    named = page.xpath("//link[@type='application/atom+xml']/@href")
    assert len(named) == 4
    found = [feedparser.parse(get(room, address).content) for address in named]
    assert len({feed.feed.id for feed in found}) == 4
    assert [e.title for e in feedparser.parse(get(room, "/feeds/articles.atom?q=үй").content).entries] == [
        "Нұра тасыды"
    ]
    assert get(room, "/feeds/articles.atom?since=never").status_code == 400
    assert get(room, "/feeds/articles.atom?site=none").status_code == 404
    everywhere = tree_of(get(room, "/")).xpath("//link[@type='application/atom+xml']/@href")
    assert all(get(room, address).status_code == 200 for address in everywhere)


def test_an_edited_headline_shows_both(paper: tuple[Database, Datasette]) -> None:
    (entry,) = feedparser.parse(get(paper[1], "/feeds/headlines.atom").content).entries
    assert (entry.title, entry.updated) == ("Нұра тасыды", "2025-03-02T02:00:00Z")
    assert "<del>Өзен тасыды</del>" in entry.content[0].value
    (entry,) = feedparser.parse(get(paper[1], "/feeds/deletions.atom").content).entries
    assert (entry.title, entry.updated) == ("Вода ушла", "2025-03-05T00:00:00Z")
    assert feedparser.parse(get(paper[1], "/feeds/changes.atom?field=body").content).entries == []


def test_ids_stay_the_same_on_another_address_and_after_an_edit(paper: tuple[Database, Datasette]) -> None:
    db, room = paper

    def ids(**headers: str) -> list[str]:
        return [entry.id for entry in feedparser.parse(ask(room, "/feeds/articles.atom", **headers).content).entries]

    before = ids()
    assert ids(host="127.0.0.1:9999") == before
    store(db, make_article("flood", "Үшінші тақырып", "Үйді су басты."), TAN, "2025-03-09T02:00:00Z")
    after = feedparser.parse(get(room, "/feeds/articles.atom").content).entries
    assert [entry.id for entry in after] == before
    assert after[-1].updated == "2025-03-09T02:00:00Z"


def test_a_reader_that_has_the_feed_is_told_so_until_anything_changes(paper: tuple[Database, Datasette]) -> None:
    db, room = paper
    folder = Path(room.room.folder)

    def settle(seconds: int) -> None:
        for path in folder.glob("archive.db*"):
            os.utime(path, (seconds, seconds))

    settle(1_700_000_000)
    first = get(room, "/feeds/articles.atom")
    moment = first.headers["last-modified"]
    assert parsedate_to_datetime(moment).timestamp() == 1_700_000_000
    assert ask(room, "/feeds/articles.atom", if_none_match=first.headers["etag"]).status_code == 304
    assert ask(room, "/feeds/articles.atom", if_modified_since=moment).status_code == 304
    store(db, make_article("imported", "Ескі", "Ескі мақала."), TAN, "2001-01-01T00:00:00Z")
    fresh = ask(room, "/feeds/articles.atom", if_modified_since=moment)
    assert fresh.status_code == 200, "an import adds articles that are old"
    assert "last-modified" not in fresh.headers, "another write may follow in the same second"
    tag = ask(room, "/feeds/articles.atom", if_none_match=first.headers["etag"], if_modified_since=moment)
    assert tag.status_code == 200
    assert ask(room, "/feeds/articles.atom", if_modified_since="yesterday").status_code == 200


def seen(room: Datasette) -> str:
    return (
        "".join(get(room, f"/feeds/{name}.atom").text for name in FEEDS) + get(room, "/feeds/articles.atom?q=үй").text
    )


def test_what_is_withheld_is_in_no_feed_at_once(paper: tuple[Database, Datasette]) -> None:
    db, room = paper
    number = int(db.conn.execute("select id from articles where url like '%/flood/'").fetchone()[0])
    words = ("Нұра тасыды", "Өзен тасыды", "Үйді су", "/flood/")
    assert [word for word in words if word not in seen(room)] == []
    embargo_article(db, number, until=NEXT_YEAR)
    assert [word for word in words if word in seen(room)] == []
    with db.atomic():
        db.conn.execute("update embargoes set lifted = since")
    assert "Нұра тасыды" in seen(room)
    with lock_archive(room.room.folder):
        forget(db, room.room.folder, article=number, site="tan", url="https://tan.example/flood/", reason="x")
    assert [word for word in words if word in seen(room)] == []


def test_an_empty_archive_has_feeds_without_entries(tmp_path: Path) -> None:
    open_archive(tmp_path).close()
    room = make_datasette(tmp_path)
    for name in FEEDS:
        feed = check_rules(get(room, f"/feeds/{name}.atom").content)
        assert datetime.fromisoformat(feed.findtext(f"{A}updated")).year == 1970
    room.executor.shutdown()


def test_whatever_is_asked_gets_a_feed_or_a_sentence(paper: tuple[Database, Datasette]) -> None:
    asked: list[Any] = [
        "q=%00",
        "q=(((",
        "q=%F0%9F%99%82",
        "limit=0",
        "limit=x",
        "limit=99999999999",
        "field='",
        "lang=xx",
        "kind=%22",
    ]
    for query in asked:
        for name in FEEDS:
            response = get(paper[1], f"/feeds/{name}.atom?{query}")
            assert response.status_code in (200, 400)
            if response.status_code == 200:
                check_rules(response.content)
