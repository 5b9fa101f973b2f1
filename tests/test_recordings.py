"""Recordings of many makers: inexact framing, odd heads and revisits are read, what is incomplete makes no article."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import shlex
import sqlite3
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import brotli
import pytest
from sqlite_utils import Database

from newsarchive.importing.media_types import media_type
from newsarchive.importing.payloads import Recorded, read_page
from newsarchive.importing.recordings import find_recordings
from newsarchive.importing.unpacking import RecordingError, Unpacker, zstd
from newsarchive.items import Hints, Page
from newsarchive.sites import Site
from newsarchive.workers.extracting import CutShort, extract_one

Run = Callable[..., subprocess.CompletedProcess[str]]
Read = Callable[[], Database]

URL = "https://tan.example/kopir/"
PAGE = (
    '<!doctype html><html lang="kk"><head><meta charset="utf-8"><title>Көпір ашылды</title>'
    '<meta property="og:type" content="article"></head><body><article><h1>Көпір ашылды</h1>'
    + "".join(f"<p>Жаңа көпір {n} жыл бойы салынды, енді қала тұрғындары өзеннен тез өтеді.</p>" for n in range(2, 9))
    + "</article></body></html>"
).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8"


def warc(
    block: bytes,
    *,
    url: str = URL,
    kind: str = "response",
    version: str = "1.0",
    date: str = "2024-03-06T01:02:03Z",
    media: str = "application/http; msgtype=response",
    length: int | None = None,
    end: bytes = b"\r\n\r\n",
    line: bytes = b"\r\n",
    number: int = 1,
    **more: str,
) -> bytes:
    """One record; `more` are further fields, with `_` for `-`."""
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:00000000-0000-4000-8000-{number:012}>",
        "WARC-Date": date,
        "WARC-Target-URI": url,
        "Content-Type": media,
        **{name.replace("_", "-"): value for name, value in more.items()},
        "Content-Length": str(len(block) if length is None else length),
    }
    lines = [f"WARC/{version}", *(f"{name}: {value}" for name, value in fields.items() if value)]
    return line.join(text.encode() for text in lines) + 2 * line + block + end


def message(body: bytes = PAGE, *headers: str, head: bytes = HEAD) -> bytes:
    return b"\r\n".join([head, *(header.encode() for header in headers)]) + b"\r\n\r\n" + body


NEXT = warc(message(), url="https://tan.example/next/", number=99)


def sha1(data: bytes, form: str = "base32") -> str:
    digest = hashlib.sha1(data).digest()
    texts = {"base32": base64.b32encode(digest), "base64": base64.b64encode(digest), "hex": digest.hex().encode()}
    return texts[form].decode()


def read(folder: Path, *files: bytes | Path) -> tuple[list[Recorded], list[str]]:
    """The pages of files, in order of time, and what is named as damaged."""
    broken: list[str] = []
    work = folder / "work"
    work.mkdir(exist_ok=True)
    unpacker, opened = Unpacker(work, broken), []
    for number, data in enumerate(files):
        path = data if isinstance(data, Path) else folder / f"{number}.warc"
        if isinstance(data, bytes):
            path.write_bytes(data)
        opened += list(unpacker.files_in(path))
    found = find_recordings(iter(opened), broken)
    return [read_page(place) for place in found.pages], broken


def urls(pages: list[Recorded]) -> list[str]:
    return [recorded.page.url.removeprefix("https://tan.example/") for recorded in pages]


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {"length": len(message()) + 1},
        {"length": len(message()) - 3},
        {"length": len(message()) + 4},
        {"end": b"\r\n"},
        {"end": b""},
        {"end": b"\r\n" * 5},
        {"end": b"\n\n"},
        {"line": b"\n"},
        {"version": "0.17"},
        {"version": "0.18"},
        {"version": "1.2"},
        {"X_Note": "first\r\n  second line"},
        {"date": "2024"},
        {"date": "2024-03-06T01:02:60Z"},
        {"media": ""},
        {"media": "message/http"},
    ],
    ids=str,
)
def test_inexact_records_are_read_and_so_is_what_follows(tmp_path: Path, options: dict, compressed: bool) -> None:
    parts = [warc(message(), **options), NEXT]
    data = b"".join(map(gzip.compress, parts)) if compressed else b"".join(parts)
    pages, broken = read(tmp_path, data)
    assert sorted(urls(pages)) == ["kopir/", "next/"]
    assert broken == []
    assert all(recorded.page.body.rstrip() == PAGE for recorded in pages)


def test_where_a_record_ends_is_told_by_its_digest(tmp_path: Path) -> None:
    block = message(PAGE + b"\r\n\r\n\n")
    data = warc(block, length=len(block) + 2, WARC_Block_Digest=f"sha1:{sha1(block)}") + NEXT
    pages, broken = read(tmp_path, data)
    assert (pages[0].page.body, broken) == (PAGE + b"\r\n\r\n\n", [])


def test_after_damage_reading_resumes_and_the_bytes_skipped_are_named(tmp_path: Path) -> None:
    cut = warc(message(), url="https://tan.example/cut/", number=2)[:-500]
    pages, broken = read(tmp_path, NEXT + cut + warc(message()) + b"rubbish " * 20 + warc(message(), number=3))
    assert sorted(urls(pages)) == ["kopir/", "kopir/", "next/"]
    assert [sentence.partition(".warc, ")[2] for sentence in broken] == [
        f"byte {len(NEXT)}: its Content-Length “{len(message())}” is not that of its block; skipped ({len(cut):,} bytes)",
        f"byte {len(NEXT + cut + warc(message()))}: the WARC head is broken; skipped (160 bytes)",
    ]


@pytest.mark.parametrize("padding", [bytes(512), b"\r\n\r\n", b"\n \n"])
@pytest.mark.parametrize("compressed", [False, True])
def test_padding_after_the_last_record_is_no_damage(tmp_path: Path, padding: bytes, compressed: bool) -> None:
    data = (gzip.compress(NEXT) if compressed else NEXT) + padding
    assert [urls(read(tmp_path, data)[0]), read(tmp_path, data)[1]] == [["next/"], []]


HEADS = [
    b"HTTP/1.1 200\r\nContent-Type: text/html",
    b"HTTP/2.0 200 OK\r\n:status: 200\r\ncontent-type: text/html",
    b"HTTP/1.1 200 OK\nContent-Type: text/html\nX-A: b",
    b"HTTP/1.1 203 Changed\r\nContent-Type: text/html;\r\n charset=utf-8",
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-A: a\x00b\r\n: nameless\r\nno colon\r\nX-B: \xff",
]


def test_heads_are_read_and_kept_as_they_came(tmp_path: Path, newsarchive: Run, folder: Path, db: Read) -> None:
    blocks = [head + b"\r\n\r\n" + PAGE.replace(b"</title>", b" %d</title>" % n) for n, head in enumerate(HEADS)]
    records = [warc(block, url=f"{URL}{n}/", number=n) for n, block in enumerate(blocks)]
    (tmp_path / "a.warc").write_bytes(b"".join(records))
    assert "5 new" in newsarchive("import", "--any-site", str(tmp_path / "a.warc")).stdout
    (path,) = (folder / "warc").glob("*.warc.gz")
    written = gzip.decompress(path.read_bytes())
    assert [n for n, block in enumerate(blocks) if block not in written] == []
    assert [status for (status,) in db().conn.execute("select status from captures order by url")] == [
        200,
        200,
        200,
        203,
        200,
    ]
    newsarchive("check")


@pytest.mark.parametrize(
    ("headers", "body", "words"),
    [
        (["Content-Length: 99999"], PAGE, "of 99,999 bytes"),
        (["Transfer-Encoding: chunked"], b"%x\r\n%b\r\n64\r\nshort" % (len(PAGE), PAGE), "chunks are missing"),
        (["Transfer-Encoding: chunked"], b"%x\r\n%b" % (len(PAGE) + 9, PAGE), "chunks are missing"),
        (["Content-Encoding: br"], brotli.compress(PAGE)[:-40], "br data is truncated"),
        (["Content-Encoding: zstd"], zstd.compress(PAGE)[:-9], "zstd data is truncated"),
        (["Content-Encoding: gzip"], gzip.compress(PAGE, mtime=0)[:-20], "gzip data is truncated"),
        (["Content-Encoding: deflate"], zlib.compress(PAGE)[:-20], "deflate data is truncated"),
        ([], gzip.compress(PAGE, mtime=0)[:-20], "gzip data is truncated"),
    ],
)
def test_an_incomplete_page_is_told_by_its_body(tmp_path: Path, headers: list[str], body: bytes, words: str) -> None:
    (recorded,), broken = read(tmp_path, warc(message(body, *headers)))
    assert words in recorded.page.cut
    assert broken == []


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Transfer-Encoding: chunked"], PAGE),
        (["Transfer-Encoding: chunked"], b"%X;x=y\r\n%b\r\n0\r\n\r\n" % (len(PAGE), PAGE)),
        (["Transfer-Encoding: chunked"], b"%x\n%b\n0\n\n" % (len(PAGE), PAGE)),
        (["Content-Encoding: gzip", "Content-Length: 700"], PAGE),
        (["Content-Encoding: br"], PAGE),
    ],
)
def test_what_a_recorder_decoded_already_is_complete(tmp_path: Path, headers: list[str], body: bytes) -> None:
    (recorded,), broken = read(tmp_path, warc(message(body, *headers)))
    assert (recorded.page.cut, recorded.page.body, broken) == ("", PAGE, [])


def test_an_incomplete_page_is_a_capture_and_neither_an_article_nor_an_edit(
    tmp_path: Path, newsarchive: Run, db: Read
) -> None:
    cut = PAGE[: len(PAGE) * 2 // 3]
    parts = [
        warc(message()),
        warc(message(cut), date="2024-04-01T00:00:00Z", number=2, WARC_Truncated="time"),
        warc(message(cut, f"Content-Length: {len(PAGE)}"), date="2024-05-01T00:00:00Z", number=3),
        warc(message(cut), url="https://tan.example/other/", number=4, WARC_Truncated="length"),
    ]
    (tmp_path / "a.warc").write_bytes(b"".join(parts))
    result = newsarchive("import", "--any-site", str(tmp_path / "a.warc"))
    assert "3 pages were recorded incompletely and are kept" in result.stderr
    assert (db()["articles"].count, db()["revisions"].count, db()["captures"].count) == (1, 1, 4)
    named = newsarchive("-v", "import", "--any-site", str(tmp_path / "a.warc")).stderr
    assert [word in named for word in ("time limit", "size limit", "2024-05-01T00:00:00Z")] == [True] * 3
    reasons = {
        ("2024-03-06T01:02:03Z", "https://tan.example/other/", "its recorder cut it off at a size limit"),
        ("2024-04-01T00:00:00Z", URL, "its recorder cut it off at a time limit"),
        ("2024-05-01T00:00:00Z", URL, f"it has {len(cut):,} of {len(PAGE):,} bytes"),
    }
    program, file, query = shlex.split(result.stderr.rpartition("reasons: ")[2].strip().removesuffix("."))
    assert program == "sqlite3"
    with closing(sqlite3.connect(file)) as listed:
        assert set(listed.execute(query)) == reasons
    assert "3 captures were recorded incompletely" in newsarchive("check").stderr
    shown = newsarchive("show", "https://tan.example/other/", code=1).stderr
    assert "is incomplete: its recorder cut it off at a size limit" in shown
    folder = Path(file).parent
    newsarchive("--archive", str(tmp_path / "again"), "import", "--any-site", str(folder / "warc"))
    with closing(sqlite3.connect(tmp_path / "again" / "archive.db")) as again:
        assert set(again.execute(query)) == reasons
    newsarchive("--archive", str(tmp_path / "again"), "check")


def segments(total: int) -> list[bytes]:
    block = message(PAGE, f"Content-Length: {len(PAGE)}")
    third = len(block) // 3
    parts = [block[:third], block[third : 2 * third], block[2 * third :]]
    about = {
        "kind": "continuation",
        "media": "",
        "WARC_Segment_Origin_ID": "<urn:uuid:00000000-0000-4000-8000-000000000001>",
    }
    last = {"WARC_Segment_Total_Length": str(len(block))}
    return [
        warc(parts[0], WARC_Segment_Number="1"),
        warc(parts[1], number=2, WARC_Segment_Number="2", **about),
        warc(parts[2], number=3, WARC_Segment_Number="3", **about, **last),
    ][:total]


def test_segments_are_joined_across_files_in_any_order(tmp_path: Path) -> None:
    first, second, third = segments(3)
    (recorded,), broken = read(tmp_path, third, second, first)
    assert (recorded.page.body, recorded.page.cut, broken) == (PAGE, "", [])


@pytest.mark.parametrize("missing", [1, 2])
def test_a_page_without_all_its_segments_is_incomplete(tmp_path: Path, missing: int) -> None:
    parts = segments(3)
    del parts[missing]
    (recorded,), _ = read(tmp_path, b"".join(parts))
    assert recorded.page.cut == "segments are missing"


def revisit(*, date: str = "2024-05-06T01:02:03Z", number: int = 7, **fields: str) -> bytes:
    return warc(
        HEAD + b"\r\n\r\n",
        kind="revisit",
        date=date,
        number=number,
        WARC_Profile="http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
        **fields,
    )


REFERENCES = [
    {"WARC_Refers_To": "<urn:uuid:00000000-0000-4000-8000-000000000001>"},
    {"WARC_Refers_To_Target_URI": URL, "WARC_Refers_To_Date": "2024-03-06T01:02:03Z"},
    {"WARC_Payload_Digest": f"sha1:{sha1(PAGE)}"},
    {"WARC_Payload_Digest": f"SHA-1:{sha1(PAGE, 'hex')}"},
    {"WARC_Payload_Digest": f"sha1:{sha1(PAGE, 'base64').rstrip('=')}"},
    {"WARC_Payload_Digest": f"sha-256:{hashlib.sha256(PAGE).hexdigest()}"},
    {"WARC_Payload_Digest": f"sha256:{base64.b32encode(hashlib.sha256(PAGE).digest()).decode().lower().rstrip('=')}"},
]


@pytest.mark.parametrize("stated", ["", f"sha1:{sha1(PAGE)}", f"sha1:{sha1(PAGE, 'hex').upper()}"])
@pytest.mark.parametrize("fields", REFERENCES, ids=lambda fields: " ".join(fields.values())[:40])
def test_a_revisit_finds_its_original_in_any_order(tmp_path: Path, fields: dict, stated: str) -> None:
    pages, broken = read(tmp_path, revisit(**fields), warc(message(), WARC_Payload_Digest=stated))
    assert ([recorded.page.body for recorded in pages], broken) == ([PAGE, PAGE], [])


def test_a_revisit_finds_its_original_in_the_archive(tmp_path: Path, newsarchive: Run, db: Read) -> None:
    again = b"".join(
        revisit(date=f"2024-05-0{n}T00:00:00Z", number=n, **fields) for n, fields in enumerate(REFERENCES) if n
    )
    for name, data in (("a.warc", warc(message())), ("b.warc", again)):
        (tmp_path / name).write_bytes(data)
        newsarchive("import", "--any-site", str(tmp_path / name))
    assert (db()["captures"].count, db()["revisions"].count) == (len(REFERENCES), 1)
    newsarchive("check")


def test_a_revisit_of_another_payload_is_not_resolved(tmp_path: Path) -> None:
    fields = {**REFERENCES[0], **REFERENCES[1], "WARC_Payload_Digest": f"sha1:{sha1(b'other')}"}
    pages, broken = read(tmp_path, warc(message()), revisit(**fields))
    assert urls(pages) == ["kopir/"]
    assert broken == [f"{tmp_path / '1.warc'}, byte 0: the original of the revisit of {URL} is not there"]


def test_a_wrong_block_digest_costs_the_record_and_a_wrong_payload_digest_does_not(tmp_path: Path) -> None:
    wrong = f"sha1:{sha1(b'other')}"
    data = warc(message(), WARC_Block_Digest=wrong) + warc(message(), number=2, WARC_Payload_Digest=wrong) + NEXT
    pages, broken = read(tmp_path, data)
    assert urls(pages) == ["kopir/", "next/"]
    assert [sentence.partition(": ")[2].split(";")[0] for sentence in broken] == [
        "its bytes differ from WARC-Block-Digest",
        "the payload differs from WARC-Payload-Digest",
    ]
    known = warc(message(), WARC_Block_Digest="blake3:ABCD", WARC_Payload_Digest="xx")
    assert [urls(read(tmp_path, known)[0]), read(tmp_path, known)[1]] == [["kopir/"], []]


@pytest.mark.parametrize(
    "name", ["a.warc", "a.warc.gz", "A.WARC.GZ", "a.gz", "a.warc.gz.open", "a", "a.arc", "a.warc.zst"]
)
@pytest.mark.parametrize("form", ["plain", "members", "one stream", "pieces", "zstd", "dictionary"])
def test_a_recording_is_known_by_its_bytes(tmp_path: Path, name: str, form: str) -> None:
    parts = [warc(message()), NEXT]
    plain = b"".join(parts)
    if form == "dictionary":
        samples = [warc(message(), number=n) for n in range(100, 300)]
        dictionary = zstd.train_dict(samples, 2000)
        content = dictionary.dict_content
        frames = b"".join(zstd.compress(part, zstd_dict=dictionary) for part in parts)
        data = b"\x5d\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content + frames
    else:
        data = {
            "plain": plain,
            "members": b"".join(map(gzip.compress, parts)),
            "one stream": gzip.compress(plain),
            "pieces": b"".join(gzip.compress(plain[n : n + 700]) for n in range(0, len(plain), 700)),
            "zstd": b"".join(map(zstd.compress, parts)),
        }[form]
    (tmp_path / name).write_bytes(data)
    pages, broken = read(tmp_path, tmp_path / name)
    assert (sorted(urls(pages)), broken) == (["kopir/", "next/"], [])


def test_a_damaged_zstd_frame_costs_no_other(tmp_path: Path) -> None:
    frames = [zstd.compress(part) for part in (warc(message()), warc(message(), number=2), NEXT)]
    frames[1] = frames[1][:20] + bytes(30) + frames[1][50:]
    (tmp_path / "a.warc.zst").write_bytes(b"".join(frames))
    pages, broken = read(tmp_path, tmp_path / "a.warc.zst")
    assert sorted(urls(pages)) == ["kopir/", "next/"]
    assert f"bytes {len(frames[0]):,} to {len(frames[0] + frames[1]) - 1:,} cannot be decompressed" in broken[0]


def test_a_broken_dictionary_costs_no_frame_that_needs_none(tmp_path: Path) -> None:
    content = b"\x37\xa4\x30\xec" + bytes(20)
    data = b"\x5d\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content + zstd.compress(NEXT)
    (tmp_path / "a.warc.zst").write_bytes(data)
    assert urls(read(tmp_path, tmp_path / "a.warc.zst")[0]) == ["next/"]


@pytest.mark.parametrize(
    "inside", ["archive/a.warc.gz", "top/archive/a.warc.gz", "archive/deep/A.WARC", "data/b", "other/a.warc"]
)
@pytest.mark.parametrize("nested", [False, True])
def test_a_wacz_file_is_read_wherever_its_recordings_are(tmp_path: Path, inside: str, nested: bool) -> None:
    inside = inside.replace("data/b", "archive/b")
    path = tmp_path / "a.wacz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(inside, gzip.compress(NEXT))
        file.writestr("archive/readme.txt", "no recording")
        file.writestr("datapackage.json", "{}")
    if nested:
        with zipfile.ZipFile(tmp_path / "b.zip", "w") as file:
            file.write(path, "a.wacz")
        path = tmp_path / "b.zip"
    pages, broken = read(tmp_path, path)
    assert (urls(pages), broken) == (["next/"], [])


def test_messages_name_the_file_that_was_given(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.wacz", "w") as file:
        file.writestr("archive/data.warc", b"WARC/1.0\r\nrubbish\r\n\r\n" + NEXT)
    pages, (sentence,) = read(tmp_path, tmp_path / "a.wacz")
    assert urls(pages) == ["next/"]
    assert sentence.startswith(f"archive/data.warc in {tmp_path / 'a.wacz'}, byte 0: ")


def test_a_folder_says_which_files_were_no_recordings(tmp_path: Path, newsarchive: Run, db: Read) -> None:
    folder = tmp_path / "given"
    (folder / "Page_files").mkdir(parents=True)
    (folder / "data").write_bytes(gzip.compress(NEXT))
    for name in ("notes.txt", "index.cdx", "Page_files/style.css"):
        (folder / name).write_text("text")
    result = newsarchive("import", "--any-site", str(folder))
    assert "2 files were no recordings: index.cdx, notes.txt.\n" in result.stderr
    assert db()["articles"].count == 1
    (tmp_path / "plain.txt").write_text("text")
    assert "is no WARC, ARC or WACZ file" in newsarchive("import", str(tmp_path / "plain.txt"), code=1).stderr


@pytest.mark.parametrize("cut", [0, 700])
@pytest.mark.parametrize("compressed", [False, True])
def test_arc_records_with_wrong_lengths_cost_no_others(tmp_path: Path, cut: int, compressed: bool) -> None:
    parts = [b"filedesc://a.arc 0.0.0.0 20050218093000 text/plain 12\n1 0 Tan\nURL\n\n"]
    for number in range(3):
        answer = message(PAGE, f"Content-Length: {len(PAGE)}") if number != 1 else message(PAGE)
        length = len(answer) + (number == 0) - 40 * (number == 1)
        line = f"https://tan.example/a {number}/ 127.0.0.1 2005021809300{number} text/html {length}\n"
        parts.append(line.encode() + answer + b"\n")
    parts[-1] = parts[-1][: len(parts[-1]) - cut]
    data = b"".join(map(gzip.compress, parts)) if compressed else b"".join(parts)
    pages, broken = read(tmp_path, data)
    assert urls(pages) == ["a%200/", "a%202/"]
    assert [bool(page.page.cut) for page in pages] == [False, cut > 0]
    assert len(broken) == (1 if not cut else 2)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_the_page_in_which_a_recording_ends_is_kept_as_incomplete(
    tmp_path: Path, newsarchive: Run, db: Read, pack: Callable[[bytes], bytes]
) -> None:
    last = pack(NEXT)
    (tmp_path / "a.warc").write_bytes(pack(warc(message())) + last[: len(last) * 3 // 4])
    result = newsarchive("import", "--any-site", str(tmp_path / "a.warc"), code=1)
    assert "the record is not whole; what there is of it is kept as incomplete" in result.stderr
    captures = db().conn.execute("select url, truncated from captures order by url").fetchall()
    assert captures == [(URL, None), ("https://tan.example/next/", "its recording ends within it")]
    assert db()["articles"].count == 1
    newsarchive("check")


@pytest.mark.parametrize(
    ("stated", "identified", "start", "expected"),
    [
        ([], "", b"<!-- a --><html>", "text/html"),
        ([], "text/html", b"plain", "text/html"),
        (["application/octet-stream"], "", b"\xef\xbb\xbf\n<!DOCTYPE HTML>", "text/html"),
        (["text/plain"], "", b"<pre>not a page", ""),
        (["text/plain"], "", b"<?xml version='1.0'?><html xmlns=''>", "text/html"),
        (["application/xhtml+xml"], "", b"", "text/html"),
        (["application/json"], "", b"<html>", ""),
        (["nonsense"], "", b"<html>", "text/html"),
        (["image/png"], "", b"<html>", "image/png"),
        (["application/octet-stream"], "", b"\x89PNG\r\n\x1a\n", "image/png"),
    ],
)
def test_media_types_are_decided_as_browsers_do(stated: list, identified: str, start: bytes, expected: str) -> None:
    assert media_type(stated, identified, start) == expected


def test_a_record_without_a_possible_date_has_that_of_its_response(tmp_path: Path) -> None:
    data = warc(message(PAGE, "Date: Tue, 18 Feb 2025 09:35:00 GMT"), date="2025-02-184T09:35:00") + warc(
        message(), date="yesterday", number=2
    )
    broken: list[str] = []
    (tmp_path / "a.warc").write_bytes(data)
    found = find_recordings(Unpacker(tmp_path, broken).files_in(tmp_path / "a.warc"), broken)
    assert [place.time for place in found.pages] == ["2025-02-18T09:35:00.000000Z"]
    assert ["“yesterday” is not a time" in sentence for sentence in broken] == [True]


def test_text_extracted_by_others_is_no_page(tmp_path: Path) -> None:
    data = warc(b"Title\nText", kind="conversion", media="text/plain") + warc(PAGE, kind="metadata", media="text/html")
    assert read(tmp_path, data) == ([], [])


def test_a_file_that_is_no_recording_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"text"))
    with pytest.raises(RecordingError, match=r"a\.gz is no WARC, ARC or WACZ file"):
        read(tmp_path, tmp_path / "a.gz")


@pytest.mark.parametrize(
    ("body", "headers", "cut"),
    [
        (brotli.compress(PAGE)[:-40], {"content-encoding": "br"}, ""),
        (zstd.compress(PAGE)[:-9], {"content-encoding": "zstd"}, ""),
        (gzip.compress(PAGE, mtime=0)[:-9], {}, ""),
        (PAGE, {}, "the connection was closed"),
    ],
)
def test_no_worker_makes_an_article_of_an_incomplete_page(body: bytes, headers: dict, cut: str) -> None:
    site = Site(name="tan", url="https://tan.example/")
    with pytest.raises(CutShort):
        extract_one([Page(url=URL, body=body, headers=headers, cut=cut)], URL, site, Hints())
    whole = Page(url=URL, body=brotli.compress(PAGE), headers={"content-encoding": "br"})
    assert extract_one([whole], URL, site, Hints())[0].title == "Көпір ашылды"


def test_a_dry_run_counts_pages_by_site_and_stores_nothing(tmp_path: Path, newsarchive: Run, folder: Path) -> None:
    again = warc(message(), date="2024-04-01T00:00:00Z", number=2)
    (tmp_path / "a.warc").write_bytes(warc(message()) + again + NEXT + b"rubbish")
    result = newsarchive("import", "--any-site", "--dry-run", str(tmp_path / "a.warc"), code=1)
    assert result.stdout == (
        "tan.example: 3 pages of 2 URLs, 2024-03-06 to 2024-04-01\n0 pages of other sites, 0 images; nothing stored\n"
    )
    assert "the WARC head is broken; skipped (7 bytes)" in result.stderr
    assert not folder.exists() or not (folder / "archive.db").exists()


def test_an_extract_of_text_is_passed_over_unless_it_is_asked_for(tmp_path: Path, newsarchive: Run, db: Read) -> None:
    """As in a WET file of Common Crawl."""
    words = [f"Жаңа көпір {n} жыл бойы салынды, енді қала тұрғындары <өзеннен> тез өтеді." for n in range(2, 9)]
    text = "\n".join(["Көпір ашылды", *words]).encode()
    (tmp_path / "a.warc.wet.gz").write_bytes(gzip.compress(warc(text, kind="conversion", media="text/plain")))
    passed = newsarchive("import", "--any-site", str(tmp_path / "a.warc.wet.gz"))
    assert "1 page was there only as text, and passed over (--text-only imports such)" in passed.stderr
    assert db()["captures"].count == 0
    newsarchive("import", "--any-site", "--text-only", str(tmp_path / "a.warc.wet.gz"))
    assert db().conn.execute("select title, body from articles").fetchall() == [("Көпір ашылды", "\n\n".join(words))]
    assert "text-only" in db().conn.execute("select content_type from captures").fetchone()[0]
    newsarchive("reextract")
    assert "no problems" in newsarchive("check").stderr


@pytest.mark.parametrize("form", ["cdxj", "cdx"])
def test_an_index_takes_one_site_out_of_a_recording(
    tmp_path: Path, newsarchive: Run, folder: Path, db: Read, form: str
) -> None:
    (folder / "sites").mkdir(parents=True)
    profile = 'title = "Таң"\nurl = "https://tan.example/"\nlanguage = "kk"\ntimezone = "Asia/Almaty"\n'
    (folder / "sites" / "tan.toml").write_text(profile)
    parts = [
        gzip.compress(warc(message(), url=url, number=n)) for n, url in enumerate((URL, "https://b.example/x/"), 1)
    ]
    damaged = bytes(100) + parts[0] + b"no record" + parts[1]  # only by its offset
    (tmp_path / "big.warc.gz").write_bytes(damaged)
    lines = []
    for url, offset in ((URL, 100), ("https://b.example/x/", 109 + len(parts[0]))):
        about = {
            "url": url,
            "mime": "text/html",
            "status": "200",
            "filename": "crawl/1/big.warc.gz",
            "offset": str(offset),
        }
        plain = f"key 20240306010203 {url} text/html 200 A - - 9 {offset} crawl/1/big.warc.gz"
        lines.append(f"key 20240306010203 {json.dumps(about)}" if form == "cdxj" else plain)
    (tmp_path / f"a.{form}").write_text("\n".join(lines))
    assert "1 page: 1 new" in newsarchive("import", str(tmp_path / f"a.{form}")).stdout
    assert db().conn.execute("select url from captures").fetchall() == [(URL,)]
    (tmp_path / "b.cdxj").write_text("none\n")
    assert "is no index of recordings" in newsarchive("import", str(tmp_path / "b.cdxj"), code=1).stderr
