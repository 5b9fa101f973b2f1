"""Backups: consistent while a crawl writes, incremental, verified; put back, and what was taken down stays down."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsarchive.backup import BackupError, make_backup, restore_backup
from newsarchive.captures.writing import CaptureWriter, RecordedResponse
from newsarchive.database import open_archive, save_extracted, start_run
from newsarchive.demo import Newspaper, serve
from newsarchive.fixity import check_archive
from newsarchive.items import Extracted, Fetched
from newsarchive.sites import load_sites, make_site
from tests.forking import Forks

Crawl = Callable[..., str]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Path:
    """An archive of the sample newspaper, which is gone."""
    folder = tmp_path_factory.mktemp("made")
    with serve() as paper:
        (folder / "sites").mkdir()
        (folder / "sites" / "paper.toml").write_text(paper.profile(), encoding="utf-8")
        assert forks.run(["--archive", str(folder), "crawl", "paper"], os.environ, timeout=120).returncode == 0
    return folder


@pytest.fixture
def archive(made: Path, folder: Path) -> Path:
    """That archive, one's own."""
    shutil.copytree(made, folder)
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "copy"


def problems(folder: Path) -> list[str]:
    return [p.sentence() for p in check_archive(folder, sites=load_sites(folder / "sites")).problems]


def content(folder: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / "archive.db") as db:
        tables = ("articles", "revisions", "captures", "urls", "runs", "stems")
        return [row for table in tables for row in db.execute(f"select * from {table} order by 1")]


def test_a_backup_put_back_is_the_archive(archive: Path, target: Path, tmp_path: Path) -> None:
    done = make_backup(archive, target)
    assert (done.problems, done.kept) == ([], 0)
    restored = restore_backup(target, tmp_path / "new")
    assert content(tmp_path / "new") == content(archive)
    assert problems(tmp_path / "new") == []
    assert restored.forgotten == 0


def test_the_next_backup_copies_only_what_is_new(crawl: Crawl, folder: Path, target: Path, paper: Newspaper) -> None:
    crawl()
    first = make_backup(folder, target)
    paper.add("zhana", "Жаңа хабар", "Бүгін ауылда жаңа мектеп ашылды, балалар қуанды. " * 20)
    crawl()
    second = make_backup(folder, target)
    assert second.kept == first.copied - 2  # the database and the checksums of its pages
    assert second.copied == 3
    assert len(list(target.glob("archive-*.db"))) == 1


def test_a_crawl_may_write_meanwhile(archive: Path, target: Path, tmp_path: Path) -> None:
    site = make_site("paper", {"url": "http://127.0.0.1/"}, where="")
    db = open_archive(archive)
    run = start_run(db, "crawl", "paper")
    writer = CaptureWriter(archive / "warc", f"paper-20300101000000-{run:05}")
    for number in range(3):
        capture = writer.write(
            RecordedResponse(url=f"http://127.0.0.1/{number}", status=200, headers=[], body=b"page %d" % number)
        )
        fetched = Fetched(site="paper", urls=(capture.url,), pages=(), captures=(capture,))
        db.conn.execute("begin immediate") if not db.conn.in_transaction else None
        save_extracted(db, Extracted(fetched=fetched, outcome="missing"), site=site, run=run)
        if number == 1:
            db.conn.commit()
    make_backup(archive, target)
    db.conn.commit()
    restore_backup(target, tmp_path / "new")
    assert problems(tmp_path / "new") == []
    copy = sqlite3.connect(tmp_path / "new" / "archive.db")
    rows = copy.execute("select url, offset + length from captures where warc = ?", (writer.path.name,)).fetchall()
    assert [url for url, _ in rows] == ["http://127.0.0.1/0", "http://127.0.0.1/1"]
    assert (tmp_path / "new" / "warc" / writer.path.name).stat().st_size == max(end for _, end in rows)
    writer.close()
    assert make_backup(archive, target).copied == 2  # the database, and the file that has grown
    restore_backup(target, tmp_path / "new", force=True)
    assert problems(tmp_path / "new") == []


def test_a_broken_file_never_takes_the_place_of_a_good_copy(archive: Path, target: Path) -> None:
    make_backup(archive, target)
    path = next((archive / "warc").iterdir())
    good = path.read_bytes()
    path.write_bytes(good[:100] + b"?" + good[101:])
    (target / "warc" / path.name).write_bytes(b"")
    assert any(path.name in problem for problem in make_backup(archive, target).problems)
    path.write_bytes(good)
    assert make_backup(archive, target).problems == []
    assert (target / "warc" / path.name).read_bytes() == good
    (target / "warc" / path.name).write_bytes(good[:100] + b"?" + good[101:])
    assert make_backup(archive, target).kept > make_backup(archive, target, verify=True).kept
    assert (target / "warc" / path.name).read_bytes() == good


def test_a_broken_backup_touches_nothing(archive: Path, target: Path, newsarchive: Run) -> None:
    newsarchive("backup", str(target))
    before = content(archive)
    assert "not empty" in newsarchive("restore", str(target), code=1).stderr
    path = next((target / "warc").iterdir())
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert "differs from its digest" in newsarchive("restore", str(target), "--force", code=1).stderr
    path.unlink()
    assert "missing from the backup" in newsarchive("restore", str(target), "--force", code=1).stderr
    assert content(archive) == before
    assert "no backup" in newsarchive("restore", str(archive), "--to", str(target), code=1).stderr


def test_a_crash_leaves_the_backup_before(
    crawl: Crawl, folder: Path, target: Path, paper: Newspaper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl()
    make_backup(folder, target)
    before = content(folder)
    paper.add("zhana", "Жаңа хабар", "Бүгін ауылда жаңа мектеп ашылды, балалар қуанды. " * 20)
    crawl()
    with monkeypatch.context() as patch:
        patch.setattr("newsarchive.backup.manifest.os.fsync", lambda _: (_ for _ in ()).throw(OSError("no power")))
        with pytest.raises(OSError, match="no power"):
            make_backup(folder, target)
    restore_backup(target, tmp_path / "new")
    assert content(tmp_path / "new") == before


@pytest.mark.parametrize("place", ["inside", "."])
def test_a_backup_into_the_archive_or_among_other_things_is_refused(place: str, archive: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="inside the archive"):
        make_backup(archive, archive / place)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x")
    with pytest.raises(BackupError, match="other files"):
        make_backup(archive, tmp_path / "mine")


def test_what_was_taken_down_stays_down_after_a_restore(
    crawl: Crawl, folder: Path, target: Path, paper: Newspaper, newsarchive: Run, db: Callable[[], Database]
) -> None:
    story = paper.add("qupiya", "Ауыл хабары", "Зымырауықтыңқұпиясы туралы айтылды, ешкім көрмеді. " * 20)
    crawl()
    newsarchive("backup", str(target))
    older = target.with_name("older")
    shutil.copytree(target, older)
    newsarchive("forget", paper.address(story), "--reason", "сот")
    newsarchive("backup", str(target))
    word = "Зымырауықтыңқұпиясы".encode()
    assert not any(word in path.read_bytes() for path in target.rglob("*") if path.is_file())
    assert "1 article taken down again" in newsarchive("restore", str(older), "--force").stderr
    assert problems(folder) == []
    assert not any(word in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    row = db().conn.execute("select reason, json_array_length(captures) > 1 from forgotten").fetchone()
    assert row == ("сот", 1)
    assert json.loads((older / "manifest.json").read_text())["files"]
