"""What needs a person is said in a sentence, and only then."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsarchive.crawling.alerts import what_needs_a_person
from newsarchive.database import (
    due_urls,
    finish_run,
    mark_failed,
    mark_forbidden,
    mark_not_article,
    open_archive,
    retry_failed,
    save_article,
    save_site,
    start_run,
    update_source,
)
from newsarchive.database.alerts import Alert, AlertKey, note_alerts, open_alerts
from newsarchive.database.embargoes import embargo_article
from newsarchive.database.revisions import Provenance
from newsarchive.items import Article, Author
from newsarchive.sites import Expect, Site

SITE = Site(name="a", url="https://a.kz/", timezone="Asia/Almaty")
BODY = "Ауылда жаңа мектеп салынып жатыр, оны күзде ашпақ. " * 4


@pytest.fixture
def db(tmp_path: Path) -> Database:
    archive = open_archive(tmp_path)
    save_site(archive, SITE)
    return archive


def stamp(days_ago: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def run_of(db: Database, count: int, *, body: str = BODY, author: str = "Айгүл Серікқызы", days_ago: float = 0) -> int:
    """A finished run that brought so many articles."""
    run = start_run(db, "crawl", "a")
    for number in range(count):
        url = f"https://a.kz/{run}-{number}/"
        article = Article(
            url=url, site="a", title=f"Хабар {run}-{number}", body=body, language="kk", published=stamp(days_ago),
            authors=(Author(name=author, as_written=author),) if author else (),
        )  # fmt: skip
        save_article(db, article, site=SITE, urls=[url], provenance=Provenance(time=stamp(days_ago), run=run))
    finish_run(db, run, reason="finished", counts={})
    return run


def said(db: Database, run: int, tmp_path: Path, site: Site = SITE) -> str:
    return "; ".join(what_needs_a_person(db, site, run, tmp_path).alerts)


def test_a_run_like_those_before_needs_nobody(db: Database, tmp_path: Path) -> None:
    run_of(db, 6)
    assert said(db, run_of(db, 6), tmp_path) == ""


def test_a_field_that_goes_missing_is_told_with_a_good_and_a_bad_example(db: Database, tmp_path: Path) -> None:
    good = run_of(db, 6)
    bad = run_of(db, 6, author="")
    sentence = said(db, bad, tmp_path)
    assert "the layout may have changed: 100% of the new pages give no authors (before: 0%)" in sentence
    assert f"good: https://a.kz/{good}-" in sentence
    assert f"bad: https://a.kz/{bad}-" in sentence
    assert "no body" in said(db, run_of(db, 6, body="Бос."), tmp_path)


def test_pages_that_keep_us_out_are_counted_with_an_example(db: Database, tmp_path: Path) -> None:
    run = start_run(db, "crawl", "a")
    for number, reason in enumerate(("403 Forbidden", "a block page", "500 Internal Server Error")):
        kept_out = number < 2
        mark_failed(db, f"https://a.kz/x{number}/", site=SITE, reason=reason, time=stamp(0), run=run, kept_out=kept_out)
    assert "the site keeps us out of 2 pages (403 Forbidden), such as https://a.kz/x0/" in said(db, run, tmp_path)
    assert "keeps us out" not in said(db, start_run(db, "crawl", "a"), tmp_path)  # of this run alone


@pytest.mark.parametrize(
    ("failed", "fine", "needs"), [(30, 0, True), (3, 20, True), (2, 10, False), (20, 300, False), (21, 300, True), (2, 0, True)]
)  # fmt: skip
def test_more_failed_pages_than_chance_explains_need_a_person(
    failed: int, fine: int, needs: bool, db: Database, tmp_path: Path
) -> None:
    run = start_run(db, "crawl", "a")
    for number in range(failed + fine):
        mark = mark_failed if number < failed else mark_not_article
        mark(db, f"https://a.kz/x{number}/", site=SITE, reason="500 Internal Server Error", time=stamp(0), run=run)
    assert ("They are tried again from" in said(db, run, tmp_path)) == needs


def test_failed_pages_wait_until_they_are_asked_for_again(db: Database) -> None:
    run = start_run(db, "crawl", "a")
    mark_failed(db, "https://a.kz/x/", site=SITE, reason="500 Internal Server Error", time=stamp(0), run=run)
    mark_not_article(db, "https://a.kz/y/", site=SITE, reason="no text", time=stamp(0), run=run)
    assert due_urls(db, "a", now=stamp(0), run=run + 1, limit=9) == []
    retry_failed(db, "a", time=stamp(0))
    assert [url for url, _hints in due_urls(db, "a", now=stamp(0), run=run + 1, limit=9)] == ["https://a.kz/x/"]


@pytest.mark.parametrize(("silence", "needs"), [(1.5, False), (9, True)])
def test_nothing_new_for_longer_than_usual_is_told(silence: float, needs: bool, db: Database, tmp_path: Path) -> None:
    for day in range(12, 0, -1):
        run_of(db, 1, days_ago=silence + day)
    run_of(db, 1, days_ago=silence)
    run = start_run(db, "crawl", "a")
    assert "nothing new" not in said(db, run, tmp_path), "where no source was read nothing is known"
    update_source(db, "a", "feed", "feed", state="working", run=run)
    sentence = said(db, run, tmp_path)
    assert ("nothing new for 9 days; the site's usual gap is 24 hours" in sentence) is needs


def test_what_the_profile_expects_and_does_not_get_is_told(db: Database, tmp_path: Path) -> None:
    run_of(db, 6, days_ago=30)
    site = Site(
        name="a", url="https://a.kz/", timezone="Asia/Almaty", expect=Expect(articles_per_week=20, fields=("images",))
    )
    sentence = said(db, run_of(db, 6), tmp_path, site)
    assert "the profile expects 20 articles a week; the last seven days have 6" in sentence
    assert "the profile expects images, but 100% of the 6 pages of this run give none" in sentence


def test_a_disk_nearly_full_is_told(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(db, 1)
    assert "disk" not in said(db, run, tmp_path)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=20_000_000))
    assert "the disk is nearly full: 20 MB are left" in said(db, run, tmp_path)


def test_pages_that_robots_txt_forbids_are_no_failures_unless_there_are_more_of_them_than_articles(
    db: Database, tmp_path: Path
) -> None:
    run = run_of(db, 4)
    for number in range(5):
        url = f"https://a.kz/uy-{number}/"
        mark_forbidden(db, url, site=SITE, reason="forbidden by robots.txt", time=stamp(0), run=run)
        assert ("robots.txt forbids 5 pages" in said(db, run, tmp_path)) is (number == 4)
        assert "failed" not in said(db, run, tmp_path)
    assert due_urls(db, "a", now=stamp(-6.9), run=0, limit=9) == []
    assert len(due_urls(db, "a", now=stamp(-7.1), run=0, limit=9)) == 5


def test_an_alert_lasts_until_a_run_finds_all_to_be_well(db: Database) -> None:
    gap, feed, wordpress = AlertKey("gap"), AlertKey("source", "feed"), AlertKey("source", "wordpress")

    def note(time: str, *alerts: Alert, well: tuple[AlertKey, ...] = ()) -> list[tuple[str, str, str]]:
        note_alerts(db, "a", alerts, well=well, time=time)
        return [(row["about"], row["began"], row["sentence"]) for row in open_alerts(db, "a")]

    no_feed = Alert("no feed", code="source", about="feed")
    assert note("1", no_feed, well=(gap, wordpress)) == [("feed", "1", "no feed")]
    assert note("2", Alert("still no feed", code="source", about="feed")) == [("feed", "1", "still no feed")]
    assert note("3", well=(wordpress,)) == [("feed", "1", "still no feed")], "the feed was not looked at"
    assert note("4", well=(feed,)) == []
    assert note("5", no_feed) == [("feed", "5", "no feed")]
    assert note("6", Alert("valid again", code="source", about="feed", over=True)) == []
    assert db.execute("select began, ended from alerts").fetchall() == [("1", "4"), ("5", "6")]


def test_an_alert_about_the_archive_is_one_whichever_site_finds_it(db: Database) -> None:
    for site in ("a", "b"):
        note_alerts(db, site, [Alert("the disk is nearly full", code="disk")], time="1")
    assert [(row["site"], row["sentence"]) for row in open_alerts(db)] == [("", "the disk is nearly full")]
    note_alerts(db, "b", [], well=[AlertKey("disk")], time="2")
    assert open_alerts(db) == []


def test_no_sentence_names_an_article_under_embargo(db: Database, tmp_path: Path) -> None:
    run_of(db, 6)
    bad = run_of(db, 6, author="")
    for (article,) in db.execute("select id from articles where url like ?", [f"https://a.kz/{bad}-%"]).fetchall():
        embargo_article(db, article, until=date(2999, 1, 1))
    assert "bad: none" in said(db, bad, tmp_path)
