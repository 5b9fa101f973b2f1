"""Kills at random moments, again and again, while the newspaper lives on: nothing lost, nothing doubled.

NEWSARCHIVE_KILLS sets how often; `NEWSARCHIVE_KILLS=200 python -m pytest tests/test_kills.py -s` is the long trial: so
many kills of a crawl, and so many over all commands that write.
"""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from fastwarc.warc import ArchiveIterator

from newsarchive.captures.reading import read_capture
from newsarchive.demo import Newspaper
from newsarchive.urls import url_key

KILLS = int(os.environ.get("NEWSARCHIVE_KILLS", "2"))
ROOT = Path(__file__).parent.parent
STORIES = min(300, 20 * KILLS)
PARAGRAPH = "Ауыл тұрғындары жаңа мектептің ашылуын көптен күтті. Құрылыс былтыр басталған болатын. "


def test_every_command_that_writes_may_be_killed() -> None:
    command = [sys.executable, "-m", "tests.kill_trial", os.environ.get("NEWSARCHIVE_KILLS", "6")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    print(f"\n{done.stdout}")


def test_kill_minus_nine_loses_and_doubles_nothing(paper: Newspaper, folder: Path, newsarchive: Callable) -> None:
    chance = random.Random(KILLS)
    for number in range(STORIES):
        paper.add(f"habar-{number}", f"Ауыл хабары, {number}-нөмір", f"{number}. {PARAGRAPH * 5}")
    (folder / "sites").mkdir(parents=True)
    (folder / "sites" / "paper.toml").write_text(paper.profile())
    edits: dict[str, list[str]] = {}
    kills = turns = 0
    while kills < KILLS:
        kills += killed_after(chance.expovariate(1.2), paper, folder)
        turns += 1  # not the number of kills: a crawl may end before it is killed, and no sentence comes twice
        live_on(paper, chance, edits, turns)
    newsarchive("crawl", "paper", "-s", "DOWNLOAD_DELAY=0", timeout=300)
    newsarchive("crawl", "paper", "-s", "DOWNLOAD_DELAY=0", timeout=300)
    db = sqlite3.connect(folder / "archive.db")
    assert_complete(db, paper, edits)
    assert_sound(db)
    assert_captures(db, folder / "warc")
    ended = dict(db.execute("select reason, count(*) from runs group by 1").fetchall())
    print(f"\n{KILLS} kills: runs {ended}, {len(edits)} stories edited, {count(db, 'captures')} captures sound")
    newsarchive("check")


def killed_after(seconds: float, paper: Newspaper, folder: Path) -> bool:
    """Start a crawl, kill it so many seconds after its first request; gives whether it was at work.

    Its workers end with it: they hold the other end of its output, which is read to the end.
    """
    paper.requests.clear()
    command = [sys.executable, "-m", "newsarchive", "--archive", str(folder), "crawl", "paper"]
    command += ["-s", "DOWNLOAD_DELAY=0.02", "-s", "CONTACT=tests@example.org"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while not paper.requests and process.poll() is None:
        time.sleep(0.01)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    said = process.communicate(timeout=60)[0].decode()
    assert "Traceback" not in said, said
    assert process.returncode in (0, -9), said
    return process.returncode == -9


def live_on(paper: Newspaper, chance: random.Random, edits: dict[str, list[str]], number: int) -> None:
    for story in chance.sample([s for s in paper.posts() if s.kind == "post"], 3):
        said = f"Редакция толықтыруы, {number}-рет: деректер нақтыланды."
        edits.setdefault(story.slug, []).append(said)
        paper.edit(story.slug, append=said)
    paper.add(f"keyin-{number}-{chance.random()}", f"Кейінгі хабар, {number}-нөмір", f"{number}! {PARAGRAPH * 5}")


def count(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(f"select count(*) from {table}").fetchone()[0])


def assert_complete(db: sqlite3.Connection, paper: Newspaper, edits: dict[str, list[str]]) -> None:
    bodies = [(url_key(url), body) for url, body in db.execute("select url, body from archive")]
    stories = {url_key(paper.address(s)): s.slug for s in paper.posts() if s.kind == "post"}
    assert sorted(key for key, _ in bodies) == sorted(stories)  # none lost, none twice
    for key, body in bodies:
        for said in edits.get(stories[key], []):
            assert body.count(said) == 1, (stories[key], said)
    assert db.execute("select url, state from urls where state in ('listed', 'failed')").fetchall() == []
    twice = "select 1 from revisions a join revisions b on b.article = a.article and b.number = a.number + 1"
    assert db.execute(f"{twice} where a.digest = b.digest").fetchall() == []
    assert db.execute("select article, number from revisions group by 1, 2 having count(*) > 1").fetchall() == []


def assert_sound(db: sqlite3.Connection) -> None:
    assert db.execute("pragma integrity_check").fetchall() == [("ok",)]
    assert db.execute("pragma foreign_key_check").fetchall() == []
    assert db.execute("select count(*) from runs where reason = '' or (reason <> 'killed' and finished is null)"
                      ).fetchone() == (0,)  # fmt: skip


def assert_captures(db: sqlite3.Connection, warcs: Path) -> None:
    """Each row points at a whole record with its bytes, and every file can be read through to its last whole record."""
    places: dict[str, set[int]] = {}
    for path in warcs.iterdir():
        with open(path, "rb") as file:
            places[path.name] = {record.stream_pos for record in ArchiveIterator(file)}
    for url, name, offset, digest in db.execute("select url, warc, offset, sha256 from captures"):
        assert offset in places[name], (name, offset)
        page = read_capture(warcs, warc=name, offset=offset)
        assert (page.url, sha256(page.body).hexdigest()) == (url, digest)
