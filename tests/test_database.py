"""The archive's writes: articles, revisions, the ledger, gone and back."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsarchive.database import (
    ArchiveError,
    ArchiveLocked,
    Checkpoints,
    article_of,
    due_urls,
    lock_archive,
    mark_failed,
    mark_missing,
    mark_visited,
    open_archive,
    read_archive,
    save_article,
    save_extracted,
    save_listed,
    save_site,
    start_run,
)
from newsarchive.database.checkpoints import ENOUGH
from newsarchive.database.earlier import known_later
from newsarchive.database.revisions import Provenance
from newsarchive.database.schema.migrations import known_migrations, migrations
from newsarchive.items import Article, Author, Extracted, Fetched, Hints, Image, Listed
from newsarchive.revisions.content import content_digest
from newsarchive.revisions.kinds import kind_of_change
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text

SITE = Site(name="a", url="https://a.kz/", timezone="Asia/Almaty", exclude=("/video/",))
URL = "https://a.kz/qala/"
ARTICLE = Article(
    url=URL,
    site="a",
    title="Қала жаңарды",
    body="Қалада жаңа көпір ашылды.\n\nЖұрт қуанды.",
    markdown="# Қала жаңарды",
    language="kk",
    published="2025-02-18T20:30:00Z",
    authors=(
        Author(name="Айгүл Серікқызы", as_written="Айгүл СЕРІКҚЫЗЫ"),
        Author(name="Нұрлан Ахмет", as_written="Нұрлан АХМЕТ", role="photo"),
    ),
    images=(Image(url="https://a.kz/b.jpg"), Image(url="https://a.kz/a.jpg", lead=True)),
    categories=("Қоғам",),
    tags=("көпір",),
)


@pytest.fixture
def db(tmp_path: Path) -> Database:
    archive = open_archive(tmp_path / "archive")
    save_site(archive, SITE)
    return archive


def save(
    db: Database, article: Article = ARTICLE, *, time: str = "2025-02-19T01:00:00Z", urls: tuple[str, ...] = (URL,)
):
    search_text = make_search_text(title=article.title, lead="", body=article.body, authors=[], language="kk")
    return save_article(db, article, site=SITE, urls=urls, provenance=Provenance(time=time), search_text=search_text)


def test_the_wide_view_reads_well(db: Database) -> None:
    save(db)
    (row,) = db.query("select * from archive")
    assert json.loads(row["authors"]) == ["Айгүл Серікқызы"]
    assert json.loads(row["images"]) == ["https://a.kz/a.jpg", "https://a.kz/b.jpg"]
    assert (row["lead"], row["lead_image"], row["gone"], row["revisions"]) == (None, "https://a.kz/a.jpg", None, 1)
    assert row["day"] == "2025-02-19"


def test_the_desk_is_shown_only_where_no_person_signs(db: Database) -> None:
    desk = Author(name="Редакция", as_written="Редакция", role="desk")
    save(db, dataclasses.replace(ARTICLE, authors=(desk,)))
    assert db.conn.execute("select authors from archive").fetchone() == ('["Редакция"]',)


def test_unchanged_article_makes_no_revision(db: Database) -> None:
    save(db)
    saved = save(db, dataclasses.replace(ARTICLE, modified="2025-03-01T00:00:00Z"), time="2025-03-01T01:00:00Z")
    assert saved.outcome == "same"
    assert db.conn.execute("select count(*) from revisions").fetchone() == (1,)
    assert db.conn.execute("select modified from articles").fetchone() == ("2025-03-01T00:00:00Z",)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"body": "Қалада екі көпір ашылды.\n\nЖұрт қуанды."}, "substantive"),
        ({"title": "Қала тағы жаңарды"}, "substantive"),
        ({"body": "Қалада жаңа көпір ашылды!\n\nЖұрт – қуанды."}, "cosmetic"),
        ({"lead": "Қалада жаңа көпір ашылды.", "body": "Жұрт қуанды."}, "cosmetic"),
        ({"tags": ("көпір", "қала")}, "metadata"),
    ],
)
def test_an_edit_is_of_its_kind(change: dict, kind: str, db: Database) -> None:
    save(db)
    saved = save(db, dataclasses.replace(ARTICLE, **change), time="2025-03-01T01:00:00Z")
    assert (saved.outcome, saved.kind) == ("changed", kind)
    assert {row["field"] for row in db.query("select field from changes")} == set(change)


def test_a_resized_address_of_a_picture_is_no_change(db: Database) -> None:
    save(db, dataclasses.replace(ARTICLE, images=(Image(url="https://a.kz/p/a-1024x720.jpg", lead=True),)))
    again = dataclasses.replace(ARTICLE, images=(Image(url="http://cdn.a.kz/p/a.jpg", lead=True),))
    assert save(db, again).outcome == "same"


def test_an_empty_new_field_makes_no_false_edit() -> None:
    content = {"title": "A", "body": "B"}
    assert content_digest(content) == content_digest({**content, "subtitle": "", "parts": []})
    assert kind_of_change(content, {**content, "tags": ["x"]}) == "metadata"


def test_the_same_page_at_other_addresses_is_one_article(db: Database) -> None:
    first = save(db)
    for url in ("http://www.a.kz/qala", "https://a.kz/qala/?utm_source=tg", "https://a.kz/?p=7"):
        assert save(db, urls=(url, URL)).article == first.article
    assert article_of(db, "https://a.kz/?p=7") == first.article
    assert db.conn.execute("select count(*) from articles").fetchone() == (1,)


def test_one_canonical_url_on_every_page_does_not_fold_a_site_into_one_article(db: Database) -> None:
    save(db)
    other = dataclasses.replace(ARTICLE, title="Басқа хабар", body="Мүлде басқа мәтін осында.")
    saved = save(db, other, urls=("https://a.kz/basqa/",))
    assert saved.outcome == "new"
    assert db.conn.execute("select url from articles where id = ?", (saved.article,)).fetchone() == (
        "https://a.kz/basqa/",
    )


def test_the_ledger_makes_new_and_changed_urls_due(db: Database) -> None:
    def listed(lastmod: str, time: str, **options: bool) -> bool:
        entry = Listed(url=URL, lastmod=lastmod, hints=Hints(title="Қала"))
        return save_listed(db, entry, site=SITE, source="sitemap", time=time, **options)

    assert listed("2025-02-18", "2025-02-19T00:00:00Z")
    assert due_urls(db, "a", now="2025-02-19T00:00:01Z", run=1, limit=9) == [(URL, Hints(title="Қала"))]
    db.conn.execute("update urls set next_visit = null, visited = '2025-02-19T00:00:01Z', state = 'article'")
    assert not listed("2025-02-18", "2025-02-20T00:00:00Z")
    assert not listed("2025-02-20", "2025-02-20T00:00:00Z", trust_lastmod=False)
    assert listed("2025-02-21", "2025-02-21T00:00:00Z")


def test_an_edit_in_the_second_of_the_last_visit_is_looked_at_in_the_next_run(db: Database) -> None:
    second = "2025-02-19T00:00:00Z"
    save(db)
    mark_visited(db, [URL], time=second, run=1)
    assert save_listed(db, Listed(url=URL, lastmod="2025-02-18T23:59:59Z"), site=SITE, source="feed", time=second)
    assert due_urls(db, "a", now=second, run=1, limit=9) == []
    assert [url for url, _ in due_urls(db, "a", now=second, run=2, limit=9)] == [URL]


def test_what_a_feed_says_never_replaces_what_wordpress_said(db: Database) -> None:
    told = Listed(url=URL, native_id="7", hints=Hints(title="Қала күні", tags=("су", "жол"), kind="post"))
    shorter = Listed(url=URL, native_id="guid", hints=Hints(title="Қала…", tags=("су",), authors=("Айгүл Серік",)))
    later = Listed(url=URL, native_id="7", hints=Hints(title="Қала мерекесі"))

    def hints(listed: Listed, source: str) -> Hints:
        save_listed(db, listed, site=SITE, source=source, time="2025-02-19T00:00:00Z", again=True)
        ((_, found),) = due_urls(db, "a", now="2025-02-19T00:00:01Z", run=1, limit=9)
        return found

    assert hints(told, "wordpress") == told.hints
    both = Hints(title="Қала күні", tags=("су", "жол"), kind="post", authors=("Айгүл Серік",))
    assert hints(shorter, "feed") == both
    assert hints(later, "wordpress").title == "Қала мерекесі"


def test_an_edit_told_while_the_page_waits_for_extraction_stays_due(db: Database) -> None:
    save(db)
    entry = Listed(url=URL, lastmod="2025-02-19T00:00:05Z")
    assert save_listed(db, entry, site=SITE, source="wordpress", time="2025-02-19T00:00:06Z")
    mark_visited(db, [URL], time="2025-02-19T00:00:04Z", run=1)  # what came before the edit is stored after it
    assert [url for url, _ in due_urls(db, "a", now="2025-02-19T00:00:09Z", run=2, limit=9)] == [URL]


def test_a_time_that_is_not_believed_hides_no_true_one(db: Database) -> None:
    def listed(lastmod: str, source: str, *, trust: bool) -> bool:
        entry = Listed(url=URL, lastmod=lastmod)
        db.conn.execute("update urls set next_visit = null")
        return save_listed(db, entry, site=SITE, source=source, time="2025-03-03T09:00:00Z", trust_lastmod=trust)

    assert listed("2025-03-01T00:00:00Z", "wordpress", trust=True)
    assert not listed("2025-03-09T00:00:00Z", "sitemap", trust=False)
    assert listed("2025-03-02T00:00:00Z", "wordpress", trust=True)


def test_what_the_profile_excludes_is_in_the_ledger_with_its_reason(db: Database) -> None:
    assert not save_listed(
        db, Listed(url="https://a.kz/video/1"), site=SITE, source="feed", time="2025-01-01T00:00:00Z"
    )
    assert db.conn.execute("select state, reason from urls").fetchone() == ("excluded", "the profile excludes it")


def test_gone_needs_a_second_sign_in_another_run_and_loses_nothing(db: Database) -> None:
    save(db)
    first, second = start_run(db, "crawl", "a"), start_run(db, "crawl", "a")
    mark = {"site": SITE, "reason": "404 Not Found"}
    assert not mark_missing(db, URL, time="2025-03-01T00:00:00Z", run=first, **mark)
    assert not mark_missing(db, URL, time="2025-03-01T01:00:00Z", run=first, **mark)
    assert mark_missing(db, URL, time="2025-03-02T00:00:00Z", run=second, **mark)
    (row,) = db.query("select * from deletions")
    assert (row["gone"], row["reason"], row["last_seen"]) == (
        "2025-03-01T00:00:00Z",
        "404 Not Found",
        "2025-02-19T01:00:00Z",
    )
    assert db.conn.execute("select body from articles").fetchone() == (ARTICLE.body,)
    save(db, time="2025-03-03T00:00:00Z")
    assert list(db.query("select * from deletions")) == []


def test_a_failed_page_is_due_again_after_growing_pauses(db: Database) -> None:
    for hours in (1, 2, 4):
        mark_failed(db, "https://a.kz/x", site=SITE, reason="500", time="2025-03-01T00:00:00Z")
        due = db.conn.execute("select next_visit from urls").fetchone()[0]
        assert due == f"2025-03-01T0{hours}:00:00Z"


def test_two_runs_never_hold_one_archive(tmp_path: Path) -> None:
    with lock_archive(tmp_path), pytest.raises(ArchiveLocked, match="Another run"), lock_archive(tmp_path):
        pass
    with lock_archive(tmp_path):
        pass


def test_a_folder_without_an_archive_and_a_file_that_is_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="no archive"):
        read_archive(tmp_path)
    (tmp_path / "archive.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(ArchiveError, match=r"archive\.db"):
        open_archive(tmp_path)


def test_another_tool_may_write_and_the_archive_is_whole(db: Database, tmp_path: Path) -> None:
    save(db)
    other = sqlite3.connect(tmp_path / "archive" / "archive.db")
    with other:
        other.execute("update articles set title = 'Жаңа тақырып'")
    found = other.execute("select count(*) from articles_fts where articles_fts match 'тақырып'").fetchone()
    assert found == (1,)
    assert other.execute("pragma integrity_check").fetchone() == ("ok",)
    assert other.execute("pragma foreign_key_check").fetchall() == []


def test_a_checkpoint_brings_the_log_into_the_file_while_a_writer_is_at_work(db: Database, tmp_path: Path) -> None:
    def in_the_file_alone() -> int:
        alone = tmp_path / "alone.db"
        shutil.copy(tmp_path / "archive" / "archive.db", alone)
        with closing(sqlite3.connect(f"{alone.as_uri()}?immutable=1", uri=True)) as copy:
            return int(copy.execute("select count(*) from runs").fetchone()[0])

    checkpoints = Checkpoints(tmp_path / "archive")
    db.execute("pragma wal_checkpoint(truncate)")
    start_run(db, "crawl", "a")
    db.conn.commit()
    before = in_the_file_alone()
    db.execute("begin immediate")
    start_run(db, "crawl", "a")  # under way: no checkpoint may have it, or wait for it
    checkpoints.committed(1)
    checkpoints.committed(ENOUGH)
    checkpoints.close()
    assert in_the_file_alone() == before + 1
    db.conn.commit()


def test_datasette_finds_the_full_text_table(db: Database) -> None:
    sql = db.conn.execute("select sql from sqlite_master where name = 'articles_fts'").fetchone()[0]
    assert 'content="articles"' in sql


def test_a_second_reader_process_opens_it_during_a_transaction(db: Database, tmp_path: Path) -> None:
    save(db)
    db.conn.execute("begin immediate")
    script = f"import sqlite3; print(sqlite3.connect('file:{tmp_path}/archive/archive.db?mode=ro', uri=True).execute('select count(*) from archive').fetchone()[0])"
    done = subprocess.run(["python3", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
    db.conn.rollback()


def test_what_was_recorded_in_the_second_of_the_last_sight_is_not_older_than_it(db: Database) -> None:
    """Of two recordings of one second the one that is imported last is the present state, as on the site."""
    saved = save(db, time="2025-03-01T00:00:00Z")
    url = ARTICLE.url
    assert known_later(db, [url], "2025-02-28T23:59:59Z") == saved.article
    assert known_later(db, [url], "2025-03-01T00:00:00Z") is None
    assert known_later(db, [url], "2025-03-01T00:00:01Z") is None


def test_migrations_are_in_the_order_of_their_numbers() -> None:
    names = [migration.name for migration in migrations.pending(Database(memory=True))]
    assert names == sorted(names)
    assert known_migrations() == set(names)


@pytest.mark.parametrize(("kept_out", "counts"), [(True, "failed"), (False, "not_article")])
def test_a_block_page_is_told_by_its_kind_and_not_by_the_words_of_a_reason(
    kept_out: bool, counts: str, db: Database
) -> None:
    url = "https://a.kz/blocked/"
    words = "no words that anything goes by" if kept_out else "an article on a block page by the sea"
    item = Extracted(
        fetched=Fetched(site=SITE.name, urls=(url,), pages=(), captures=()),
        outcome="not_article",
        reason=words,
        kept_out=kept_out,
    )
    assert save_extracted(db, item, site=SITE, run=None) == counts
    assert db.conn.execute("select reason, kept_out from urls where url = ?", [url]).fetchone() == (words, kept_out)


def test_keys_with_session_ids_become_those_without_and_the_others_aliases() -> None:
    db = Database(memory=True)
    migrations.apply(db, stop_before="m420_sources_compared")
    db.execute("insert into sites (name, url, added) values ('a', 'https://a.kz/', '')")
    rows = [
        (1, "https://a.kz/su?PHPSESSID=1a", "a.kz/su?PHPSESSID=1a", "not_article"),
        (2, "https://a.kz/su?PHPSESSID=2b", "a.kz/su?PHPSESSID=2b", "listed"),
        (3, "https://a.kz/jer?PHPSESSID=3c", "a.kz/jer?PHPSESSID=3c", "forgotten"),
        (4, "https://a.kz/jer?PHPSESSID=4d", "a.kz/jer?PHPSESSID=4d", "listed"),
        (5, "https://a.kz/qala?sid=7", "a.kz/qala?sid=7", "listed"),
    ]
    for row in rows:
        db.execute(
            "insert into urls (id, url, key, state, site, source, first_listed, last_listed, next_visit)"
            " values (?, ?, ?, ?, 'a', 'feed', '', '', '2025')",
            row,
        )
    migrations.apply(db)
    found = db.execute("select id, key, state, next_visit is null from urls order by id").fetchall()
    assert found == [
        (1, "a.kz/su", "not_article", 0),
        (2, "a.kz/su?PHPSESSID=2b", "alias", 1),
        (3, "a.kz/jer?PHPSESSID=3c", "forgotten", 0),
        (4, "a.kz/jer?PHPSESSID=4d", "alias", 1),
        (5, "a.kz/qala?sid=7", "listed", 0),
        (6, "a.kz/jer", "forgotten", 1),
    ]
