"""Pictures of a site: kept by crawl, fetch and images fetch, from the hosts that may give them."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.settings import Settings
from sqlite_utils import Database

from newsarchive.browse.images import kept_path
from newsarchive.captures.reading import read_capture
from newsarchive.crawling.middlewares import OwnHostsMiddleware
from newsarchive.crawling.spiders.page import PageSpider
from newsarchive.demo import Newspaper
from newsarchive.demo.answers import Answer, redirect
from newsarchive.items import ImageToDownload

Run = Callable[..., subprocess.CompletedProcess[str]]
Crawl = Callable[..., str]
Read = Callable[[], Database]
NAMES = ("egin-0912.jpg", "dala-2024.jpg", "kol-0620.jpg", "qala-2025.jpg", "mektep-0901.jpg", "stadion-0505.jpg")


def jpeg(color: str = "navy") -> bytes:
    out = BytesIO()
    Image.new("RGB", (640, 400), color).save(out, "JPEG")
    return out.getvalue()


def asked(paper: Newspaper) -> list[str]:
    return [path.rpartition("/")[2] for _, path, _ in paper.requests if path.startswith("/images/")]


def row(db: Database, name: str) -> dict:
    return next(iter(db.query("select * from images where url like ?", [f"%/{name}"])))


def files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "images").iterdir()}


def test_pictures_are_off_by_default(paper: Newspaper, crawl: Crawl, folder: Path) -> None:
    crawl()
    assert asked(paper) == []
    assert files(folder) == set()


def test_a_crawl_keeps_each_picture_once_and_check_knows_them(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, folder: Path, db: Read
) -> None:
    assert "images: 8 new, 8 smaller," in crawl("--images")
    assert len(asked(paper)) == len(set(asked(paper))) == 16  # some stand in several articles
    assert len(files(folder)) == 8
    kept = row(db(), "egin-0912.jpg")
    body = (folder / "images" / f"{kept['sha256']}.jpg").read_bytes()
    assert hashlib.sha256(body).hexdigest() == kept["sha256"]
    assert (kept["state"], kept["type"], kept["width"], kept["height"]) == ("kept", "image/jpeg", 1200, 800)
    assert (kept["bytes"], len(kept["phash"])) == (len(body), 16)
    capture = next(iter(db().query("select * from captures where id = ?", [kept["capture"]])))
    assert read_capture(folder / "warc", warc=capture["warc"], offset=capture["offset"]).body == body
    assert kept_path(folder, kept["sha256"], kept["type"]) is not None  # the reading room shows it
    newsarchive("check")
    crawl()
    assert len(asked(paper)) == 16


def test_the_lead_alone(paper: Newspaper, crawl: Crawl, folder: Path, db: Read) -> None:
    profile = paper.profile()
    paper.profile = lambda: 'images = "lead"\n' + profile  # type: ignore[method-assign]
    crawl()
    (leads,) = db().conn.execute("select count(distinct image) from article_images where lead").fetchone()
    assert 0 < len(files(folder)) == leads
    kept = {url for (url,) in db().conn.execute("select url from images where state = 'kept'")}
    lead = "select i.url from images i join article_images l on l.image = i.id where l.lead"
    assert kept == {url for (url,) in db().conn.execute(lead)}


def test_a_picture_that_changed_is_a_new_file_and_the_old_one_stays(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, folder: Path, db: Read
) -> None:
    crawl("--images")
    old = row(db(), "qala-2025.jpg")
    paper.images["qala-2025.jpg"] = Answer(jpeg(), "image/jpeg")
    assert "images: 1 changed, 7 same" in newsarchive("images", "fetch", "--again").stdout
    new = row(db(), "qala-2025.jpg")
    assert new["sha256"] == hashlib.sha256(jpeg()).hexdigest() != old["sha256"]
    assert {f"{old['sha256']}.jpg", f"{new['sha256']}.jpg"} <= files(folder)
    versions = db().query("select sha256 from image_versions where image = ? order by id", [new["id"]])
    assert [version["sha256"] for version in versions] == [old["sha256"], new["sha256"]]
    repeated = db().conn.execute("select count(*) from captures where url like '%/images/%' and refers_to is not null")
    assert repeated.fetchone()[0] == 7 + 8  # the bytes of the others are not written again
    newsarchive("check")
    (folder / "images" / f"{old['sha256']}.jpg").unlink()
    assert "the image is missing" in newsarchive("check", code=1).stdout


def test_a_host_that_says_a_picture_is_the_same_sends_it_once(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, db: Read
) -> None:
    paper.images["qala-2025.jpg"] = Answer(jpeg(), "image/jpeg", headers={"ETag": '"1"'})
    crawl("--images")
    paper.images["qala-2025.jpg"] = Answer(status=304, headers={"ETag": '"1"'})
    newsarchive("images", "fetch", "--again")
    assert row(db(), "qala-2025.jpg")["state"] == "kept"
    assert ("GET", "/images/qala-2025.jpg", 304) in paper.requests


def test_what_is_broken_fake_hostile_or_too_large_is_refused_by_name(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, folder: Path, db: Read
) -> None:
    from tests.test_images import png_of

    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
    paper.images = {
        "egin-0912.jpg": Answer(b"<html><body>not here</body></html>", "image/jpeg"),
        "dala-2024.jpg": Answer(png_of(30_000, 30_000), "image/png"),
        "kol-0620.jpg": Answer(svg, "image/svg+xml"),
        "qala-2025.jpg": Answer(jpeg()[:-200], "image/jpeg"),
        "mektep-0901.jpg": Answer(jpeg() + b"\0" * 200_000, "image/jpeg"),
        "stadion-0505.jpg": Answer(status=404),
    }
    crawl("--images", "-s", "IMAGE_MAX_BYTES=150000")
    found = {name: (row(db(), name)["state"], row(db(), name)["reason"]) for name in NAMES}
    assert found["egin-0912.jpg"] == ("refused", "not a picture but HTML or XML")
    assert found["dala-2024.jpg"][1].startswith("a decompression bomb")
    assert found["kol-0620.jpg"] == ("refused", "an SVG with event handlers")
    assert found["qala-2025.jpg"][1].startswith("a broken picture")
    assert found["mektep-0901.jpg"] == ("refused", "larger than an image may be")
    assert found["stadion-0505.jpg"] == ("failed", "404 Not Found")
    assert len(files(folder)) == 2
    paper.images = {}
    paper.requests.clear()
    assert "images: 1 new" in newsarchive("images", "fetch").stdout
    assert asked(paper) == ["stadion-0505.jpg"]  # what was refused is not asked for again
    newsarchive("check")


def test_robots_txt_and_redirects_elsewhere_are_obeyed(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, db: Read
) -> None:
    paper.robots = "User-agent: *\nDisallow: /images/kol\n"
    paper.images["qala-2025.jpg"] = redirect("http://localhost:9/qala.jpg")
    crawl("--images")
    assert row(db(), "kol-0620.jpg")["reason"] == "forbidden by robots.txt"
    reason = row(db(), "qala-2025.jpg")["reason"]
    assert reason == "leads to a host that the page shows no image from (localhost:9)"
    assert "kol-0620.jpg" not in asked(paper)


SMALLER = "egin-0912-1024x683.jpg"


def captured(db: Database, name: str) -> list[int]:
    return [status for (status,) in db.conn.execute("select status from captures where url like ?", [f"%/{name}"])]


def test_the_version_that_a_page_shows_is_a_capture_and_nothing_else(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, folder: Path, db: Read
) -> None:
    paper.images[SMALLER] = Answer(jpeg("olive"), "image/jpeg")
    crawl("--images")
    assert captured(db(), SMALLER) == [200]
    assert not list(db().query("select * from images where url like ?", [f"%/{SMALLER}"]))
    assert f"{hashlib.sha256(jpeg('olive')).hexdigest()}.jpg" not in files(folder)
    newsarchive("check")
    paper.requests.clear()
    crawl("--images")
    newsarchive("images", "fetch")
    assert asked(paper) == []


def test_an_archive_that_has_the_largest_versions_alone_gets_those_shown(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, db: Read
) -> None:
    paper.images[SMALLER] = Answer(b"", "text/plain", status=404)
    crawl("--images")
    assert captured(db(), SMALLER) == [404]
    del paper.images[SMALLER]
    paper.requests.clear()
    assert "images: 1 smaller," in newsarchive("images", "fetch").stdout
    assert asked(paper) == [SMALLER]
    assert captured(db(), SMALLER) == [404, 200]


def test_a_shown_version_that_is_no_picture_or_leads_elsewhere_is_named(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, folder: Path, db: Read
) -> None:
    paper.images[SMALLER] = Answer(b"<script>alert(1)</script>", "image/jpeg")
    paper.images["dala-2024-1024x683.jpg"] = redirect("http://localhost:9/a.jpg")
    assert "8 new, 6 smaller, 1 smaller failed, 1 smaller refused," in crawl("--images")
    assert row(db(), "egin-0912.jpg")["state"] == "kept"
    assert len(files(folder)) == 8
    newsarchive("check")


def test_the_lead_alone_has_its_shown_version_too(paper: Newspaper, crawl: Crawl) -> None:
    crawl("--images=lead")
    largest = {name for name in asked(paper) if "-1024x683" not in name}
    assert {name.replace("-1024x683", "") for name in asked(paper)} == largest
    assert len(asked(paper)) == 2 * len(largest)


@pytest.mark.parametrize("named", ["egin-0912.jpg", SMALLER])
def test_taking_a_picture_down_by_either_address_takes_both_versions(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, folder: Path, db: Read, named: str
) -> None:
    paper.images[SMALLER] = Answer(jpeg("olive"), "image/jpeg")
    crawl("--images")
    newsarchive("forget", f"{paper.url}images/{named}", "--reason", "авторлық құқық")
    assert captured(db(), SMALLER) == captured(db(), "egin-0912.jpg") == []
    assert not any(jpeg("olive") in gunzipped(path) for path in (folder / "warc").iterdir())
    newsarchive("check")
    paper.requests.clear()
    crawl("--full", "--images")
    newsarchive("images", "fetch", "--again")
    assert not {SMALLER, "egin-0912.jpg"} & set(asked(paper))


def test_taking_an_article_down_takes_what_its_page_showed(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, folder: Path, db: Read
) -> None:
    paper.images["zauyt-0317-1024x683.jpg"] = Answer(jpeg("olive"), "image/jpeg")
    crawl("--images")
    image = row(db(), "zauyt-0317.jpg")
    shown = db().conn.execute("select article from article_images where image = ?", (image["id"],)).fetchall()
    for (article,) in shown:
        assert captured(db(), "zauyt-0317-1024x683.jpg") == [200]  # as long as one of them shows it
        newsarchive("forget", str(article), "--reason", "өтініш")
    assert captured(db(), "zauyt-0317-1024x683.jpg") == []
    assert not any(jpeg("olive") in gunzipped(path) for path in (folder / "warc").iterdir())


def test_pictures_with_cyrillic_names_are_known_by_the_address_that_was_asked_for(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, folder: Path, db: Read, tmp_path: Path
) -> None:
    paper.add("sulu", "Жаңа хабар: көрме ашылды", "Көрмеге қаланың суретшілері қатысты.\n\n" * 8, image="сурет 1.jpg")
    names = {"сурет 1.jpg": jpeg("olive"), "сурет 1-1024x683.jpg": jpeg("teal")}
    paper.images |= {name: Answer(body, "image/jpeg") for name, body in names.items()}
    assert "images: 9 new, 9 smaller," in crawl("--images")
    paper.requests.clear()
    assert "no image is missing" in newsarchive("images", "fetch").stdout
    assert asked(paper) == []
    copy = tmp_path / "copy"
    newsarchive("export", "--format", "warc", "-o", str(tmp_path / "warcs"), "--query", "көрме")
    newsarchive("--archive", str(copy), "import", "--any-site", str(tmp_path / "warcs"))
    taken = Database(copy / "archive.db")
    assert row(taken, "сурет 1.jpg")["state"] == "kept"
    payloads = {hashlib.sha256(body).hexdigest() for body in names.values()}
    assert payloads <= {sha256 for (sha256,) in taken.conn.execute("select sha256 from captures")}
    newsarchive("forget", f"{paper.url}images/сурет 1.jpg", "--reason", "авторлық құқық")
    assert not payloads & {sha256 for (sha256,) in db().conn.execute("select sha256 from captures")}


def gunzipped(path: Path) -> bytes:
    with gzip.open(path) as file:
        return file.read()


def test_images_fetch_gets_what_a_crawl_without_pictures_left(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, folder: Path, db: Read
) -> None:
    crawl()
    assert "images: 2 new, 1 smaller," in newsarchive("images", "fetch", "paper", "--limit", "3").stdout
    assert "images: 6 new, 7 smaller," in newsarchive("images", "fetch").stdout
    assert "no image is missing" in newsarchive("images", "fetch").stdout
    newsarchive("images", "fetch", "--images", "none", code=2)
    assert len(files(folder)) == 8
    runs = db().conn.execute("select reason from runs where command = 'images'").fetchall()
    assert runs == [("finished",)] * 3


def test_taking_an_article_down_takes_all_files_of_its_pictures(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, folder: Path, db: Read
) -> None:
    crawl("--images")
    paper.images["zauyt-0317.jpg"] = Answer(jpeg("maroon"), "image/jpeg")
    newsarchive("images", "fetch", "--again")
    image = row(db(), "zauyt-0317.jpg")
    shown = db().conn.execute("select article from article_images where image = ?", (image["id"],)).fetchall()
    for (article,) in shown:
        newsarchive("forget", str(article), "--reason", "өтініш")
    assert len(files(folder)) == 7
    assert db().conn.execute("select count(*) from image_versions where image = ?", (image["id"],)).fetchone() == (0,)
    assert db().conn.execute("select count(*) from captures where url = ?", (image["url"],)).fetchone() == (0,)
    newsarchive("check")


@contextmanager
def pages(found: dict[str, tuple[str, bytes]], requests: list[str], times: list[float] | None = None) -> Iterator[str]:
    """A small host on loopback, under its other name: localhost."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            if times is not None:
                times.append(time.monotonic())
            kind, body = found.get(self.path, ("", b""))
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", kind or "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def story(picture: str) -> bytes:
    text = "".join(
        f"<p>Ауылда бүгін {n} үй жаңадан салынды, тұрғындар қуанып жатыр, жол да жөнделді.</p>" for n in range(9)
    )
    figure = f'<figure><img src="{picture}" width="640" height="400"><figcaption>Жаңа үй</figcaption></figure>'
    head = "<title>Жаңа үйлер салынды</title>"
    page = f"<html lang=kk><head>{head}</head><body><article><h1>Жаңа үйлер салынды</h1>{figure}{text}</article></body></html>"
    return page.encode()


def test_fetch_keeps_a_picture_of_another_host_that_the_page_shows(newsarchive: Run, folder: Path, db: Read) -> None:
    found: dict[str, tuple[str, bytes]] = {"/1.jpg": ("image/jpeg", jpeg())}
    elsewhere: list[str] = []
    with pages(found, elsewhere) as pictures, pages(page := {}, []) as site:
        page["/uyler"] = ("text/html; charset=utf-8", story(f"{pictures}/1.jpg"))
        done = newsarchive("fetch", "--images", f"{site.replace('localhost', '127.0.0.1')}/uyler")
    assert "Images: 1 new" in done.stderr
    assert elsewhere == ["/robots.txt", "/1.jpg"]
    assert len(files(folder)) == 1
    newsarchive("check")


def test_another_host_is_asked_slowly_however_fast_the_site_is(newsarchive: Run, folder: Path, db: Read) -> None:
    found = {f"/{n}.jpg": ("image/jpeg", jpeg(color)) for n, color in enumerate(("navy", "red", "gold"))}
    elsewhere: list[str] = []
    times: list[float] = []
    site: dict[str, tuple[str, bytes]] = {}
    with pages(found, elsewhere, times) as pictures, pages(site, []) as home:
        home = home.replace("localhost", "127.0.0.1")
        links = "".join(f'<p><a href="/uy-{n}">Үй</a></p>' for n in range(3))
        site["/"] = ("text/html", f"<html><body>{links}</body></html>".encode())
        site |= {f"/uy-{n}": ("text/html; charset=utf-8", story(f"{pictures}/{n}.jpg")) for n in range(3)}
        (folder / "sites").mkdir(parents=True)
        source = f'[[sources]]\nkind = "listing"\nurl = "{home}/"\nlinks = "a"\n'
        (folder / "sites" / "uy.toml").write_text(f'url = "{home}/"\ndelay = 0\n{source}', encoding="utf-8")
        newsarchive("crawl", "uy", "--images", "-s", "IMAGE_DELAY_ELSEWHERE=0.5")
    assert sorted(elsewhere) == ["/0.jpg", "/1.jpg", "/2.jpg", "/robots.txt"]
    assert min(later - earlier for earlier, later in pairwise(times)) > 0.4


def test_fetch_obeys_the_robots_txt_of_the_picture_s_host(newsarchive: Run, folder: Path, db: Read) -> None:
    found = {"/1.jpg": ("image/jpeg", jpeg()), "/robots.txt": ("text/plain", b"User-agent: *\nDisallow: /")}
    elsewhere: list[str] = []
    with pages(found, elsewhere) as pictures, pages(page := {}, []) as site:
        page["/uyler"] = ("text/html; charset=utf-8", story(f"{pictures}/1.jpg"))
        newsarchive("fetch", f"{site}/uyler", "--images", "all")
    assert elsewhere == ["/robots.txt"]
    assert row(db(), "1.jpg")["reason"] == "forbidden by robots.txt"


@pytest.mark.parametrize(
    ("page", "url", "reason"),
    [
        ("http://93.184.215.14/1", "http://127.0.0.1/a.jpg", "from a public site to a private address"),
        ("http://93.184.215.14/1", "http://169.254.169.254/a.jpg", "from a public site to a private address"),
        ("http://127.0.0.1/1", "http://127.0.0.1/a.jpg", ""),
        ("http://127.0.0.1/1", "http://10.0.0.1/a.jpg", "the page shows no image from"),
    ],
)
def test_a_public_page_brings_no_request_to_a_private_address(page: str, url: str, reason: str) -> None:
    hosts = frozenset({"127.0.0.1", "169.254.169.254"})
    wanted = ImageToDownload(url=url, page=page, hosts=hosts)
    middleware = OwnHostsMiddleware(Crawler(PageSpider, Settings()))
    request = Request(url, meta={"image": wanted})
    if not reason:
        asyncio.run(middleware.process_request(request))
        return
    with pytest.raises(IgnoreRequest, match=reason):
        asyncio.run(middleware.process_request(request))
