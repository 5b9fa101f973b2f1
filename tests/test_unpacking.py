"""Recordings in every wrapping, whole and damaged: what is whole is read, what is not is named, nothing crashes."""

from __future__ import annotations

import gzip
import random
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from fastwarc.stream_io import ZstdWriter
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsarchive import members, unpacking
from newsarchive.recordings import find_recordings, read_page
from newsarchive.unpacking import RecordingError, readable

KINDS = ("plain", "members", "one member", "zstd", "wacz")


def records(count: int = 5, *, gzipped: bool = False) -> bytes:
    out = BytesIO()
    writer = WARCWriter(out, gzip=gzipped, warc_version="1.1")
    for n in range(count):
        body = f"<html><p>Бет {n}</p></html>".encode() * 40
        head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        writer.write_record(
            writer.create_warc_record(
                f"https://tan.example/{n}/",
                "response",
                payload=BytesIO(body),
                length=len(body),
                http_headers=head,
                warc_headers_dict={"WARC-Date": f"2025-02-18T09:3{n}:00Z"},
            )
        )
    return out.getvalue()


def wrapped(kind: str, folder: Path, *, count: int = 5) -> Path:
    plain = records(count)
    if kind == "plain":
        path, data = folder / "a.warc", plain
    elif kind == "members":
        path, data = folder / "a.warc.gz", records(count, gzipped=True)
    elif kind == "one member":
        path, data = folder / "a.warc.gz", gzip.compress(plain)
    elif kind == "zstd":
        out = BytesIO()
        with ZstdWriter(out) as writer:
            writer.write(plain)
        path, data = folder / "a.warc.zst", out.getvalue()
    else:
        path = folder / "a.wacz"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("archive/data.warc.gz", records(count, gzipped=True))
            file.writestr("datapackage.json", "{}")
        return path
    path.write_bytes(data)
    return path


def taken(path: Path, folder: Path) -> tuple[list[str], list[str]]:
    """The pages that can be read, by the last part of their address, and what is named."""
    broken: list[str] = []
    folder.mkdir(exist_ok=True)
    try:
        files = list(readable(path, folder, broken))
    except RecordingError as error:
        return [], [*broken, str(error)]
    found = find_recordings(iter(files), broken, names={})
    pages = []
    for place in found.pages:
        page, _ = read_page(place)
        pages.append(page.url.split("/")[-2])
    return pages, broken


@pytest.mark.parametrize("kind", KINDS)
def test_every_wrapping_gives_the_same_pages(tmp_path: Path, kind: str) -> None:
    assert taken(wrapped(kind, tmp_path), tmp_path / "work") == (["0", "1", "2", "3", "4"], [])


@pytest.mark.parametrize("kind", ["plain", "members"])
def test_a_damaged_record_is_named_and_the_others_are_taken(tmp_path: Path, kind: str) -> None:
    path = wrapped(kind, tmp_path)
    data = bytearray(path.read_bytes())
    middle = data.find(b"tan.example/2/") if kind == "plain" else len(data) // 2
    data[middle : middle + 40] = b"\x00" * 40
    path.write_bytes(data)
    pages, broken = taken(path, tmp_path / "work")
    assert pages == ["0", "1", "3", "4"]
    assert len(broken) == 1
    assert "byte" in broken[0]


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_file_that_was_cut_what_stands_before_is_taken_and_the_cut_is_named(tmp_path: Path, kind: str) -> None:
    path = wrapped(kind, tmp_path)
    path.write_bytes(path.read_bytes()[:-200])
    pages, broken = taken(path, tmp_path / "work")
    assert pages == (["0", "1", "2", "3", "4"][: len(pages)])
    assert len(pages) >= (4 if kind in ("plain", "members") else 0)
    assert broken


@pytest.mark.parametrize("kind", KINDS)
def test_damage_anywhere_is_named_and_never_an_error_of_ours(tmp_path: Path, kind: str) -> None:
    path = wrapped(kind, tmp_path)
    whole = path.read_bytes()
    chance = random.Random(f"{kind} 7")
    for n in range(40):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(data))
            data[place : place + chance.randint(1, 30)] = chance.randbytes(chance.randint(0, 30))
        path.write_bytes(data)
        pages, broken = taken(path, tmp_path / f"work{n}")
        assert len(pages) == 5 or broken or kind == "plain"  # there a damaged head may still be a legal one


def test_a_record_too_large_for_a_page_is_skipped_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MOST", 4096)
    monkeypatch.setattr(unpacking, "MOST", 4096)
    out = BytesIO()
    for gzipped, name in ((False, "a.warc"), (True, "b.warc.gz")):
        out = BytesIO()
        writer = WARCWriter(out, gzip=gzipped, warc_version="1.1")
        for n, size in ((0, 100), (1, 90_000), (2, 100)):
            body = b"<p>" + bytes(size)
            record = writer.create_warc_record(
                f"https://tan.example/{n}/",
                "resource",
                payload=BytesIO(body),
                length=len(body),
                warc_content_type="text/html",
                warc_headers_dict={"WARC-Date": f"2025-02-18T09:3{n}:00Z"},
            )
            writer.write_record(record)
        (tmp_path / name).write_bytes(out.getvalue())
        pages, broken = taken(tmp_path / name, tmp_path / "work")
        assert pages == ["0", "2"]
        assert len(broken) == 1
        assert "larger than" in broken[0]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.warc.gz", b"", ""),
        ("a.warc.gz", b"not gzip at all", "the compressed bytes are broken"),
        ("a.warc", b"<html>no WARC</html>", "the WARC head is broken"),
        ("a.warc.zst", b"(\xb5/\xfdgarbage", "is damaged"),
        ("a.wacz", b"PK no zip", "cannot be read"),
        ("a.pdf", b"%PDF-1.7", "neither a WARC nor a WACZ file"),
    ],
)
def test_what_is_no_recording_is_named(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    pages, broken = taken(tmp_path / name, tmp_path / "work")
    assert pages == []
    assert words in " ".join(broken)
    assert bool(words) == bool(broken)
