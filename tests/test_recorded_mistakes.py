"""What senders and recorders got wrong is read as it was meant; what is no page of its URL makes no article."""

from __future__ import annotations

import gzip
import json
import os
import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import brotli
import pytest

from newsarchive.importing.folders import recordings_in
from newsarchive.importing.pages import open_recordings
from newsarchive.importing.payloads import Recorded, read_page
from newsarchive.importing.recordings import find_recordings
from newsarchive.importing.storing import Imported
from newsarchive.importing.unpacking import zstd
from newsarchive.text.encodings import inflate
from tests.test_recordings import HEAD, NEXT, PAGE, URL, message, read, sha1, urls, warc

_ID = "<urn:uuid:00000000-0000-4000-8000-{:012}>"
_LATER = "2024-05-01T00:00:00Z"


def taken(tmp_path: Path, target: Path) -> tuple[list[Recorded], Imported, list[Path]]:
    """The pages of a path, what an import reports, and the files that are no recordings."""
    result, work = Imported(), tmp_path / "work"
    work.mkdir()
    files, others = recordings_in(target)
    opened = open_recordings(files, work, result, lambda _done, _total: None)
    found = find_recordings(opened, result.broken, notes=result.notes)
    return [read_page(place) for place in found.pages], result, others


def chunks(body: bytes) -> bytes:
    parts = [body[at : at + 300] for at in range(0, len(body), 300)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    "record",
    [
        warc(message(), kind="Response"),
        warc(message(), kind=""),
        warc(message(), date="20240306010203"),
        warc(message(), url=URL.replace("https", "HTTPS")),
        warc(b"\r\n" + message()),
        warc(b"HTTP/1.1 100 Continue\r\n\r\n" + message()),
        warc(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + message()),
        warc(b"HTTP/1.1 200 Connection established\r\n\r\n" + message()),
        warc(message(chunks(PAGE))),
        warc(message(zstd.compress(PAGE[:500]) + zstd.compress(PAGE[500:]), "Content-Encoding: zstd")),
        warc(
            message(
                PAGE, f"Content-Range: bytes 0-{len(PAGE) - 1}/{len(PAGE)}", head=HEAD.replace(b"200 OK", b"206 Part")
            )
        ),
    ],
    ids=range(11),
)
@pytest.mark.parametrize("compressed", [False, True])
def test_the_page_is_read_as_it_was_meant(tmp_path: Path, record: bytes, compressed: bool) -> None:
    data = gzip.compress(record) + gzip.compress(NEXT) if compressed else record + NEXT
    pages, broken = read(tmp_path, data)
    assert sorted(urls(pages)) == ["kopir/", "next/"]
    assert broken == []
    for recorded in pages:
        page = recorded.page
        assert inflate(page.body, page.headers.get("content-encoding", "")) == PAGE
        assert not page.cut


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (
            message(PAGE[:500], "Content-Range: bytes 0-499/900", head=HEAD.replace(b"200", b"206")),
            "a part of the page",
        ),
        (message(PAGE, head=HEAD.replace(b"200", b"206")), "a part of the page"),
        (message(brotli.compress(PAGE), "Content-Encoding: gzip"), "its gzip data is damaged"),
        (
            message(zstd.compress(PAGE[:500]) + zstd.compress(PAGE[500:])[:-9], "Content-Encoding: zstd"),
            "its zstd data is truncated",
        ),
    ],
)
def test_what_is_not_the_whole_page_is_incomplete(tmp_path: Path, record: bytes, words: str) -> None:
    pages, _ = read(tmp_path, warc(record) + NEXT)
    assert [words in recorded.page.cut for recorded in pages] == [True, False]


def test_an_image_that_its_recorder_decoded_is_whole(tmp_path: Path) -> None:
    image = b"\x89PNG\r\n\x1a\n" + bytes(range(99))
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Encoding: br"
    path = tmp_path / "a.warc"
    path.write_bytes(warc(message(image, head=head)))
    found = find_recordings(open_recordings([path], tmp_path, Imported(), lambda _done, _total: None), [])
    assert [read_page(place).page.cut for place in found.images] == [""]


def test_a_response_without_a_head_that_can_be_read_is_named(tmp_path: Path) -> None:
    pages, broken = read(tmp_path, warc(b"ICY 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE) + NEXT)
    assert urls(pages) == ["next/"]
    assert "its HTTP head is broken" in broken[0]


@pytest.mark.parametrize("compressed", [(True, False, True), (False, True, False)])
def test_plain_and_compressed_records_may_follow_each_other(tmp_path: Path, compressed: tuple[bool, ...]) -> None:
    records = [warc(message(), url=f"{URL}{n}", number=n) for n in range(3)]
    data = [gzip.compress(one) if packed else one for one, packed in zip(records, compressed, strict=True)]
    pages, broken = read(tmp_path, b"".join(data))
    assert (urls(pages), broken) == (["kopir/0", "kopir/1", "kopir/2"], [])


def test_junk_before_a_compressed_record_costs_no_other(tmp_path: Path) -> None:
    records = [gzip.compress(warc(message(), url=f"{URL}{n}", number=n)) for n in range(3)]
    pages, broken = read(tmp_path, records[0] + b"junk" + records[1] + records[2])
    assert urls(pages) == ["kopir/0", "kopir/1", "kopir/2"]
    assert "skipped (4 bytes)" in broken[0]


def test_of_a_recording_compressed_at_once_all_before_its_cut_is_read(tmp_path: Path) -> None:
    records = b"".join(warc(message(), url=f"{URL}{n}", number=n) for n in range(9))
    pages, broken = read(tmp_path, gzip.compress(records)[:-40])
    assert urls(pages)[:7] == [f"kopir/{n}" for n in range(7)]
    assert "ends within its compressed data" in broken[0]


def test_zeros_between_zstd_frames_are_no_damage(tmp_path: Path) -> None:
    pages, broken = read(tmp_path, zstd.compress(warc(message())) + bytes(512) + zstd.compress(NEXT) + bytes(512))
    assert (sorted(urls(pages)), broken) == (["kopir/", "next/"], [])


@pytest.mark.parametrize("stated", [_ID.format(1).strip("<>"), _ID.format(1).upper(), _ID.format(6)])
def test_a_revisit_names_its_original_in_any_form_and_through_others(tmp_path: Path, stated: str) -> None:
    revisit = warc(b"", kind="revisit", url=f"{URL}b", number=5, date=_LATER, media="", WARC_Refers_To=stated)
    other = warc(b"", kind="revisit", url=f"{URL}c", number=6, date=_LATER, media="", WARC_Refers_To=_ID.format(1))
    pages, broken = read(tmp_path, revisit + other + warc(message()))
    assert (sorted(urls(pages)), broken) == (["kopir/", "kopir/b", "kopir/c"], [])


def test_segments_name_their_first_one_without_brackets(tmp_path: Path) -> None:
    block = message()
    first = warc(block[:900], WARC_Segment_Number="1")
    last = warc(
        block[900:],
        kind="Continuation",
        number=2,
        WARC_Segment_Number="2",
        WARC_Segment_Origin_ID=_ID.format(1).strip("<>"),
        WARC_Segment_Total_Length=str(len(block)),
    )
    pages, broken = read(tmp_path, last + first)
    assert ([(p.page.body, p.page.cut) for p in pages], broken) == ([(PAGE, "")], [])


@pytest.mark.parametrize("method", [b"POST", b"HEAD"])
@pytest.mark.parametrize("names_request", [True, False])
def test_the_answer_to_another_request_than_get_is_no_page(tmp_path: Path, method: bytes, names_request: bool) -> None:
    request = warc(
        method + b" /kopir/ HTTP/1.1\r\nHost: tan.example\r\n\r\n",
        kind="request",
        number=7,
        media="application/http; msgtype=request",
        WARC_Concurrent_To="" if names_request else _ID.format(8),
    )
    answer = warc(message(), number=8, WARC_Concurrent_To=_ID.format(7) if names_request else "")
    (tmp_path / "a.warc").write_bytes(answer + request + NEXT)
    pages, result, _ = taken(tmp_path, tmp_path / "a.warc")
    assert urls(pages) == ["next/"]
    assert result.broken == []
    assert "1 page was the answer" in " ".join(result.notes)


def test_a_page_that_is_there_only_as_a_conversion_is_counted(tmp_path: Path) -> None:
    (tmp_path / "a.warc").write_bytes(warc(PAGE, kind="conversion", media="text/html") + NEXT)
    pages, result, _ = taken(tmp_path, tmp_path / "a.warc")
    assert urls(pages) == ["next/"]
    assert "1 page was there only as conversions" in " ".join(result.notes)


def test_no_page_is_of_the_future(tmp_path: Path) -> None:
    days = [(datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ") for hours in (1, 72)]
    pages, broken = read(tmp_path, *(warc(message(), url=f"{URL}{n}", date=day) for n, day in enumerate(days)))
    assert urls(pages) == ["kopir/0"]
    assert "is out of range" in broken[0]


def test_a_wacz_file_that_was_changed_is_named_and_read(tmp_path: Path) -> None:
    package = {"resources": [{"path": "archive/a.warc.gz", "hash": f"sha1:{sha1(b'', 'hex')}"}]}
    with zipfile.ZipFile(tmp_path / "a.wacz", "w") as file:
        file.writestr("archive/a.warc.gz", gzip.compress(NEXT))
        file.writestr("datapackage.json", json.dumps(package))
    pages, result, _ = taken(tmp_path, tmp_path / "a.wacz")
    assert urls(pages) == ["next/"]
    assert "differs from its digest in datapackage.json" in result.broken[0]


def single_file(markup: bytes) -> bytes:
    comment = (
        f"<!--\n Page saved with SingleFile \n url: {URL} \n saved date: Tue Feb 18 2025 14:35:00 GMT+0500 (x)\n-->"
    )
    return markup.replace(b"<head>", comment.encode() + b"<head>", 1)


def packed() -> bytes:
    """A page that SingleFile compressed: a page that unpacks itself, with a ZIP file in it."""
    zipped = BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("index.html", PAGE)
        file.writestr("images/0.png", b"x")
    loader = single_file(b"<!doctype html><html><head></head><body>Please wait...<!--")
    return loader + zipped.getvalue() + b"--><script>unpack()</script></body></html>"


def test_a_page_that_single_file_compressed_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "whole.html").write_bytes(packed())
    (tmp_path / "damaged.html").write_bytes(packed().replace(b"PK\1\2", b"PK\1\3"))
    pages, result, _ = taken(tmp_path, tmp_path)
    assert [p.page.body for p in pages] == [PAGE]
    assert "damaged.html cannot be read: it is a compressed page of SingleFile" in result.broken[0]


def mhtml(end: int | None) -> bytes:
    head = f'Snapshot-Content-Location: {URL}\nDate: Tue, 18 Feb 2025 09:35:00 -0000\nContent-Type: multipart/related; boundary="B"'
    return (head.encode() + b"\n\n--B\nContent-Type: text/html\n\n" + PAGE + b"\n--B--\n")[:end]


@pytest.mark.parametrize(
    ("name", "data", "cut"),
    [
        ("a.mhtml", mhtml(None), ""),
        ("a.mhtml", mhtml(-7), ""),
        ("a.mhtml", mhtml(-300), "its file ends within it"),
        ("tan.example/kopir/index.html", gzip.compress(PAGE), ""),
        ("tan.example/kopir/index.html", gzip.compress(PAGE)[:-50], "its gzip data is truncated"),
    ],
)
def test_a_saved_page_that_was_cut_is_incomplete(tmp_path: Path, name: str, data: bytes, cut: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(data)
    pages, _, _ = taken(tmp_path, tmp_path)
    assert [p.page.cut for p in pages] == [cut]


def entry(url: str, *, method: str = "GET", mime: str = "text/html", **content: object) -> dict[str, object]:
    return {
        "startedDateTime": "2025-02-18T09:35:00Z",
        "request": {"method": method, "url": url},
        "response": {"status": 200, "content": {"mimeType": mime, **content}},
    }


def test_of_a_har_file_pages_without_their_content_are_named(tmp_path: Path) -> None:
    text = PAGE.decode()
    entries = [
        entry(f"{URL}whole", text=text, size=len(PAGE)),
        entry(f"{URL}unknown", text=text, size=-1, mime=""),
        entry(f"{URL}upper", text=text, mime="Text/HTML"),
        entry(f"{URL}cut", text=text[:500], size=len(PAGE)),
        entry(f"{URL}none", size=900),
        entry(f"{URL}damaged", text="PGh0b", encoding="base64"),
        entry(f"{URL}form", text=text, method="POST"),
    ]
    (tmp_path / "a.har").write_text(json.dumps({"log": {"entries": entries}}))
    pages, result, _ = taken(tmp_path, tmp_path)
    cut = {p.page.url.removeprefix(URL): bool(p.page.cut) for p in pages}
    assert cut == {"whole": False, "unknown": False, "upper": False, "cut": True}
    assert [said.partition("first: ")[2] for said in result.broken] == [
        f"{URL}none); skipped",
        f"{URL}damaged); skipped",
    ]


def test_a_page_saved_from_a_raw_replay_has_the_original_url_and_time(tmp_path: Path) -> None:
    replay = f"https://web.archive.org/web/20240101000000id_/{URL}"
    (tmp_path / "a.html").write_bytes(f"<!-- saved from url=({len(replay):04}){replay} -->\n".encode() + PAGE)
    pages, result, _ = taken(tmp_path, tmp_path)
    assert (urls(pages), result.notes) == (["kopir/"], [])


def test_links_to_folders_are_followed_and_nothing_is_passed_over(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    for place in (folder, elsewhere):
        place.mkdir()
    (elsewhere / "a.html").write_bytes(single_file(PAGE))
    (folder / "link").symlink_to(elsewhere)
    (folder / "round").symlink_to(folder)
    (folder / "nowhere.warc").symlink_to(folder / "none")
    os.mkfifo(folder / "pipe.warc")
    pages, _, others = taken(tmp_path, folder)
    assert urls(pages) == ["kopir/"]
    assert [file.name for file in others] == ["nowhere.warc", "pipe.warc"]


def test_a_pipe_is_refused_by_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    _, result, _ = taken(tmp_path, tmp_path / "pipe")
    assert "is a pipe or a device" in result.broken[0]
