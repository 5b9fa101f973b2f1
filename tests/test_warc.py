"""Captures in WARC files: written, read back, valid for others."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from warcio.warcwriter import WARCWriter

from newsarchive.captures.raw_heads import RawHead
from newsarchive.captures.reading import CaptureError, read_capture
from newsarchive.captures.writing import CaptureWriter, RecordedResponse


def write(writer: CaptureWriter, url: str, body: bytes, **headers: str):
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return writer.write(
        RecordedResponse(url=url, status=200, headers=pairs, body=body, request=b"GET / HTTP/1.1\r\nHost: a.kz\r\n\r\n")
    )


def test_a_capture_comes_back_byte_for_byte(tmp_path: Path) -> None:
    writer = CaptureWriter(tmp_path, "run")
    wire = gzip.compress("Қала".encode() * 100)
    packed = write(
        writer,
        "https://a.kz/қала",
        wire,
        Content_Type="text/html",
        Content_Encoding="gzip",
        Transfer_Encoding="chunked",
    )
    plain = write(writer, "https://a.kz/2", b"<p>su</p>", Content_Type="text/html", ETag='"x"')
    writer.close()
    page = read_capture(tmp_path, warc=packed.warc, offset=packed.offset)
    assert (page.url, page.body, page.status) == ("https://a.kz/қала", wire, 200)
    assert page.headers == {"content-type": "text/html", "content-encoding": "gzip"}
    assert packed.sha256 == hashlib.sha256(wire).hexdigest()
    assert read_capture(tmp_path, warc=plain.warc, offset=plain.offset).body == b"<p>su</p>"
    assert plain.etag == '"x"'
    member = (tmp_path / plain.warc).read_bytes()[plain.offset : plain.offset + plain.length]
    assert gzip.decompress(member).startswith(b"WARC/1.1\r\n")
    done = subprocess.run([str(Path(sys.executable).parent / "warcio"), "check", str(writer.path)], check=False)
    assert done.returncode == 0


def test_a_writer_that_wrote_nothing_leaves_no_file(tmp_path: Path) -> None:
    writer = CaptureWriter(tmp_path, "run")
    writer.close()
    writer.close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_given_is_a_resource(tmp_path: Path) -> None:
    writer = CaptureWriter(tmp_path, "file")
    capture = writer.write_resource(url="https://a.kz/1", body=b"<p>su</p>", content_type="text/html")
    writer.close()
    page = read_capture(tmp_path, warc=capture.warc, offset=capture.offset)
    assert (page.url, page.body, page.headers["content-type"]) == ("https://a.kz/1", b"<p>su</p>", "text/html")


def test_a_missing_file_and_a_wrong_place_are_named(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"none\.warc\.gz"):
        read_capture(tmp_path, warc="none.warc.gz", offset=0)
    (tmp_path / "empty.warc.gz").write_bytes(b"")
    with pytest.raises(CaptureError, match="no capture at 10"):
        read_capture(tmp_path, warc="empty.warc.gz", offset=10)


def test_warcio_still_takes_a_head_as_bytes() -> None:
    """newsarchive.captures.raw_heads overrides a private method of warcio."""
    head = b"HTTP/1.0 200 \xc6\xf0\r\nX-A: \xff\xfe\r\n\tfolded"
    out = BytesIO()
    maker = WARCWriter(out, gzip=False, warc_version="1.1")
    record = maker.create_warc_record(
        "https://a.kz/", "response", payload=BytesIO(b"<p>"), length=3, http_headers=RawHead(head)
    )
    maker.write_record(record)
    changed = (
        "this warcio no longer fills headers_buff by compute_headers_buffer: see newsarchive/captures/raw_heads.py"
    )
    assert head + b"\r\n\r\n<p>" in out.getvalue(), changed
