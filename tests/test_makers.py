"""Pages saved by many programs: whatever saved a page, it gives the same article as the page itself.

wget and Scrapy's exporters are run; the other files are made as their programs write them.
"""

from __future__ import annotations

import base64
import gzip
import json
import plistlib
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.generator import BytesGenerator
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from scrapy.exporters import CsvItemExporter, JsonItemExporter, JsonLinesItemExporter
from sqlite_utils import Database

from newsarchive.captures.writing import CaptureWriter, RecordedResponse
from newsarchive.demo import serve
from newsarchive.extraction import extract_article
from newsarchive.importing.folders import recordings_in
from newsarchive.importing.pages import open_recordings
from newsarchive.importing.payloads import read_page
from newsarchive.importing.recordings import find_recordings
from newsarchive.importing.storing import Imported
from newsarchive.items import Page
from newsarchive.sites import host_site
from tests.programs import program

Run = Callable[..., subprocess.CompletedProcess[str]]
Read = Callable[[], Database]
TIME = datetime(2025, 2, 18, 9, 35, tzinfo=UTC)
STAMP = "2025-02-18T09:35:00+00:00"


@dataclass(frozen=True)
class Sample:
    """A page of the sample newspaper as it came, under an address of its own."""

    url: str
    markup: str

    @property
    def name(self) -> str:
        return self.url.rstrip("/").rpartition("/")[2]


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    """Ten articles of the sample newspaper."""
    with serve() as paper:
        with urlopen(paper.url + "sitemap_index.xml") as answer:
            index = _text(answer.read())
        maps = [part.partition("</loc>")[0] for part in index.split("<loc>")[1:]]
        urls = list(dict.fromkeys(url for at in maps for url in _locations(at) if "sitemap" not in url))
        found = []
        for url in urls[:10]:
            with urlopen(url) as answer:
                markup = _text(answer.read()).replace(paper.url, "https://saryarqa.example/")
            found.append(Sample(url.replace(paper.url, "https://saryarqa.example/"), markup))
    return found


def _locations(url: str) -> Iterator[str]:
    if not url.endswith(".xml"):
        yield url
        return
    with urlopen(url) as answer:
        yield from (part.partition("</loc>")[0] for part in _text(answer.read()).split("<loc>")[1:])


def _text(data: bytes) -> str:
    return (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode()


def article(page: Page) -> dict[str, Any]:
    """The fields of a page's article; HTTrack does not say whether its URLs were http or https."""
    found = json.dumps(asdict(extract_article([page], page.url, site=host_site(page.url))), ensure_ascii=False)
    fields: dict[str, Any] = json.loads(found.replace("http://saryarqa", "https://saryarqa"))
    return fields


@pytest.fixture(scope="module")
def expected(samples: list[Sample]) -> list[dict[str, Any]]:
    headers = {"content-type": "text/html; charset=utf-8"}
    return [article(Page(url=s.url, body=s.markup.encode(), headers=headers)) for s in samples]


def imported(path: Path, work: Path) -> tuple[list[tuple[Page, str]], Imported]:
    """The pages that an import would read of a path, with their times, in the order of their URLs."""
    result = Imported()
    work.mkdir()
    files, _ = recordings_in(path)
    found = find_recordings(open_recordings(files, work, result, lambda _done, _total: None), result.broken)
    pages = [(read_page(place).page, place.time) for place in found.pages]
    return sorted(pages, key=lambda pair: pair[0].url), result


def single_file(folder: Path, sample: Sample) -> None:
    """SingleFile: the browser's text of its time, a comment in the root element."""
    comment = f"<!--\n Page saved with SingleFile \n url: {sample.url} \n saved date: Tue Feb 18 2025 14:35:00 GMT+0500 (Қазақстан уақыты)\n-->"
    (folder / f"{sample.name}.html").write_text(sample.markup.replace("<head>", f"{comment}<head>", 1))


def monolith(folder: Path, sample: Sample) -> None:
    comment = f"<!-- Saved from {sample.url} at 2025-02-18T09:35:00Z using monolith v2.8.3 -->\n"
    (folder / f"{sample.name}.html").write_text(comment + sample.markup)


def httrack(folder: Path, sample: Sample) -> None:
    """HTTrack 3.49: links within the mirror are relative, the canonical one too."""
    (folder / "hts-cache").mkdir(exist_ok=True)
    (folder / "index.html").write_text("<html><title>Local index - HTTrack Website Copier</title></html>")
    comment = (
        f"\n<!-- Mirrored from {sample.url.removeprefix('https://')} by HTTrack Website Copier/3.x [XR&CO'2014], Tue, 18 Feb"
        ' 2025 09:35:00 GMT -->\n<!-- Added by HTTrack --><meta http-equiv="content-type" content="text/html;charset=UTF-8" />'
        "<!-- /Added by HTTrack -->\n"
    )
    page = sample.markup.replace("<head>", f"{comment}<head>", 1).replace(f'"{sample.url}"', '"index.html"')
    page = page.replace('"https://saryarqa.example/', '"../')
    target = folder / "saryarqa.example" / sample.name / "index.html"
    target.parent.mkdir(parents=True)
    target.write_text(page)


def wayback(folder: Path, sample: Sample) -> None:
    replay = f"https://web.archive.org/web/20250218093500/{sample.url}"
    page = sample.markup.replace(
        "https://saryarqa.example/", "https://web.archive.org/web/20250218093500/https://saryarqa.example/"
    )
    page = page.replace(
        "</body>",
        "</body><!--\n     FILE ARCHIVED ON 09:35:00 Feb 18, 2025 AND RETRIEVED FROM THE\n     INTERNET ARCHIVE ON 10:00:00 Mar 1, 2026.\n-->",
    )
    (folder / f"{sample.name}.html").write_text(f"<!-- saved from url=({len(replay):04}){replay} -->\n{page}")


def mhtml(folder: Path, sample: Sample) -> None:
    message = EmailMessage()
    message["Snapshot-Content-Location"] = sample.url
    message["Date"] = "Tue, 18 Feb 2025 09:35:00 -0000"
    message.set_content(sample.markup, subtype="html", cte="quoted-printable")
    message.replace_header("Content-Type", 'text/html; charset="utf-8"')
    data = BytesIO()
    BytesGenerator(data).flatten(message, linesep="\r\n")
    (folder / f"{sample.name}.mhtml").write_bytes(data.getvalue())


def webarchive(folder: Path, sample: Sample) -> None:
    page = {
        "WebResourceData": sample.markup.encode(),
        "WebResourceURL": sample.url,
        "WebResourceMIMEType": "text/html",
        "WebResourceTextEncodingName": "UTF-8",
    }
    (folder / f"{sample.name}.webarchive").write_bytes(
        plistlib.dumps({"WebMainResource": page}, fmt=plistlib.FMT_BINARY)
    )


def news_please(folder: Path, sample: Sample) -> None:
    (folder / f"{sample.name}.html").write_text(sample.markup.replace("canonical", "nothing"))
    about = {"url": sample.url, "date_download": "2025-02-18 09:35:00", "title": "…", "maintext": "…"}
    (folder / f"{sample.name}.html.json").write_text(json.dumps(about))


def archive_box(folder: Path, sample: Sample) -> None:
    """ArchiveBox 0.7: some snapshots have a WARC file, the others only copies made by browsers."""
    (folder / "index.sqlite3").touch()
    (folder / "index.html").write_text("<html><h1>Archived Sites</h1></html>")
    stamp = f"1739871300.{abs(hash(sample.name)) % 100_000}"
    snapshot = folder / "archive" / stamp
    (snapshot / "readability").mkdir(parents=True)
    history = {"singlefile": [{"start_ts": TIME.isoformat()}], "dom": [{"start_ts": TIME.isoformat()}]}
    about = {"url": sample.url, "timestamp": stamp, "title": "…", "history": history}
    (snapshot / "index.json").write_text(json.dumps(about))
    for name in ("index.html", "output.html", "readability/content.html"):
        (snapshot / name).write_text(sample.markup.replace("<p>", "<p>Басқа сөз. "))
    if len(sample.name) % 2:
        writer = CaptureWriter(snapshot / "warc", stamp)
        headers = [("Content-Type", "text/html; charset=utf-8")]
        writer.write(
            RecordedResponse(url=sample.url, status=200, headers=headers, body=sample.markup.encode(), time=TIME)
        )
        writer.close()
        (snapshot / "singlefile.html").write_text(sample.markup.replace("<p>", "<p>Басқа сөз. "))
    else:
        (snapshot / "singlefile.html").write_text(sample.markup)


MAKERS = [single_file, monolith, httrack, wayback, mhtml, webarchive, news_please, archive_box]
UNTIMED = (webarchive,)


@pytest.mark.parametrize("make", MAKERS)
def test_a_saved_page_gives_the_article_of_the_page(
    tmp_path: Path,
    samples: list[Sample],
    expected: list[dict[str, Any]],
    make: Callable[[Path, Sample], None],
) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    for sample in samples:
        make(folder, sample)
    check(imported(folder, tmp_path / "work"), expected, timed=make not in UNTIMED)


def check(found: tuple[list[tuple[Page, str]], Imported], expected: list[dict[str, Any]], *, timed: bool) -> None:
    pages, result = found
    assert result.broken == []
    assert bool(result.notes) is not timed
    if timed:
        assert {datetime.fromisoformat(time) for _, time in pages} == {TIME}
    wanted = sorted(expected, key=lambda one: str(one["url"]))
    for (page, _), other in zip(pages, wanted, strict=True):
        assert article(page) == other


def test_a_har_file_of_a_browser_gives_the_articles(
    tmp_path: Path, samples: list[Sample], expected: list[dict[str, Any]]
) -> None:
    entries = [
        {
            "startedDateTime": STAMP,
            "request": {"url": s.url},
            "response": {
                "status": 200,
                "content": {
                    "mimeType": "text/html; charset=utf-8",
                    "text": base64.b64encode(s.markup.encode()).decode(),
                    "encoding": "base64",
                },
            },
        }
        for s in samples
    ]
    (tmp_path / "a.har").write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    check(imported(tmp_path / "a.har", tmp_path / "work"), expected, timed=True)


@pytest.mark.parametrize(
    ("name", "exporter"),
    [("a.jl", JsonLinesItemExporter), ("a.json", JsonItemExporter), ("a.csv", CsvItemExporter)],
)
def test_a_feed_that_scrapy_exported_gives_the_articles(
    tmp_path: Path, samples: list[Sample], expected: list[dict[str, Any]], name: str, exporter: Any
) -> None:
    with open(tmp_path / name, "wb") as file:
        writer = exporter(file, encoding="utf-8")
        writer.start_exporting()
        for s in samples:
            item = {"url": s.url, "date": "2019-01-01", "crawled_at": "2025-02-18 09:35:00", "body": s.markup}
            writer.export_item(item)
        writer.finish_exporting()
    check(imported(tmp_path / name, tmp_path / "work"), expected, timed=True)


def test_articles_of_fundus_with_their_html_are_read(
    tmp_path: Path, samples: list[Sample], expected: list[dict[str, Any]]
) -> None:
    rows = [
        {
            "title": "…",
            "html": {"requested_url": s.url, "responded_url": s.url, "content": s.markup, "crawl_date": STAMP},
        }
        for s in samples
    ]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    check(imported(tmp_path / "a.json", tmp_path / "work"), expected, timed=True)


def test_snapshots_of_zotero_have_url_and_time_in_its_database(
    tmp_path: Path, samples: list[Sample], expected: list[dict[str, Any]]
) -> None:
    folder = tmp_path / "Zotero"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "zotero.sqlite")) as db:
        db.executescript(
            """
            create table items (itemID integer primary key, key text, dateAdded text);
            create table itemAttachments (itemID integer, parentItemID integer, linkMode int, contentType text, path text);
            create table fields (fieldID integer primary key, fieldName text);
            create table itemData (itemID int, fieldID int, valueID int);
            create table itemDataValues (valueID integer primary key, value text);
            insert into fields values (1, 'url'), (2, 'accessDate'), (3, 'title');
            insert into itemDataValues values (1, '2025-02-18 09:35:00'), (2, 'https://elsewhere.example/');
            """
        )
        for number, s in enumerate(samples, 1):
            key = f"ABCD23{number:02}"
            db.execute("insert into items values (?, ?, '2026-01-01 00:00:00')", (2 * number, f"PARENT{number:02}"))
            db.execute("insert into items values (?, ?, '2026-01-01 00:00:00')", (2 * number + 1, key))
            path = f"storage:{s.name}.html"
            db.execute(
                "insert into itemAttachments values (?, ?, 1, 'text/html', ?)", (2 * number + 1, 2 * number, path)
            )
            db.execute("insert into itemDataValues values (?, ?)", (10 + number, s.url))
            db.execute(
                "insert into itemData values (?, 1, 2), (?, 1, ?), (?, 2, 1)",
                (2 * number, 2 * number + 1, 10 + number, 2 * number + 1),
            )
            (folder / "storage" / key).mkdir(parents=True)
            (folder / "storage" / key / f"{s.name}.html").write_text(s.markup.replace("canonical", "nothing"))
        db.commit()
    check(imported(folder, tmp_path / "work"), expected, timed=True)


def test_a_page_saved_from_archive_today_is_without_its_frame(tmp_path: Path, samples: list[Sample]) -> None:
    sample = samples[0]
    body = sample.markup.partition("<body")[2].partition(">")[2].partition("</body>")[0]
    body = body.replace('href="https://', 'href="https://archive.ph/o/AbCdE/https://')
    page = (
        "<html><head><title>Мақала</title><meta property='og:site_name' content='archive.ph'>"
        f'<link rel="canonical" href="https://archive.ph/2025.02.18-093500/{sample.url}">'
        '<meta property="article:published_time" content="2025-02-18T09:35:00Z"></head><body>'
        f'<div id="HEADER"><form><input name="q" value="{sample.url}"></form>Webpage capture</div>'
        f'<div id="SOLID"><div id="CONTENT">{body}</div></div></body></html>'
    )
    saved = tmp_path / "page.html"
    saved.write_text(f"<!-- saved from url=(0024)https://archive.ph/AbCdE -->{page}")
    ((found, time),), result = imported(saved, tmp_path / "work")
    assert (found.url, datetime.fromisoformat(time), result.broken) == (sample.url, TIME, [])
    text = found.body.decode()
    assert [word for word in ("archive.ph", "Webpage capture", "published_time") if word in text] == []
    assert "https://saryarqa.example/" in text


def test_a_page_that_a_browser_saved_with_its_files_shows_no_false_addresses(tmp_path: Path) -> None:
    markup = (
        "<!-- saved from url=(0026)https://tan.example/kopir/ --><html><body><p>Көпір</p>"
        '<img src="./Көпір_files/a.jpg" srcset="./Көпір_files/a.jpg 2x"><img src="https://tan.example/b.jpg">'
    )
    (tmp_path / "saved" / "Көпір_files").mkdir(parents=True)
    (tmp_path / "saved" / "Көпір_files" / "frame.html").write_text("<html><p>Жарнама</p></html>")
    (tmp_path / "saved" / "Көпір.html").write_text(markup)
    ((page, _),), result = imported(tmp_path / "saved", tmp_path / "work")
    assert "_files" not in page.body.decode()
    assert "https://tan.example/b.jpg" in page.body.decode()
    assert result.broken == []


def test_a_mirror_of_wget_gives_the_articles_and_images_of_the_site(newsarchive: Run, tmp_path: Path, db: Read) -> None:
    """With what its servers make of it: a page without a suffix, a feed under the name index.html, gzip as it came."""
    wget = program("wget", called="wget")
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    with serve() as paper:
        command = [
            wget,
            "-q",
            "--mirror",
            "--level=1",
            "--page-requisites",
            "--compression=auto",
            "--execute=robots=off",
            paper.url,
        ]
        subprocess.run(command, cwd=mirror, check=False, timeout=120)
        base = paper.url
    (host,) = mirror.iterdir()
    page = host / "zhastar-robot-zhasady" / "index.html"
    page.write_bytes(gzip.compress(page.read_bytes()))
    newsarchive("import", "--any-site", str(mirror))
    row = db().conn.execute(
        "select title, published, images, lead_image from archive where url like ?", (f"{base}zhastar%",)
    )
    assert row.fetchone() == (
        "Оқушылар шөп шабатын робот жасады",
        "2025-01-23T08:10:00Z",
        f'["{base}images/mektep-0901.jpg"]',
        f"{base}images/mektep-0901.jpg",
    )
    assert db()["articles"].count > 5
    assert not [url for (url,) in db().conn.execute("select url from articles") if url.rstrip("/").endswith("feed")]
    assert db().conn.execute("select count(*) from images where state = 'kept'").fetchone()[0] > 0
    assert "no problems" in newsarchive("check").stderr
