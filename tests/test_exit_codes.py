"""What `crawl` ends with: 0 all well, 1 a person is needed (each cause by its name), 2 wrong usage, 75 locked."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from newsarchive.database import lock_archive
from newsarchive.demo import Newspaper
from newsarchive.demo.answers import Answer

Cause = Callable[[Newspaper, Path, pytest.MonkeyPatch], None]
FULL_DISK = """
import shutil, sys
usage = shutil.disk_usage("/")
shutil.disk_usage = lambda _path: usage._replace(free=30_000_000)
from newsarchive.__main__ import main
sys.exit(main())
"""


def silence(paper: Newspaper, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something new each day, until a month ago."""
    with sqlite3.connect(folder / "archive.db") as db:
        db.execute("update revisions set run = id")
        db.execute(
            "update articles set first_seen = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-' || (30 + id) || ' days')"
        )


def no_bodies(paper: Newspaper, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six new stories on pages that show nothing any more."""
    whole = paper.answer
    for number in range(6):
        paper.add(f"bos-{number}", f"Бос бет, {number}-нөмір", "Бұл мәтін бетте көрінбейді. " * 20)

    def answer(path: str, headers: dict[str, str]) -> Answer:
        if path.startswith("/bos-"):
            return Answer(b"<html><head><title>x</title></head><body><div id='root'></div></body></html>")
        return whole(path, headers)

    monkeypatch.setattr(paper, "answer", answer)


def block_page(paper: Newspaper, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edited story whose page has come behind a captcha."""
    story, whole = paper.posts()[0], paper.answer
    paper.edit(story.slug, append="Тағы бір сөйлем қосылды.")

    def answer(path: str, headers: dict[str, str]) -> Answer:
        paper.captcha = path == f"/{story.slug}/"
        return whole(path, headers)

    monkeypatch.setattr(paper, "answer", answer)


def lost_source(paper: Newspaper, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paper.rest = "404"


def no_source(paper: Newspaper, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paper.rest, paper.sitemap, paper.feed = "404", False, False


def expectation(paper: Newspaper, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open(folder / "sites" / "paper.toml", "a") as profile:
        profile.write("\n[expect]\narticles_per_week = 5000\n")


CAUSES: dict[str, tuple[Cause, str]] = {
    "nothing new": (silence, "nothing new for 31 days"),
    "layout": (no_bodies, "6 of 6 new pages gave no article; the layout may have changed"),
    "block page": (block_page, "the site keeps us out of 1 page "),
    "source gone": (lost_source, "the wordpress source no longer works"),
    "no source": (no_source, "no source of the site could be read"),
    "expectation": (expectation, "the profile expects 5000 articles a week"),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_what_needs_a_person_is_exit_code_one_and_a_sentence(
    cause: str,
    paper: Newspaper,
    folder: Path,
    crawl: Callable[..., str],
    newsarchive: Callable[..., subprocess.CompletedProcess[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crawl()
    make, sentence = CAUSES[cause]
    make(paper, folder, monkeypatch)
    done = newsarchive("--quiet", "crawl", "paper", code=1)
    assert f"paper: {sentence}" in done.stderr
    assert done.stdout.startswith("paper: ")  # the line for the mail


def test_a_disk_nearly_full_is_exit_code_one(paper: Newspaper, folder: Path, crawl: Callable[..., str]) -> None:
    crawl()
    environment = {**os.environ, "NEWSARCHIVE_DATA": str(folder), "NEWSARCHIVE_CONTACT": "tests@example.org"}
    command = [sys.executable, "-c", FULL_DISK, "--quiet", "crawl", "paper"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert (done.returncode, "the disk is nearly full: 30 MB are left" in done.stderr) == (1, True), done.stderr


def test_all_well_is_zero_wrong_usage_two_and_a_locked_archive_seventy_five(
    paper: Newspaper, folder: Path, crawl: Callable[..., str], newsarchive: Callable[..., object]
) -> None:
    crawl()
    newsarchive("crawl", "paper", code=0)
    newsarchive("crawl", "basqa-gazet", code=2)
    newsarchive("crawl", "paper", "--since", "keshe", code=2)
    with lock_archive(folder):
        newsarchive("crawl", "paper", code=75)
