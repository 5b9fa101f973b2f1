"""What fails in the middle of a crawl: it ends with the reason and 1, what is sound is kept, and the counts are true."""

from __future__ import annotations

import gzip
import json
import os
import re
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator
from sqlite_utils import Database

from newsarchive.database import lock_archive, open_archive
from newsarchive.demo import Newspaper
from newsarchive.demo.answers import Answer

Run = Callable[..., subprocess.CompletedProcess[str]]
FAILING_ROBOTS = """
import sys
from protego import Protego
def crawl_delay(self, user_agent):
    raise ValueError("no such delay")
Protego.crawl_delay = crawl_delay
from newsarchive.__main__ import main
sys.exit(main())
"""
FAILING_PART = """
import json, sys
from newsarchive import settings
from newsarchive.crawling.spiders import news
from newsarchive.__main__ import main
where, slug = sys.argv.pop(1), sys.argv.pop(1)
class Pipeline:
    async def process_item(self, item):
        page = getattr(item, "fetched", item)
        if slug in page.urls[0]:
            raise LookupError("a part that fails")
        return item
real = news.NewsSpider.parse_page
def parse_page(self, response, url, hints):
    if slug in url:
        raise LookupError("a part that fails")
    return real(self, response, url, hints)
if where == "callback":
    news.NewsSpider.parse_page = parse_page
else:
    settings.ITEM_PIPELINES[Pipeline] = int(where)
sys.exit(main())
"""


@pytest.fixture
def forbid(folder: Path, paper: Newspaper) -> Callable[[str], None]:
    """Make the database refuse a write: `forbid("before insert on runs")`, in an archive that is new."""

    def refuse(event: str) -> None:
        (folder / "sites").mkdir(parents=True, exist_ok=True)
        (folder / "sites" / "paper.toml").write_text(paper.profile(), encoding="utf-8")
        open_archive(folder).close()
        with sqlite3.connect(folder / "archive.db") as db:
            db.execute(f"create trigger refusal {event} begin select raise(abort, 'a broken disk'); end")

    return refuse


def articles_of(paper: Newspaper) -> int:
    """How many articles the newspaper has."""
    return sum(story.kind == "post" for story in paper.posts())


def allow(folder: Path) -> None:
    with sqlite3.connect(folder / "archive.db") as db:
        db.execute("drop trigger refusal")


def counts_of(said: str) -> dict[str, int]:
    """The counts of the last line."""
    return {name: int(number) for number, name in re.findall(r"(\d+) (new|changed|gone|failed)", said.splitlines()[-1])}


def last_run(db: Database) -> dict[str, str]:
    return dict(next(db.query("select * from runs where command = 'crawl' order by id desc limit 1")))


def test_a_run_that_cannot_open_asks_for_nothing_and_says_why(
    paper: Newspaper, folder: Path, newsarchive: Run, forbid: Callable[[str], None], db: Callable[[], Database]
) -> None:
    forbid("before insert on runs")
    asked = len(paper.requests)
    done = newsarchive("crawl", "paper", code=1)
    assert "newsarchive: paper: the archive's database failed: a broken disk" in done.stderr
    assert re.search(r" 0 requests, \d+ s \(failed\)\n$", done.stdout)
    assert len(paper.requests) == asked
    with lock_archive(folder):  # which is free
        allow(folder)
    assert counts_of(newsarchive("crawl", "paper").stdout)["new"] == articles_of(paper)


@pytest.mark.parametrize(
    "event",
    ["before update of finished on runs", "before insert on warc_files", "before update on sources"],
    ids=["closing the run", "recording its file", "remembering a source"],
)
def test_a_run_that_cannot_be_closed_says_why_and_keeps_its_articles(
    event: str,
    paper: Newspaper,
    folder: Path,
    newsarchive: Run,
    forbid: Callable[[str], None],
    db: Callable[[], Database],
) -> None:
    forbid(event)
    done = newsarchive("crawl", "paper", code=1)
    assert "a broken disk" in done.stderr
    assert "(failed)" in done.stdout
    assert counts_of(done.stdout)["new"] == db()["articles"].count
    allow(folder)
    newsarchive("crawl", "paper", code=0)
    assert db()["articles"].count == articles_of(paper)
    newsarchive("check", code=0)


@pytest.mark.parametrize("batch", ["ARCHIVE_BATCH_SECONDS=1000", "ARCHIVE_BATCH_ARTICLES=1000"], ids=["full", "timer"])
def test_a_batch_that_cannot_be_committed_is_undone_and_not_counted(
    batch: str,
    paper: Newspaper,
    folder: Path,
    newsarchive: Run,
    forbid: Callable[[str], None],
    db: Callable[[], Database],
) -> None:
    forbid("before insert on stems when new.id > 12")
    done = newsarchive("crawl", "paper", "-s", batch, "-s", "CONCURRENT_REQUESTS=1", code=1)
    assert "newsarchive: paper: the archive's database failed: a broken disk" in done.stderr
    assert counts_of(done.stdout)["new"] == db()["articles"].count < articles_of(paper)
    assert json.loads(last_run(db())["counts"])["new"] == db()["articles"].count
    assert last_run(db())["reason"] == "failed"
    allow(folder)
    newsarchive("crawl", "paper", code=0)
    assert db()["articles"].count == articles_of(paper)
    newsarchive("check", code=0)


def test_a_rule_of_robots_that_cannot_be_obeyed_ends_the_crawl(
    paper: Newspaper, folder: Path, crawl: Callable[..., str]
) -> None:
    crawl()
    environment = {**os.environ, "NEWSARCHIVE_DATA": str(folder), "NEWSARCHIVE_CONTACT": "tests@example.org"}
    for arguments in (("crawl", "paper"), ("fetch", f"{paper.url}{paper.posts()[0].slug}/")):
        command = [sys.executable, "-c", FAILING_ROBOTS, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
        assert done.returncode == 1, done.stderr
        assert "an error in newsarchive itself (ValueError: no such delay)" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("where", ["callback", "200", "700"], ids=["callback", "before extraction", "after extraction"])
def test_a_page_that_fails_in_a_part_of_the_crawl_costs_no_other_and_is_counted_with_its_reason(
    where: str, paper: Newspaper, folder: Path, db: Callable[[], Database]
) -> None:
    (folder / "sites").mkdir(parents=True)
    (folder / "sites" / "paper.toml").write_text(paper.profile(), encoding="utf-8")
    bad = next(story for story in paper.posts() if story.kind == "post")
    environment = {**os.environ, "NEWSARCHIVE_DATA": str(folder), "NEWSARCHIVE_CONTACT": "tests@example.org"}
    command = [sys.executable, "-c", FAILING_PART, where, bad.slug, "crawl", "paper"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "LookupError: a part that fails" in done.stderr
    counts = counts_of(done.stdout)
    assert (counts["new"], counts["failed"]) == (articles_of(paper) - 1, 1)
    assert db()["articles"].count == articles_of(paper) - 1
    failed = db().execute("select url, reason, next_visit is not null from urls where state = 'failed'").fetchall()
    assert [(url, due) for url, _, due in failed] == [(paper.address(bad), 1)]
    assert "LookupError: a part that fails" in failed[0][1]


def test_pictures_that_cannot_be_stored_are_named_and_had_by_the_next_run(
    paper: Newspaper, folder: Path, crawl: Callable[..., str], newsarchive: Run
) -> None:
    crawl()
    with sqlite3.connect(folder / "archive.db") as db:
        db.execute(
            "create trigger refusal before insert on image_versions begin select raise(abort, 'a broken disk'); end"
        )
    done = newsarchive("images", "fetch", "paper", code=1)
    assert re.search(r"newsarchive: paper: \d+ pages or images could not be stored.*a broken disk", done.stderr)
    assert re.search(r"images: (?!.*new)", done.stdout)
    allow(folder)
    newsarchive("images", "fetch", "paper", code=0)
    newsarchive("check", code=0)


def _no_room() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, 700_000))  # enough for a new archive.db


def test_a_fetch_with_no_room_prints_the_article_and_says_that_it_is_not_kept(paper: Newspaper, folder: Path) -> None:
    open_archive(folder).close()
    story = next(story for story in paper.posts() if story.image)
    paper.images[story.image] = Answer(b"\xff\xd8\xff" + os.urandom(1_000_000), "image/jpeg")
    environment = {**os.environ, "NEWSARCHIVE_DATA": str(folder), "NEWSARCHIVE_CONTACT": "tests@example.org"}
    command = [sys.executable, "-m", "newsarchive", "fetch", "--images", "all", f"{paper.url}{story.slug}/"]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=60, check=False, preexec_fn=_no_room
    )
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert done.stdout.startswith(f"# {story.title}")
    assert "The article could not be stored: storing failed: File too large" in done.stderr
    (warc,) = (folder / "warc").iterdir()
    with open(warc, "rb") as file:  # the record that was cut short is no part of it
        assert len(list(ArchiveIterator(file))) > 2
        assert gzip.decompress(warc.read_bytes())


def test_a_fetch_that_cannot_look_up_pictures_prints_the_article_and_says_that_it_is_not_kept(
    paper: Newspaper, folder: Path, crawl: Callable[..., str], newsarchive: Run
) -> None:
    crawl()
    with sqlite3.connect(folder / "archive.db") as db:
        db.execute("pragma foreign_keys = off")
        db.execute("drop table images")
    url = f"{paper.url}{next(story.slug for story in paper.posts() if story.image)}/"
    done = newsarchive("fetch", "--images", "all", url, code=1)
    assert done.stdout.startswith("# ")
    assert "The article could not be stored: the archive's database failed: no such table" in done.stderr


PROBE = """
import sys
from pathlib import Path
from newsarchive.crawling.probing import ProbeFailed, probe
def more(pages):
    raise KeyError("what next")
try:
    probe(Path(sys.argv[1]), [sys.argv[2]], more, settings={"DOWNLOAD_DELAY": 0})
except ProbeFailed as error:
    sys.exit(str(error))
"""
BEGIN = """
import sys
from pathlib import Path
from newsarchive.crawling.process import crawl_sites
from newsarchive.database import lock_archive, open_archive
from newsarchive.sites import read_profile
folder = Path(sys.argv[1])
open_archive(folder).close()
site = read_profile(folder / "sites" / "paper.toml")
begun = []
def begin():
    begun.append(1)
    if len(begun) == 1:
        raise KeyError("not yet")
with lock_archive(folder):
    for outcome in crawl_sites(folder, [site, site], settings={}, begin=begin):
        print(outcome.reason, outcome.counts.get("new", 0), outcome.problems)
"""


def test_a_probe_that_fails_in_our_own_code_ends_with_the_reason(paper: Newspaper, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROBE, str(tmp_path), paper.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == "an error in newsarchive itself (KeyError: 'what next'); please report it\n"


def test_a_site_whose_crawl_cannot_begin_does_not_keep_the_next_from_its_own(paper: Newspaper, folder: Path) -> None:
    (folder / "sites").mkdir(parents=True)
    (folder / "sites" / "paper.toml").write_text(paper.profile(), encoding="utf-8")
    command = [sys.executable, "-c", BEGIN, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.splitlines() == [
        """failed 0 ["an error in newsarchive itself (KeyError: 'not yet'); please report it"]""",
        f"finished {articles_of(paper)} []",
    ], done.stderr
