"""Canonical URLs that pages name: which are believed, and that none makes an article disappear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsarchive.crawling.advice import canonical_alert
from newsarchive.database import due_urls, open_archive, save_extracted, save_listed, save_site, start_run
from newsarchive.items import Article, Capture, Extracted, Fetched, Listed
from newsarchive.sites import Site

SITE = Site(name="a", url="https://a.kz/")
LATER = "2025-02-20T00:00:00Z"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = open_archive(tmp_path)
    save_site(db, SITE)
    yield db
    db.close()


def text(number: int) -> str:
    return f"{number}. Ауылда {number} мектеп пен {number * 7} үй салынды, халық қуанып жатыр. " * 6


def fetch(db: Database, path: str, canonical: str = "", *, number: int, words: str = "", listed: bool = True) -> str:
    """Store the page of an article as a crawl does, `number` tells articles apart; return what came of it."""
    url = f"https://a.kz/{path}"
    if listed:
        save_listed(db, Listed(url=url), site=SITE, source="feed", time=LATER)
    article = Article(
        url=f"https://a.kz/{canonical}" if canonical else url,
        site="a",
        title=f"Мақала {number}",
        body=words or text(number),
        published=f"2025-02-18T05:{number:02}:00Z",
    )
    capture = Capture(url=url, time=LATER, status=200, sha256=f"{path}{words}", warc="w", offset=1, length=1)
    page = Fetched(site="a", urls=(url,), pages=(), captures=(capture,))
    run = start_run(db, "crawl", "a")
    return save_extracted(db, Extracted(fetched=page, outcome="article", article=article), site=SITE, run=run)


def stored(db: Database) -> dict[str, str]:
    """The titles of the articles by their paths, each with one revision."""
    rows = list(db.query("select url, title, (select count(*) from revisions where article = a.id) n from articles a"))
    assert {row["n"] for row in rows} == {1}
    return {row["url"].removeprefix("https://a.kz/"): row["title"] for row in rows}


ALL = {f"n/{number}": f"Мақала {number}" for number in range(5)}


@pytest.mark.parametrize("canonical", ["n/0", "", "n/9", "news"])
@pytest.mark.parametrize("first", [0, 4])
def test_pages_that_name_one_canonical_url_are_articles_of_their_own(db: Database, canonical: str, first: int) -> None:
    """That of another article, whichever is fetched first, of the home page, or of nothing."""
    for number in sorted(range(5), reverse=first == 4):
        fetch(db, f"n/{number}", canonical or "?", number=number)
    for number in range(5):
        assert fetch(db, f"n/{number}", canonical or "?", number=number) == "same"
    assert stored(db) == ALL
    alert = canonical_alert(db, "a")
    assert alert is not None
    assert alert.startswith("4 pages name" if canonical == "n/0" else "5 pages name")


def test_a_canonical_url_is_believed_until_its_own_page_says_otherwise(db: Database) -> None:
    fetch(db, "n/1", "n/2", number=1)
    assert stored(db) == {"n/2": "Мақала 1"}
    save_listed(db, Listed(url="https://a.kz/n/2"), site=SITE, source="feed", time=LATER)
    assert [url for url, _ in due_urls(db, "a", now=LATER, run=99, limit=9)] == ["https://a.kz/n/2"]
    assert fetch(db, "n/2", number=2) == "new"
    assert stored(db) == {"n/1": "Мақала 1", "n/2": "Мақала 2"}
    assert canonical_alert(db, "a") is None  # one page is no pattern


def test_a_canonical_url_that_was_listed_and_not_yet_fetched_keeps_its_page(db: Database) -> None:
    save_listed(db, Listed(url="https://a.kz/n/2"), site=SITE, source="feed", time=LATER)
    fetch(db, "n/1", "n/2", number=1)
    assert fetch(db, "n/2", number=2, listed=False) == "new"
    assert stored(db) == {"n/1": "Мақала 1", "n/2": "Мақала 2"}


def test_variants_of_an_article_are_one_with_its_canonical_url(db: Database) -> None:
    edited = text(1) + "Жаңа сөйлем қосылды."
    fetch(db, "m/1", "n/1", number=1)
    assert fetch(db, "n/1", number=1) == "same"
    assert fetch(db, "print/1", "n/1", number=1) == "same"
    assert stored(db) == {"n/1": "Мақала 1"}
    fetch(db, "m/3", "n/3", number=3, words=text(3))
    assert fetch(db, "n/3", number=3, words=text(3) + edited[-20:]) == "changed"  # edited meanwhile
    assert {row["url"] for row in db.query("select url from articles")} == {"https://a.kz/n/1", "https://a.kz/n/3"}


def test_an_article_at_its_canonical_url_stays_there_when_it_is_edited(db: Database) -> None:
    fetch(db, "m/1", "n/1", number=1)
    assert fetch(db, "m/1", "n/1", number=1, words=text(8)) == "changed"
    assert [row["url"] for row in db.query("select url from articles")] == ["https://a.kz/n/1"]


@pytest.mark.parametrize("outcome", ["missing", "not_article"])
def test_a_canonical_url_whose_page_is_gone_makes_no_article_gone(db: Database, outcome: str) -> None:
    fetch(db, "n/1", "n/2", number=1)
    save_listed(db, Listed(url="https://a.kz/n/2"), site=SITE, source="feed", time=LATER)
    page = Fetched(site="a", urls=("https://a.kz/n/2",), pages=(), captures=())
    for _ in range(2):
        save_extracted(db, Extracted(fetched=page, outcome=outcome), site=SITE, run=start_run(db, "crawl", "a"))
    assert stored(db) == {"n/1": "Мақала 1"}
    assert db.execute("select count(*) from deletions").fetchone() == (0,)


@pytest.mark.parametrize("state", ["not_article", "gone", "failed"])
def test_a_canonical_url_that_holds_no_article_is_not_believed(db: Database, state: str) -> None:
    save_listed(db, Listed(url="https://a.kz/news"), site=SITE, source="feed", time=LATER)
    db.execute("update urls set state = ?", [state])
    fetch(db, "n/1", "news", number=1)
    assert stored(db) == {"n/1": "Мақала 1"}


def test_storing_an_article_reads_no_large_table_from_end_to_end(db: Database) -> None:
    fetch(db, "m/1", "n/1", number=1)
    statements: list[str] = []
    db.conn.set_trace_callback(statements.append)
    fetch(db, "m/2", "n/2", number=2)
    db.conn.set_trace_callback(None)
    asked = [sql for sql in statements if sql.lstrip().lower().startswith("select")]
    steps = [step for sql in asked for *_, step in db.conn.execute(f"explain query plan {sql}")]
    assert len(steps) > 10
    assert not [step for step in steps if step.startswith(("SCAN urls", "SCAN articles", "SCAN revisions"))]
