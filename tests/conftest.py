"""What the tests share: the sample newspaper on loopback, an archive folder, the command line in a subprocess."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsarchive.database import read_archive
from newsarchive.demo import Newspaper, serve

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def paper() -> Iterator[Newspaper]:
    """The sample newspaper, alive."""
    with serve() as newspaper:
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


@pytest.fixture
def crawl(paper: Newspaper, folder: Path, newsarchive: Run) -> Callable[..., str]:
    """Crawl the sample newspaper; gives the last line of what is said. Options go to `crawl`."""

    def run(*options: str, code: int = 0) -> str:
        (folder / "sites").mkdir(parents=True, exist_ok=True)
        (folder / "sites" / "paper.toml").write_text(paper.profile(), encoding="utf-8")
        return newsarchive("crawl", "paper", *options, code=code).stdout.strip().splitlines()[-1]

    return run


@pytest.fixture
def db(folder: Path) -> Callable[[], Database]:
    """Open the archive for reading."""
    return lambda: read_archive(folder)
