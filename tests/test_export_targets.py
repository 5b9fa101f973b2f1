"""Where exports and other files that a person names go: links, pipes, devices, full disks, killed processes."""

from __future__ import annotations

import csv
import io
import os
import resource
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsarchive.backup import make_backup
from newsarchive.database import open_archive, save_article, save_site
from newsarchive.database.revisions import Provenance
from newsarchive.export import FORMATS, ExportError, export, release
from newsarchive.export.files import atomic_write
from newsarchive.items import Article
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text

SITE = Site(name="tan", title="«Таң» газеті", url="https://tan.example/", language="kk", timezone="Asia/Almaty")
TITLES = ("=1+1", "+7 701 000 00 00", "-5 градус", "@tan", "\tШегініс", "Су тасыды")
ONE_FILE = [name for name, form in FORMATS.items() if not form.folder and name != "wacz"]
"""Formats of one file that need no captures."""
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may do this")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept") / "archive"
    db = open_archive(folder)
    save_site(db, SITE)
    for number, title in enumerate(TITLES):
        url = f"https://tan.example/{number}/"
        article = Article(url=url, site="tan", title=title, body="Мәтін. " * 1500, published=f"2025-01-0{number + 1}")
        search_text = make_search_text(title=title, lead="", body="", authors=[], language="kk")
        provenance = Provenance(time="2025-03-01T00:00:00Z")
        save_article(db, article, site=SITE, urls=[url], provenance=provenance, search_text=search_text)
    db.close()
    return folder


@pytest.fixture
def folder(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "archive"))


@pytest.fixture
def db(folder: Path) -> Database:
    return open_archive(folder)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "place"
    place.mkdir()
    return place


def bytes_of(db: Database, place: Path, kind: str) -> bytes:
    export(db, place / "plain", format=kind)
    return (place / "plain").read_bytes()


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_followed_and_stays(db: Database, place: Path, there: bool) -> None:
    (place / "far").mkdir()
    target = place / "far" / "real.jsonl"
    if there:
        target.write_text("бұрынғы")
    (place / "middle").symlink_to("far/real.jsonl")
    (place / "link.jsonl").symlink_to(place / "middle")
    export(db, place / "link.jsonl", format="jsonl")
    assert (place / "link.jsonl").is_symlink()
    assert (place / "middle").is_symlink()
    assert target.read_bytes() == bytes_of(db, place, "jsonl")
    assert os.listdir(place / "far") == ["real.jsonl"]


def test_a_link_to_itself_is_a_sentence(db: Database, place: Path) -> None:
    (place / "loop").symlink_to("loop")
    with pytest.raises(ExportError, match="leads back to itself"):
        export(db, place / "loop", format="jsonl")
    assert (place / "loop").is_symlink()


def test_a_folder_behind_a_link_is_filled(db: Database, place: Path) -> None:
    (place / "empty").mkdir(mode=0o750)
    (place / "to-empty").symlink_to("empty")
    (place / "to-none").symlink_to("none")
    assert export(db, place / "to-empty", format="markdown") == len(TITLES)
    assert release(db, place / "to-none") == len(TITLES)
    assert {p.name for p in place.iterdir() if p.is_symlink()} == {"to-empty", "to-none"}
    assert stat.S_IMODE((place / "empty").stat().st_mode) == 0o750
    assert (place / "none" / "SHA256SUMS").exists()


def test_the_current_folder_is_filled_and_not_replaced(
    db: Database, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    before = place.stat().st_ino
    release(db, Path())
    assert place.stat().st_ino == before
    assert "SHA256SUMS" in os.listdir()
    assert not [name for name in os.listdir() if name.startswith(".")]


def test_rights_of_a_replaced_file_are_kept(db: Database, place: Path) -> None:
    (place / "a").write_text("бұрынғы")
    (place / "a").chmod(0o640)
    if os.geteuid() == 0:
        os.chown(place / "a", 1234, 4321)
    before = (place / "a").stat()
    export(db, place / "a", format="jsonl")
    after = (place / "a").stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert after.st_mtime >= before.st_mtime
    assert after.st_size > before.st_size


@pytest.mark.parametrize("kind", ONE_FILE)
def test_a_pipe_gets_the_same_bytes_and_stays(db: Database, place: Path, kind: str) -> None:
    os.mkfifo(place / "pipe")
    (place / "link").symlink_to("pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((place / "pipe").read_bytes()))
    reader.start()
    export(db, place / "link", format=kind)
    reader.join(30)
    assert stat.S_ISFIFO((place / "pipe").stat().st_mode)
    assert got == [bytes_of(db, place, kind)]


@root
@pytest.mark.parametrize("kind", ONE_FILE)
def test_a_device_is_written_to_and_stays(db: Database, place: Path, kind: str) -> None:
    os.mknod(place / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    os.mknod(place / "full", 0o666 | stat.S_IFCHR, os.makedev(1, 7))
    (place / "link").symlink_to("null")
    export(db, place / "link", format=kind)
    with pytest.raises(ExportError, match="No space left on device"):
        export(db, place / "full", format=kind)
    assert all(stat.S_ISCHR((place / name).stat().st_mode) for name in ("null", "full"))
    assert sorted(os.listdir(place)) == ["full", "link", "null"]


def run(folder: Path, *arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "newsarchive", "--archive", str(folder), *arguments]
    return subprocess.run(command, check=False, timeout=120, **{"stderr": subprocess.PIPE, **options})  # type: ignore[call-overload, no-any-return]


def test_standard_output_is_appended_to_wherever_it_leads(db: Database, folder: Path, place: Path) -> None:
    """As `>> log` has it: the file that the shell opened is neither replaced nor begun from its start."""
    (place / "stdout").symlink_to("/proc/self/fd/1")  # what /dev/stdout is
    whole_export = bytes_of(db, place, "jsonl")
    for number, name in enumerate(("-", str(place / "stdout"))):
        log = place / f"log{number}"
        log.write_text("бұрынғы\n")
        inode = log.stat().st_ino
        with open(log, "ab") as file:
            done = run(folder, "export", "-o", name, stdout=file)
        assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
        assert log.read_bytes() == "бұрынғы\n".encode() + whole_export
        assert log.stat().st_ino == inode
    assert (place / "stdout").is_symlink()


def test_closed_standard_output_is_a_sentence_and_no_other_file_gets_the_bytes(folder: Path) -> None:
    before = (folder / "archive.db").read_bytes()
    command = f'exec "{sys.executable}" -m newsarchive --archive "{folder}" export -o - >&-'
    done = subprocess.run(["/bin/sh", "-c", command], check=False, capture_output=True, timeout=120)
    assert done.returncode == 1
    assert b"it is closed" in done.stderr
    assert (folder / "archive.db").read_bytes() == before


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("export", "-o", "-"), "Cannot write to standard output: No space left on device."),
        (("search", "мәтін", "--kwic"), "No space left on device."),
    ],
)
def test_full_standard_output_is_a_sentence(folder: Path, command: tuple[str, ...], sentence: str) -> None:
    with open("/dev/full", "wb", buffering=0) as full:
        done = run(folder, *command, stdout=full)
    assert (done.returncode, done.stderr.decode()) == (1, f"newsarchive: {sentence}\n")


@pytest.mark.parametrize("options", [("--format", "markdown"), ("--format", "warc")])
def test_folders_do_not_go_to_standard_output(folder: Path, options: tuple[str, ...]) -> None:
    done = run(folder, "export", *options, "-o", "-", stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"folder" in done.stderr


def test_a_full_disk_leaves_the_file_of_before_and_nothing_else(folder: Path, place: Path) -> None:
    (place / "a.jsonl").write_text("бұрынғы")
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))  # noqa: E731
    done = run(folder, "export", "-o", str(place / "a.jsonl"), preexec_fn=limit)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == [f"newsarchive: Cannot write {place / 'a.jsonl'}: File too large."]
    assert os.listdir(place) == ["a.jsonl"]
    assert (place / "a.jsonl").read_text() == "бұрынғы"


HOLD = """
import sys
from pathlib import Path
from newsarchive.export.files import atomic_write
with atomic_write(Path(sys.argv[1])) as draft:
    draft.write_bytes(b"half")
    print("ready", flush=True)
    sys.stdin.readline()
"""


def test_a_killed_export_leaves_no_half_file_and_the_next_one_clears_up(db: Database, place: Path) -> None:
    target = place / ("ұзын" * 30)
    command = [sys.executable, "-c", HOLD, str(target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as living:
        assert living.stdout is not None
        assert living.stdin is not None
        assert living.stdout.readline() == b"ready\n"
        export(db, target, format="jsonl")
        assert len(os.listdir(place)) == 2, "the draft of a process that lives is its own"
        living.stdin.write(b"\n")
    assert (living.returncode, target.read_bytes(), os.listdir(place)) == (0, b"half", [target.name])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == b"ready\n"
        killed.kill()
    assert target.read_bytes() == b"half"
    assert len(os.listdir(place)) == 2
    export(db, target, format="jsonl")
    assert os.listdir(place) == [target.name]


@pytest.mark.parametrize("name", ["archive.db", "archive.db-wal", "archive.lock", "warc/x.warc.gz", "sites/tan.toml"])
def test_an_export_does_not_overwrite_the_archive(db: Database, folder: Path, place: Path, name: str) -> None:
    before = (folder / "archive.db").read_bytes()
    (place / "link").symlink_to(folder / name)
    for path in (folder / name, place / "link"):
        with pytest.raises(ExportError, match="belongs to the archive"):
            export(db, path, format="jsonl")
    with pytest.raises(ExportError, match="belongs to the archive"):
        release(db, folder / "images")
    assert (folder / "archive.db").read_bytes() == before
    assert export(db, folder / "mine.jsonl", format="jsonl") == len(TITLES)


def test_csv_is_plain_for_programs_and_guarded_for_spreadsheets(db: Database, place: Path) -> None:
    export(db, place / "plain", format="csv")
    export(db, place / "guarded", format="csv", spreadsheet=True)
    plain, guarded = ((place / name).read_bytes().decode() for name in ("plain", "guarded"))
    assert [row["title"] for row in csv.DictReader(io.StringIO(plain))] == list(TITLES)
    assert plain.startswith("id,site")
    assert guarded.startswith("\ufeffid,site")
    titles = [row["title"] for row in csv.DictReader(io.StringIO(guarded.removeprefix("\ufeff")))]
    assert titles == [*(f"'{title}" for title in TITLES[:-1]), TITLES[-1]]


def test_spreadsheet_goes_with_csv_alone(folder: Path, place: Path) -> None:
    for options in (["-o", "a"], ["--format", "parquet", "-o", "a"], ["--release", "a", "--format", "csv"]):
        done = run(folder, "export", *options, "--spreadsheet", cwd=place)
        assert done.returncode == 2
        assert b"--spreadsheet works only with --format csv." in done.stderr
    assert os.listdir(place) == []
    assert run(folder, "export", "--format", "csv", "-o", "a", "--spreadsheet", cwd=place).returncode == 0
    assert (place / "a").read_bytes().startswith("\ufeff".encode())


def test_a_learned_lexicon_goes_through_a_link(folder: Path, place: Path) -> None:
    (place / "text").write_text("Өзен тасыды. Өзеннің суы ауылға жетті. " * 20, encoding="utf-8")
    (place / "link").symlink_to("real")
    done = run(folder, "stems", "learn", str(place / "text"), "-o", str(place / "link"))
    assert done.returncode == 0, done.stderr
    assert (place / "link").is_symlink()
    assert (place / "real").read_bytes()[:2] == b"\x1f\x8b"
    done = run(folder, "stems", "learn", str(place / "text"), "-o", str(place))
    assert (done.returncode, b"is a folder" in done.stderr) == (1, True)


def test_a_backup_goes_through_a_link_to_a_folder_that_is_not_there_yet(folder: Path, place: Path) -> None:
    (place / "link").symlink_to("real")
    make_backup(folder, place / "link")
    assert (place / "link").is_symlink()
    assert (place / "real" / "manifest.json").exists()


def test_demo_deletes_no_folder_of_someone_else(tmp_path: Path) -> None:
    thesis = tmp_path / "demo" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("үш жылдық еңбек")
    done = run(tmp_path, "demo", stdout=subprocess.PIPE)
    assert done.returncode == 1
    assert b"something other than the demo" in done.stderr
    assert os.listdir(thesis.parent) == ["thesis.txt"]


def test_drafts_are_for_their_maker_alone(place: Path) -> None:
    with atomic_write(place / "a") as draft:
        draft.write_text("жоба")
        assert stat.S_IMODE(draft.parent.stat().st_mode) == 0o700


def test_a_read_only_file_is_not_replaced(folder: Path, place: Path, as_nobody: Callable[..., int]) -> None:
    (place / "a").write_text("бұрынғы")
    (place / "a").chmod(0o444)
    place.chmod(0o777)
    assert as_nobody(place / "a") == 1
    assert (place / "a").read_text() == "бұрынғы"


@pytest.fixture
def as_nobody() -> Callable[..., int]:
    """Write a file through `whole` as a person without root's rights; gives the exit code."""

    def attempt(path: Path) -> int:
        if (child := os.fork()) == 0:  # pragma: no cover
            code = 2
            try:
                if os.geteuid() == 0:
                    os.setuid(65534)
                with atomic_write(path) as draft:
                    draft.write_text("жаңа")
                code = 0
            except ExportError:
                code = 1
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    return attempt
