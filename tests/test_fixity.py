"""Checking an archive: what is whole gives no alarm, each planted fault is found and named."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsarchive.captures.writing import CaptureWriter, RecordedResponse
from newsarchive.database import (
    finish_run,
    open_archive,
    record_warc,
    save_extracted,
    save_site,
    start_run,
    write_page_checksums,
)
from newsarchive.fixity import Report, check_archive
from newsarchive.items import Extracted, Fetched, Page
from newsarchive.sites import Site
from newsarchive.workers.extracting import extract_now

SITE = Site(name="a", url="https://a.kz/", title="Ауыл", language="kk", timezone="Asia/Almaty")
STORIES = 12


def html(number: int) -> bytes:
    name = f"{number:05}"
    text = "".join(f"<p>{name}-ауылда {n} жаңа үй салынып, тұрғындар қоныстойын тойлады.</p>" for n in range(8))
    return (
        f"<html lang='kk'><head><title>Хабар {name}</title><meta property='og:type' content='article'>"
        f"<meta property='article:published_time' content='2025-02-{number % 27 + 1:02}T10:00:00+05:00'></head>"
        f"<body><article><h1>Хабар {name}</h1>{text}<img src='/{number}.jpg'></article></body></html>"
    ).encode()


def make_archive(folder: Path, stories: int = STORIES) -> None:
    """A small archive, written as a crawl writes it."""
    db = open_archive(folder)
    save_site(db, SITE)
    run = start_run(db, "crawl", SITE.name)
    writer = CaptureWriter(folder / "warc", "a-20250301000000-00001")
    items = []
    for number in range(stories):
        url = f"https://a.kz/habar-{number}/"
        body = gzip.compress(html(number), mtime=0)
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Encoding", "gzip"), ("ETag", f'"{number}"')]
        capture = writer.write(
            RecordedResponse(
                url=url, status=200, headers=headers, body=body, request=b"GET / HTTP/1.1\r\nHost: a.kz\r\n\r\n"
            )
        )
        page = Page(
            url=url, body=body, headers={"content-type": "text/html; charset=utf-8", "content-encoding": "gzip"}
        )
        items.append((Fetched(site=SITE.name, urls=(url,), pages=(page,), captures=(capture,)), SITE))
    for extracted in extract_now(items):
        assert extracted.outcome == "article"
        save_extracted(db, extracted, site=SITE, run=run)
    writer.close()
    record_warc(db, writer.path)
    for number in range(3):
        data = b"\xff\xd8picture" + bytes([number]) * 100
        digest = hashlib.sha256(data).hexdigest()
        (folder / "images" / f"{digest}.jpg").write_bytes(data)
        db.conn.execute(
            "update images set sha256 = ?, bytes = ?, state = 'kept' where url = ?",
            (digest, len(data), f"https://a.kz/{number}.jpg"),
        )
    db.conn.commit()
    finish_run(db, run, reason="finished", counts={})
    db.close()
    write_page_checksums(folder)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    make_archive(tmp_path / "archive")
    return tmp_path / "archive"


def check(folder: Path, **options: int) -> Report:
    return check_archive(folder, sites={SITE.name: SITE}, **options)


def sentences(report: Report) -> list[str]:
    return [problem.sentence() for problem in report.problems]


def flip(path: Path, at: int, bit: int = 3) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.write_bytes(data)


def warc(folder: Path) -> Path:
    return next((folder / "warc").iterdir())


def quietly(folder: Path, *sql: str) -> None:
    """Change rows as damage does: no trigger of ours notes it."""
    db = sqlite3.connect(folder / "archive.db")
    triggers = db.execute("select name, sql from sqlite_master where type = 'trigger'").fetchall()
    for name, _ in triggers:
        db.execute(f'drop trigger "{name}"')
    for statement in sql:
        db.execute(statement)
    for _, trigger in triggers:
        db.execute(trigger)
    db.commit()
    db.close()


def test_an_archive_that_is_whole_gives_no_alarm(archive: Path) -> None:
    report = check(archive)
    assert (sentences(report), report.notes) == ([], [])
    assert report.checked["captures"] == report.checked["revisions extracted again"] == STORIES
    assert report.checked["records"] == 2 * STORIES + 1
    assert report.checked["images"] == 3
    assert report.as_data()["checked"]["pictures"] == 3, "the name in 0.1.0"
    sampled = check(archive, sample=5)
    assert (sampled.problems, sampled.checked["captures"]) == ([], 5)


def test_a_bit_flipped_anywhere_in_a_warc_is_found(archive: Path) -> None:
    path = warc(archive)
    whole = path.read_bytes()
    rows = sqlite3.connect(archive / "archive.db").execute("select offset, length from captures").fetchall()
    places = [
        0,
        3,
        4,
        8,
        9,
        rows[3][0] + 9,
        rows[3][0] + 5,
        rows[5][0] + rows[5][1] - 1,
        len(whole) - 6,
        len(whole) - 1,
    ]
    places += [random.Random(n).randrange(len(whole)) for n in range(15)]
    for place in places:
        flip(path, place, place % 8)
        found = check(archive).problems
        assert found, place
        assert {problem.file for problem in found} <= {f"warc/{path.name}", "archive.db"}
        path.write_bytes(whole)
    assert check(archive).problems == []


def test_a_bit_flipped_anywhere_in_the_database_is_found(archive: Path) -> None:
    path = archive / "archive.db"
    whole = path.read_bytes()
    letters = whole.index("қоныстойын".encode())
    places = [letters, letters + 5, 2000, *(random.Random(n).randrange(100, len(whole)) for n in range(25))]
    for place in places:
        flip(path, place, place % 8)
        assert check(archive, sample=1).problems, place
        path.write_bytes(whole)
    assert check(archive).problems == []


def test_a_flipped_picture_is_named_with_its_article(archive: Path) -> None:
    path = next((archive / "images").iterdir())
    flip(path, 20)
    (problem,) = check(archive).problems
    assert (problem.file, problem.what) == (f"images/{path.name}", "its bytes differ from its digest")
    assert len(problem.articles) == 1


PLANTED: list[tuple[str, str]] = [
    ("delete from captures where id = 1", "no row of captures knows the record of https://a.kz/habar-0/"),
    ("update captures set url = 'https://a.kz/x/' where id = 2", "has another url than its row"),
    ("update captures set time = '2020-01-01T00:00:00Z' where id = 3", "has another time than its row"),
    ("update captures set status = 404 where id = 4", "has another status than its row"),
    ("update captures set sha256 = 'x' where id = 5", "has another sha256 than its row"),
    ("update captures set etag = 'x' where id = 6", "has another etag than its row"),
    ("update captures set offset = offset + 1 where id = 7", "there is no record for the capture of"),
    ("update revisions set body = replace(body, 'үй', 'үи') where id = 8", "the content of revision 1 differs"),
    ("update articles set title = 'x' where id = 9", "the article differs from its current revision"),
    ("delete from stems where id = 10", "the article is not in the search index"),
    ("update stems set body = 'сөз' where id = 11", "the full-text index stems_fts differs"),
    ('update urls set hints = \'{"title": "x"}\' where id = 12', "of urls (id) differ"),
    ("update runs set version = '0'", "of runs (id) differ"),
    (
        "insert into captures (url, time, status, sha256, warc, offset, length) values ('u', 't', 200, 'x', 'w', 0, 1)",
        "the file is missing",
    ),
    ("update revisions set markdown = markdown || '!' where id = 1", "no longer follows from its capture: markdown"),
    ("drop index captures_sha256", "the index captures_sha256 is missing"),
    ("update articles set current_revision = 999 where id = 2", "the article has no revision"),
    ("update revision_captures set capture = 999 where revision = 3", "refers to a row of captures that is not there"),
    ("update images set sha256 = 'abc' where sha256 is not null", "the image is missing"),
]


@pytest.mark.parametrize(("sql", "words"), PLANTED)
def test_each_planted_fault_is_found(sql: str, words: str, archive: Path) -> None:
    quietly(archive, sql)
    assert any(words in sentence for sentence in sentences(check(archive))), sentences(check(archive))


def test_files_nobody_knows_are_orphans(archive: Path) -> None:
    writer = CaptureWriter(archive / "warc", "other-20240101000000-7")
    writer.write(RecordedResponse(url="https://a.kz/x", status=200, headers=[], body=b"x"))
    writer.close()
    (archive / "images" / f"{'0' * 64}.jpg").write_bytes(b"x")
    for path in (writer.path, archive / "images" / f"{'0' * 64}.jpg"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    assert sorted(problem.what for problem in check(archive).problems) == [
        "its bytes differ from its digest",
        "no row of captures knows this file",
        "no row of images knows this file",
    ]


@pytest.fixture
def writing(archive: Path) -> Iterator[tuple[Path, CaptureWriter, Database]]:
    """An archive into which a crawl writes: one capture is committed, one is not yet, a third is half written."""
    db = open_archive(archive)
    run = start_run(db, "crawl", SITE.name)
    writer = CaptureWriter(archive / "warc", f"a-20250302000000-{run:05}")
    first = writer.write(RecordedResponse(url="https://a.kz/1", status=200, headers=[], body=b"one"))
    item = Extracted(
        fetched=Fetched(site="a", urls=("https://a.kz/1",), pages=(), captures=(first,)), outcome="missing"
    )
    save_extracted(db, item, site=SITE, run=run)
    db.conn.commit()
    writer.write(RecordedResponse(url="https://a.kz/2", status=200, headers=[], body=b"two"))
    with open(writer.path, "ab") as file:
        file.write(gzip.compress(b"WARC/1.1\r\nWARC-Type: response\r\n", mtime=0)[:-12])
    yield archive, writer, db
    writer.close()
    db.close()


def test_a_crawl_may_run_meanwhile(writing: tuple[Path, CaptureWriter, Database]) -> None:
    archive, _, db = writing
    db.conn.execute("begin immediate")
    report = check(archive)
    db.conn.rollback()
    assert sentences(report) == []
    assert report.checked["captures"] == STORIES + 1


def test_what_a_killed_run_left_is_no_damage(writing: tuple[Path, CaptureWriter, Database]) -> None:
    archive, writer, _ = writing
    writer.close()
    os.utime(writer.path, (1_700_000_000, 1_700_000_000))
    report = check(archive)
    assert sentences(report) == []
    assert len([note for note in report.notes if "killed" in note and "warc/" in note]) == 2
    flip(writer.path, 30)
    os.utime(writer.path, (1_700_000_000, 1_700_000_000))
    assert check(archive).problems


def test_check_says_what_is_off_and_exits_1(archive: Path, newsarchive: Callable[..., object], folder: Path) -> None:
    assert archive == folder
    (folder / "sites" / "a.toml").write_text(
        'url = "https://a.kz/"\ntitle = "Ауыл"\nlanguage = "kk"\ntimezone = "Asia/Almaty"'
    )
    assert "no problems" in newsarchive("check").stderr
    offset = sqlite3.connect(folder / "archive.db").execute("select offset from captures where id = 4").fetchone()[0]
    flip(warc(folder), offset + 40)
    done = newsarchive("check", code=1)
    assert f"{warc(folder).name} at {offset}: the compressed bytes are broken" in done.stdout
    assert "(article 4)" in done.stdout
    found = json.loads(newsarchive("check", "--json", code=1).stdout)
    assert found["problems"][0]["offset"] == offset
    assert found["problems"][0]["articles"] == [4]


def test_a_file_that_is_no_database_is_one_problem(archive: Path) -> None:
    (archive / "archive.db").write_bytes(b"x" * 5000)
    (problem,) = check(archive).problems
    assert problem.file == "archive.db"
