"""What the tests share: the sample newspaper on loopback, an archive folder, the command line in a subprocess."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from newsarchive.database import read_archive
from newsarchive.demo import Newspaper, serve
from tests.forking import Forks, forking

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session", autouse=True)
def _warm_workers() -> None:
    """Workers that tests start in this process are forked from one that has loaded what a short page needs as well."""
    preload = forkserver.set_forkserver_preload

    def preload_more(names: list[str]) -> None:
        preload([*names, "tests.warmth"] if "newsarchive.workers.preloaded" in names else names)

    forkserver.set_forkserver_preload = preload_more  # type: ignore[assignment]


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    """A port that stays ours: the newspaper has the same address in every test."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # bound beside, never listened to
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.fixture
def paper(port: int) -> Iterator[Newspaper]:
    """The sample newspaper, alive."""
    with serve(port) as newspaper:
        yield newspaper


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive's folder that is not there yet."""
    return tmp_path / "archive"


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Runs commands in processes that have the program loaded."""
    with forking() as forks:
        yield forks


@pytest.fixture
def newsarchive(folder: Path, forks: Forks) -> Run:
    """Run the command line on the archive: `newsarchive("crawl", "paper", code=0)`; checks the exit code."""

    def run(*arguments: str, code: int | None = 0, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "NEWSARCHIVE_DATA": str(folder), "NEWSARCHIVE_CONTACT": "tests@example.org"}
        done = forks.run(arguments, environment, timeout=timeout)
        assert "Traceback" not in done.stderr, done.stderr
        assert code is None or done.returncode == code, done.stderr + done.stdout
        return done

    return run


@dataclass
class FirstCrawl:
    """A first crawl of the untouched newspaper: made once, then copied, for it gives the same every time."""

    folder: Path
    said: str
    left: dict[str, Any]

    @classmethod
    def keep(cls, place: Path, folder: Path, paper: Newspaper, said: str) -> FirstCrawl:
        left = {"requests": [*paper.requests], "_views": paper._views, "_last": paper._last}
        return cls(Path(shutil.copytree(folder, place)), said, left)

    def give(self, folder: Path, paper: Newspaper) -> str:
        shutil.copytree(self.folder, folder)
        vars(paper).update(self.left, requests=[*self.left["requests"]])
        return self.said


@dataclass
class FirstCrawls:
    """The first crawls so far, by profile and options."""

    place: Path
    made: dict[tuple[str, ...], FirstCrawl] = field(default_factory=dict)


@pytest.fixture(scope="session")
def first_crawls(tmp_path_factory: pytest.TempPathFactory) -> FirstCrawls:
    return FirstCrawls(tmp_path_factory.mktemp("first"))


@pytest.fixture
def crawl(paper: Newspaper, folder: Path, newsarchive: Run, first_crawls: FirstCrawls) -> Callable[..., str]:
    """Crawl the sample newspaper; gives the last line of what is said. Options go to `crawl`."""

    def run(*options: str, code: int = 0, profile: str = "") -> str:
        profile = profile or paper.profile()
        first = not (folder.exists() or code) and vars(paper) == vars(Newspaper(url=paper.url))
        if first and (profile, *options) in first_crawls.made:
            return first_crawls.made[profile, *options].give(folder, paper)
        (folder / "sites").mkdir(parents=True, exist_ok=True)
        (folder / "sites" / "paper.toml").write_text(profile, encoding="utf-8")
        said = newsarchive("crawl", "paper", *options, code=code).stdout.strip().splitlines()[-1]
        if first:
            place = first_crawls.place / str(len(first_crawls.made))
            first_crawls.made[profile, *options] = FirstCrawl.keep(place, folder, paper, said)
        return said

    return run


@pytest.fixture
def db(folder: Path) -> Callable[[], Database]:
    """Open the archive for reading."""
    return lambda: read_archive(folder)
