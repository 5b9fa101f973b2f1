"""Pictures with all that happens to an archive: takedown, backup, checks, lost files, reading again."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from PIL import Image
from sqlite_utils import Database

from newsarchive.captures.reading import read_capture
from newsarchive.database import read_archive
from newsarchive.demo import Newspaper
from newsarchive.demo.answers import Answer, redirect
from newsarchive.fixity import check_archive
from newsarchive.sites import load_sites

Run = Callable[..., subprocess.CompletedProcess[str]]
Crawl = Callable[..., str]
Read = Callable[[], Database]
TEXT = "Ауылда бүгін {0} туралы көп айтылды, тұрғындар {0} суретін де көрді. "


def jpeg(color: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (320, 200), color).save(out, "JPEG")
    return out.getvalue()


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


SAME, LATER = jpeg("navy"), jpeg("maroon")


@pytest.fixture
def small(paper: Newspaper, crawl: Crawl) -> Newspaper:
    """The newspaper with two stories whose pictures have the same bytes at two addresses, crawled with pictures."""
    paper.counter = False
    paper.stories = paper.posts()[:2]
    for slug in ("egin", "kol"):
        paper.add(slug, f"Жаңа хабар: {slug} туралы", TEXT.format(slug) * 8, image=f"{slug}.jpg")
        paper.images[f"{slug}.jpg"] = Answer(SAME, "image/jpeg")
        paper.images[f"{slug}-1024x683.jpg"] = Answer(jpeg("teal"), "image/jpeg")
    crawl("--images")
    return paper


def image(db: Database, name: str) -> dict:
    return next(iter(db.query("select * from images where url like ?", [f"%/{name}.jpg"])))


def kept(folder: Path) -> set[str]:
    return {path.stem for path in (folder / "images").iterdir()}


def payloads(folder: Path) -> list[bytes]:
    """The payloads of all records in all WARC files."""
    found = []
    for path in (folder / "warc").iterdir():
        with open(path, "rb") as file:
            found += [record.reader.read() for record in ArchiveIterator(file, record_types=WarcRecordType.response)]
    return found


def read(db: Database, folder: Path, name: str) -> list[bytes]:
    """What each capture of a picture's address gives."""
    rows = db.query("select * from captures where url like ? order by id", [f"%/{name}.jpg"])
    return [read_capture(folder / "warc", warc=row["warc"], offset=row["offset"]).body for row in rows]


def problems(folder: Path) -> list[str]:
    return [p.sentence() for p in check_archive(folder, sites=load_sites(folder / "sites")).problems]


def test_a_picture_with_the_same_bytes_elsewhere_outlives_the_one_that_is_taken_down(
    small: Newspaper, newsarchive: Run, crawl: Crawl, folder: Path, db: Read
) -> None:
    newsarchive("images", "fetch", "--again")
    (whole,) = db().conn.execute("select url from captures where refers_to is null and sha256 = ?", (sha256(SAME),))
    first, other = ("egin", "kol") if "egin" in whole[0] else ("kol", "egin")
    draft = folder / "images" / f".{sha256(SAME)}.jpg.1"  # of a run that was killed
    draft.write_bytes(SAME)
    os.utime(draft, (0, 0))
    newsarchive("forget", f"{small.url}{first}/", "--reason", "өтініш")
    assert not draft.exists()
    assert read(db(), folder, first) == []
    assert read(db(), folder, other) == [SAME, SAME]
    assert sha256(SAME) in kept(folder)
    newsarchive("check")
    newsarchive("forget", f"{small.url}{other}/", "--reason", "өтініш")
    assert sha256(SAME) not in kept(folder)
    assert SAME not in payloads(folder)
    crawl("--full", "--images")
    newsarchive("images", "fetch", "--again")
    assert sha256(SAME) not in kept(folder)
    assert SAME not in payloads(folder)
    newsarchive("check")


def test_a_picture_that_was_had_through_a_redirect_goes_with_its_article(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, folder: Path
) -> None:
    paper.stories = paper.posts()[:1]
    paper.add("qala", "Қала туралы жаңа хабар", TEXT.format("қала") * 8, image="qala.jpg")
    paper.images |= {"qala.jpg": redirect(f"{paper.url}images/tau.jpg"), "tau.jpg": Answer(SAME, "image/jpeg")}
    crawl("--images")
    newsarchive("images", "fetch", "--again")
    paper.images["tau.jpg"] = Answer(LATER, "image/jpeg")
    newsarchive("images", "fetch", "--again")
    assert {SAME, LATER} <= set(payloads(folder))
    newsarchive("forget", f"{paper.url}qala/", "--reason", "өтініш")
    assert not {SAME, LATER} & set(payloads(folder))
    assert not {sha256(SAME), sha256(LATER)} & kept(folder)
    newsarchive("check")


def test_a_picture_alone_can_be_taken_down_and_its_article_stays(
    small: Newspaper, crawl: Crawl, newsarchive: Run, folder: Path, db: Read, tmp_path: Path
) -> None:
    small.images["egin.jpg"] = Answer(LATER, "image/jpeg")
    newsarchive("images", "fetch", "--again")
    newsarchive("backup", str(tmp_path / "copy"))
    newsarchive("restore", str(tmp_path / "copy"), "--to", str(tmp_path / "new"))
    assert kept(tmp_path / "new") == kept(folder) == {sha256(SAME), sha256(LATER)}
    assert read(read_archive(tmp_path / "new"), tmp_path / "new", "kol") == [SAME, SAME]
    said = newsarchive("forget", f"{small.url}images/egin.jpg", "--reason", "авторлық құқық").stdout
    assert "1 image" in said
    small.requests.clear()
    crawl("--full", "--images")
    newsarchive("images", "fetch", "--again")
    assert not [path for _, path, _ in small.requests if path.endswith("egin.jpg")]
    row = image(db(), "egin")
    assert (row["state"], row["reason"], row["sha256"]) == ("refused", "taken down", None)
    assert db().conn.execute("select count(*) from articles where url like '%/egin/'").fetchone() == (1,)
    assert kept(folder) == {sha256(SAME)}  # another address gave it too
    assert LATER not in payloads(folder)
    newsarchive("restore", str(tmp_path / "copy"), "--force")
    assert image(db(), "egin")["state"] == "refused"
    assert sha256(LATER) not in kept(folder)
    assert read(db(), folder, "kol")[-1] == SAME
    newsarchive("check")


def test_check_finds_what_is_wrong_with_pictures_and_repeated_payloads(
    small: Newspaper, newsarchive: Run, folder: Path, db: Read
) -> None:
    small.images["kol.jpg"] = Answer(LATER, "image/jpeg")
    newsarchive("images", "fetch", "--again")
    later, same = (folder / "images" / f"{sha256(body)}.jpg" for body in (LATER, SAME))
    later.write_bytes(LATER[:-1] + bytes([LATER[-1] ^ 1]))
    orphan = folder / "images" / f"{'0' * 64}.png"
    orphan.write_bytes(b"x")
    os.utime(orphan, (0, 0))
    same.unlink()
    original = next(iter(db().query("select * from captures where refers_to is null and sha256 = ?", [sha256(SAME)])))
    found = problems(folder)
    assert any(later.name in line and "differ from its digest" in line for line in found)
    assert any(same.stem in line and "the image is missing" in line for line in found)
    assert any(orphan.name in line and "no row of images knows this file" in line for line in found)
    assert not [line for line in found if "repeats" in line]
    path = folder / "warc" / original["warc"]
    data = path.read_bytes()
    end = original["offset"] + original["length"]
    path.write_bytes(data[: original["offset"]] + bytes(original["length"]) + data[end:])
    assert any("repeats one that is not there" in line for line in problems(folder))


def test_a_lost_picture_is_put_back_from_its_capture_and_a_damaged_one_written_again(
    small: Newspaper, newsarchive: Run, folder: Path, db: Read
) -> None:
    path = folder / "images" / f"{sha256(SAME)}.jpg"
    path.unlink()
    small.requests.clear()
    assert "1 restored" in newsarchive("images", "fetch").stderr
    assert path.read_bytes() == SAME
    assert small.requests == []
    path.write_bytes(SAME[:-1] + b"?")
    newsarchive("images", "fetch", "--again")
    assert path.read_bytes() == SAME
    newsarchive("check")
    path.unlink()
    (row,) = db().query("select warc from captures where refers_to is null and sha256 = ?", [sha256(SAME)])
    (folder / "warc" / row["warc"]).unlink()
    assert "1 lost" in newsarchive("images", "fetch").stderr
    assert path.read_bytes() == SAME  # had again from the site
    assert image(db(), "egin")["state"] == "kept"


def test_pages_and_pictures_that_came_again_are_read_again_alike(
    small: Newspaper, crawl: Crawl, newsarchive: Run, db: Read
) -> None:
    crawl("--full", "--images")
    before = list(db().query("select url, sha256, capture, state from images order by id"))
    newsarchive("reextract")
    assert list(db().query("select url, sha256, capture, state from images order by id")) == before
    newsarchive("check")


def test_fetch_leaves_no_picture_of_an_article_that_was_taken_down(
    small: Newspaper, newsarchive: Run, folder: Path
) -> None:
    """Its address under other clothes is not known to be its own before the page is there."""
    newsarchive("forget", f"{small.url}egin/", "--reason", "өтініш")
    newsarchive("forget", f"{small.url}kol/", "--reason", "өтініш")
    assert not kept(folder)
    small.moved = {"egin-jana": "egin"}
    newsarchive("fetch", "--images", f"{small.url}egin-jana/", code=None)
    assert not kept(folder)
    assert SAME not in payloads(folder)
    newsarchive("check")
