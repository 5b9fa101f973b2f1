"""Payloads that came again: written once, repeated by revisit records, read back as they came."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from sqlite_utils import Database

from newsarchive.captures.reading import CaptureError, read_capture
from newsarchive.captures.writing import CaptureWriter, RecordedResponse
from newsarchive.database import original_of, revisits_of
from newsarchive.demo import Newspaper
from newsarchive.items import Original

Run = Callable[..., subprocess.CompletedProcess[str]]
Crawl = Callable[..., str]
Read = Callable[[], Database]
HTML = ("Content-Type", "text/html")


def warcio_check(*paths: Path) -> None:
    command = [str(Path(sys.executable).parent / "warcio"), "check", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def write_twice(folder: Path, body: bytes = b"<p>su</p>") -> tuple:
    """The same body at two addresses, in two files."""
    writer = CaptureWriter(folder, "first")
    first = writer.write(RecordedResponse(url="https://a.kz/қала", status=200, headers=[HTML], body=body))
    writer.close()
    original = Original(capture=1, url=first.url, warc=first.warc, offset=first.offset)
    writer = CaptureWriter(folder, "second", originals=lambda sha256: original if sha256 == first.sha256 else None)
    second = writer.write(
        RecordedResponse(url="https://a.kz/2", status=404, headers=[HTML, ("X-A", "b")], body=body, request=b"GET /")
    )
    writer.close()
    return first, second


def test_a_payload_that_came_again_is_a_revisit_with_its_own_head(tmp_path: Path) -> None:
    first, second = write_twice(tmp_path, b"<p>su</p>" * 1000)
    assert (first.refers_to, second.refers_to) == (None, 1)
    page = read_capture(tmp_path, warc=second.warc, offset=second.offset)
    assert (page.url, page.status, page.body) == ("https://a.kz/2", 404, b"<p>su</p>" * 1000)
    assert page.headers == {"content-type": "text/html", "x-a": "b"}
    warcio_check(tmp_path / first.warc, tmp_path / second.warc)
    with open(tmp_path / second.warc, "rb") as file:
        record = next(iter(ArchiveIterator(file, record_types=WarcRecordType.revisit)))
        assert record.headers["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
        assert record.headers["WARC-Refers-To-Target-URI"] == first.url
        assert record.headers["WARC-Refers-To-Date"][:19] == first.time[:19]
        said = record.headers["WARC-Payload-Digest"]
    with open(tmp_path / first.warc, "rb") as file:
        original = next(iter(ArchiveIterator(file, record_types=WarcRecordType.response)))
        assert original.headers["WARC-Payload-Digest"] == said


def test_an_empty_payload_is_no_revisit(tmp_path: Path) -> None:
    assert write_twice(tmp_path, b"")[1].refers_to is None


def test_an_original_that_is_not_there_any_more_is_written_again(tmp_path: Path) -> None:
    gone = Original(capture=1, url="https://a.kz/", warc="gone.warc.gz", offset=0)
    writer = CaptureWriter(tmp_path, "run", originals=lambda _: gone)
    capture = writer.write(RecordedResponse(url="https://a.kz/", status=200, headers=[HTML], body=b"<p>su</p>"))
    other = writer.write(RecordedResponse(url="https://a.kz/2", status=200, headers=[HTML], body=b"<p>jel</p>"))
    writer.close()
    assert (capture.refers_to, other.refers_to) == (None, None)
    wrong = Original(capture=1, url="https://a.kz/", warc=capture.warc, offset=capture.offset)
    writer = CaptureWriter(tmp_path, "run2", originals=lambda _: wrong)
    assert (
        writer.write(RecordedResponse(url="https://a.kz/2", status=200, headers=[HTML], body=b"<p>jel</p>")).refers_to
        is None
    )
    writer.close()


def test_a_revisit_is_read_though_the_file_of_its_original_was_written_anew(tmp_path: Path) -> None:
    first, second = write_twice(tmp_path)
    old = tmp_path / first.warc
    data = old.read_bytes()
    (tmp_path / "first-r2.warc.gz").write_bytes(data[first.offset :])
    old.unlink()
    assert read_capture(tmp_path, warc=second.warc, offset=second.offset).body == b"<p>su</p>"


def test_a_revisit_without_its_original_is_named(tmp_path: Path) -> None:
    first, second = write_twice(tmp_path)
    (tmp_path / first.warc).unlink()
    with pytest.raises(CaptureError, match="repeats another one that cannot be found"):
        read_capture(tmp_path, warc=second.warc, offset=second.offset)


def test_a_second_crawl_writes_unchanged_pages_as_revisits(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, folder: Path, db: Read, tmp_path: Path
) -> None:
    paper.counter = False
    crawl()
    story = paper.posts()[0]
    crawl("--full")
    rows = list(db().query("select * from captures where url = ? order by id", [paper.address(story)]))
    assert [row["refers_to"] for row in rows] == [None, rows[0]["id"]]
    assert rows[0]["sha256"] == rows[1]["sha256"]
    assert rows[1]["length"] < rows[0]["length"]
    one, two = (read_capture(folder / "warc", warc=row["warc"], offset=row["offset"]) for row in rows)
    assert one.body == two.body
    assert revisits_of(db(), rows[0]["id"]) == [rows[1]["id"]]
    original = original_of(db(), rows[0]["sha256"])
    assert original is not None
    assert original.capture == rows[0]["id"]
    plan = str(
        db()
        .conn.execute("explain query plan select id from captures where sha256 = 'x' and refers_to is null")
        .fetchall()
    )
    assert "captures_payload" in plan
    warcio_check(*sorted((folder / "warc").glob("*.warc.gz")))
    newsarchive("check")
    newsarchive("reextract")


def test_a_page_fetched_again_is_a_revisit_too(paper: Newspaper, newsarchive: Run, db: Read) -> None:
    paper.counter = False
    url = paper.address(paper.posts()[0])
    newsarchive("fetch", url)
    newsarchive("fetch", url)
    rows = list(db().query("select id, refers_to from captures where url = ? order by id", [url]))
    assert [row["refers_to"] for row in rows] == [None, rows[0]["id"]]
    newsarchive("check")


def test_taking_an_original_down_leaves_its_revisits_whole(
    paper: Newspaper, newsarchive: Run, folder: Path, db: Read
) -> None:
    """Both addresses answer the same error page; one of them is taken down."""
    one, two = f"{paper.url}joq-1/", f"{paper.url}joq-2/"
    newsarchive("fetch", one, code=1)
    newsarchive("fetch", two, code=1)
    newsarchive("forget", one, "--reason", "өтініш")
    row = next(iter(db().query("select * from captures where url = ?", [two])))
    assert row["refers_to"] is None
    assert read_capture(folder / "warc", warc=row["warc"], offset=row["offset"]).status == 404
    newsarchive("check")


def test_an_export_holds_the_originals_of_its_revisits(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, tmp_path: Path, db: Read
) -> None:
    paper.counter = False
    crawl()
    crawl("--full")
    (title,) = db().conn.execute("select title from articles limit 1").fetchone()
    newsarchive("export", "--format", "warc", "--query", f'title:"{title}"', "-o", str(tmp_path / "one"))
    originals, revisits = set(), set()
    for path in (tmp_path / "one").iterdir():
        with open(path, "rb") as file:
            for record in ArchiveIterator(file, record_types=WarcRecordType.response | WarcRecordType.revisit):
                kept = revisits if record.record_type == WarcRecordType.revisit else originals
                kept.add(record.headers["WARC-Payload-Digest"])
    assert revisits
    assert revisits <= originals
