"""A reader that has what it wanted (`| head -1`) ends every command alike: 141, as SIGPIPE would, and not a word."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from newsarchive.demo import Newspaper
from tests.hosts import serve_host


def run_unread(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command whose standard output nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        command = [sys.executable, "-m", "newsarchive", "--archive", str(folder), *arguments]
        return subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, timeout=120, check=False)
    finally:
        os.close(writing)


def test_a_reader_that_has_enough_ends_every_command_alike(
    paper: Newspaper, folder: Path, crawl: Callable[..., str]
) -> None:
    crawl()
    commands: list[list[str]] = [
        ["search", "мектеп"],
        ["search", "мектеп", "--json"],
        ["show", "1"],
        ["history", "1"],
        ["status"],
        ["export", "-o", "-"],
        ["sites"],
        ["--help"],
        ["search", "--help"],
    ]
    ended = {" ".join(command): run_unread(folder, *command) for command in commands}
    assert {name: (done.returncode, done.stderr) for name, done in ended.items()} == dict.fromkeys(ended, (141, b""))


def test_a_page_whose_reader_has_enough_is_stored_all_the_same(
    folder: Path, newsarchive: Callable[..., subprocess.CompletedProcess[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSARCHIVE_CONTACT", "tests@example.org")
    with serve_host(pages=1) as host:
        assert run_unread(folder, "fetch", f"{host.url}uy-0/").returncode == 141
    assert "үйлер салынды" in newsarchive("show", "1").stdout
