"""Recordings in every wrapping, whole and damaged: what is whole is read, what is not is named, nothing crashes."""

from __future__ import annotations

import gzip
import random
import shutil
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from fastwarc.stream_io import ZstdWriter
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsarchive.captures import records as members
from newsarchive.importing import framing, unpacking
from newsarchive.importing.payloads import read_page
from newsarchive.importing.recordings import find_recordings
from newsarchive.importing.unpacking import RecordingError, Unpacker

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
        files = list(Unpacker(folder, broken).files_in(path))
    except RecordingError as error:
        return [], [*broken, str(error)]
    found = find_recordings(iter(files), broken)
    return [read_page(place).page.url.split("/")[-2] for place in found.pages], broken


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
    monkeypatch.setattr(framing, "MOST", 4096)
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
        ("a.warc.gz", b"", "is empty"),
        ("a.warc.gz", b"not gzip at all", "the WARC head is broken"),
        ("a.warc", b"<html>no WARC</html>", "the WARC head is broken"),
        ("a.warc.zst", b"(\xb5/\xfdgarbage", "is damaged"),
        ("a.wacz", b"PK no zip", "cannot be read"),
        ("a.pdf", b"%PDF-1.7", "no WARC, ARC or WACZ file"),
    ],
)
def test_what_is_no_recording_is_named(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    pages, broken = taken(tmp_path / name, tmp_path / "work")
    assert pages == []
    assert words in " ".join(broken)


def test_a_record_of_no_address_or_no_time_is_named_and_the_others_are_taken(tmp_path: Path) -> None:
    said = [("https://[x/", "2025-02-18T09:35:00Z"), ("https://tan.example:99999/2/", "2025-02-18T09:35:00Z")]
    said += [
        ("https://tan.example/3/", "0001-01-01T00:00:00+05:00"),
        ("https://tan.example/4/", "9999-12-31T23:59:59Z"),
    ]
    said += [("https://tan.example/5/", "кеше"), ("https://tan.example/6/", "2025-02-18T09:35:00Z")]
    plain = b""
    for url, time in said:
        head = f"WARC/1.1\r\nWARC-Type: resource\r\nWARC-Target-URI: {url}\r\nWARC-Date: {time}\r\n"
        plain += f"{head}Content-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>\r\n\r\n".encode()
    (tmp_path / "a.warc").write_bytes(plain)
    pages, broken = taken(tmp_path / "a.warc", tmp_path / "work")
    assert pages == ["6"]
    assert [sentence.partition(": its ")[2].split(" ")[0] for sentence in broken] == ["WARC-Target-URI"] * 2 + [
        "WARC-Date"
    ] * 3


@pytest.mark.parametrize("name", ["a.arc", "a.arc.gz"])
@pytest.mark.parametrize("cut", [0, 60])
def test_an_arc_file_is_read_as_far_as_it_is_whole(tmp_path: Path, name: str, cut: int) -> None:
    """Records as `The ARC file format` (Burner, Kahle 1996) has them: one line, then the answer."""
    about = b"1 0 Tan\nURL IP-address Archive-date Content-type Archive-length\n"
    parts = [b"filedesc://a.arc 0.0.0.0 20050218093000 text/plain %d\n%s\n" % (len(about), about)]
    for n in range(3):
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + f"<html><p>Бет {n}</p></html>".encode() * 9
        head = f"https://tan.example/{n}/ 127.0.0.1 2005021809300{n} text/html {len(answer)}\n"
        parts.append(head.encode() + answer + b"\n")
    data = b"".join(gzip.compress(part) for part in parts) if name.endswith(".gz") else b"".join(parts)
    (tmp_path / name).write_bytes(data[: len(data) - cut])
    pages, broken = taken(tmp_path / name, tmp_path / "work")
    assert pages[:2] == ["0", "1"]
    assert bool(broken) == bool(cut)


def test_of_a_wacz_file_with_a_damaged_and_an_encrypted_warc_the_others_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.wacz"
    with zipfile.ZipFile(path, "w") as file:
        for name, data in (("a", records(gzipped=True)), ("b", b""), ("c", records(3)), ("d", records(2))):
            file.writestr(f"archive/{name}.warc{'.gz' if name == 'a' else ''}", data)
        file.infolist()[0].CRC ^= 1
        file.infolist()[2].flag_bits |= 1  # encrypted
    pages, broken = taken(path, tmp_path / "work")
    assert pages[-2:] == ["0", "1"]
    assert [word for word in ("a.warc.gz", "b.warc", "c.warc") if any(word in sentence for sentence in broken)] == [
        "a.warc.gz",
        "b.warc",
        "c.warc",
    ]
    assert len(broken) == 3


def bomb(kind: str, folder: Path) -> Path:
    """A recording with one page of 8 MB of the same letter."""
    head = (
        b"WARC/1.1\r\nWARC-Type: resource\r\nWARC-Target-URI: https://tan.example/b/\r\nContent-Length: 8388608\r\n\r\n"
    )
    plain = head + bytes([120]) * 8_388_608 + b"\r\n\r\n" + records(1)
    if kind == "one member":
        path = folder / "bomb.warc.gz"
        path.write_bytes(gzip.compress(plain))
    elif kind == "zstd":
        path = folder / "bomb.warc.zst"
        path.write_bytes(unpacking.zstd.compress(plain))
    else:
        path = folder / "bomb.wacz"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wacz:
            wacz.writestr("archive/bomb.warc", plain)
    return path


@pytest.mark.parametrize("kind", ["one member", "zstd", "wacz"])
def test_a_bomb_is_refused_by_name(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path, folder = bomb(kind, tmp_path), tmp_path / "unpacked"
    folder.mkdir()
    assert taken(path, folder) == (["0"], [])  # eight megabytes are none yet
    monkeypatch.setattr(unpacking, "BOMB_BYTES", 1 << 20)
    shutil.rmtree(folder)
    folder.mkdir()
    pages, broken = taken(path, folder)
    assert pages == []
    assert [line for line in broken if "bomb.wa" in line and "more than 100 times its size" in line] == broken != []
    assert list(folder.iterdir()) == []


def test_many_small_members_are_a_bomb_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, folder = tmp_path / "bomb.wacz", tmp_path / "unpacked"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wacz:
        for number in range(6):
            wacz.writestr(f"archive/{number}.warc", records(1) + bytes(1 << 20))
    folder.mkdir()
    monkeypatch.setattr(unpacking, "BOMB_BYTES", 3 << 20)
    pages, broken = taken(path, folder)
    assert pages == ["0", "0"]
    assert len([line for line in broken if "more than 100 times its size" in line]) == 4


def test_unpacking_leaves_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "ROOM", 1 << 62)
    folder = tmp_path / "unpacked"
    folder.mkdir()
    pages, (broken,) = taken(bomb("one member", tmp_path), folder)
    assert pages == []
    assert "does not fit on the disk" in broken
    assert list(folder.iterdir()) == []
