"""Re-extraction: what is kept is read again with today's extractor, and never mistaken for the newspaper's edits."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsarchive.demo import Newspaper

Run = Callable[..., subprocess.CompletedProcess[str]]
Crawl = Callable[..., str]
Read = Callable[[], Database]
DROP = '\n[extraction]\ndrop = ["p.standfirst"]\n'


@pytest.fixture
def new_rule(folder: Path) -> Callable[[], None]:
    """Change the profile so that pages are read otherwise: their standfirst is dropped."""

    def change() -> None:
        path = folder / "sites" / "paper.toml"
        path.write_text(path.read_text(encoding="utf-8") + DROP, encoding="utf-8")

    return change


def contents(db: Database) -> list[tuple[object, ...]]:
    """All that re-extraction may write, without times."""
    return [
        *db.conn.execute(
            "select article, number, kind, changed, digest, title, lead, body, markdown, authors, images, evidence,"
            " extractor, options_digest, profile_digest, reextracts from revisions order by id"
        ),
        *db.conn.execute("select id, title, lead, body, words, current_revision from articles order by id"),
        *db.conn.execute("select * from stems order by id"),
    ]


def test_the_same_extractor_has_nothing_to_do(crawl: Crawl, newsarchive: Run, db: Read) -> None:
    crawl()
    before = contents(db())
    assert "0 revisions re-extracted" in newsarchive("reextract").stdout
    assert contents(db()) == before


def test_a_new_rule_gives_revisions_that_are_no_edits_and_running_twice_changes_nothing(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, db: Read, new_rule: Callable[[], None]
) -> None:
    crawl()
    story = next(s for s in paper.posts() if s.lead)
    new_rule()
    (result,) = json.loads(newsarchive("reextract", "paper", "--json").stdout)
    with_lead = result["fields"]["lead"]["count"]
    assert result["counts"]["changed"] == with_lead > 0
    assert result["fields"]["lead"]["examples"][0]["old"]
    archive = db()
    kinds = dict(archive.conn.execute("select kind, count(*) from revisions group by kind").fetchall())
    assert kinds["reextracted"] == with_lead
    assert archive.conn.execute("select count(*) from changes").fetchone() == (0,)
    assert archive.conn.execute("select max(revisions) from archive").fetchone() == (1,)
    lead, gone = archive.conn.execute("select lead, gone from archive where title = ?", [story.title]).fetchone()
    assert (lead, gone) == (None, None)
    before = contents(archive)
    archive.close()
    assert "0 revisions re-extracted" in newsarchive("reextract").stdout
    assert contents(db()) == before


def test_the_next_crawl_sees_no_edit_after_a_reextraction_nor_before_it(
    crawl: Crawl, newsarchive: Run, db: Read, new_rule: Callable[[], None]
) -> None:
    crawl()
    new_rule()
    assert " 0 changed" in newsarchive("crawl", "paper", "--full").stdout
    kinds = dict(db().conn.execute("select kind, count(*) from revisions group by kind").fetchall())
    assert set(kinds) == {"first", "reextracted"}
    newsarchive("reextract")
    assert " 0 changed" in newsarchive("crawl", "paper", "--full").stdout
    assert db().conn.execute("select count(*) from changes").fetchone() == (0,)


def test_an_edit_under_a_new_rule_shows_only_what_the_newspaper_changed(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, db: Read, new_rule: Callable[[], None]
) -> None:
    crawl()
    new_rule()
    story = next(s for s in paper.posts() if s.lead)
    paper.edit(story.slug, append="Кеш бойы жаңбыр жауды.")
    assert " 1 changed" in newsarchive("crawl", "paper").stdout
    assert db().conn.execute("select count(*) from revisions where kind = 'reextracted'").fetchone() == (1,)
    rows = db().conn.execute('select kind, field, "from", "to" from changes').fetchall()
    assert [row[:2] for row in rows] == [("substantive", "body")]
    assert rows[0][3] == f"{rows[0][2]}\n\nКеш бойы жаңбыр жауды."


def test_an_older_capture_does_not_change_the_present_state(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, db: Read, new_rule: Callable[[], None]
) -> None:
    crawl()
    story = next(s for s in paper.posts() if s.lead)
    paper.edit(story.slug, lead="", append="Кеш бойы жаңбыр жауды.")
    crawl()
    new_rule()
    newsarchive("reextract")
    archive = db()
    (article, body), *_ = archive.conn.execute("select id, body from archive where title = ?", [story.title])
    assert body.endswith("Кеш бойы жаңбыр жауды.")
    rows = archive.conn.execute("select kind, lead from revisions where article = ? order by number", [article])
    assert rows.fetchall() == [("first", story.lead), ("substantive", None), ("reextracted", None)]


def test_a_dry_run_says_what_would_change_and_writes_nothing(
    crawl: Crawl, newsarchive: Run, db: Read, new_rule: Callable[[], None]
) -> None:
    crawl()
    new_rule()
    before = contents(db()), db().conn.execute("select count(*) from runs").fetchone()
    said = newsarchive("reextract", "--dry-run").stdout
    assert "lead" in said
    assert (contents(db()), db().conn.execute("select count(*) from runs").fetchone()) == before


def test_a_killed_run_goes_on_where_it_stopped_and_gives_the_same(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, folder: Path, db: Read, new_rule: Callable[[], None]
) -> None:
    crawl()
    new_rule()
    copy = folder.parent / "copy"
    subprocess.run(["cp", "-r", str(folder), str(copy)], check=True)
    command = [sys.executable, "-m", "newsarchive", "--archive", str(folder), "reextract"]
    reader = db().conn
    for moment in ("runs where command = 'reextract'", "revisions where kind = 'reextracted'"):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and reader.execute(f"select count(*) from {moment}").fetchone() == (0,):
            time.sleep(0.005)
        process.kill()
        process.wait()
    newsarchive("reextract")
    newsarchive("--archive", str(copy), "reextract")
    with sqlite3.connect(copy / "archive.db") as other:
        whole = contents(Database(other))
    assert contents(db()) == whole
    assert db().conn.execute("select count(*) from runs where command = 'reextract' and reason = ''").fetchone() == (0,)


def test_what_is_no_article_any_more_stays_and_is_named(crawl: Crawl, newsarchive: Run, folder: Path, db: Read) -> None:
    crawl()
    count = db().conn.execute("select count(*) from articles").fetchone()
    warc = next(folder.glob("warc/*.warc.gz"))
    warc.rename(warc.with_suffix(".away"))
    path = folder / "sites" / "paper.toml"
    path.write_text(path.read_text(encoding="utf-8") + DROP, encoding="utf-8")
    done = newsarchive("reextract", code=1)
    assert "it stays unchanged" in done.stderr
    assert f"{count[0]} failed" in done.stdout
    assert db().conn.execute("select count(*) from articles").fetchone() == count
    assert newsarchive("reextract", "nobody", code=2).stderr


def test_what_could_not_be_read_is_read_once_its_file_is_back(
    crawl: Crawl, newsarchive: Run, folder: Path, db: Read, new_rule: Callable[[], None]
) -> None:
    crawl()
    new_rule()
    warc = next(folder.glob("warc/*.warc.gz"))
    away = warc.rename(warc.with_suffix(".away"))
    newsarchive("reextract", code=1)
    away.rename(warc)
    assert ", 0 failed" in newsarchive("reextract").stdout
    assert db().conn.execute("select count(*) from revisions where kind = 'reextracted'").fetchone() > (0,)
    assert "0 revisions re-extracted" in newsarchive("reextract").stdout


def test_an_article_that_was_read_again_can_be_taken_down(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, db: Read, new_rule: Callable[[], None]
) -> None:
    crawl()
    new_rule()
    newsarchive("reextract")
    story = next(s for s in paper.posts() if s.lead)
    newsarchive("forget", paper.address(story), "--reason", "court order")
    assert not list(db().query("select * from articles where title = ?", [story.title]))
    assert not list(db().query("pragma foreign_key_check"))
