"""Writing captures as WARC 1.1 records."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import re
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsarchive import __version__
from newsarchive.captures.revisits import reference_to
from newsarchive.items import Capture, Original
from newsarchive.times import precise_stamp, stamp

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
SOFTWARE = f"newsarchive/{__version__}"
TLS_FIELD = "WARC-TLS-Verification"
"""Our own field of response and revisit records: `valid`, or why the certificate of the host was not."""
TRUNCATIONS = ("length", "time", "disconnect", "unspecified")
"""Reasons for a body that is not whole: WARC 1.1, section 5.13."""
HeaderList = Sequence[tuple[str, str]]
"""Names and values; each character is one byte as it came, as Latin-1 reads it."""
Originals = Callable[[str], Original | None]
"""Gives, by the SHA-256 of a payload, the capture that holds it already; None where none does."""


class RawHead(StatusAndHeaders):  # type: ignore[misc]  # warcio has no types
    """The head of an HTTP message as bytes: warcio's own rewrites whatever is not ASCII, or fails on it."""

    def __init__(self, head: bytes) -> None:
        super().__init__("as it came", [])
        self._head = head

    def compute_headers_buffer(self, header_filter: object = None) -> None:
        self.headers_buff = self._head + b"\r\n\r\n"


def http_head(status: int, headers: HeaderList) -> bytes:
    """A head of a status and of header lines, without the empty line after it.

    >>> http_head(200, [("Set-Cookie", "³=1")])
    b'HTTP/1.1 200 OK\\r\\nSet-Cookie: \\xb3=1'
    """
    lines = [f"HTTP/1.1 {status} {_reason(status)}", *(f"{name}: {value}" for name, value in headers)]
    return b"\r\n".join(line.encode("latin-1", "replace") for line in lines)


class CaptureWriter:
    """Writes the captures of one run into one WARC file, which is made at the first of them.

    Each record is a gzip member of its own. Bodies that came compressed are stored as they are (level 0): compressing
    them again costs fifty times the processor for no gain. A payload that `originals` knows is not written again: its
    record is a revisit (WARC 1.1, section 6.7.2) with the head of its own response.
    """

    def __init__(
        self, folder: Path, name: str, *, operator: str = "", originals: Originals = lambda _sha256: None
    ) -> None:
        self.path = folder / f"{name}.warc.gz"
        self._operator = operator
        self._originals = originals
        self._file: Any = None

    def write(
        self,
        *,
        url: str,
        status: int,
        headers: HeaderList,
        body: bytes,
        head: bytes = b"",
        request: bytes = b"",
        ip: str = "",
        time: datetime | None = None,
        tls: str | None = None,
        truncated: str = "",
    ) -> Capture:
        """Write a response record, and the request (head, as sent) that brought it; gives the capture.

        `headers` are those that came over the wire, `body` the bytes before any content decoding, `head` the whole head
        where it is to be kept byte for byte; `time` (UTC) is when they came, now where it is not given; `tls` what
        the certificate was worth; `truncated` why the body is not whole, as WARC-Truncated has it (`TRUNCATIONS`).
        """
        headers = [(name, value) for name, value in headers if name.lower() != "transfer-encoding"]
        encoded = any(name.lower() == "content-encoding" for name, _ in headers)
        values = {name.lower(): value for name, value in headers}
        time = time or datetime.now(UTC)
        record_headers = {"WARC-Date": precise_stamp(time)}
        if ip:
            record_headers["WARC-IP-Address"] = ip
        sha256 = hashlib.sha256(body).hexdigest()
        original = self._originals(sha256) if body else None
        reference = reference_to(self.path.parent, original, payload_digest(body)) if original else {}
        response = self._record(
            url,
            "revisit" if reference else "response",
            RawHead(head or http_head(status, headers)),
            body,
            {
                **record_headers,
                **({TLS_FIELD: tls} if tls else {}),
                **({"WARC-Truncated": truncated} if truncated else {}),
                **reference,
            },
        )
        offset, length = self._append(response, level=0 if encoded and not reference else 6)
        if request:
            concurrent = {**record_headers, "WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID")}
            self._append(self._request(url, request, concurrent), level=6)
        return Capture(
            url=url,
            time=stamp(time),
            status=status,
            sha256=sha256,
            warc=self.path.name,
            offset=offset,
            length=length,
            refers_to=original.capture if original and reference else None,
            etag=values.get("etag", ""),
            last_modified=values.get("last-modified", ""),
            content_type=values.get("content-type", ""),
            tls=tls or None,
        )

    def write_resource(self, *, url: str, body: bytes, content_type: str, time: datetime | None = None) -> Capture:
        """Write a resource record: a file that was given, not fetched; `time` (UTC) is its own, else now."""
        time = time or datetime.now(UTC)
        content_type = _CONTROL.sub(" ", content_type)  # it becomes a line of the record's own head
        headers = {"WARC-Date": precise_stamp(time), "Content-Type": content_type}
        offset, length = self._append(self._record(url, "resource", None, body, headers), level=6)
        return Capture(
            url=url,
            time=stamp(time),
            status=200,
            sha256=hashlib.sha256(body).hexdigest(),
            warc=self.path.name,
            offset=offset,
            length=length,
            content_type=content_type,
        )

    def sync(self) -> None:
        """Bring all that was written to the disk, before a database that points into it is committed."""
        if self._file is not None:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file; closing twice, or a writer that wrote nothing, does nothing."""
        if self._file is not None:
            self.sync()
            self._file.close()
            self._file = None

    def _record(self, url: str, kind: str, head: StatusAndHeaders | None, body: bytes, headers: dict[str, str]) -> Any:
        headers = {**headers, "WARC-Payload-Digest": payload_digest(body)}
        body = b"" if kind == "revisit" else body
        return _BUILDER.create_warc_record(
            url, kind, payload=BytesIO(body), length=len(body), http_headers=head, warc_headers_dict=headers
        )

    def _request(self, url: str, request: bytes, headers: dict[str, str]) -> Any:
        return _BUILDER.create_warc_record(
            url, "request", payload=BytesIO(request), length=len(request), warc_headers_dict=headers
        )

    def _append(self, record: Any, *, level: int) -> tuple[int, int]:
        """Append a record as one gzip member; gives its offset and length in bytes."""
        if self._file is None:
            self._open()
        offset = self._file.tell()
        member = _gzip_member(record, level)
        try:
            self._write_whole(member)
        except OSError:  # a disk that is full takes a part: what comes after it could never be read
            self._file.truncate(offset)
            self._file.seek(offset)
            raise
        return offset, len(member)

    def _write_whole(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "xb", buffering=0)  # noqa: SIM115
        fcntl.flock(self._file, fcntl.LOCK_EX)  # tells others that the file still grows
        info = {
            "software": SOFTWARE,
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "robots": "obeyed",
            "operator": self._operator,
        }
        self._append(_BUILDER.create_warcinfo_record(self.path.name, info), level=6)


def payload_digest(body: bytes) -> str:
    """A payload's digest as WARC records have it.

    >>> payload_digest(b"")
    'sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ'
    """
    return f"sha1:{base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()}"


_BUILDER = WARCWriter(BytesIO(), gzip=False, warc_version="1.1")


def _gzip_member(record: Any, level: int) -> bytes:
    plain = BytesIO()
    WARCWriter(plain, gzip=False, warc_version="1.1").write_record(record)
    compressor = zlib.compressobj(level, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return compressor.compress(plain.getbuffer()) + compressor.flush()


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
