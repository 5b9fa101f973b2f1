"""Opening an archive: what is new, what is lost, who makes and migrates it, and reading where nothing can be written."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from newsarchive.captures.writing import CaptureWriter, RecordedResponse
from newsarchive.database import ArchiveError, ArchiveLocked, NoArchive, lock_archive, open_archive, read_archive
from newsarchive.database.row_checksums import watch_tables, write_row_checksums
from newsarchive.database.schema.migrations import known_migrations, migrations
from newsarchive.demo import Newspaper
from newsarchive.fixity import check_archive

Crawl = Callable[..., str]
Run = Callable[..., subprocess.CompletedProcess[str]]


def lose(folder: Path, how: str) -> None:
    for name in ("archive.db-wal", "archive.db-shm"):
        (folder / name).unlink(missing_ok=True)
    if how == "missing":
        (folder / "archive.db").unlink()
    elif how == "empty":
        (folder / "archive.db").write_bytes(b"")
    else:  # a database in which nothing is
        (folder / "archive.db").unlink()
        with closing(sqlite3.connect(folder / "archive.db")) as db:
            db.execute("pragma user_version = 1")


def contents(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_size for path in folder.rglob("*") if path.name != "archive.lock"}


@pytest.fixture
def archive(folder: Path) -> Path:
    """An archive with a recording and a profile, as files alone show it."""
    open_archive(folder).close()
    (folder / "warc" / "paper-1.warc.gz").write_bytes(b"a recording")
    (folder / "sites" / "paper.toml").write_text('title = "Paper"\nurl = "http://127.0.0.1:9/"\n')
    return folder


@pytest.mark.parametrize("how", ["missing", "empty", "without tables"])
@pytest.mark.parametrize("there", ["warc/paper-1.warc.gz", "images/0a.jpg"])
def test_a_lost_database_is_never_made_anew(how: str, there: str, archive: Path) -> None:
    (archive / "warc" / "paper-1.warc.gz").unlink()
    (archive / there).write_bytes(b"kept")
    lose(archive, how)
    before = contents(archive)
    for opening in (open_archive, read_archive):
        with pytest.raises(ArchiveError, match=rf"lost.*{there.split('/')[0]}/ \(1 file\).*restore.*import") as error:
            opening(archive)
        assert not isinstance(error.value, NoArchive)
    assert contents(archive) == before


COMMANDS = {
    "crawl": ["crawl"],
    "fetch": ["fetch", "http://127.0.0.1:9/a"],
    "import": ["import", "{archive}/warc"],
    "images": ["images", "fetch"],
    "backup": ["backup", "{archive}/../copy"],
    "forget": ["forget", "http://127.0.0.1:9/a", "--reason", "x", "--yes"],
    "embargo": ["embargo", "1", "--until", "2099-01-01"],
    "sites add": ["sites", "add", "http://127.0.0.1:9/"],
    "search": ["search", "x"],
    "check": ["check"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_refuse_an_archive_whose_database_is_lost(command: str, archive: Path, newsarchive: Run) -> None:
    lose(archive, "missing")
    before = contents(archive)
    said = newsarchive(*(part.format(archive=archive) for part in COMMANDS[command]), code=1)
    assert "restore" in said.stderr + said.stdout
    assert "import" in said.stderr + said.stdout
    assert contents(archive) == before


@pytest.mark.parametrize("how", ["missing", "empty", "without tables"])
def test_profiles_alone_are_a_new_archive(how: str, archive: Path) -> None:
    (archive / "warc" / "paper-1.warc.gz").unlink()
    (archive / "warc" / ".draft").write_bytes(b"x")
    lose(archive, how)
    with pytest.raises(NoArchive):
        read_archive(archive)
    open_archive(archive).close()
    read_archive(archive).close()


def as_it_is(folder: Path) -> tuple[tuple[str, bytes], ...]:
    """All that is in a folder."""
    paths = sorted(folder.rglob("*"))
    return tuple((str(path.relative_to(folder)), path.read_bytes() if path.is_file() else b"/") for path in paths)


def test_the_database_is_on_the_disk_before_any_other_file(folder: Path) -> None:
    """Every state of the folder while an archive is made is a new archive again."""
    states = folder.with_name("states")
    script = f"""
import shutil, sys
from pathlib import Path
from newsarchive.database import open_archive
folder, states, count = Path({str(folder)!r}), Path({str(states)!r}), 0
def copy(event, arguments):
    global count
    if event in ("open", "os.mkdir", "os.rename", "os.remove", "sqlite3.connect") and folder.exists() and not busy:
        busy.append(1)
        shutil.copytree(folder, states / str(count))
        count += 1
        busy.clear()
busy = []
states.mkdir()
sys.addaudithook(copy)
open_archive(folder)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
    different = {as_it_is(state): state for state in states.iterdir()}
    assert any((state / "archive.db").exists() for state in different.values())
    for state in different.values():
        open_archive(state).close()
        with closing(read_archive(state).conn) as db:
            assert db.execute("select count(*) from articles").fetchone() == (0,)
        assert [p.sentence() for p in check_archive(state, sites={}).problems] == []


def test_a_database_of_another_program_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        db.execute("create table mine (x)")
    before = (folder / "archive.db").read_bytes()
    with pytest.raises(ArchiveError, match="another program"):
        open_archive(folder)
    assert (folder / "archive.db").read_bytes() == before


def test_a_newer_archive_is_not_migrated(folder: Path) -> None:
    open_archive(folder).close()
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        db.execute("update _sqlite_migrations set name = 'm999_to_come' where name = 'm270_walks'")
        db.commit()
    with pytest.raises(ArchiveError, match="newer version"):
        open_archive(folder)
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        assert db.execute("select count(*) from _sqlite_migrations where name = 'm270_walks'").fetchone() == (0,)


def older(folder: Path) -> Path:
    """An archive as an older version left it: sealed rows, and the last migrations still to come."""
    folder.mkdir()
    db = Database(sqlite3.connect(folder / "archive.db"))
    db.conn.execute("pragma journal_mode = wal")
    migrations.apply(db, stop_before="m270_walks")
    watch_tables(db)
    db.conn.execute("insert into sites (name, url, added) values ('paper', 'http://p/', '2025-01-01T00:00:00Z')")
    db.conn.execute("insert into sources (site, kind, url) values ('paper', 'feed', 'http://p/')")
    db.conn.commit()
    write_row_checksums(db)
    db.conn.close()
    return folder


def test_a_migration_is_not_taken_for_damage(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seals are of rows as they were: one that has a new column is sealed anew."""
    db = open_archive(folder)
    db.conn.execute("insert into sites (name, url, added) values ('paper', 'http://p/', '2025-01-01T00:00:00Z')")
    db.conn.commit()
    write_row_checksums(db)
    db.close()

    def m998_column(db: Database) -> None:
        db.conn.execute("alter table sites add column note text not null default ''")

    to_come = Migrations._Migration("m998_column", m998_column)
    monkeypatch.setattr(migrations, "_migrations", [*migrations._migrations, to_come])
    db = open_archive(folder)
    write_row_checksums(db)
    db.close()
    assert [p.sentence() for p in check_archive(folder, sites={}).problems] == []


def test_readers_that_find_a_due_migration_wait_for_the_one_that_does_it(folder: Path) -> None:
    older(folder)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: applied(folder), range(4)))
    assert found == [len(known_migrations())] * 4


APPLIED = """
import sys
from pathlib import Path
from newsarchive.database import read_archive
print(read_archive(Path(sys.argv[1])).conn.execute("select count(*) from _sqlite_migrations").fetchone()[0])
"""


def applied(folder: Path) -> int:
    return int(subprocess.check_output([sys.executable, "-c", APPLIED, str(folder)], text=True))


HOLDING = """
import sys
from pathlib import Path
from newsarchive.database import lock_archive, open_archive
folder = Path(sys.argv[1])
with lock_archive(folder):
    print("held", flush=True)
    sys.stdin.readline()
    open_archive(folder)
    print("made", flush=True)
    sys.stdin.readline()
"""


def test_who_waits_for_the_lock_goes_on_once_the_archive_is_made(folder: Path) -> None:
    """A crawl holds the lock for hours: a fetch beside it waits only for the archive."""
    command = [sys.executable, "-c", HOLDING, str(folder)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder,
        ThreadPoolExecutor(1) as thread,
    ):
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        opened = thread.submit(lambda: open_archive(folder).close())
        holder.stdin.write("\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == "made\n"
        opened.result(60)
        with pytest.raises(ArchiveLocked, match=f"process {holder.pid}"), lock_archive(folder):
            pass
        holder.communicate("\n", timeout=60)


def test_a_run_waits_for_one_that_only_prepares_the_archive(folder: Path) -> None:
    folder.mkdir()
    with open(folder / "archive.lock", "a+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        other.write("process 1, preparing the archive")
        other.flush()
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(lambda: lock_archive(folder).__enter__())
            with pytest.raises(TimeoutError):
                waiting.result(0.2)
            fcntl.flock(other, fcntl.LOCK_UN)
            waiting.result(30)


def test_eight_fetches_into_an_empty_folder_lose_nothing(paper: Newspaper, folder: Path, newsarchive: Run) -> None:
    stories = [story for story in paper.posts() if story.kind == "post"][:8]
    urls = [paper.address(story) for story in stories]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda url: newsarchive("-q", "fetch", url, timeout=240), urls))
    with closing(read_archive(folder).conn) as db:
        assert {url for (url,) in db.execute("select url from articles")} == set(urls)
        assert db.execute("select count(*) from runs where reason = 'finished'").fetchone() == (8,)
    assert [p.sentence() for p in check_archive(folder, sites={}).problems] == []


READING = {
    "search": ["search", "мектеп"],
    "show": ["show", "1"],
    "history": ["history", "1"],
    "status": ["status"],
    "export": ["export", "-o", "{out}/a.jsonl"],
    "wacz": ["export", "--format", "wacz", "-o", "{out}/a.wacz"],
    "cite": ["cite", "1"],
    "timemap": ["timemap", "1"],
    "check": ["check"],
    "backup": ["backup", "{out}/copy"],
    "sites": ["sites"],
    "dry run": ["reextract", "--dry-run"],
}


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Callable[[Path], None]]:
    """Make a folder read-only: by a mount as root, who may write everywhere else, or by its modes."""
    undo: list[Callable[[], object]] = []

    def protect(folder: Path) -> None:
        if os.geteuid() != 0:
            for path in [folder, *folder.rglob("*")]:
                path.chmod(0o555 if path.is_dir() else 0o444)
            undo.append(lambda: [path.chmod(0o755) for path in [folder, *folder.rglob("*")]])
            return
        for options in (["--bind", str(folder)], ["-o", "remount,ro,bind"]):
            if subprocess.run(["mount", *options, str(folder)], capture_output=True, check=False).returncode:
                pytest.skip("this system mounts nothing, and root may write to every folder")
            undo.append(lambda: subprocess.run(["umount", str(folder)], capture_output=True, check=False))

    yield protect
    for step in undo[:1]:
        step()


def test_every_reading_command_works_on_a_read_only_disk(
    crawl: Crawl, folder: Path, newsarchive: Run, read_only: Callable[[Path], None], tmp_path: Path
) -> None:
    crawl()
    (tmp_path / "out").mkdir()
    newsarchive("backup", str(tmp_path / "out" / "copy"))
    read_only(folder)
    for command, arguments in READING.items():
        said = newsarchive(*(part.format(out=tmp_path / "out") for part in arguments), code=0)
        assert said.stdout + said.stderr, command
    assert "read-only" in newsarchive("embargo", "1", "--until", "2099-01-01", code=1).stderr
    assert "ead-only" in newsarchive("crawl", "paper", code=1).stderr


def test_a_log_with_commits_or_a_due_migration_on_a_read_only_disk_is_a_sentence(
    folder: Path, read_only: Callable[[Path], None], tmp_path: Path
) -> None:
    def leave_log(name: str, *, commit: bool) -> None:
        db = open_archive(folder)
        db.conn.execute("pragma cache_size = 1")
        db.conn.execute("insert into sites (name, url, added) values ('a', hex(zeroblob(90000)), '')")
        if commit:
            db.conn.commit()
        shutil.copytree(folder, tmp_path / name, ignore=shutil.ignore_patterns("*-shm"))
        db.conn.rollback()
        db.conn.close()

    leave_log("uncommitted", commit=False)
    leave_log("committed", commit=True)
    (tmp_path / "all").mkdir()
    older(tmp_path / "all" / "older")
    for name in ("committed", "uncommitted"):
        assert (tmp_path / name / "archive.db-wal").stat().st_size > 10_000
        shutil.move(tmp_path / name, tmp_path / "all" / name)
    read_only(tmp_path / "all")
    with closing(read_archive(tmp_path / "all" / "uncommitted").conn) as db:
        assert db.execute("select count(*) from sites").fetchone() == (0,)
    with pytest.raises(ArchiveError, match="still in its log, and the folder is read-only"):
        read_archive(tmp_path / "all" / "committed")
    with pytest.raises(ArchiveError, match="older version and has to be migrated, but the folder is read-only"):
        read_archive(tmp_path / "all" / "older")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_an_archive_of_another_user_can_be_read_and_not_written() -> None:
    with tempfile.TemporaryDirectory() as place:  # one that others may look into, as pytest's are not
        Path(place).chmod(0o755)
        folder = Path(place) / "archive"
        open_archive(folder).close()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.setgroups([])
                os.setresgid(65534, 65534, 65534)
                os.setresuid(65534, 65534, 65534)
                with closing(read_archive(folder).conn) as db:
                    db.execute("select count(*) from articles").fetchone()
                with pytest.raises(ArchiveError, match="cannot be written to"):
                    open_archive(folder)
                code = 0
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0


def test_an_archive_killed_before_its_first_migration_is_a_new_one(folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        migrations.ensure_migrations_table(Database(db))
        db.commit()
    with pytest.raises(NoArchive):
        read_archive(folder)
    open_archive(folder).close()


def test_what_a_killed_fetch_left_is_a_note(folder: Path) -> None:
    """It stores nothing before it has all, so no run tells of it."""
    open_archive(folder).close()
    writer = CaptureWriter(folder / "warc", "fetch-20250101000000-77")
    writer.write(RecordedResponse(url="http://p/a", status=200, headers=[], body=b"a page"))
    writer.close()
    os.utime(writer.path, (0, 0))
    picture = folder / "images" / f"{sha256(b'picture').hexdigest()}.jpg"
    picture.write_bytes(b"picture")
    os.utime(picture, (0, 0))
    report = check_archive(folder, sites={})
    assert report.problems == []
    assert sum("killed" in note for note in report.notes) == 2
