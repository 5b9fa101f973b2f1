"""Results to take away: what is inside, that it can be made again, and that nothing withheld is ever in it."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import threading
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

import httpx
import pyarrow.parquet  # type: ignore[import-untyped]
import pytest
from sqlite_utils import Database

from newsarchive.browse import streams, taking
from newsarchive.browse.app import make_datasette
from newsarchive.browse.streams import MOST_AT_ONCE, StreamedResponse
from newsarchive.browse.visits import Stream
from newsarchive.database import open_archive, read_archive, save_article, save_site
from newsarchive.database.embargoes import embargo_article
from newsarchive.database.revisions import Provenance
from newsarchive.export import ExportError
from newsarchive.export.packages import Request, write_package
from newsarchive.items import Article
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text

SITE = Site(name="tan", title="Таң", url="https://tan.example/", language="kk", timezone="Asia/Almaty")


def fill(folder: Path, numbers: range) -> None:
    db = open_archive(folder)
    save_site(db, SITE)
    with db.atomic():
        for n in numbers:
            title, body = f"{n}-хабар", f"Өзен {n} рет тасыды."
            article = Article(
                url=f"https://tan.example/{n}/", site="tan", title=title, body=body, language="kk",
                published=f"2025-01-{n % 28 + 1:02}",
            )  # fmt: skip
            search_text = make_search_text(title=title, lead="", body=body, authors=[], language="kk")
            provenance = Provenance(time="2025-03-01T00:00:00Z")
            save_article(db, article, site=SITE, urls=[article.url], provenance=provenance, search_text=search_text)
    db.close()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    fill(folder, range(250))
    return folder


@pytest.fixture
def db(archive: Path) -> Iterator[Database]:
    db = read_archive(archive)
    yield db
    db.close()


def package(db: Database, **request: Any) -> ZipFile:
    file = io.BytesIO()
    write_package(db, file, Request(**request))
    return ZipFile(file)


def about_of(archive: ZipFile) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(archive.read("about.json"))
    return found


def urls_in(archive: ZipFile, form: str) -> list[str]:
    if form == "csv":
        return [row["url"] for row in csv.DictReader(io.StringIO(archive.read("articles.csv").decode(), newline=""))]
    if form == "jsonl":
        return [json.loads(line)["url"] for line in archive.read("articles.jsonl").splitlines()]
    if form == "parquet":
        return list(pyarrow.parquet.read_table(io.BytesIO(archive.read("articles.parquet")))["url"].to_pylist())
    texts = [archive.read(name).decode() for name in archive.namelist() if name.startswith("articles/")]
    return [line.partition('"')[2][:-1] for text in texts for line in text.splitlines() if line.startswith("url: ")]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "markdown"])
def test_a_package_says_how_it_was_made_and_from_which_versions(db: Database, form: str) -> None:
    with package(db, format=form, query="өзендер", filters={"since": "2025-01-10"}) as archive:
        assert archive.testzip() is None
        about = about_of(archive)
        versions = list(csv.DictReader(io.StringIO(archive.read("versions.csv").decode(), newline="")))
        assert sorted(urls_in(archive, form)) == sorted(row["url"] for row in versions)
        assert about["articles"] == len(versions) > 100
        lines = "".join(f"{row['url']}\t{row['digest']}\n" for row in versions)
        assert about["digest"] == f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"
        assert about["query"] == "өзендер"
        assert about["filters"] == {"since": "2025-01-10"}
        assert about["digest"] in about["citation"]
        for line in archive.read("SHA256SUMS").decode().splitlines():
            digest, _, name = line.partition("  ")
            assert hashlib.sha256(archive.read(name)).hexdigest() == digest
        readme = archive.read("README.txt").decode()
        assert about["command"] in readme
        assert "{" not in readme


def test_the_digest_is_that_of_the_texts_not_of_the_format_or_time(db: Database) -> None:
    digests = {about_of(package(db, format=form, query="өзен"))["digest"] for form in ("csv", "jsonl")}
    assert len(digests) == 1


def test_a_sample_is_drawn_again_by_its_seed_and_says_from_what(db: Database, tmp_path: Path) -> None:
    drawn = {seed: package(db, format="csv", sample=20, seed=seed) for seed in ("1", "2")}
    urls = {seed: urls_in(archive, "csv") for seed, archive in drawn.items()}
    assert len(urls["1"]) == len(urls["2"]) == 20
    assert urls["1"] != urls["2"]
    about = about_of(drawn["1"])
    assert about["sample"]["frame"]["articles"] == 250
    versions = list(csv.DictReader(io.StringIO(drawn["1"].read("versions.csv").decode(), newline="")))
    assert len(versions) == 250
    assert sorted(row["url"] for row in versions if row["taken"] == "1") == sorted(urls["1"])
    by_hand = sorted((hashlib.sha256(f"1 {row['url']}".encode()).hexdigest(), row["url"]) for row in versions)[:20]
    assert sorted(url for _, url in by_hand) == sorted(urls["1"])
    fill(tmp_path, range(249, -1, -1))  # other numbers, the same addresses
    again = read_archive(tmp_path)
    assert urls_in(package(again, format="csv", sample=20, seed="1"), "csv") == urls["1"]
    again.close()


def test_the_command_line_makes_the_same_package(db: Database, archive: Path, forks: Any, tmp_path: Path) -> None:
    request = Request(format="jsonl", query="өзен", filters={"site": "tan"}, sample=7, seed="it's")
    file = io.BytesIO()
    write_package(db, file, request)
    target = tmp_path / "result.zip"
    options = ["--package", "--format", "jsonl", "--query", "өзен", "--site", "tan", "--sample", "7", "--seed", "it's"]
    done = forks.run(["--archive", str(archive), "export", *options, "-o", str(target)], {}, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "--seed 'it'\"'\"'s'" in request.command()
    with ZipFile(target) as made, ZipFile(file) as wanted:
        assert made.read("articles.jsonl") == wanted.read("articles.jsonl")
        assert about_of(made)["digest"] == about_of(wanted)["digest"]


def test_what_is_hidden_while_the_file_is_made_is_not_in_it(db: Database) -> None:
    hidden: set[int] = set()

    def withheld(_part: int, articles: Any) -> set[int]:
        hidden.update(articles[:1])  # at every batch another article
        return hidden & set(articles)

    file = io.BytesIO()
    write_package(db, file, Request(format="jsonl"), withheld=withheld)
    with ZipFile(file) as archive:
        numbers = {json.loads(line)["id"] for line in archive.read("articles.jsonl").splitlines()}
    assert numbers
    assert not numbers & hidden


def test_an_embargo_set_meanwhile_is_seen(archive: Path, tmp_path: Path) -> None:
    fill(tmp_path, range(3))
    now = read_archive(tmp_path)
    before = taking._withheld(now, 0, [1, 2, 3, 99])
    writing = open_archive(tmp_path)
    embargo_article(writing, 2, until=date(2999, 1, 1))
    writing.close()
    assert before == {99}
    assert taking._withheld(now, 0, [1, 2, 3, 99]) == {2, 99}
    now.close()


async def take(room: Any, path: str) -> httpx.Response:
    response: httpx.Response = await room.client.get(path)
    return response


def test_the_reading_room_gives_a_result_in_one_click(archive: Path) -> None:
    room = make_datasette(archive)

    async def visit() -> None:
        await room.invoke_startup()
        page = await take(room, "/search?q=өзен&since=2025-01-05")
        assert "/take/parquet?q=%D3%A9%D0%B7%D0%B5%D0%BD&amp;since=2025-01-05" in page.text
        answer = await take(room, "/take/csv?q=өзен&since=2025-01-05&sample=5&seed=x")
        assert answer.status_code == 200
        assert answer.headers["content-disposition"] == 'attachment; filename="articles-sample-5-csv.zip"'
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        with ZipFile(io.BytesIO(answer.content)) as file:
            assert len(urls_in(file, "csv")) == 5
        for path, status in (
            ("/take/csv?q=" + "(" * 20, 400),
            ("/take/csv?sample=0", 400),
            ("/take/csv?sample=x", 400),
            ("/take/wacz?q=өзен", 400),  # no capture is kept
            ("/take/tei?q=өзен", 404),
        ):
            assert (await take(room, path)).status_code == status, path
        for _ in range(MOST_AT_ONCE):
            assert streams._places.acquire(blocking=False), "a download kept its place"
        assert (await take(room, "/take/csv?q=өзен")).status_code == 503
        for _ in range(MOST_AT_ONCE):
            streams._places.release()

    asyncio.run(visit())


@pytest.mark.parametrize("failure", [None, ValueError("half")])
def test_a_reader_who_leaves_ends_the_writer_and_a_failure_breaks_off(failure: Exception | None) -> None:
    ended = threading.Event()

    def write(file: IO[bytes]) -> None:
        try:
            for _ in range(20) if failure else iter(int, 1):
                file.write(b"x" * 100_000)
            if failure:
                raise failure
        finally:
            ended.set()

    async def visit() -> list[Any]:
        sent: list[Any] = []
        left = asyncio.Event()

        async def receive() -> dict[str, str]:
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)
            if len(sent) > 5 and not failure:
                left.set()
                await asyncio.sleep(0)

        request = type("Asked", (), {"receive": staticmethod(receive)})()
        stream = Stream(write=write, type="application/zip", filename="x.zip")
        response = StreamedResponse(stream, request, headers={}, failed=partial(pytest.fail, "no answer"))
        if failure:
            with pytest.raises(ValueError, match="half"):
                await response.asgi_send(send)
        else:
            await response.asgi_send(send)
        await asyncio.to_thread(ended.wait, 20)
        return sent

    sent = asyncio.run(visit())
    assert ended.is_set()
    assert sent[-1].get("more_body", False)


def test_a_format_without_a_package_is_refused(db: Database) -> None:
    with pytest.raises(ExportError, match="Unknown format “tei”"):
        package(db, format="tei")
