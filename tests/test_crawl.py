"""Whole crawls of the sample newspaper by the command line, as a cron job would run them."""

from __future__ import annotations

import hashlib
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from sqlite_utils import Database

from newsarchive.captures.reading import read_capture
from newsarchive.demo import Newspaper
from newsarchive.urls import url_key

Crawl = Callable[..., str]
Read = Callable[[], Database]
WARCIO = str(Path(sys.executable).parent / "warcio")


def pages_asked(paper: Newspaper) -> list[str]:
    return [path for _, path, _ in paper.requests if path.strip("/").split("/")[0] in {s.slug for s in paper.stories}]


def articles(db: Database) -> dict[str, dict]:
    return {url_key(row["url"]): row for row in db.query("select * from archive")}


def test_a_crawl_gives_every_story_with_its_fields(paper: Newspaper, crawl: Crawl, db: Read) -> None:
    assert " 0 failed" in crawl()
    found = articles(db())
    stories = [s for s in paper.posts() if s.kind == "post"]
    assert len(stories) >= 40
    assert set(found) == {url_key(paper.address(s)) for s in stories}
    for story in stories:
        row = found[url_key(paper.address(story))]
        assert row["title"] == story.title
        assert row["published"] == story.published.astimezone().isoformat() or row["published"].endswith("Z")
        assert json.loads(row["categories"]) == story.categories
        assert json.loads(row["tags"]) == story.tags
        assert (row["lead"] or "") == story.lead
        text = " ".join(f"{row['lead'] or ''} {row['body']}".replace("|", " ").split())
        for paragraph in story.paragraphs:
            assert " ".join(paragraph.replace("**", "").split()) in text, story.slug


@pytest.mark.parametrize("theme", ["classic", "block"])
def test_both_themes_give_the_same_text(theme: str, paper: Newspaper, crawl: Crawl, db: Read) -> None:
    paper.theme = theme
    crawl()
    for story in (s for s in paper.posts() if s.kind == "post"):
        row = articles(db())[url_key(paper.address(story))]
        assert "Бөлісу" not in row["body"]
        assert "Тағы оқыңыз" not in row["body"]
        assert "Қаралым" not in row["body"]
        assert row["title"] not in row["body"].split("\n\n")[:1]


def test_a_story_in_several_pages_is_whole_where_the_theme_links_to_none(
    paper: Newspaper, crawl: Crawl, db: Read
) -> None:
    paper.page_links = False
    crawl()
    found = articles(db())
    longer = [s for s in paper.posts() if len(s.pages) > 1]
    assert longer
    for story in longer:
        text = " ".join(found[url_key(paper.address(story))]["body"].split())
        assert all(" ".join(p.replace("**", "").split()) in text for p in story.paragraphs), story.slug
    assert not [path for _, path, status in paper.requests if status == 404 and "/wp-json/" not in path]


def test_the_newspapers_own_pages_and_a_password_post_are_no_articles(paper: Newspaper, crawl: Crawl, db: Read) -> None:
    crawl()
    hidden = [s for s in paper.stories if s.kind in ("page", "protected")]
    assert hidden
    assert not {url_key(paper.address(s)) for s in hidden} & set(articles(db()))
    states = dict(db().conn.execute("select url, reason from urls where state = 'not_article'").fetchall())
    protected = next(s for s in hidden if s.kind == "protected")
    assert states[paper.address(protected)]


def test_an_unchanged_site_costs_five_requests_and_no_article(paper: Newspaper, crawl: Crawl) -> None:
    crawl()
    paper.requests.clear()
    assert crawl().startswith("paper: 0 new, 0 changed, 0 gone, 0 failed")
    assert len(paper.requests) <= 5
    assert pages_asked(paper) == []


def test_edits_additions_and_deletions_are_found_cheaply(paper: Newspaper, crawl: Crawl, db: Read) -> None:
    crawl()
    stories = [s.slug for s in paper.posts() if s.kind == "post"]
    paper.edit(stories[3], append="Бұл сөйлем кейін қосылды.")
    paper.edit(stories[7], title="Тақырып өзгерді")
    paper.delete(stories[5])
    paper.delete(stories[9], how="410")
    paper.add("zhana-habar", "Жаңа хабар", "Бүгін жаңа хабар шықты. " * 20)
    paper.requests.clear()
    assert crawl().startswith("paper: 1 new, 2 changed, 0 gone, 0 failed")
    assert len(paper.requests) <= 10
    assert crawl().startswith("paper: 0 new, 0 changed, 2 gone, 0 failed")
    changes = {(row["field"], row["kind"]) for row in db().query("select * from changes")}
    assert changes == {("body", "substantive"), ("title", "substantive")}
    gone = {row["url"]: row for row in db().query("select * from deletions")}
    assert len(gone) == 2
    assert all(
        (row["reason"] and row["last_seen"] < row["gone"]) or row["last_seen"] <= row["gone"] for row in gone.values()
    )
    assert db().conn.execute("select count(*) from articles where body = ''").fetchone() == (0,)


def test_a_deleted_article_that_returns_is_alive_again(paper: Newspaper, crawl: Crawl, db: Read) -> None:
    crawl()
    slug = paper.posts()[4].slug
    paper.delete(slug)
    crawl()
    crawl()
    assert db().conn.execute("select count(*) from deletions").fetchone() == (1,)
    paper.restore(slug)
    crawl()
    assert db().conn.execute("select count(*) from deletions").fetchone() == (0,)


@pytest.mark.parametrize("how", ["home", "soft"])
def test_a_redirect_home_and_a_soft_404_are_deletions(how: str, paper: Newspaper, crawl: Crawl, db: Read) -> None:
    crawl()
    paper.delete(paper.posts()[2].slug, how=how)
    crawl()
    crawl()
    assert db().conn.execute("select count(*) from deletions").fetchone() == (1,)


def test_a_password_set_later_is_a_deletion(paper: Newspaper, crawl: Crawl, db: Read) -> None:
    crawl()
    paper.protect(next(s.slug for s in paper.posts() if s.kind == "post"))
    crawl()
    crawl()
    rows = list(db().query("select * from deletions"))
    assert len(rows) == 1
    assert "password" in rows[0]["reason"]


def test_a_moved_article_stays_one_with_both_addresses(paper: Newspaper, crawl: Crawl, db: Read) -> None:
    crawl()
    slug = paper.posts()[6].slug
    before = db().conn.execute("select count(*) from articles").fetchone()
    paper.move(slug, "zhana-meken")
    paper.edit("zhana-meken", days=1)
    crawl()
    assert db().conn.execute("select count(*) from articles").fetchone() == before
    kept = (
        db()
        .conn.execute(
            "select count(distinct article), count(*) from urls where url like ? or url like ?",
            (f"%/{slug}/", "%/zhana-meken/"),
        )
        .fetchone()
    )
    assert kept == (1, 2)


def test_fetching_all_again_under_a_counter_makes_no_revision(paper: Newspaper, crawl: Crawl, db: Read) -> None:
    crawl()
    paper.requests.clear()
    assert crawl("--full").startswith("paper: 0 new, 0 changed, 0 gone, 0 failed")
    assert len(set(pages_asked(paper))) == len(pages_asked(paper)) >= 45  # each once, though three sources name it
    assert db().conn.execute("select count(*) from revisions where number > 1").fetchone() == (0,)
    paper.requests.clear()
    crawl()
    assert pages_asked(paper) == []


def test_a_new_theme_makes_no_substantive_revision(paper: Newspaper, crawl: Crawl, db: Read) -> None:
    crawl()
    paper.theme = "block"
    crawl("--full")
    assert db().conn.execute("select count(*) from revisions where kind = 'substantive'").fetchone() == (0,)


@pytest.mark.parametrize("rest", ["404", "401", "garbage"])
def test_when_rest_fails_the_next_source_takes_over_in_the_same_run(
    rest: str, paper: Newspaper, crawl: Crawl, db: Read, newsarchive: Callable
) -> None:
    crawl()
    paper.rest = rest
    paper.add("zhana-habar", "Жаңа хабар", "Бүгін жаңа хабар шықты. " * 20)
    paper.edit(paper.posts()[8].slug, append="Бұл сөйлем кейін қосылды.")
    done = newsarchive("crawl", "paper", code=1)
    assert "paper: 1 new, 1 changed" in done.stdout
    assert "wordpress source no longer works" in done.stderr


def test_a_site_with_a_feed_alone_is_walked_by_its_pages(paper: Newspaper, crawl: Crawl, db: Read) -> None:
    paper.rest, paper.sitemap = "404", False
    crawl(code=0)
    assert len(articles(db())) == len([s for s in paper.posts() if s.kind == "post"])


def test_a_lastmod_that_is_always_today_is_not_believed(paper: Newspaper, crawl: Crawl) -> None:
    paper.rest, paper.lastmod = "404", "today"
    crawl()
    paper.requests.clear()
    crawl()
    assert len(pages_asked(paper)) < 10


def test_the_warc_file_holds_every_response_byte_for_byte(
    paper: Newspaper, crawl: Crawl, db: Read, folder: Path
) -> None:
    crawl()
    paths = list((folder / "warc").glob("*.warc.gz"))
    assert len(paths) == 1
    check = subprocess.run([WARCIO, "check", str(paths[0])], capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stdout
    responses = 0
    with open(paths[0], "rb") as file:
        kinds = WarcRecordType.response | WarcRecordType.revisit  # a payload that came again is written once
        for record in ArchiveIterator(file, record_types=kinds, parse_http=False):
            assert record.verify_block_digest()
            responses += 1
    assert responses == len(paper.requests)
    rows = list(db().query("select * from captures"))
    assert len(rows) == responses
    for row in rows:
        page = read_capture(folder / "warc", warc=row["warc"], offset=row["offset"])
        assert (page.url, hashlib.sha256(page.body).hexdigest()) == (row["url"], row["sha256"])


def test_a_second_crawl_beside_the_first_exits_75_and_changes_nothing(
    paper: Newspaper, crawl: Crawl, folder: Path, newsarchive: Callable
) -> None:
    crawl()
    from newsarchive.database import lock_archive

    with lock_archive(folder):
        before = (folder / "archive.db").read_bytes()
        assert "Another run" in newsarchive("crawl", "paper", code=75).stderr
        assert (folder / "archive.db").read_bytes() == before
        newsarchive("fetch", paper.address(paper.posts()[0]))


def test_robots_txt_is_obeyed_gzipped_or_not(paper: Newspaper, crawl: Crawl, db: Read) -> None:
    slug = paper.posts()[0].slug
    paper.robots = f"User-agent: *\nDisallow: /{slug}/\n"
    paper.robots_gzip = True
    crawl()
    assert not [path for path in pages_asked(paper) if path.startswith(f"/{slug}")]
    reason = db().conn.execute("select reason from urls where url = ?", (f"{paper.url}{slug}/",)).fetchone()[0]
    assert "robots.txt" in reason


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_crawl_stopped_anywhere_goes_on_where_it_was(
    kind: signal.Signals, paper: Newspaper, crawl: Crawl, db: Read, folder: Path
) -> None:
    (folder / "sites").mkdir(parents=True)
    (folder / "sites" / "paper.toml").write_text(paper.profile())
    command = [
        sys.executable,
        "-m",
        "newsarchive",
        "--archive",
        str(folder),
        "crawl",
        "paper",
        "-s",
        "DOWNLOAD_DELAY=0.05",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 60
    while len(pages_asked(paper)) < 12 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(kind)
    process.communicate(timeout=60)
    if kind != signal.SIGKILL:
        warc = next((folder / "warc").glob("*.warc.gz"))
        assert subprocess.run([WARCIO, "check", str(warc)], capture_output=True, check=False).returncode == 0
    crawl()
    assert len(articles(db())) == len([s for s in paper.posts() if s.kind == "post"])
    assert db().conn.execute("pragma integrity_check").fetchone() == ("ok",)
    assert db().conn.execute("select count(*) from revisions where number > 1").fetchone() == (0,)
    ended = {row["reason"] for row in db().query("select reason from runs")}
    assert ended == ({"killed", "finished"} if kind == signal.SIGKILL else {"interrupted", "finished"})


def test_a_crawl_under_a_rate_limit_slows_down_and_loses_nothing(paper: Newspaper, crawl: Crawl, db: Read) -> None:
    paper.limit, paper.retry_after = 20, "1"
    crawl(code=0)
    assert any(status == 429 for _, _, status in paper.requests)
    assert len(articles(db())) == len([s for s in paper.posts() if s.kind == "post"])
    assert db().conn.execute("select count(*) from urls where state in ('failed', 'listed')").fetchone() == (0,)


def test_block_pages_are_never_stored_and_need_a_person(
    paper: Newspaper, crawl: Crawl, db: Read, newsarchive: Callable
) -> None:
    crawl()
    paper.edit(paper.posts()[0].slug, append="Тағы бір сөйлем қосылды.")
    paper.captcha = True
    done = newsarchive("crawl", "paper", code=1)
    assert "paper:" in done.stderr
    assert db().conn.execute("select count(*) from deletions").fetchone() == (0,)
    assert db().conn.execute("select count(*) from revisions where number > 1").fetchone() == (0,)


def test_readers_work_during_a_write(paper: Newspaper, crawl: Crawl, folder: Path) -> None:
    crawl("--limit", "3")
    writer = sqlite3.connect(folder / "archive.db")
    writer.execute("begin immediate")
    reader = sqlite3.connect(f"file:{folder / 'archive.db'}?mode=ro", uri=True)
    assert reader.execute("select count(*) from archive").fetchone() == (3,)
    writer.rollback()


def test_a_scheduled_story_is_found_also_where_another_went(paper: Newspaper, crawl: Crawl, db: Read) -> None:
    crawl()
    newest = max(story.published for story in paper.posts())
    written = newest - timedelta(days=9)
    paper.delete(paper.posts()[7].slug)
    paper.add("kezegi-kelgen", "Кезегі келген мақала", "Мақала бұрын жазылған еді. " * 20, modified=written)
    assert crawl().startswith("paper: 1 new, 0 changed")


def test_what_is_gone_from_a_sitemap_is_noticed_within_a_week(
    paper: Newspaper, crawl: Crawl, db: Read, folder: Path
) -> None:
    paper.rest, paper.feed = "404", False
    crawl()
    paper.delete(paper.posts()[30].slug)
    paper.requests.clear()
    crawl()
    assert pages_asked(paper) == []
    with sqlite3.connect(folder / "archive.db") as archive:
        archive.execute("update sources set walked = '2020-01-01T00:00:00Z' where walked is not null")
    crawl()
    assert crawl().startswith("paper: 0 new, 0 changed, 1 gone, 0 failed")


def test_quiet_says_nothing_unless_a_person_is_needed(paper: Newspaper, crawl: Crawl, newsarchive: Callable) -> None:
    crawl()
    done = newsarchive("--quiet", "crawl", "paper")
    assert done.stdout + done.stderr == ""
    paper.rest = "404"
    done = newsarchive("--quiet", "crawl", "paper", code=1)
    assert "wordpress source no longer works" in done.stderr
    assert done.stdout.startswith("paper: 0 new")
