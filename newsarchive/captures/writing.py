"""Writes captures as WARC 1.1 records."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsarchive import __version__
from newsarchive.captures.digests import payload_digest
from newsarchive.captures.raw_heads import RawHead
from newsarchive.captures.revisits import reference_to
from newsarchive.captures.truncation import truncation_fields
from newsarchive.items import Capture, Original
from newsarchive.text.compression import gzip_member
from newsarchive.times import precise_stamp, stamp

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
SOFTWARE = f"newsarchive/{__version__}"
SOURCE_FIELD = "WARC-Source-URI"
"""The URL of the copy in another archive that a record was made of, as other recorders name it."""
TLS_FIELD = "WARC-TLS-Verification"
"""Our own field of response and revisit records: `valid`, or why the certificate of the host was not."""
HeaderList = Sequence[tuple[str, str]]
"""Names and values; each character is one byte as it came (Latin-1)."""
Originals = Callable[[str], Original | None]
"""Returns the capture that holds a payload already, given the payload's SHA-256; None if there is none."""


@dataclass(kw_only=True, frozen=True, slots=True)
class RecordedResponse:
    """An HTTP response to write: what came over the wire, and how."""

    url: str
    status: int
    headers: HeaderList
    body: bytes
    """The bytes before any content decoding."""
    head: bytes = b""
    """The whole head, if it is to be kept byte for byte."""
    request: bytes = b""
    """The head of the request as sent."""
    ip: str = ""
    time: datetime | None = None
    """When it came (UTC); now if not given."""
    tls: str | None = None
    """The result of the TLS certificate check."""
    truncated: str = ""
    """Why the body is incomplete, in words; empty if it is complete."""
    source: str = ""
    """The URL of the copy in another archive that it was taken from."""


def http_head(status: int, headers: HeaderList) -> bytes:
    """Return the head of a response, without the empty line after it.

    >>> http_head(200, [("Set-Cookie", "³=1")])
    b'HTTP/1.1 200 OK\\r\\nSet-Cookie: \\xb3=1'
    """
    lines = [f"HTTP/1.1 {status} {_reason(status)}", *(f"{name}: {value}" for name, value in headers)]
    return b"\r\n".join(line.encode("latin-1", "replace") for line in lines)


class CaptureWriter:
    """Writes the captures of one run to one WARC file, which is created with the first of them.

    Each record is a gzip member of its own. Bodies that came compressed are stored as they are (level 0): compressing
    them again costs fifty times the processor time for no gain. A payload that `originals` knows is not written again:
    its record is a revisit (WARC 1.1, section 6.7.2) with the head of its own response.
    """

    def __init__(
        self, folder: Path, name: str, *, operator: str = "", originals: Originals = lambda _sha256: None
    ) -> None:
        self.path = folder / f"{name}.warc.gz"
        self._operator = operator
        self._originals = originals
        self._file: Any = None
        self._closing = threading.Lock()
        """Held while a thread syncs the file, and while it is closed."""

    def write(self, response: RecordedResponse) -> Capture:
        """Write a response record, and that of its request if given. Returns the capture."""
        response = replace(
            response,
            headers=[(name, value) for name, value in response.headers if name.lower() != "transfer-encoding"],
            time=response.time or datetime.now(UTC),
        )
        sha256 = hashlib.sha256(response.body).hexdigest()
        original = self._originals(sha256) if response.body and not response.truncated else None
        digest = payload_digest(response.body)
        reference = reference_to(self.path.parent, original, digest) if original else {}
        record = self._response(response, reference)
        encoded = any(name.lower() == "content-encoding" for name, _ in response.headers)
        offset, length = self._append(record, level=0 if encoded and not reference else 6)
        if response.request:
            self._append(self._request(response, record.rec_headers.get_header("WARC-Record-ID")), level=6)
        capture = self._capture(response, sha256, offset, length)
        return replace(capture, refers_to=original.capture if original and reference else None)

    def write_resource(
        self, *, url: str, body: bytes, content_type: str, time: datetime | None = None, truncated: str = ""
    ) -> Capture:
        """Write a resource record: a file that was given, not fetched. `time` (UTC) is its own; now if not given."""
        time = time or datetime.now(UTC)
        content_type = _CONTROL.sub(" ", content_type)  # it becomes a line of the record's own head
        headers = {"WARC-Date": precise_stamp(time), "Content-Type": content_type, **truncation_fields(truncated)}
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
            truncated=truncated or None,
        )

    def sync(self) -> None:
        """Flush everything to disk, before a database that points into the file is committed; from any thread."""
        with self._closing:
            if self._file is not None:
                os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file. Does nothing the second time, or if nothing was written."""
        self.sync()
        with self._closing:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _capture(self, response: RecordedResponse, sha256: str, offset: int, length: int) -> Capture:
        assert response.time is not None
        values = {name.lower(): value for name, value in response.headers}
        return Capture(
            url=response.url,
            time=stamp(response.time),
            status=response.status,
            sha256=sha256,
            warc=self.path.name,
            offset=offset,
            length=length,
            etag=values.get("etag", ""),
            last_modified=values.get("last-modified", ""),
            content_type=values.get("content-type", ""),
            tls=response.tls or None,
            truncated=response.truncated or None,
            source=response.source or None,
        )

    def _response(self, response: RecordedResponse, reference: dict[str, str]) -> Any:
        fields = _shared_fields(response)
        if response.tls:
            fields[TLS_FIELD] = response.tls
        if response.source:
            fields[SOURCE_FIELD] = response.source
        fields |= truncation_fields(response.truncated)
        head = RawHead(response.head or http_head(response.status, response.headers))
        kind = "revisit" if reference else "response"
        return self._record(response.url, kind, head, response.body, {**fields, **reference})

    def _request(self, response: RecordedResponse, response_id: str) -> Any:
        return _BUILDER.create_warc_record(
            response.url,
            "request",
            payload=BytesIO(response.request),
            length=len(response.request),
            warc_headers_dict={**_shared_fields(response), "WARC-Concurrent-To": response_id},
        )

    def _record(self, url: str, kind: str, head: StatusAndHeaders | None, body: bytes, headers: dict[str, str]) -> Any:
        headers = {**headers, "WARC-Payload-Digest": payload_digest(body)}
        body = b"" if kind == "revisit" else body
        return _BUILDER.create_warc_record(
            url, kind, payload=BytesIO(body), length=len(body), http_headers=head, warc_headers_dict=headers
        )

    def _append(self, record: Any, *, level: int) -> tuple[int, int]:
        """Append a record as one gzip member. Returns its offset and length in bytes."""
        if self._file is None:
            self._open()
        offset = self._file.tell()
        plain = BytesIO()
        WARCWriter(plain, gzip=False, warc_version="1.1").write_record(record)
        member = gzip_member(plain.getvalue(), level)
        try:
            self._write_all(member)
        except OSError:  # a full disk takes a part, and nothing after that part could be read
            self._file.truncate(offset)
            self._file.seek(offset)
            raise
        return offset, len(member)

    def _write_all(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "xb", buffering=0)  # noqa: SIM115
        fcntl.flock(self._file, fcntl.LOCK_EX)  # tells other processes that the file still grows
        info = {
            "software": SOFTWARE,
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "robots": "obeyed",
            "operator": self._operator,
        }
        self._append(_BUILDER.create_warcinfo_record(self.path.name, info), level=6)


_BUILDER = WARCWriter(BytesIO(), gzip=False, warc_version="1.1")


def _shared_fields(response: RecordedResponse) -> dict[str, str]:
    """Return the fields that the records of a response and of its request have in common."""
    assert response.time is not None
    fields = {"WARC-Date": precise_stamp(response.time)}
    return {**fields, "WARC-IP-Address": response.ip} if response.ip else fields


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
