"""Restore: killed at every step, over parts that are disks of their own, and what was taken down stays down."""

from __future__ import annotations

import asyncio
import gzip
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from datasette.app import Datasette

from newsarchive.backup import BackupError, make_backup, restore_backup
from newsarchive.browse.app import make_datasette
from newsarchive.captures.writing import CaptureWriter, RecordedResponse
from newsarchive.database import ArchiveError, lock_archive, open_archive, read_archive, save_capture, start_run
from newsarchive.database.page_checksums import write_page_checksums
from newsarchive.database.replacing import is_moving
from newsarchive.database.runs import finish_run
from newsarchive.database.warcfiles import record_warc
from newsarchive.fixity import check_archive
from newsarchive.takedown import forget
from tests.kills import killed_at

EVERY = 1 if "NEWSARCHIVE_KILLS" in os.environ else 7
"""Each step is tried in the long trial, else every seventh."""
SECRET = b"Hidden words of an article"


def add_run(folder: Path, name: str, *pages: bytes) -> None:
    """A run with some captures, as a crawl leaves it."""
    db = open_archive(folder)
    db.conn.execute("insert or ignore into sites (name, url, added) values ('p', 'http://p/', '2025-01-01T00:00:00Z')")
    db.conn.commit()
    run = start_run(db, "crawl", "p")
    writer = CaptureWriter(folder / "warc", f"p-{name}-{run:05}")
    for number, body in enumerate(pages):
        capture = writer.write(RecordedResponse(url=f"http://p/{name}/{number}", status=200, headers=[], body=body))
        save_capture(db, capture, run)
    writer.close()
    record_warc(db, writer.path)
    finish_run(db, run, reason="finished", counts={})
    db.close()
    write_page_checksums(folder)


def take_down(folder: Path, url: str) -> None:
    db = open_archive(folder)
    with lock_archive(folder):
        forget(db, folder, article=None, site="p", url=url, reason="a court")
    db.close()


@pytest.fixture
def backup(folder: Path, tmp_path: Path) -> Path:
    """A backup of an archive that has gone on since: one run more, one profile less, one address taken down."""
    add_run(folder, "old", SECRET, b"page one", b"page two")
    (folder / "sites" / "p.toml").write_text('url = "http://p/"\n')
    (folder / "sites" / "q.toml").write_text('url = "http://q/"\n')
    make_backup(folder, tmp_path / "copy")
    add_run(folder, "new", b"page three")
    (folder / "sites" / "q.toml").unlink()
    take_down(folder, "http://p/old/0")
    return tmp_path / "copy"


def state(folder: Path) -> dict[str, object]:
    """What the archive holds; opening it finishes or undoes a restore."""
    with closing(read_archive(folder).conn) as db:
        captures = db.execute("select url, sha256 from captures order by url").fetchall()
        forgotten = db.execute("select url from forgotten").fetchall()
    profiles = sorted(path.name for path in (folder / "sites").iterdir())
    return {"captures": captures, "forgotten": forgotten, "profiles": profiles}


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def assert_whole(folder: Path) -> None:
    with lock_archive(folder):
        pass  # the next run, which deletes what a killed one left
    assert [problem.sentence() for problem in check_archive(folder, sites={}).problems] == []
    assert list(folder.rglob(".*")) == []
    assert [path.name for path in folder.parent.glob(".*")] == []
    assert all(SECRET not in payload(path) for path in (folder / "warc").iterdir())


def payload(path: Path) -> bytes:
    with gzip.open(path) as file:
        return file.read()


def test_a_restore_killed_at_any_step_leaves_the_old_archive_or_the_new_one(
    backup: Path, folder: Path, tmp_path: Path
) -> None:
    before = state(folder)
    whole = tmp_path / "whole"
    shutil.copytree(folder, whole)
    restore_backup(backup, whole, force=True)
    after = state(whole)
    assert after["forgotten"] == before["forgotten"]
    assert after["profiles"] == ["p.toml", "q.toml"]
    trial = tmp_path / "trial"
    found = []
    for step in range(1, 1000, EVERY):
        shutil.rmtree(trial, ignore_errors=True)
        shutil.copytree(folder, trial / "archive")
        work = trial / "archive"
        if not killed_at(step, (work,), lambda work=work: restore_backup(backup, work, force=True)):
            break
        found.append(state(work) == after)
        assert found[-1] or state(work) == before, step
        assert_whole(work)
        if step % 20 == 1:  # a second restore, after the one that was killed
            restore_backup(backup, work, force=True)
            assert state(work) == after
            assert_whole(work)
    assert found == sorted(found)  # first it is undone, from one step on it is finished
    assert 20 // EVERY < sum(found) < len(found) - 20 // EVERY


def test_ending_a_restore_may_be_killed_too(backup: Path, folder: Path, tmp_path: Path) -> None:
    before = state(folder)
    trial = tmp_path / "trial" / "archive"
    low, high = 1, 1000  # between them is the first step at which the new archive is whole
    while high - low > 1:
        step = (low + high) // 2
        shutil.rmtree(trial, ignore_errors=True)
        shutil.copytree(folder, trial)
        killed = killed_at(step, (trial,), lambda: restore_backup(backup, trial, force=True))
        begun = (trial / ".restore").exists()
        moving = not killed or (is_moving(trial) if begun else state(trial) != before)  # it may be over already
        low, high = (low, step) if moving else (step, high)
    shutil.rmtree(trial)
    shutil.copytree(folder, trial)
    assert killed_at(high, (trial,), lambda: restore_backup(backup, trial, force=True))
    assert is_moving(trial)
    interrupted = tmp_path / "interrupted"
    shutil.copytree(trial, interrupted, symlinks=True)
    steps = 0
    while True:
        shutil.rmtree(trial)
        shutil.copytree(interrupted, trial, symlinks=True)
        steps += EVERY
        if not killed_at(steps, (trial,), lambda: read_archive(trial).close()):
            break
        assert state(trial) != before
        assert state(trial)["forgotten"] == before["forgotten"]
        assert_whole(trial)
    assert steps > 20


def test_a_restore_into_a_new_folder_killed_at_any_step_may_be_begun_again(backup: Path, tmp_path: Path) -> None:
    new = tmp_path / "place" / "new"
    for step in range(1, 1000, 2 * EVERY):
        shutil.rmtree(new.parent, ignore_errors=True)
        if not killed_at(step, (new,), lambda: restore_backup(backup, new)):
            break
        try:
            read_archive(new).close()
        except ArchiveError as error:
            assert "There is no archive" in str(error)  # noqa: PT017
        restore_backup(backup, new, force=True)
        assert [problem.sentence() for problem in check_archive(new, sites={}).problems] == []


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[object]:
    """Make a folder a disk of its own, as root."""
    mounted: list[Path] = []

    def mount(folder: Path) -> None:
        place = tmp_path / f"disk-{folder.name}"
        shutil.copytree(folder, place)
        if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(folder)], capture_output=True, check=False).returncode:
            pytest.skip("this system mounts nothing")
        mounted.append(folder)
        shutil.copytree(place, folder, dirs_exist_ok=True)

    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


def test_parts_may_be_disks_of_their_own(backup: Path, folder: Path, disks: object) -> None:
    disks(folder / "warc")  # type: ignore[operator]
    disks(folder / "images")  # type: ignore[operator]
    restore_backup(backup, folder, force=True)
    assert state(folder)["forgotten"] == [("http://p/old/0",)]
    assert len(state(folder)["captures"]) == 2  # type: ignore[arg-type]
    assert_whole(folder)


def test_parts_may_be_links_to_other_places(backup: Path, folder: Path, tmp_path: Path) -> None:
    shutil.move(folder / "warc", tmp_path / "elsewhere")
    (folder / "warc").symlink_to(tmp_path / "elsewhere")
    restore_backup(backup, folder, force=True)
    assert (folder / "warc").is_symlink()
    assert_whole(folder)


def test_a_failed_restore_leaves_the_archive_as_it_was(
    backup: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, files = state(folder), everything(folder / "warc")
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(OSError, match="No space"):
            restore_backup(backup, folder, force=True)
    assert state(folder) == before
    assert everything(folder / "warc") == files
    assert_whole(folder)


def test_a_restore_says_where_takedowns_cannot_be_read(backup: Path, folder: Path) -> None:
    with open(folder / "archive.db", "r+b") as file:
        file.write(b"no database, no database")
    shutil.rmtree(folder / "warc")
    restored = restore_backup(backup, folder, force=True)
    assert "taken down since the backup was made may be back" in restored.problems[0]


@pytest.mark.parametrize("path", ["../out", "/out", "archive.lock", ".restore/journal.json", "warc/.restore/x", "warc"])
def test_a_manifest_never_leads_to_another_place(path: str, backup: Path, folder: Path) -> None:
    manifest = (backup / "manifest.json").read_text()
    (backup / "manifest.json").write_text(manifest.replace('"path": "sites/p.toml"', f'"path": "{path}"'))
    with pytest.raises(BackupError, match="broken"):
        restore_backup(backup, folder, force=True)


def test_a_fetch_beside_a_restore_keeps_its_growing_file(backup: Path, folder: Path) -> None:
    writer = CaptureWriter(folder / "warc", "fetch-20300101000000-1")
    writer.write(RecordedResponse(url="http://p/beside", status=200, headers=[], body=b"beside"))
    restore_backup(backup, folder, force=True)
    assert writer.path.exists()
    writer.close()


def test_restored_sums_hold(backup: Path, folder: Path) -> None:
    restore_backup(backup, folder, force=True)
    report = check_archive(folder, sites={})
    assert report.problems == []
    assert not any("unused space is not checked" in note for note in report.notes)


def test_forget_deletes_what_restores_of_older_versions_left_beside_the_archive(
    backup: Path, folder: Path, newsarchive: Callable[..., object]
) -> None:
    """They were killed in the middle, and hold the whole archive with what is taken down now."""
    for name in (f".{folder.name}.abcd1234", f".{folder.name}.x_y_z_01"):
        shutil.copytree(folder, folder.parent / name / "before")
    mine = folder.parent / f".{folder.name}.notes123"
    mine.mkdir()
    (mine / "letter.txt").write_text("mine")
    newsarchive("forget", "http://p/old/1", "--reason", "a court", "--yes")
    assert [path.name for path in folder.parent.glob(f".{folder.name}.*")] == [mine.name]


def test_a_reading_room_shows_the_archive_that_was_put_in_place(backup: Path, folder: Path) -> None:
    async def count(room: Datasette) -> int:
        found = await room.get_database("archive").execute("select count(*) from captures")
        return int(found.first()[0])

    room = make_datasette(folder)
    assert asyncio.run(count(room)) == 3
    restore_backup(backup, folder, force=True)
    assert asyncio.run(count(room)) == 2
    room.get_database("archive").close()


@pytest.mark.parametrize("lost", ["missing", "empty", "garbled"])
def test_no_restore_deletes_recordings_that_only_a_lost_database_knew(
    backup: Path, folder: Path, tmp_path: Path, lost: str, newsarchive: Callable
) -> None:
    words = "<p>The old mill at the edge of the village is turning again after forty years of silence.</p>" * 3
    add_run(folder, "newest", f"<html><article><h1>The mill turns</h1>{words}</article></html>".encode())
    database = folder / "archive.db"
    match lost:
        case "missing":
            database.unlink()
        case "empty":
            database.write_bytes(b"")
        case "garbled":
            database.write_bytes(b"no database at all " * 500)
    before = everything(folder / "warc")
    said = newsarchive("restore", str(backup), "--force", code=1).stderr
    assert "3 files newer than the backup" in said  # two runs, and what a takedown left of another
    assert "--to NEW" in said
    assert everything(folder / "warc") == before
    new = tmp_path / "new"
    said = newsarchive("restore", str(backup), "--to", str(new), code=1).stderr
    assert "taken down since the backup was made may be back" in said
    newsarchive("--archive", str(new), "import", "--any-site", str(folder / "warc"), code=None)
    with closing(read_archive(new).conn) as db:
        assert ("http://p/newest/0",) in db.execute("select url from captures").fetchall()
    for path in (folder / "warc").iterdir():
        path.unlink()  # a person who wants the backup alone
    newsarchive("restore", str(backup), "--force", code=None)
    assert state(folder)["captures"]
