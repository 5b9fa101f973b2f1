"""WACZ files: valid, the same each time, indexed as replay tools index, with nothing that is withheld."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest
import surt as wayback
from fastwarc.warc import ArchiveIterator, WarcRecordType
from sqlite_utils import Database

from newsarchive.captures.records import read_members
from newsarchive.captures.writing import CaptureWriter, RecordedResponse
from newsarchive.database import open_archive, read_archive, save_article, save_capture, save_site
from newsarchive.database.embargoes import embargo_article
from newsarchive.database.revisions import Provenance
from newsarchive.demo import Newspaper
from newsarchive.export import ExportError, export
from newsarchive.export.surt import surt
from newsarchive.items import Article, Original
from newsarchive.sites import Site

Crawl = Callable[..., str]
Run = Callable[..., subprocess.CompletedProcess[str]]
SITE = Site(name="tan", title="Таң", url="https://tan.example/", language="kk", timezone="Asia/Almaty")
RECORDS = WarcRecordType.response | WarcRecordType.revisit | WarcRecordType.resource


def inside(path: Path, name: str) -> bytes:
    with ZipFile(path) as file:
        data = file.read(name)
    return gzip.decompress(data) if name.endswith(".gz") else data


def pages(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in inside(path, "pages/pages.jsonl").splitlines()][1:]


def validate(path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "wacz", "validate", "-f", str(path)], capture_output=True, text=True)
    assert "the passed WACZ is valid" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


def index_by_other_tool(path: Path, folder: Path) -> list[str]:
    """What the indexer of Webrecorder makes of the WARC files in a WACZ."""
    with ZipFile(path) as file:
        names = [name for name in file.namelist() if name.startswith("archive/")]
        warcs = [file.extract(name, folder) for name in names]
    command = [str(Path(sys.executable).with_name("cdxj-indexer")), "-s", *warcs]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def everything(path: Path) -> bytes:
    """All that stands in a WACZ, inflated as often as it is compressed."""
    with ZipFile(path) as file:
        found = b"".join(file.read(name) for name in file.namelist())
        warcs = [name for name in file.namelist() if name.endswith(".gz")]
        for name in warcs:
            plain = gzip.decompress(file.read(name))
            found += plain
            for place in range(len(plain)):
                if plain.startswith(b"\x1f\x8b\x08", place):
                    found += zlib.decompressobj(31).decompress(plain[place:])
    return found


def test_a_crawl_becomes_a_valid_file_that_is_the_same_each_time(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, folder: Path, tmp_path: Path
) -> None:
    paper.counter = False
    crawl("--images")
    story = paper.posts()[0]
    paper.edit(story.slug, append="Кеш бойы жаңбыр жауды.")
    crawl("--full")
    one, two = tmp_path / "one.wacz", tmp_path / "two.wacz"
    assert "45 articles in " in newsarchive("export", "--format", "wacz", "-o", str(one)).stderr
    validate(one)
    export(read_archive(folder), two, format="wacz")
    assert one.read_bytes() == two.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "one.wacz", "two.wacz"]
    with ZipFile(one) as file:
        stored = [info.filename for info in file.infolist() if info.compress_type == ZIP_STORED]
    assert stored == ["archive/001.warc.gz", "indexes/index.cdx.gz"]

    package = json.loads(inside(one, "datapackage.json"))
    assert (package["wacz_version"], package["profile"]) == ("1.1.1", "data-package")
    assert {resource["path"] for resource in package["resources"]} == {
        "archive/001.warc.gz",
        "indexes/index.cdx.gz",
        "indexes/index.idx",
        "pages/pages.jsonl",
    }
    versions = [page for page in pages(one) if page["url"] == paper.address(story)]
    assert [("жаңбыр жауды" in page["text"], page["title"]) for page in versions] == [
        (False, story.title),
        (True, story.title),
    ]
    assert len(pages(one)) == 46

    lines = inside(one, "indexes/index.cdx.gz").decode().splitlines()
    assert lines == index_by_other_tool(one, tmp_path)
    kinds = [json.loads(line.split(" ", 2)[2])["mime"] for line in lines]
    assert kinds.count("image/jpeg") == 16  # as shown, and the largest
    assert kinds.count("warc/revisit") > 40
    stamps = {"".join(filter(str.isdigit, page["ts"])) + page["url"] for page in pages(one)}
    assert stamps <= {line.split(" ", 2)[1] + json.loads(line.split(" ", 2)[2])["url"] for line in lines}


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """Two articles whose addresses once answered the same page; the payload is kept with the first."""
    db = open_archive(tmp_path / "archive")
    save_site(db, SITE)
    originals: dict[str, Original] = {}
    writer = CaptureWriter(tmp_path / "archive" / "warc", "run", originals=originals.get)
    for name in ("qupiya", "ashyq"):
        url = f"https://tan.example/{name}/"
        for body in ("<h1>Бет табылмады</h1>", f"<h1>{name}</h1>"):
            capture = writer.write(
                RecordedResponse(url=url, status=200, headers=[("Content-Type", "text/html")], body=body.encode())
            )
            number = save_capture(db, capture, None)
            original = Original(capture=number, url=url, warc=capture.warc, offset=capture.offset)
            originals.setdefault(capture.sha256, original)
        article = Article(url=url, site="tan", title=f"Тақырып: {name}", body=f"Мәтін: {name}.", language="kk")
        provenance = Provenance(time=capture.time, captures=(number,))
        save_article(db, article, site=SITE, urls=[url], provenance=provenance, search_text=("", "", ""))
    writer.close()
    yield db
    db.close()


def records(path: Path) -> list[tuple[str, str, bytes]]:
    with ZipFile(path) as file:
        data = b"".join(file.read(name) for name in file.namelist() if name.startswith("archive/"))
    found = ArchiveIterator(BytesIO(data), record_types=RECORDS, verify_digests=True)
    return [(r.headers["WARC-Type"], r.headers["WARC-Target-URI"], r.reader.read()) for r in found]


def test_a_revisit_comes_with_its_original(db: Database, tmp_path: Path) -> None:
    export(db, tmp_path / "a.wacz", format="wacz")
    assert [kind for kind, _, _ in records(tmp_path / "a.wacz")] == ["response", "response", "revisit", "response"]


def test_what_is_withheld_is_in_no_part_of_the_file(db: Database, tmp_path: Path) -> None:
    embargo_article(db, 1, until=date(2100, 1, 1))
    export(db, tmp_path / "a.wacz", format="wacz")
    assert b"qupiya" not in everything(tmp_path / "a.wacz")
    found = records(tmp_path / "a.wacz")
    assert [(kind, url) for kind, url, _ in found] == [("response", "https://tan.example/ashyq/")] * 2
    assert found[0][2] == "<h1>Бет табылмады</h1>".encode()  # whole, though the archive has it as a revisit
    validate(tmp_path / "a.wacz")
    assert inside(tmp_path / "a.wacz", "indexes/index.cdx.gz").decode().splitlines() == index_by_other_tool(
        tmp_path / "a.wacz", tmp_path
    )


def test_a_file_is_whole_or_not_there(db: Database, tmp_path: Path) -> None:
    target = tmp_path / "a.wacz"
    (warc,) = (tmp_path / "archive" / "warc").iterdir()
    whole = warc.read_bytes()
    last = list(read_members(warc))[-1]
    warc.write_bytes(whole[: last.offset + 20] + b"\0" + whole[last.offset + 21 :])
    with pytest.raises(ExportError, match=f"byte {last.offset} of .*: the compressed bytes are broken"):
        export(db, target, format="wacz")
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]
    warc.unlink()
    with pytest.raises(ExportError, match="Cannot read"):
        export(db, target, format="wacz")
    with pytest.raises(ExportError, match=r"must end in \.wacz"):
        export(db, tmp_path / "a.zip", format="wacz")
    with pytest.raises(ExportError, match="No capture of these articles is kept"):
        export(db, target, format="wacz", query="жоқсөз")
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]


def test_warc_files_in_it_are_of_at_most_the_chosen_size(db: Database, tmp_path: Path) -> None:
    export(db, tmp_path / "a.wacz", format="wacz", largest=1500)
    with ZipFile(tmp_path / "a.wacz") as file:
        sizes = [info.file_size for info in file.infolist() if info.filename.startswith("archive/")]
    assert len(sizes) > 1
    assert max(sizes) <= 1500
    validate(tmp_path / "a.wacz")
    assert inside(tmp_path / "a.wacz", "indexes/index.cdx.gz").decode().splitlines() == index_by_other_tool(
        tmp_path / "a.wacz", tmp_path
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://a.kz",
        "https://www2.A.kz:443//b/../C/?",
        "http://user:word@a.kz:8080/x/",
        "http://a.kz./%D2%9B%d1%8b/қала%252F100%/",
        "http://қазақ.kz/ü?Q=ҚЫ+ә%20б%26в",
        "http://a.kz/?b=2&a-b=1&a=1&a&&a.b=3&",
        "http://a.kz/i.php?PHPSESSID=9682993c8daa2c5497996114facdc805&p=1",
        "http://a.kz/?p=1&sid=9682993c8daa2c5497996114facdc805",
        "http://a.kz/?cfid=1&cftoken=2&x=1/2?3",
        "http://127.0.0.1:8801/a'b\"c<d>e|f^g`h{i}j[k]~l!m$n(o)p*q,r;s:t@u=v&w#z",
        "http://a.kz/%00%7f%E0%A4%3F%23?%23",
        "urn:x:1",
    ],
)
def test_keys_of_the_index_are_those_of_replay_tools(url: str) -> None:
    assert surt(url) == wayback.surt(url)


def captures(path: Path) -> set[tuple[str, str, str]]:
    """Address, second and digest of each capture in a WACZ."""
    lines = [line.split(" ", 2) for line in inside(path, "indexes/index.cdx.gz").decode().splitlines()]
    return {(fields["url"], time, fields["digest"]) for _, time, text in lines for fields in [json.loads(text)]}


def test_a_file_taken_into_an_empty_archive_gives_the_same_file_again(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, folder: Path, tmp_path: Path
) -> None:
    paper.counter = False
    crawl("--images")
    story = next(story for story in paper.posts() if len(story.pages) == 1)
    paper.edit(story.slug, append="Кеш бойы жаңбыр жауды.")
    crawl("--full")
    one, two = tmp_path / "one.wacz", tmp_path / "two.wacz"
    newsarchive("export", "--format", "wacz", "-o", str(one))
    query = "select v.url, v.title, v.lead, v.body, a.markdown, v.published, v.authors, v.tags, v.images, v.revisions"
    query += " from archive v join articles a using (id) order by v.url"
    archive = read_archive(folder)
    before = archive.conn.execute(query).fetchall()
    files = {path.name: path.read_bytes() for path in (folder / "images").iterdir()}
    archive.close()
    shutil.rmtree(folder)
    (folder / "sites").mkdir(parents=True)
    (folder / "sites" / "paper.toml").write_text(paper.profile(), encoding="utf-8")
    assert "images: 8 new" in newsarchive("import", str(one)).stdout
    newsarchive("check")
    newsarchive("export", "--format", "wacz", "-o", str(two))
    archive = read_archive(folder)
    assert archive.conn.execute(query).fetchall() == before
    assert {path.name: path.read_bytes() for path in (folder / "images").iterdir()} == files
    assert inside(two, "pages/pages.jsonl") == inside(one, "pages/pages.jsonl")
    assert captures(two) == captures(one)
    assert "pictures" not in newsarchive("import", str(one)).stdout
