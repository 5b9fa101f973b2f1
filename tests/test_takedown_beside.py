"""Takedowns beside other runs, and after killed ones: no file that somebody writes is touched, and nothing stays."""

from __future__ import annotations

import contextlib
import gzip
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlite_utils import Database
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsarchive.captures.reading import read_capture
from newsarchive.captures.records import Member, parse_record, read_members
from newsarchive.captures.writing import CaptureWriter, RecordedResponse
from newsarchive.database import (
    ArchiveError,
    lock_archive,
    mark_forgotten,
    open_archive,
    original_of,
    read_archive,
    record_warc,
    save_capture,
    save_site,
    start_run,
)
from newsarchive.database.warcfiles import is_being_written
from newsarchive.demo import Newspaper
from newsarchive.demo.answers import Answer
from newsarchive.fixity import check_archive
from newsarchive.items import Capture
from newsarchive.sites import Site
from newsarchive.takedown import clean_up, forget, purge_forgotten
from tests.test_takedown import SECRET, everything, forms

Run = Callable[..., subprocess.CompletedProcess[str]]
GONE, STAYS = "https://a.kz/gone", "https://a.kz/stays"


@pytest.fixture
def db(folder: Path) -> Iterator[Database]:
    archive = open_archive(folder)
    save_site(archive, Site(name="a.kz", url="https://a.kz/"))
    yield archive
    archive.close()


def write(db: Database, writer: CaptureWriter, url: str, text: str, *, row: bool = True) -> Capture:
    """A capture with its request; with `row`, one that the database knows."""
    headers = [("Content-Type", "text/html; charset=utf-8")]
    capture = writer.write(
        RecordedResponse(url=url, status=200, headers=headers, body=text.encode(), request=b"GET / HTTP/1.1\r\n\r\n")
    )
    if row:
        save_capture(db, capture, None)
        db.conn.commit()
    return capture


def take_down(db: Database, url: str) -> None:
    """Know an address as taken down, as another process would have written it."""
    mark_forgotten(db, [url], site="a.kz", time="2025-01-01T00:00:00Z", reason="сот")
    db.conn.commit()


def records(path: Path) -> list[tuple[str, str]]:
    """Kind and address of each record, but for that of the file."""
    found = [parse_record(member.data) for member in read_members(path) if isinstance(member, Member)]
    return [(record.kind, record.url) for record in found if record.kind != "warcinfo"]


def warcs(folder: Path) -> list[Path]:
    return sorted((folder / "warc").iterdir())


def problems(folder: Path) -> list[str]:
    return [problem.sentence() for problem in check_archive(folder, sites={}).problems]


def test_a_file_that_a_run_still_writes_is_left_to_it(db: Database, folder: Path) -> None:
    writer = CaptureWriter(folder / "warc", "growing")
    write(db, writer, GONE, "бір")
    write(db, writer, STAYS, "екі")
    take_down(db, GONE)
    before = writer.path.read_bytes()
    with lock_archive(folder):
        clean_up(db, folder)
        assert (warcs(folder), writer.path.read_bytes()) == ([writer.path], before)
        assert db["captures"].count == 2
        write(db, writer, f"{STAYS}/too", "үш")
        writer.close()
        assert purge_forgotten(db, folder) == 1
        clean_up(db, folder)
    (path,) = warcs(folder)
    assert records(path) == [(kind, url) for url in (STAYS, f"{STAYS}/too") for kind in ("response", "request")]
    assert problems(folder) == []


def test_a_capture_that_a_growing_file_repeats_stays_until_that_is_finished(db: Database, folder: Path) -> None:
    first = CaptureWriter(folder / "warc", "first")
    write(db, first, GONE, "бір")
    first.close()
    record_warc(db, first.path)
    growing = CaptureWriter(folder / "warc", "growing", originals=lambda digest: original_of(db, digest))
    repeated = write(db, growing, STAYS, "бір")
    assert repeated.refers_to is not None
    take_down(db, GONE)
    with lock_archive(folder):
        clean_up(db, folder)
        assert read_capture(folder / "warc", warc=repeated.warc, offset=repeated.offset).body == "бір".encode()
        growing.close()
        clean_up(db, folder)
    row = next(db.query("select warc, offset from captures"))
    assert read_capture(folder / "warc", **row).body == "бір".encode()
    assert [url for path in warcs(folder) for _, url in records(path)] == [STAYS, STAYS]
    assert problems(folder) == []


def test_nothing_is_rewritten_without_the_lock(db: Database, folder: Path) -> None:
    writer = CaptureWriter(folder / "warc", "a")
    write(db, writer, GONE, "бір")
    writer.close()
    take_down(db, GONE)
    before = writer.path.read_bytes()
    for work in (clean_up, purge_forgotten):
        with pytest.raises(ArchiveError, match="only by a run that holds"):
            work(db, folder)
    assert writer.path.read_bytes() == before


def test_what_a_killed_run_left_goes_when_the_next_one_begins(db: Database, folder: Path) -> None:
    """A record without a row, one that names the article, and the piece of a third."""
    writer = CaptureWriter(folder / "warc", "killed")
    write(db, writer, STAYS, "екі")
    write(db, writer, GONE, SECRET, row=False)
    write(db, writer, "https://a.kz/?p=1", f'<link rel="canonical" href="{GONE}">{SECRET}', row=False)
    write(db, writer, "https://a.kz/other", "басқа", row=False)
    end = writer.path.stat().st_size
    write(db, writer, "https://a.kz/piece", SECRET, row=False)
    writer.close()
    with open(writer.path, "r+b") as file:
        file.truncate(end + 200)
    take_down(db, GONE)
    with lock_archive(folder):
        clean_up(db, folder)
    (path,) = warcs(folder)
    assert records(path) == [(kind, url) for url in (STAYS, "https://a.kz/other") for kind in ("response", "request")]
    assert SECRET.encode() not in gzip.decompress(path.read_bytes())


def test_a_takedown_finds_what_no_row_knows(db: Database, folder: Path) -> None:
    """Files of runs that were killed before their first commit, and records between others whose rows were undone."""
    orphan = CaptureWriter(folder / "warc", "fetch-20250101000000-7")
    write(db, orphan, GONE, SECRET, row=False)
    orphan.close()
    writer = CaptureWriter(folder / "warc", "a")
    for url, row in ((STAYS, True), (GONE, False), (f"{STAYS}/too", True)):
        write(db, writer, url, "мәтін" + url, row=row)
    writer.close()
    record_warc(db, writer.path)
    with lock_archive(folder):
        forget(db, folder, article=None, site="a.kz", url=GONE, reason="сот")
    (path,) = warcs(folder)
    assert [url for kind, url in records(path) if kind == "response"] == [STAYS, f"{STAYS}/too"]
    assert problems(folder) == []


def test_drafts_of_a_killed_takedown_go(db: Database, folder: Path) -> None:
    writer = CaptureWriter(folder / "warc", "a")
    write(db, writer, STAYS, "екі")
    writer.close()
    record_warc(db, writer.path)
    (folder / "warc" / "a-r2.warc.gz").write_bytes(writer.path.read_bytes())
    (folder / ".import-abcd1234").mkdir()
    (folder / "images" / ".x.jpg.999999999").write_bytes(b"x")
    with lock_archive(folder):
        clean_up(db, folder)
        assert warcs(folder) == [writer.path]
        forget(db, folder, article=None, site="a.kz", url=GONE, reason="сот")
    assert [path.name for path in folder.glob(".*")] == []
    assert list((folder / "images").iterdir()) == []


def test_requests_and_metadata_go_with_their_capture(db: Database, folder: Path) -> None:
    writer = CaptureWriter(folder / "warc", "a")
    write(db, writer, GONE, SECRET)
    write(db, writer, STAYS, "екі")
    writer.close()
    number = next(
        parse_record(m.data).fields["warc-record-id"]
        for m in read_members(writer.path)
        if isinstance(m, Member) and parse_record(m.data).url == GONE
    )
    with open(writer.path, "ab") as file:
        maker = WARCWriter(file, gzip=True, warc_version="1.1")
        for field in ("WARC-Concurrent-To", "WARC-Refers-To"):
            headers = {field: number, "Content-Type": "application/warc-fields"}
            maker.write_record(maker.create_warc_record("urn:x", "metadata", payload=None, warc_headers_dict=headers))
    record_warc(db, writer.path)
    with lock_archive(folder):
        forget(db, folder, article=None, site="a.kz", url=GONE, reason="сот")
    (path,) = warcs(folder)
    assert records(path) == [("response", STAYS), ("request", STAYS)]
    assert problems(folder) == []


@pytest.mark.parametrize("concurrent", [True, False])
def test_a_check_notices_a_request_that_stayed(concurrent: bool, db: Database, folder: Path) -> None:
    run = start_run(db, "crawl", "a.kz")
    writer = CaptureWriter(folder / "warc", f"a-20250101-{run:05}")
    write(db, writer, STAYS, "екі")
    writer.close()
    with open(writer.path, "ab") as file:
        maker = WARCWriter(file, gzip=True, warc_version="1.1")
        about = {"WARC-Concurrent-To": "<urn:uuid:00000000-0000-4000-8000-000000000000>"} if concurrent else {}
        head = StatusAndHeaders("GET /gone HTTP/1.1", [], is_http_request=True)
        maker.write_record(maker.create_warc_record(GONE, "request", http_headers=head, warc_headers_dict=about))
    record_warc(db, writer.path)
    take_down(db, GONE)
    (problem,) = problems(folder)
    assert ("belongs to is not there" if concurrent else "taken down, yet its request is here") in problem


def test_a_store_between_plan_and_takedown_is_seen(db: Database, folder: Path) -> None:
    """A fetch that is stored while the takedown reads: its record repeats what goes."""
    writer = CaptureWriter(folder / "warc", "a")
    write(db, writer, GONE, "бір")
    writer.close()
    record_warc(db, writer.path)
    stored: list[Capture] = []

    def meanwhile(what: str, _done: int, _total: int) -> None:
        if what == "WARC files" and not stored:
            with contextlib.closing(open_archive(folder)) as other:
                fetched = CaptureWriter(folder / "warc", "fetch-1-1", originals=lambda d: original_of(other, d))
                stored.append(write(other, fetched, STAYS, "бір"))
                fetched.close()

    with lock_archive(folder):
        forget(db, folder, article=None, site="a.kz", url=GONE, reason="сот", progress=meanwhile)
    assert stored[0].refers_to is not None
    row = next(db.query("select warc, offset from captures"))
    assert read_capture(folder / "warc", **row).body == "бір".encode()
    assert problems(folder) == []


def test_forget_beside_a_run_says_who_holds_the_archive(db: Database, folder: Path, newsarchive: Run) -> None:
    with lock_archive(folder):
        said = newsarchive("forget", GONE, "--reason", "сот", code=75).stderr
    assert "Another run holds the archive" in said
    assert "nothing was done" in said
    assert db["forgotten"].count == 0


@pytest.mark.parametrize("held", [False, True])
def test_a_fetch_at_the_moment_of_the_takedown(held: bool, paper: Newspaper, folder: Path, newsarchive: Run) -> None:
    """Where a crawl has begun since, it is that run which cleans up; a growing file of its own is not touched."""
    story = paper.add("qupiya", "Ауылдағы оқиға", f"Ауылда {SECRET} туралы көп айтылды, бірақ ешкім көрген жоқ. " * 5)
    other = paper.address(next(s for s in paper.posts() if s.slug != "qupiya" and len(s.pages) == 1))
    newsarchive("fetch", paper.address(story))
    answer, done = paper.answer, []
    with ExitStack() as crawl:
        growing = CaptureWriter(folder / "warc", "growing")

        def meanwhile(path: str, headers: dict[str, str]) -> Answer:
            found = answer(path, headers)
            if not done and other.endswith(path):
                done.append(newsarchive("forget", paper.address(story), "--reason", "өтініш"))
                if held:
                    crawl.enter_context(lock_archive(folder))
                    growing.write(RecordedResponse(url=STAYS, status=200, headers=[], body=b"x"))
            return found

        paper.answer = meanwhile  # type: ignore[method-assign]
        newsarchive("fetch", paper.address(story), other, code=1)
        assert done
        if held:
            assert is_being_written(growing.path)
            assert records(growing.path) == [("response", STAYS)]
            growing.close()
            growing.path.unlink()
            with contextlib.closing(open_archive(folder)) as db:
                clean_up(db, folder)
    assert [form for form in forms(SECRET) if form in everything(folder)] == []
    titles = read_archive(folder).conn.execute("select count(*) from articles").fetchone()
    assert titles == (1,)
    newsarchive("check")


def test_a_reader_sees_no_locked_database_meanwhile(db: Database, folder: Path) -> None:
    """Only the last of several plans keeps writers waiting."""
    writer = CaptureWriter(folder / "warc", "a")
    write(db, writer, GONE, "бір")
    writer.close()
    seen = []

    def meanwhile(_what: str, _done: int, _total: int) -> None:
        with contextlib.closing(sqlite3.connect(folder / "archive.db", timeout=0)) as other:
            other.execute("begin immediate")
            other.rollback()
        seen.append(True)

    with lock_archive(folder):
        forget(db, folder, article=None, site="a.kz", url=GONE, reason="сот", progress=meanwhile)
    assert seen
