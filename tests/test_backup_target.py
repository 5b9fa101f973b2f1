"""What a backup does to the one before: nothing of it goes without a reason, links are not followed, kills are mended."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from newsarchive.backup import BackupError, make_backup, restore_backup
from newsarchive.database import open_archive
from newsarchive.demo import Newspaper
from newsarchive.fixity import check_archive
from tests.kills import killed_at
from tests.test_restore import EVERY, SECRET, add_run, state, take_down

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "copy"


@pytest.fixture
def archive(folder: Path) -> Path:
    for number in range(3):
        add_run(folder, f"run{number}", b"page %d" % number * 100)
    (folder / "sites" / "p.toml").write_text('url = "http://p/"\n')
    db = open_archive(folder)
    db.conn.execute("update runs set started = '2024-01-0' || id || 'T03:17:00Z'")  # no archive made anew is as old
    db.conn.commit()
    db.close()
    return folder


def files(folder: Path) -> dict[str, bytes]:
    names = [path for path in folder.rglob("*") if path.is_file() and path.name != "backup.lock"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in names}


def lose_everything(folder: Path) -> None:
    shutil.rmtree(folder)
    open_archive(folder).close()


def lose_and_go_on(folder: Path) -> None:
    """A new archive that has as much as the old one, of other runs."""
    lose_everything(folder)
    for number in range(4):
        add_run(folder, f"other{number}", b"other %d" % number * 100)


def lose_rows(folder: Path) -> None:
    db = open_archive(folder)
    db.conn.execute("delete from captures where run = 2")
    db.conn.execute("delete from warc_files where name like '%run1%'")
    db.conn.commit()
    db.close()


def lose_and_take_down(folder: Path) -> None:
    lose_and_go_on(folder)
    take_down(folder, "http://p/other0/0")


@pytest.mark.parametrize("loss", [lose_everything, lose_and_go_on, lose_rows, lose_and_take_down])
def test_a_good_backup_is_not_replaced_by_one_that_lost_much(
    loss: Callable[[Path], None], archive: Path, target: Path, newsarchive: Run
) -> None:
    make_backup(archive, target)
    before = files(target)
    loss(archive)
    said = newsarchive("backup", str(target), code=1).stderr
    assert "would be removed from the backup" in said
    assert "newsarchive restore" in said
    assert files(target) == before
    newsarchive("backup", str(target), "--force")
    assert files(target) != before


def test_what_a_takedown_removed_goes_from_the_backup_too(archive: Path, target: Path) -> None:
    make_backup(archive, target)
    take_down(archive, "http://p/run0/0")
    take_down(archive, "http://p/run1/0")
    assert make_backup(archive, target).removed == 2
    assert len(list((target / "warc").iterdir())) == 1


def test_a_picture_or_recording_missing_on_the_disk_stays_in_the_backup(
    archive: Path, target: Path, tmp_path: Path
) -> None:
    make_backup(archive, target)
    before = files(target / "warc")
    shutil.rmtree(archive / "warc")
    (archive / "warc").mkdir()
    assert len(make_backup(archive, target, verify=True).problems) == 0  # the backup has them all
    (target / "warc" / next(iter(before))).write_bytes(b"")
    assert "the previous copy is kept" in make_backup(archive, target).problems[0]


def test_the_first_backup_killed_at_any_step_is_gone_on_with(archive: Path, target: Path, tmp_path: Path) -> None:
    for step in range(1, 1000, EVERY):
        shutil.rmtree(target, ignore_errors=True)
        if not killed_at(step, (target,), lambda: make_backup(archive, target)):
            break
        assert make_backup(archive, target).problems == []
        assert [path.name for path in target.rglob(".*")] == []
        assert len(list(target.glob("archive-*.db"))) == 1
    assert step > 3 * EVERY
    restore_backup(target, tmp_path / "new")
    assert state(tmp_path / "new") == state(archive)


def test_a_later_backup_killed_at_any_step_leaves_one_that_can_be_put_back(
    archive: Path, target: Path, tmp_path: Path
) -> None:
    make_backup(archive, target)
    first = tmp_path / "first"
    shutil.copytree(target, first)
    before = state(archive)
    add_run(archive, "later", SECRET)
    take_down(archive, "http://p/run0/0")
    after = state(archive)
    new = tmp_path / "new"
    for step in range(1, 1000, 2 * EVERY):
        shutil.rmtree(target)
        shutil.copytree(first, target)
        killed = killed_at(step, (target,), lambda: make_backup(archive, target))
        shutil.rmtree(new, ignore_errors=True)
        restore_backup(target, new)
        assert state(new) in (before, after)
        assert [problem.sentence() for problem in check_archive(new, sites={}).problems] == []
        if not killed:
            break
        make_backup(archive, target)
        assert [path.name for path in target.rglob(".*")] == []
        assert not any("run0" in path.name for path in target.rglob("*"))
    assert state(new) == after


@pytest.mark.parametrize("name", ["letter.txt", "warc/../letter.txt", "archive-mine.db", "photos/a.jpg"])
def test_other_things_beside_the_rest_of_a_killed_backup_are_not_touched(
    name: str, archive: Path, target: Path
) -> None:
    (target / "warc").mkdir(parents=True)
    (target / "backup.lock").touch()
    (target / "photos").mkdir() if "photos" in name else None
    (target / name).write_text("mine")
    with pytest.raises(BackupError, match="other files"):
        make_backup(archive, target)
    assert (target / name).read_text() == "mine"


LINKS = ["warc", "sites", "manifest.json", "backup.lock", "warc/{warc}", "{database}", "sites/p.toml"]


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("damaged", [False, True])
def test_a_link_inside_a_backup_is_never_followed(
    link: str, damaged: bool, archive: Path, target: Path, tmp_path: Path
) -> None:
    make_backup(archive, target)
    names = {
        "warc": next((target / "warc").iterdir()).name,
        "database": next(target.glob("archive-*.db")).name,
    }
    path = target / link.format(**names)
    outside = tmp_path / "outside"
    shutil.move(path, outside)
    if damaged:
        shutil.rmtree(outside) if outside.is_dir() else outside.unlink()
        outside.mkdir() if link in ("warc", "sites") else outside.write_bytes(b"precious")
    path.symlink_to(outside)
    before = files(outside) if outside.is_dir() else outside.read_bytes()
    if link != "backup.lock":
        with pytest.raises(BackupError, match="symbolic link"):
            restore_backup(target, tmp_path / "new")
    try:
        make_backup(archive, target)  # a file of its own in the place of the link, or a refusal
        assert not path.is_symlink()
        restore_backup(target, tmp_path / "newer")
        assert state(tmp_path / "newer") == state(archive)
    except BackupError as error:
        assert "symbolic link" in str(error)  # noqa: PT017
    assert (files(outside) if outside.is_dir() else outside.read_bytes()) == before


def test_drafts_that_are_links_are_not_written_through(archive: Path, target: Path, tmp_path: Path) -> None:
    make_backup(archive, target)
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    add_run(archive, "later", b"more")
    new = next(path.name for path in (archive / "warc").iterdir() if "later" in path.name)
    for name in (".archive.db.new", ".manifest.json.new", f"warc/.{new}.copy", f"warc/..{new}.copy.new"):
        (target / name).symlink_to(precious)
    make_backup(archive, target)
    assert precious.read_bytes() == b"precious"
    assert [path.name for path in target.rglob(".*")] == []


def test_a_pipe_in_a_backup_is_refused(archive: Path, target: Path, tmp_path: Path) -> None:
    make_backup(archive, target)
    (target / "sites" / "p.toml").unlink()
    os.mkfifo(target / "sites" / "p.toml")
    with pytest.raises(BackupError, match="not a regular file"):
        restore_backup(target, tmp_path / "new")


def test_a_lost_database_leaves_the_backup(paper: Newspaper, archive: Path, target: Path, newsarchive: Run) -> None:
    """The cron line of the README: crawl, then backup."""
    (archive / "sites" / "paper.toml").write_text(paper.profile())
    newsarchive("backup", str(target))
    before = files(target)
    (archive / "archive.db").write_bytes(b"")
    assert "lost" in newsarchive("crawl", code=1).stderr
    assert "lost" in newsarchive("backup", str(target), code=1).stderr
    assert files(target) == before
    assert "may be back" in newsarchive("restore", str(target), "--force", code=1).stderr  # takedowns were lost, too
    assert len(state(archive)["captures"]) == 3  # type: ignore[arg-type]


def test_a_profile_that_changes_is_put_back_as_it_was_backed_up_last(
    archive: Path, target: Path, tmp_path: Path
) -> None:
    for number in range(3):
        profile = f'url = "http://p/"\ntitle = "{number}"\n'
        (archive / "sites" / "p.toml").write_text(profile)
        make_backup(archive, target)
        assert len(list((target / "sites").iterdir())) == 1
        restore_backup(target, tmp_path / str(number))
        assert (tmp_path / str(number) / "sites" / "p.toml").read_text() == profile
