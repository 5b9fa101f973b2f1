"""Files that others recorded, taken in: the same articles, in order of time, and nothing twice."""

from __future__ import annotations

import base64
import gzip
import hashlib
import shutil
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path
from urllib.request import urlopen

import pytest
from fastwarc.stream_io import ZstdWriter
from PIL import Image
from sqlite_utils import Database
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsarchive.database import lock_archive, open_archive
from newsarchive.importing.pages import BATCH, import_files
from tests.programs import program

Run = Callable[..., subprocess.CompletedProcess[str]]
Crawl = Callable[..., str]
Read = Callable[[], Database]

URL = "https://tan.example/zhanbyr/"


def page(text: str) -> bytes:
    body = "".join(
        f"<p>{text} Қала тұрғындары таңертең терезеден көшеге қарады, су жолды басып қалды.</p>" for _ in "abc"
    )
    return (
        f'<html lang="kk"><head><title>Жаңбыр</title><link rel="canonical" href="{URL}">'
        '<meta property="og:type" content="article">'
        '<meta property="article:published_time" content="2020-01-01T08:00:00Z"></head>'
        f"<body><article><h1>Жаңбыр</h1>{body}</article></body></html>"
    ).encode()


def recording(path: Path, *pages: tuple[str, bytes], gzipped: bool = True) -> Path:
    """A WARC file as another tool would write it: pages of the one address, each with its time."""
    answers = [(URL, time, body) for time, body in pages]
    return answers_recorded(path, *answers, media="text/html; charset=utf-8", gzipped=gzipped)


def answers_recorded(path: Path, *answers: tuple[str, str, bytes], media: str, gzipped: bool = True) -> Path:
    """A WARC file with answers of one media type: address, time and bytes of each."""
    with open(path, "wb") as file:
        writer = WARCWriter(file, gzip=gzipped, warc_version="1.0")
        for url, time, body in answers:
            record = writer.create_warc_record(
                url,
                "response",
                payload=BytesIO(body),
                length=len(body),
                http_headers=StatusAndHeaders("200 OK", [("Content-Type", media)], protocol="HTTP/1.1"),
                warc_headers_dict={"WARC-Date": time},
            )
            writer.write_record(record)
    return path


def bodies(db: Database) -> list[tuple[int, str, str, str]]:
    """Number, time, kind and first word of each revision."""
    rows = db.conn.execute("select number, time, kind, body from revisions order by number").fetchall()
    return [(number, time[:10], kind, body.split()[0]) for number, time, kind, body in rows]


def test_an_older_page_becomes_an_earlier_revision_and_the_present_stays(
    newsarchive: Run, tmp_path: Path, db: Read
) -> None:
    later = recording(tmp_path / "b.warc.gz", ("2020-03-01T00:00:00Z", page("Үшінші")))
    newsarchive("import", "--any-site", str(later))
    present = db().conn.execute("select url, title, body, markdown, modified, last_seen from articles").fetchall()
    earlier = recording(
        tmp_path / "a.warc.gz", ("2020-02-01T00:00:00Z", page("Екінші")), ("2020-01-01T00:00:00Z", page("Бірінші"))
    )
    newsarchive("import", "--any-site", str(earlier))
    assert bodies(db()) == [
        (1, "2020-01-01", "first", "Бірінші"),
        (2, "2020-02-01", "substantive", "Екінші"),
        (3, "2020-03-01", "substantive", "Үшінші"),
    ]
    assert (
        db().conn.execute("select url, title, body, markdown, modified, last_seen from articles").fetchall() == present
    )
    changes = (
        db().conn.execute("select revision, previous, field from changes where field = 'body' order by 1").fetchall()
    )
    assert changes == [(2, 1, "body"), (3, 2, "body")]
    assert db().conn.execute("pragma foreign_key_check").fetchall() == []
    newsarchive("check")


def test_a_page_between_two_sights_of_the_present_one_leaves_it_present(
    newsarchive: Run, tmp_path: Path, db: Read
) -> None:
    seen = recording(
        tmp_path / "a.warc.gz", ("2020-01-01T00:00:00Z", page("Осы")), ("2020-03-01T00:00:00Z", page("Осы"))
    )
    newsarchive("import", "--any-site", str(seen))
    newsarchive("import", "--any-site", str(recording(tmp_path / "b.warc.gz", ("2020-02-01T00:00:00Z", page("Бөтен")))))
    assert [(n, day, word) for n, day, _, word in bodies(db())] == [
        (1, "2020-01-01", "Осы"),
        (2, "2020-02-01", "Бөтен"),
        (3, "2020-03-01", "Осы"),
    ]
    assert db().conn.execute(
        "select r.number from articles a join revisions r on r.id = a.current_revision"
    ).fetchone() == (3,)


def test_the_same_file_is_not_taken_twice(newsarchive: Run, tmp_path: Path, db: Read) -> None:
    file = recording(tmp_path / "a.warc.gz", ("2020-01-01T00:00:00Z", page("Бірінші")))
    newsarchive("import", "--any-site", str(file))
    assert "1 known" in newsarchive("import", "--any-site", str(file)).stdout
    assert db()["captures"].count == 1
    assert db().conn.execute("select time from captures").fetchone() == ("2020-01-01T00:00:00Z",)


@pytest.mark.parametrize("kind", ["plain", "zstd", "wacz"])
def test_plain_zstd_and_wacz_files_are_read(newsarchive: Run, tmp_path: Path, db: Read, kind: str) -> None:
    moment = ("2020-01-01T00:00:00Z", page("Бірінші"))
    if kind == "wacz":
        inner = recording(tmp_path / "data.warc.gz", moment)
        file = tmp_path / "a.wacz"
        with zipfile.ZipFile(file, "w") as wacz:
            wacz.write(inner, "archive/data.warc.gz")
    else:
        file = recording(tmp_path / "a.warc", moment, gzipped=False)
    if kind == "zstd":
        plain, file = file, tmp_path / "a.warc.zst"
        with open(file, "wb") as raw:
            writer = ZstdWriter(raw)
            writer.write(plain.read_bytes())
            writer.close()
    newsarchive("import", "--any-site", str(file))
    assert [row[3] for row in bodies(db())] == ["Бірінші"]


def test_a_broken_record_is_named_and_the_others_are_taken(newsarchive: Run, tmp_path: Path, db: Read) -> None:
    whole = recording(tmp_path / "a.warc.gz", ("2020-01-01T00:00:00Z", page("Бірінші"))).read_bytes()
    broken = tmp_path / "b.warc.gz"
    damaged = bytearray(whole)
    damaged[len(damaged) // 2] ^= 255
    broken.write_bytes(bytes(damaged) + whole)
    said = newsarchive("import", "--any-site", str(broken), code=1).stderr
    assert "b.warc.gz, byte 0: " in said
    assert [row[3] for row in bodies(db())] == ["Бірінші"]


def test_a_revisit_of_what_only_the_archive_has_is_read(newsarchive: Run, tmp_path: Path, db: Read) -> None:
    newsarchive(
        "import", "--any-site", str(recording(tmp_path / "a.warc.gz", ("2020-01-01T00:00:00Z", page("Бірінші"))))
    )
    newsarchive(
        "import", "--any-site", str(recording(tmp_path / "b.warc.gz", ("2020-02-01T00:00:00Z", page("Екінші"))))
    )
    with open(tmp_path / "c.warc.gz", "wb") as file:
        writer = WARCWriter(file, gzip=True, warc_version="1.1")
        for day, body in (("2020-01-01", page("Бірінші")), ("2020-01-09", b"never seen")):
            digest = base64.b32encode(hashlib.sha1(body).digest()).decode()
            head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            record = writer.create_revisit_record(
                URL, f"sha1:{digest}", URL, f"{day}T00:00:00Z", head, {"WARC-Date": "2020-03-01T00:00:00Z"}
            )
            writer.write_record(record)
    result = newsarchive("import", "--any-site", str(tmp_path / "c.warc.gz"), code=1)
    assert result.stderr.count("is not there") == 1
    assert [(time, word) for _, time, _, word in bodies(db())] == [
        ("2020-01-01", "Бірінші"),
        ("2020-02-01", "Екінші"),
        ("2020-03-01", "Бірінші"),
    ]
    newsarchive("check")


def test_pages_of_unknown_sites_are_left_unless_asked_for(newsarchive: Run, tmp_path: Path, db: Read) -> None:
    file = recording(tmp_path / "a.warc.gz", ("2020-01-01T00:00:00Z", page("Бірінші")))
    assert "1 of other sites" in newsarchive("import", str(file)).stdout
    assert db()["articles"].count == 0


def by_wget(urls: list[str], folder: Path) -> Path:
    (folder / "urls").write_text("\n".join(urls))
    command = [
        program("wget", called="wget"),
        "-q",
        "--warc-file",
        str(folder / "wget"),
        "-O",
        "/dev/null",
        "-i",
        str(folder / "urls"),
    ]
    subprocess.run(command, check=False, timeout=60)
    return folder / "wget.warc.gz"


RECORD = """
import sys
from warcio.capture_http import capture_http  # before http.client is loaded by any other
import http.client
from urllib.parse import urlsplit
with capture_http(sys.argv[1], warc_version="1.1"):
    for url in sys.argv[2:]:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc)
        connection.request("GET", parts.path + ("?" + parts.query if parts.query else ""))
        connection.getresponse().read()
        connection.close()
"""


def by_warcio(urls: list[str], folder: Path) -> Path:
    """Recorded while Python's own client read the pages: requests beside responses, chunks as they came."""
    path = folder / "warcio.warc.gz"
    subprocess.run([sys.executable, "-c", RECORD, str(path), *urls], check=True, timeout=60)
    return path


def by_wacz(urls: list[str], folder: Path) -> Path:
    path = folder / "made.wacz"
    command = [sys.executable, "-m", "wacz", "create", "-f", str(by_warcio(urls, folder)), "-o", str(path)]
    subprocess.run(command, check=True, timeout=60, capture_output=True)
    return path


def by_a_browser(urls: list[str], folder: Path) -> Path:
    """As Browsertrix records: beside each page its requests and styles, texts and a list of what was loaded as `urn:`
    resources, a screenshot, and the same page a second time as a revisit."""
    with open(folder / "rec.warc.gz", "wb") as file:
        writer = WARCWriter(file, gzip=True, warc_version="1.1")

        def write(kind: str, url: str, body: bytes, media: str, time: str, **more: str) -> str:
            head = StatusAndHeaders("200 OK", [("Content-Type", media)], protocol="HTTP/1.1")
            record = writer.create_warc_record(
                url,
                kind,
                payload=BytesIO(body),
                length=len(body),
                warc_content_type=media if kind == "resource" else "",
                http_headers=head if kind == "response" else None,
                warc_headers_dict={"WARC-Date": time, **more},
            )
            writer.write_record(record)
            return str(record.rec_headers.get_header("WARC-Payload-Digest"))

        for number, url in enumerate(urls):
            time = f"2026-01-02T03:{number // 60:02}:{number % 60:02}.123Z"
            with urlopen(url) as answer:
                body, media = answer.read(), answer.headers["Content-Type"]
            digest = write("response", url, body, media, time)
            write("response", f"{url}style.css", b"p { color: black }", "text/css", time)
            write("resource", f"urn:text:{url}", b"text", "text/plain", time)
            write("resource", f"urn:pageinfo:{url}", b"{}", "application/json", time)
            write("resource", f"urn:view:{url}", b"\x89PNG", "image/png", time)
            head = StatusAndHeaders("200 OK", [("Content-Type", media)], protocol="HTTP/1.1")
            again = {"WARC-Date": time.replace("-01-02", "-01-03")}
            writer.write_record(writer.create_revisit_record(url, digest, url, time, head, again))
    return folder / "rec.warc.gz"


@pytest.mark.parametrize("record", [by_wget, by_warcio, by_wacz, by_a_browser])
def test_what_other_tools_recorded_gives_the_articles_of_a_crawl(
    crawl: Crawl,
    newsarchive: Run,
    folder: Path,
    db: Read,
    tmp_path: Path,
    record: Callable[[list[str], Path], Path],
) -> None:
    crawl()
    query = "select url, title, body, markdown, published, language from articles order by url"
    crawled = db().conn.execute(query).fetchall()
    pages = db().conn.execute("select distinct url from captures where id in (select capture from revision_captures)")
    file = record([url for (url,) in pages.fetchall()], tmp_path)
    for name in ("archive.db", "archive.db-wal", "archive.db-shm"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "warc")
    newsarchive("import", str(file))
    imported = db().conn.execute(query).fetchall()
    assert [row[:3] for row in imported] == [row[:3] for row in crawled]
    assert db().conn.execute("select count(*) from revisions where number > 1").fetchone() == (0,)


def test_an_export_taken_into_an_empty_archive_gives_the_same_export(
    crawl: Crawl, newsarchive: Run, db: Read, folder: Path, tmp_path: Path
) -> None:
    crawl()
    newsarchive("export", "--format", "warc", "-o", str(tmp_path / "first"))
    query = "select url, title, body from articles order by url"
    before = db().conn.execute(query).fetchall()
    kept = "select url, time, sha256 from captures where id in (select capture from revision_captures) order by 1, 2"
    captures = db().conn.execute(kept).fetchall()
    for name in ("archive.db", "archive.db-wal", "archive.db-shm"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "warc")
    newsarchive("import", str(tmp_path / "first"))
    assert db().conn.execute(query).fetchall() == before
    assert db().conn.execute(kept).fetchall() == captures
    newsarchive("export", "--format", "warc", "-o", str(tmp_path / "second"))
    first, second = (
        sum(
            gzip.decompress(file.read_bytes()).count(b"WARC-Type: response")
            for file in sorted((tmp_path / name).iterdir())
        )
        for name in ("first", "second")
    )
    assert first == second >= len(captures)


def picture(color: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (640, 400), color).save(out, "JPEG")
    return out.getvalue()


def test_pictures_that_kept_articles_show_are_taken_each_at_its_time(
    newsarchive: Run, tmp_path: Path, folder: Path, db: Read
) -> None:
    shown = "https://tan.example/su.jpg"
    body = page("Бірінші").replace(b"<h1>", f'<figure><img src="{shown}" width="640"></figure><h1>'.encode())
    article = recording(tmp_path / "page.warc.gz", ("2020-01-01T00:00:00Z", body))
    first = answers_recorded(
        tmp_path / "a.warc.gz",
        (shown, "2020-02-01T00:00:00Z", picture("navy")),
        ("https://tan.example/bosqa.jpg", "2020-02-01T00:00:00Z", picture("green")),
        media="image/jpeg",
    )
    assert newsarchive("import", "--any-site", str(article), str(first)).stdout.endswith("images: 1 new\n")
    others = answers_recorded(
        tmp_path / "b.warc.gz",
        (shown, "2020-01-01T00:00:00Z", picture("red")),
        (shown, "2020-03-01T00:00:00Z", b"<html>Not found</html>"),
        media="image/jpeg",
    )
    assert newsarchive("import", "--any-site", str(others)).stdout.endswith("images: 1 changed, 1 refused\n")
    assert "pictures" not in newsarchive("import", "--any-site", str(others)).stdout
    rows = db().conn.execute(
        "select v.first_seen, v.sha256 = i.sha256 from image_versions v join images i on i.id = v.image order by 1"
    )
    assert rows.fetchall() == [("2020-01-01T00:00:00Z", 0), ("2020-02-01T00:00:00Z", 1)]
    kept = sorted(path.read_bytes() for path in (folder / "images").iterdir())
    assert kept == sorted([picture("navy"), picture("red")])
    assert db()["images"].count == 1
    newsarchive("check")


def test_an_import_that_was_killed_resumes_at_what_was_finished(
    folder: Path, newsarchive: Run, tmp_path: Path, db: Read
) -> None:
    count = 2 * BATCH + 5
    pages = [(f"https://tan.example/{n}/", page(f"Мақала{n}").replace(URL.encode(), b"")) for n in range(count)]
    answers = [(url, f"2020-01-01T00:{n // 60:02}:{n % 60:02}Z", body) for n, (url, body) in enumerate(pages)]
    file = answers_recorded(tmp_path / "a.warc.gz", *answers, media="text/html; charset=utf-8")
    command = [sys.executable, "-m", "newsarchive", "--archive", str(folder), "import", "--any-site", str(file)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        while running.poll() is None and not finished(folder):
            time.sleep(0.01)
        running.kill()
    done = finished(folder)
    assert 0 < done < count
    told = newsarchive("import", "--any-site", str(file)).stdout
    assert f"{count - done} new" in told
    assert f"{done} known" in told
    assert (db()["articles"].count, db()["captures"].count) == (count, count)
    assert "no problems" in newsarchive("check").stderr


def test_where_batches_begin_and_end_makes_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a batch is stored the next one is extracted; it may hold the same page, or an edit of it."""
    texts = ["Жаңбыр жауды.", "Қар жауды.", "Қар жауды.", "Бұршақ жауды.", "Жаңбыр жауды."]
    pages = [(f"2020-01-0{day}T00:00:00Z", page(text)) for day, text in enumerate(texts, 1)]
    file = recording(tmp_path / "a.warc.gz", *pages, pages[1], pages[4])
    stored = []
    for size in (1, 2, BATCH):
        monkeypatch.setattr("newsarchive.importing.pages.BATCH", size)
        archive = open_archive(tmp_path / str(size))
        with lock_archive(tmp_path / str(size)):
            done = import_files(tmp_path / str(size), archive, [file], sites={}, any_site=True)
        counts = {outcome: count for outcome, count in done.counts.items() if count}
        revisions = archive.conn.execute("select number, time, kind, body from revisions order by number").fetchall()
        stored.append((counts, revisions, archive.conn.execute("select * from stems").fetchall()))
        archive.close()
    assert stored[0] == stored[1] == stored[2]
    assert len(stored[0][2]) == 1  # the search text of the present state
    assert stored[0][0] == {"new": 1, "changed": 3, "same": 1, "known": 2}


def finished(folder: Path) -> int:
    """How many captures an import has finished."""
    try:
        with closing(sqlite3.connect(f"file:{folder}/archive.db?mode=ro", uri=True)) as running:
            return int(running.execute("select count(*) from captures").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
