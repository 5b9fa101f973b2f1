"""What the tests share: the sample newspaper on loopback, an archive folder, the command line in a subprocess."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from newsarchive.database import read_archive
from newsarchive.demo import Newspaper, serve

Run = Callable[..., subprocess.CompletedProcess[str]]


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


@pytest.fixture
def newsarchive(folder: Path) -> Run:
    """Run the command line on the archive: `newsarchive("crawl", "paper", code=0)`; checks the exit code."""

    def run(*arguments: str, code: int | None = 0, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "NEWSARCHIVE_DATA": str(folder), "NEWSARCHIVE_CONTACT": "tests@example.org"}
        command = [sys.executable, "-m", "newsarchive", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        assert code is None or done.returncode == code, done.stderr + done.stdout
        return done

    return run


@dataclass
class FirstCrawl:
    """The first crawl of the untouched newspaper: made once, then copied, for it gives the same every time."""

    folder: Path
    said: str = ""
    left: dict[str, Any] = field(default_factory=dict)

    def keep(self, folder: Path, paper: Newspaper, said: str) -> None:
        shutil.copytree(folder, self.folder)
        self.said, self.left = said, {"requests": [*paper.requests], "_views": paper._views, "_last": paper._last}

    def give(self, folder: Path, paper: Newspaper) -> str:
        shutil.copytree(self.folder, folder)
        vars(paper).update(self.left, requests=[*self.left["requests"]])
        return self.said


@pytest.fixture(scope="session")
def first_crawl(tmp_path_factory: pytest.TempPathFactory) -> FirstCrawl:
    return FirstCrawl(tmp_path_factory.mktemp("first") / "archive")


@pytest.fixture
def crawl(paper: Newspaper, folder: Path, newsarchive: Run, first_crawl: FirstCrawl) -> Callable[..., str]:
    """Crawl the sample newspaper; gives the last line of what is said. Options go to `crawl`."""

    def run(*options: str, code: int = 0) -> str:
        first = not (folder.exists() or options or code) and vars(paper) == vars(Newspaper(url=paper.url))
        if first and first_crawl.said:
            return first_crawl.give(folder, paper)
        (folder / "sites").mkdir(parents=True, exist_ok=True)
        (folder / "sites" / "paper.toml").write_text(paper.profile(), encoding="utf-8")
        said = newsarchive("crawl", "paper", *options, code=code).stdout.strip().splitlines()[-1]
        if first:
            first_crawl.keep(folder, paper, said)
        return said

    return run


@pytest.fixture
def db(folder: Path) -> Callable[[], Database]:
    """Open the archive for reading."""
    return lambda: read_archive(folder)
