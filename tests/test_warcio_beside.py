"""What warcio reads of a file, we read: records, headers and payloads."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsarchive.captures.writing import CaptureWriter, RecordedResponse
from newsarchive.items import Original
from newsarchive.text.compression import zstd
from tests.warcio_beside import by_us, by_warcio, lost

TIME = datetime(2025, 2, 18, 9, 35, tzinfo=UTC)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Folded: one\r\n  two\r\nSet-Cookie: \xb3=1\r\nX-\xd2\x9b: \xd2\x9b"
PAGE = "<html><p>Жаңа көпір ашылды, тұрғындар одан өтті.</p></html>".encode()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A WARC file of our own with every type of record that we write."""
    originals: dict[str, Original] = {}
    folder = tmp_path_factory.mktemp("written")
    writer = CaptureWriter(folder, "a", originals=originals.get)
    for number, body in enumerate((PAGE, gzip.compress(PAGE, mtime=0), b"", PAGE)):
        headers = [("Content-Type", "text/html"), ("Content-Length", str(len(body)))]
        headers += [("Content-Encoding", "gzip")] if number == 1 else []
        capture = writer.write(
            RecordedResponse(
                url=f"https://tan.example/{number}/?q=%D2%9B",
                status=404 if number == 2 else 200,
                headers=headers,
                head=HEAD if number == 0 else b"",
                body=body,
                request=b"GET / HTTP/1.1\r\nHost: tan.example\r\n\r\n",
                ip="192.0.2.1",
                time=TIME,
                truncated="the connection was lost" if number == 1 else "",
            )
        )
        originals.setdefault(
            capture.sha256, Original(capture=number, url=capture.url, warc=capture.warc, offset=capture.offset)
        )
    writer.write_resource(url="https://tan.example/file/", body=PAGE, content_type="text/html", time=TIME)
    writer.close()
    return writer.path.read_bytes()


def _plain(data: bytes) -> bytes:
    return gzip.decompress(data)


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "as written.warc.gz": bytes,
    "plain.warc": _plain,
    "one member.warc.gz": lambda data: gzip.compress(_plain(data)),
    "no extension": bytes,
    "zeros after.warc": lambda data: _plain(data) + bytes(512),
    "three line ends.warc": lambda data: _plain(data).replace(b"\r\n\r\nWARC/1.1", b"\r\n\r\n\r\nWARC/1.1"),
    "no last line end.warc": lambda data: _plain(data)[:-4],
    "0.18.warc": lambda data: _plain(data).replace(b"WARC/1.1\r\n", b"WARC/0.18\r\n"),
    "lower-case fields.warc": lambda data: _plain(data).replace(b"WARC-Target-URI", b"warc-target-uri"),
    "brackets.warc": lambda data: (
        _plain(data)
        .replace(b"/file/\r\n", b"/file/>\r\n")
        .replace(b"URI: https://tan.example/file", b"URI: <https://tan.example/file")
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_what_warcio_reads_of_a_file_is_read(tmp_path: Path, written: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(FORMS[name](written))
    work = tmp_path / "work"
    work.mkdir()
    assert lost(path, work) == []
    kinds = [record.kind for record in by_us(path, work)]
    assert kinds.count("response") == 3
    assert kinds.count("revisit") == 1
    assert len(kinds) == 1 + 2 * 4 + 1


@pytest.mark.parametrize("name", ["a.wacz", "a.warc.zst"])
def test_other_containers_hold_what_warcio_reads_of_the_file_in_them(tmp_path: Path, written: bytes, name: str) -> None:
    plain, path = tmp_path / "data.warc.gz", tmp_path / name
    plain.write_bytes(written)
    if name.endswith("zst"):
        path.write_bytes(zstd.compress(_plain(written)))
    else:
        with zipfile.ZipFile(path, "w") as file:
            file.write(plain, "archive/data.warc.gz")
    theirs = [(record.kind, record.url, record.block) for record in by_warcio(plain)]
    assert [(record.kind, record.url, record.block) for record in by_us(path, tmp_path)] == theirs
