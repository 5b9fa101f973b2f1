"""Articles that a newspaper gave another URL: they keep their number and history, with a redirect or without."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsarchive.database import (
    PendingSearchTexts,
    due_urls,
    open_archive,
    save_extracted,
    save_listed,
    save_site,
    start_run,
)
from newsarchive.database.embargoes import embargo_article
from newsarchive.items import Article, Capture, Extracted, Fetched, Listed
from newsarchive.sites import Site

SITE = Site(name="a", url="https://a.kz/")
TEXT = "Ауылда жаңа мектеп пен алты үй салынды, халық қуанып жатыр, жол да жөнделді. " * 6
OLD, NEW = "https://a.kz/news/123.html", "https://a.kz/2025/01/zhana-mektep/"
MORE = " Мектепте кітапхана да бар."


class Paper:
    """What crawls store of one article."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.hour = 0
        self.number = 0
        self.waiting = PendingSearchTexts(db)

    def run(self) -> None:
        """Begin a run, an hour later."""
        self.hour += 1
        self.number = start_run(self.db, "crawl", "a")

    @property
    def time(self) -> str:
        """When it is."""
        return f"2025-02-20T{self.hour:02}:00:00Z"

    def list(self, url: str) -> None:
        """List a URL."""
        save_listed(self.db, Listed(url=url), site=SITE, source="sitemap", time=self.time)

    def fetch(self, *urls: str, text: str = TEXT, title: str = "Жаңа мектеп", status: int = 200) -> str:
        """Store what came of a request for the first of the URLs, which redirected to the others."""
        capture = Capture(
            url=urls[-1], time=self.time, status=status, sha256=f"{urls}{text}", warc="w", offset=1, length=1
        )
        page = Fetched(site="a", urls=urls, pages=(), captures=(capture,))
        article = Article(url=urls[-1], site="a", title=title, body=text, published="2025-01-18T05:00:00Z")
        item = Extracted(fetched=page, outcome="article", article=article, search_text=(title, "", text))
        if status != 200:
            item = Extracted(fetched=page, outcome="missing", reason="404 Not Found")
        outcome = save_extracted(self.db, item, site=SITE, run=self.number, source="crawl", waiting=self.waiting)
        self.waiting.write()
        return outcome

    def articles(self) -> list[tuple[int, str, str | None, int]]:
        """Number, URL, when it was gone, and revisions of each article."""
        query = (
            "select id, url, gone, (select count(*) from revisions where article = a.id) from articles a order by id"
        )
        return self.db.conn.execute(query).fetchall()

    def due(self) -> list[str]:
        """The URLs to fetch in this run."""
        return [url for url, _ in due_urls(self.db, "a", now=self.time, run=self.number, limit=9)]


@pytest.fixture
def paper(tmp_path: Path) -> Iterator[Paper]:
    db = open_archive(tmp_path)
    save_site(db, SITE)
    paper = Paper(db)
    paper.run()
    paper.list(OLD)
    assert paper.fetch(OLD) == "new"
    paper.run()
    paper.list(NEW)
    yield paper
    assert db.execute(
        "select count(*) from urls where state = 'alias' and article = 1 and next_visit is null"
    ).fetchone()
    assert [row["id"] for row in db.query("select id from stems")] == [row[0] for row in paper.articles()]
    assert db.execute("pragma foreign_key_check").fetchall() == []
    db.close()


@pytest.mark.parametrize("text", [TEXT, TEXT + MORE])
def test_an_old_url_that_redirects_to_the_new_one_joins_both_in_the_same_run(paper: Paper, text: str) -> None:
    assert paper.fetch(NEW, text=text) == "new"
    assert paper.due() == [OLD]
    assert paper.fetch(OLD, NEW, text=text) == "moved"
    assert paper.articles() == [(1, NEW, None, 1 if text == TEXT else 2)]
    paper.run()
    paper.list(OLD)
    paper.list(NEW)
    assert paper.due() == []
    assert paper.fetch(NEW, text=text) == "same"


def test_an_old_url_that_redirects_before_the_new_one_was_fetched_stays_one_article(paper: Paper) -> None:
    assert paper.fetch(OLD, NEW) == "same"
    assert paper.fetch(NEW) == "same"
    assert paper.articles() == [(1, NEW, None, 1)]


@pytest.mark.parametrize("text", [TEXT, TEXT + MORE])
def test_an_article_that_is_gone_and_one_with_its_content_since_are_one(paper: Paper, text: str) -> None:
    assert paper.fetch(NEW, text=text) == "new"
    assert paper.due() == [OLD]
    assert paper.fetch(OLD, status=404) == "missing"
    paper.run()
    assert paper.due() == [OLD]
    assert paper.fetch(OLD, status=404) == "moved"
    assert paper.articles() == [(1, NEW, None, 1 if text == TEXT else 2)]
    assert paper.due() == []


def test_an_article_that_was_gone_is_found_at_its_new_url(paper: Paper) -> None:
    assert paper.fetch(OLD, status=404) == "missing"
    paper.run()
    assert paper.fetch(OLD, status=404) == "gone"
    paper.run()
    assert paper.fetch(NEW, text=TEXT + MORE) == "moved"
    assert paper.articles() == [(1, NEW, None, 2)]
    assert paper.due() == []


def test_a_copy_that_was_published_beside_an_article_does_not_hide_its_deletion(paper: Paper) -> None:
    paper.list(OLD)
    assert paper.fetch(NEW) == "new"
    assert paper.fetch(OLD) == "same"
    for outcome in ("missing", "gone"):
        paper.run()
        assert paper.fetch(OLD, status=404) == outcome
    assert [(url, bool(gone)) for _, url, gone, _ in paper.articles()] == [(OLD, True), (NEW, False)]


def test_an_article_whose_url_redirects_to_another_one_is_gone_and_not_part_of_that(paper: Paper) -> None:
    other = "Мүлде басқа хабар: ауданда егін оралып, астық қоймаға құйылды, диқандар демалды. " * 6
    paper.fetch(NEW, text=other, title="Егін")
    paper.run()
    assert paper.fetch(OLD, NEW, text=other, title="Егін") == "same"
    paper.run()
    assert paper.fetch(OLD, NEW, text=other, title="Егін") == "gone"
    assert [(url, bool(gone)) for _, url, gone, _ in paper.articles()] == [(OLD, True), (NEW, False)]


def test_an_article_under_embargo_is_not_joined(paper: Paper) -> None:
    paper.fetch(NEW)
    embargo_article(paper.db, 2, until=date(2099, 1, 1))
    assert paper.fetch(OLD, NEW) == "same"
    assert len(paper.articles()) == 2
