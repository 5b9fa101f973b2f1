"""Every command that writes, killed again and again at any moment: no archive lost, nothing lost, doubled or back.

`python -m tests.kill_trial 200` makes 200 kills and prints how many of which command.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from newsarchive.captures.records import Member, RecordError, parse_record, read_members
from newsarchive.cli import main as command_line
from newsarchive.crawling.process import crawl_sites  # noqa: F401  loaded once, before the forks
from newsarchive.database import NoArchive, open_archive, read_archive
from newsarchive.demo import Newspaper, serve
from newsarchive.text.encodings import inflate
from newsarchive.urls import url_key
from newsarchive.workers.extracting import extract_now  # noqa: F401
from tests import warmth  # noqa: F401
from tests.kills import EVENTS

FAST = ["-s", "DOWNLOAD_DELAY=0", "-s", "EXTRACTION_WORKERS=0", "-s", "ARCHIVE_BATCH_ARTICLES=2"]
TEXT = "Ауыл тұрғындары жаңа мектептің ашылуын көптен күтті. Құрылыс былтыр басталған болатын. "


@dataclass
class Trial:
    """One newspaper, its archive and a backup of it, through many kills."""

    place: Path
    paper: Newspaper
    chance: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    steps: dict[str, int] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    number: int = 0

    @property
    def folder(self) -> Path:
        return self.place / "archive"

    def run(self, *arguments: str, folder: Path | None = None, step: int = 0, delay: float = 0.0) -> tuple[int, int]:
        """Run a command in a child; gives how it ended (negative: killed) and how many steps it took on the disk."""
        reading, writing = os.pipe()
        said = self.place / "said"
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._be_child(["--archive", str(folder or self.folder), *arguments], said, writing, step, delay)
        os.close(writing)
        with open(reading, "rb") as pipe:
            count = int(pipe.read() or b"0")
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        words = said.read_text()
        assert "Traceback" not in words, (arguments, words)
        assert code in (0, -signal.SIGALRM) or (step and code == 1), (arguments, code, words)
        return code, count

    def _be_child(self, arguments: list[str], said: Path, pipe: int, step: int, delay: float) -> None:
        code, seen = 70, 0

        def count(event: str, found: tuple[object, ...]) -> None:
            nonlocal seen
            if event in EVENTS and any(str(self.place) in str(argument) for argument in found[:2]):
                seen += 1
                if seen == step:
                    signal.signal(signal.SIGALRM, signal.SIG_DFL)
                    signal.setitimer(signal.ITIMER_REAL, delay or 1e-6)

        try:
            os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
            os.dup2(1, 2)
            sys.argv = ["newsarchive", *arguments]
            sys.addaudithook(count)
            command_line()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1 if end.code else 0
        except BaseException:  # noqa: BLE001  told by its traceback, which the parent looks for
            sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        finally:
            sys.stdout.flush()
            os.write(pipe, str(seen).encode())
            os._exit(code)

    def kill(self, name: str, *arguments: str, folder: Path | None = None) -> bool:
        """Run a command and kill it at a random moment, which may come after its end; gives whether it was killed."""
        step = self.chance.randint(1, self.steps.get(name, 40))
        delay = self.chance.choice((0.0, self.chance.uniform(0, 0.05)))
        code, count = self.run(*arguments, folder=folder, step=step, delay=delay)
        if code < 0:
            self.kills[name] += 1
            sys.stderr.write(f"{self.kills.total()} {name} at step {step}, {delay:.3f} s\n")
        else:
            self.steps[name] = max(count, 1)
        return code < 0

    def live_on(self) -> None:
        """The newspaper publishes a story and changes another."""
        self.number += 1
        self.paper.add(f"zhana-{self.number}", f"Жаңа хабар, {self.number}-нөмір", f"{self.number}. {TEXT * 4}")
        story = self.chance.choice([s for s in self.paper.posts() if s.kind == "post"])
        self.paper.edit(story.slug, append=f"Редакция толықтыруы, {self.number}-рет.")


def commands(trial: Trial) -> Iterator[None]:
    """Each command once, in an order in which each has something to do."""
    folder, copy = trial.folder, trial.place / "copy"
    trial.live_on()
    yield trial.kill("crawl", "crawl", "paper", "--images", *FAST)
    story = trial.chance.choice([s for s in trial.paper.posts() if s.kind == "post"])
    yield trial.kill("fetch", "-q", "fetch", "--images", "all", trial.paper.address(story))
    pages = trial.place / f"pages-{trial.number}"
    pages.mkdir()
    for number in range(3):
        html = f"<html><head><title>Бет {number}</title></head><body><article><p>{TEXT * 3}</p></article></body></html>"
        (pages / f"{number}.html").write_text(html)
    rows = [f"http://other.example/{trial.number}/{number},{number}.html,2025-01-01T00:00:00Z" for number in range(3)]
    (pages / "list.csv").write_text("\n".join(["url,file,time", *rows]) + "\n")
    yield trial.kill("import", "import", "--any-site", str(pages / "list.csv"))
    with closing(open_archive(folder).conn) as db:
        db.execute("update revisions set options_digest = 'older'")
        db.commit()
    yield trial.kill("reextract", "reextract")
    yield trial.kill("images fetch", "images", "fetch", "paper", "--again", "-s", "DOWNLOAD_DELAY=0")
    yield trial.kill("embargo", "embargo", _article(folder), "--until", "2099-01-01")
    yield trial.kill("sites add", "sites", "add", trial.paper.url, "--name", "second")
    yield trial.kill("stems rebuild", "stems", "rebuild")
    yield trial.kill("check", "check")
    yield trial.kill("first backup", "backup", str(trial.place / f"first-{trial.number}"))
    trial.run("backup", str(trial.place / f"first-{trial.number}"), "--force")
    shutil.rmtree(trial.place / f"first-{trial.number}")
    yield trial.kill("backup", "backup", str(copy))
    trial.run("backup", str(copy))
    secret = f"Құпиясөз{trial.number}жұмбақ"
    hidden = trial.paper.add(f"qupiya-{trial.number}", "Ауыл хабары", f"{secret} туралы айтылды. {TEXT * 4}")
    trial.run("-q", "fetch", trial.paper.address(hidden))
    trial.run("backup", str(copy))
    yield trial.kill("forget", "forget", trial.paper.address(hidden), "--reason", "сот", "--yes")
    trial.run("forget", trial.paper.address(hidden), "--reason", "сот", "--yes")
    trial.secrets.append(secret)
    yield trial.kill("restore", "restore", str(copy), "--force")
    trial.run("restore", str(copy), "--force")
    trial.run("backup", str(copy))
    new = trial.place / f"new-{trial.number}"
    yield trial.kill("first crawl", "crawl", "saryarqa", "--limit", "3", *FAST, folder=_with_profile(new, trial.paper))
    try:
        read_archive(new).close()
    except NoArchive:
        open_archive(new).close()
    trial.run("check", folder=new)
    shutil.rmtree(new)


def _with_profile(folder: Path, paper: Newspaper) -> Path:
    (folder / "sites").mkdir(parents=True)
    (folder / "sites" / "saryarqa.toml").write_text(paper.profile())
    return folder


def _article(folder: Path) -> str:
    with closing(read_archive(folder).conn) as db:
        return str(db.execute("select min(id) from articles").fetchone()[0])


def assert_in_place(trial: Trial) -> None:
    """The archive can be opened, and what was taken down is nowhere on the disk."""
    with closing(read_archive(trial.folder).conn) as db:
        assert db.execute("select count(*) from articles").fetchone()[0]
        for secret in trial.secrets:
            assert db.execute("select 1 from revisions where instr(body, ?)", (secret,)).fetchone() is None


def assert_complete(trial: Trial) -> None:
    """Every story once, as it is now; nothing of what was taken down in any file."""
    trial.run("crawl", "paper", "--full", *FAST)
    trial.run("backup", str(trial.place / "copy"), "--force")
    trial.run("check")
    with closing(read_archive(trial.folder).conn) as db:
        rows = db.execute("select url, body from archive where site = 'paper'").fetchall()
        twice = db.execute("select article, number from revisions group by 1, 2 having count(*) > 1").fetchall()
        captures = db.execute("select warc, offset from captures group by 1, 2 having count(*) > 1").fetchall()
    assert (twice, captures) == ([], [])
    stories = [s for s in trial.paper.posts() if s.kind == "post" and not s.slug.startswith("qupiya-")]
    assert sorted(url_key(url) for url, _ in rows) == sorted(url_key(trial.paper.address(s)) for s in stories)
    for path in trial.place.rglob("*"):
        if path.is_file():
            data = _plain(path)
            assert not [secret for secret in trial.secrets if secret.encode() in data], path


def _plain(path: Path) -> bytes:
    """The bytes of a file, of a WARC file those of its records inflated."""
    if not path.name.endswith(".gz"):
        return path.read_bytes()
    found = []
    for member in read_members(path):
        if isinstance(member, Member):
            try:
                record = parse_record(member.data)
            except RecordError:
                found.append(member.data)
                continue
            kind = "gzip" if b"content-encoding: gzip" in record.head.lower() else ""
            found.append(inflate(record.payload, kind) if record.payload else record.block)
    return b"".join(found)


def trial(kills: int, place: Path, seed: int) -> Counter[str]:
    """So many kills of all commands in turn; gives how many of which. Raises AssertionError where one did harm."""
    os.environ.update(NEWSARCHIVE_CONTACT="trial", TMPDIR=str(place / "tmp"))
    (place / "tmp").mkdir()
    tempfile.tempdir = None
    with serve() as paper:
        here = Trial(place, paper, random.Random(seed))
        (here.folder / "sites").mkdir(parents=True)
        (here.folder / "sites" / "paper.toml").write_text(paper.profile())
        here.run("crawl", "paper", *FAST)
        while here.kills.total() < kills:
            for _ in commands(here):
                assert_in_place(here)
                if here.kills.total() >= kills:
                    break
        assert_complete(here)
    return here.kills


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        found = trial(int(sys.argv[1]), Path(place), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    told = ", ".join(f"{number} {name}" for name, number in sorted(found.items()))
    sys.stdout.write(f"{found.total()} kills, nothing lost, doubled or back: {told}\n")
