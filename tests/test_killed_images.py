"""Pictures whose keeping was killed, checksums that were lost, and what reaches the disk first."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsarchive.demo import Newspaper
from newsarchive.fixity import check_archive
from newsarchive.images.files import clear_drafts
from tests.test_restore import add_run

Crawl = Callable[..., str]
KILLS = Path(__file__).with_name("kills.py")


@pytest.mark.parametrize("step", [9, 12])
def test_a_picture_whose_keeping_was_killed_is_had_by_the_next_crawl(
    step: int, paper: Newspaper, folder: Path, crawl: Crawl, db: Callable[[], Database]
) -> None:
    (folder / "sites").mkdir(parents=True)
    (folder / "sites" / "paper.toml").write_text(paper.profile())
    command = [sys.executable, str(KILLS), str(step), str(folder / "images"), "--", "--archive", str(folder)]
    options = ["crawl", "paper", "--images", "-s", "CONTACT=t", "-s", "DOWNLOAD_DELAY=0"]
    killed = subprocess.run([*command, *options], capture_output=True, text=True, timeout=120, check=False)
    assert killed.returncode == -9, killed.stderr
    left = {path.name for path in (folder / "images").iterdir()}
    assert left
    articles = {url for (url,) in db().conn.execute("select url from articles")}
    crawl("--images", "-s", "DOWNLOAD_DELAY=0")
    assert articles <= {url for (url,) in db().conn.execute("select url from articles")}
    states = dict(db().conn.execute("select state, count(*) from images group by 1").fetchall())
    assert states == {"kept": 8}
    assert [path.name for path in (folder / "images").glob(".*")] == []
    assert len(list((folder / "images").iterdir())) == 8
    assert [problem.sentence() for problem in check_archive(folder, sites={}).problems] == []
    paper.requests.clear()
    crawl("--images", "-s", "DOWNLOAD_DELAY=0")
    assert [path for _, path, _ in paper.requests if path.startswith("/images/")] == []  # once is enough


def test_the_draft_of_a_picture_that_is_being_written_stays(tmp_path: Path) -> None:
    (tmp_path / ".left.jpg.1").write_bytes(b"half")
    with open(tmp_path / ".writing.jpg.2", "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        clear_drafts(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == [".writing.jpg.2"]


def lose(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4])


def flip_sum(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def flip_state(path: Path) -> None:
    head, _, data = path.read_bytes().partition(b"\n")
    said = json.loads(head)
    said["state"] = said["state"][:-1] + ("0" if said["state"][-1] != "0" else "1")
    path.write_bytes(json.dumps(said).encode() + b"\n" + data)


def scramble(path: Path) -> None:
    path.write_bytes(b"\0\xff" * 100)


def no_json(path: Path) -> None:
    path.write_bytes(b"[]\n" + path.read_bytes().partition(b"\n")[2])


@pytest.mark.parametrize("damage", [lose, empty, cut, flip_sum, flip_state, scramble, no_json])
def test_check_notices_lost_or_damaged_checksums(damage: Callable[[Path], None], folder: Path) -> None:
    add_run(folder, "a", b"page")
    assert check_archive(folder, sites={}).problems == []
    damage(folder / "archive.db-sums")
    assert [problem.file for problem in check_archive(folder, sites={}).problems] == ["archive.db-sums"]
    add_run(folder, "b", b"another page")
    assert check_archive(folder, sites={}).problems == []


def test_an_archive_without_checksums_yet_is_not_accused(folder: Path) -> None:
    add_run(folder, "a", b"page")
    db = Database(folder / "archive.db")
    db.conn.execute("pragma user_version = 0")  # of an older version
    db.conn.close()
    (folder / "archive.db-sums").unlink()
    assert check_archive(folder, sites={}).problems == []


SYNCS = """
import os, sqlite3, sys
sync, connect = os.fsync, sqlite3.connect
def told(handle):
    name = os.readlink(f"/proc/self/fd/{handle}")
    if name.endswith(".warc.gz"):
        print("sync", name, os.fstat(handle).st_size, file=log, flush=True)
    sync(handle)
class Connection(sqlite3.Connection):
    def commit(self):
        if self.in_transaction:
            ends = self.execute("select warc, max(offset + length) from captures group by warc").fetchall()
            print("commit", ends, file=log, flush=True)
        super().commit()
log = open(sys.argv.pop(1), "w")
os.fsync = told
sqlite3.connect = lambda *a, **k: connect(*a, **{"factory": Connection, **k})
from newsarchive.cli import main
main()
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="the system does not tell which file a handle is of")
@pytest.mark.parametrize(("command", "most"), [("crawl", 3), ("fetch", 0)])
def test_captures_are_on_the_disk_before_rows_that_point_at_them(
    command: str, most: int, paper: Newspaper, folder: Path, tmp_path: Path
) -> None:
    (folder / "sites").mkdir(parents=True)
    (folder / "sites" / "paper.toml").write_text(paper.profile())
    log = tmp_path / "log"
    crawl = ["paper", "--limit", "12", "-s", "CONTACT=t", "-s", "DOWNLOAD_DELAY=0", "-s", "ARCHIVE_BATCH_ARTICLES=3"]
    arguments = [command, *(crawl if command == "crawl" else [paper.address(paper.posts()[0])])]
    program = [sys.executable, "-c", SYNCS, str(log), "--archive", str(folder), *arguments]
    subprocess.run(program, capture_output=True, check=True, timeout=120)
    synced: dict[str, int] = {}
    commits = 0
    for line in log.read_text().splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "sync":
            name, size = rest.rsplit(" ", 1)
            synced[Path(name).name] = int(size)
            continue
        for warc, end in eval(rest):
            assert end <= synced.get(warc, 0), line
            commits += 1
    assert commits > most
