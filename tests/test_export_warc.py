"""WARC files of an export, and the TimeMap of an article."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType
from sqlite_utils import Database

from newsarchive.demo import Newspaper
from newsarchive.urls import url_key

Run = Callable[..., subprocess.CompletedProcess[str]]
Crawl = Callable[..., str]
Read = Callable[[], Database]


def pages(folder: Path) -> dict[str, bytes]:
    """The pages in WARC files, by address."""
    found = {}
    for path in sorted(folder.glob("*.warc.gz")):
        with open(path, "rb") as file:
            for record in ArchiveIterator(file, record_types=WarcRecordType.response, verify_digests=True):
                found[record.headers["WARC-Target-URI"]] = record.reader.read()
    return found


def test_the_captures_of_a_search_are_whole_files_of_at_most_the_chosen_size(
    crawl: Crawl, newsarchive: Run, folder: Path, db: Read, tmp_path: Path
) -> None:
    crawl()
    newsarchive("export", "--format", "warc", "-o", str(tmp_path / "all"))
    found = {url_key(url) for url in pages(tmp_path / "all")}
    assert {url_key(url) for (url,) in db().conn.execute("select url from articles")} <= found
    for path in (tmp_path / "all").iterdir():
        subprocess.run([sys.executable, "-m", "warcio.cli", "check", str(path)], check=True, capture_output=True)
    newsarchive("export", "--format", "warc", "-o", str(tmp_path / "again"))
    assert [p.read_bytes() for p in sorted((tmp_path / "all").iterdir())] == [
        p.read_bytes() for p in sorted((tmp_path / "again").iterdir())
    ]
    (title, url) = db().conn.execute("select title, url from articles limit 1").fetchone()
    newsarchive("export", "--format", "warc", "--query", f'title:"{title}"', "-o", str(tmp_path / "one"))
    assert url_key(url) in {url_key(url) for url in pages(tmp_path / "one")}
    assert len(pages(tmp_path / "one")) < len(pages(tmp_path / "all"))


def test_a_timemap_names_every_capture_with_its_time(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, db: Read
) -> None:
    crawl()
    story = paper.posts()[0]
    paper.edit(story.slug, append="Кеш бойы жаңбыр жауды.")
    crawl()
    original, *mementos = newsarchive("timemap", paper.address(story)).stdout.strip().split(",\n")
    assert original == f'<{paper.address(story)}>;rel="original"'
    assert len(mementos) == 2
    assert 'rel="first memento"' in mementos[0]
    assert 'rel="last memento"' in mementos[1]
    times = [parsedate_to_datetime(line.split('datetime="')[1].rstrip('"')) for line in mementos]
    assert times == sorted(times)
    assert all(line.startswith("<urn:pwid:newsarchive:") for line in mementos)
