"""The records of a WARC file in order; bytes that belong to no record are reported as damage."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from newsarchive.captures.digests import matches, payload_digest
from newsarchive.captures.http_messages import HttpMessage, is_response, read_message, split_message, unfold
from newsarchive.errors import NewsArchiveError
from newsarchive.text.compression import GZIP_DEFLATE, gunzip_stream, gzip_member
from newsarchive.text.numbers import whole_number

CHUNK = 1 << 16
MOST = 256 << 20
"""Size in bytes of the largest record that is read into memory; a larger one is not a page."""
_ENDS = b"\r\n\r\n"


@dataclass(frozen=True, kw_only=True)
class Member:
    """One gzip member of a file (RFC 1952), which holds one record: its offset, length and decompressed content."""

    offset: int
    length: int
    head: bytes
    """The first ten bytes of its gzip header."""
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Damage:
    """Bytes that belong to no complete record, and why."""

    offset: int
    length: int
    reason: str
    ends: bool = False
    """The file ends before the record does."""
    data: bytes = b""
    """What could be decompressed of a gzip member in which the file ends."""
    whole: bool = False
    """A complete record, but too large to read."""


class RecordError(NewsArchiveError, ValueError):
    """A record contradicts its own head; the message says in what."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """A WARC record, taken apart: its named fields, with lower-case names, and its block."""

    fields: dict[str, str] = field(default_factory=dict)
    block: bytes

    @property
    def kind(self) -> str:
        """Its WARC-Type in lower case; of an HTTP response without one `response`."""
        stated = self.fields.get("warc-type", "").strip().lower()
        return stated or ("response" if is_response(self.block) else "")

    @property
    def url(self) -> str:
        """Its WARC-Target-URI, without the angle brackets that WARC 1.0 put around it."""
        return self.fields.get("warc-target-uri", "").strip("<>")

    @property
    def is_http(self) -> bool:
        """Whether the block is an HTTP message."""
        return self.fields.get("content-type", "").lower().startswith("application/http")

    @property
    def head(self) -> bytes:
        """The HTTP head of the block; empty if it is not an HTTP message."""
        return split_message(self.block)[0] if self.is_http else b""

    @property
    def payload(self) -> bytes:
        """The body of an HTTP message as it came; of another record the whole block."""
        return split_message(self.block)[1] if self.is_http else self.block

    @property
    def message(self) -> HttpMessage:
        """The block as an HTTP message."""
        return read_message(self.block)


def read_members(path: Path, *, start: int = 0, end: int | None = None) -> Iterator[Member | Damage]:
    """Yield every gzip member of a file from `start` up to `end`, and the bytes between them as Damage."""
    end = path.stat().st_size if end is None else end
    with open(path, "rb") as file:
        while start < end:
            found = member_in(file, start, end)
            yield found
            start += found.length


def member_in(file: BinaryIO, start: int, end: int) -> Member | Damage:
    """Read the gzip member at an offset of a file that ends at `end`; damage reaches to the next one."""
    file.seek(start)
    found = _read_member(file, start, end)
    if isinstance(found, Damage) and not found.whole:
        further = next_member(file, start + 1, end)
        if not found.ends or further < end:
            return Damage(offset=start, length=further - start, reason=found.reason)
    return found


def read_member(path: Path, offset: int) -> Member | Damage:
    """Read the gzip member at an offset of a file."""
    end = path.stat().st_size
    with open(path, "rb") as file:
        file.seek(offset)
        return _read_member(file, offset, end)


def _read_member(file: BinaryIO, start: int, end: int) -> Member | Damage:
    decoder = gunzip_stream()
    parts: list[bytes] = []
    at, head, size = start, b"", 0
    while at < end:
        chunk = file.read(min(CHUNK, end - at))
        if not chunk:
            break
        head = head or chunk[:10]
        at += len(chunk)
        try:
            plain = decoder.decompress(chunk)
        except zlib.error as error:
            return Damage(offset=start, length=0, reason=_in_words(error))
        size += len(plain)
        if size > MOST:
            parts.clear()  # find its end without keeping it
        else:
            parts.append(plain)
        if decoder.eof:
            length = at - len(decoder.unused_data) - start
            if size > MOST:
                return Damage(offset=start, length=length, reason=f"larger than {MOST >> 20} MB", whole=True)
            return Member(offset=start, length=length, head=head, data=b"".join(parts))
    data = b"".join(parts)
    return Damage(offset=start, length=end - start, reason="the last record is not whole", ends=True, data=data)


def _in_words(error: zlib.error) -> str:
    text = str(error).rpartition(": ")[2]
    return f"the compressed bytes are broken ({text})"


def next_member(file: BinaryIO, start: int, end: int) -> int:
    """Return the offset of the next member that begins a record, from `start` on; `end` if there is none."""
    at, tail = start, b""
    file.seek(start)
    while at < end:
        chunk = file.read(min(CHUNK, end - at))
        if not chunk:
            break
        data, base = tail + chunk, at - len(tail)
        place = data.find(GZIP_DEFLATE)
        while place >= 0:
            if _begins_record(file, base + place):
                return base + place
            place = data.find(GZIP_DEFLATE, place + 1)
        at += len(chunk)
        file.seek(at)
        tail = data[-2:]
    return end


_RECORD = re.compile(rb"\s{0,8}(?:WARC/|(?:https?|ftp|dns|filedesc|whois):[^\s\0])")
"""The first bytes of a WARC or ARC record."""


def _begins_record(file: BinaryIO, place: int) -> bool:
    file.seek(place)
    try:
        return _RECORD.match(gunzip_stream().decompress(file.read(512), 64)) is not None
    except zlib.error:
        return False


def read_fields(head: bytes) -> tuple[str, dict[str, str]]:
    r"""Read the head of a WARC record: its version line, and its named fields with lower-case names.

    Folded lines are joined; lines without a colon are left out. Lines may end with CRLF or a bare LF.

    >>> read_fields(b"WARC/1.0\r\nWARC-Type: response\r\nX-Note: a\r\n  b\r\ngarbage\r\n\r\n")
    ('WARC/1.0', {'warc-type': 'response', 'x-note': 'a b'})
    """
    first, *lines = head.decode("utf-8", "replace").rstrip("\r\n").split("\n")
    pairs = (line.partition(":") for line in unfold(lines))
    return first.strip(), {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}


def parse_record(data: bytes) -> Record:
    """Take one of our own records apart. Raises RecordError if its head, length, end or block digest is wrong."""
    head, ends, rest = data.partition(_ENDS)
    version, fields = read_fields(head)
    if not ends or not version.startswith("WARC/1."):
        raise RecordError("the WARC head is broken")
    stated = fields.get("content-length", "")
    length = whole_number(stated)
    if length is None or rest[length:] != _ENDS:
        raise RecordError(f"its Content-Length “{stated[:20]}” is not that of its block")
    record = Record(fields=fields, block=rest[:length])
    check_digest(fields.get("warc-block-digest", ""), record.block, "WARC-Block-Digest")
    return record


def check_digest(stated: str, data: bytes, name: str) -> None:
    """Compare bytes with the labelled digest of the field `name`, if stated. Raises RecordError."""
    if not stated:
        return
    same = matches(stated, data)
    if same is None:
        raise RecordError(f"{name} has an unknown kind of digest “{stated.partition(':')[0][:20]}”")
    if not same:
        raise RecordError(f"its bytes differ from {name}")


def as_response(record: Record, payload: bytes) -> bytes:
    """Return a revisit as the response it stands for, as one gzip member: the same head, with the payload itself."""
    head = record.block.rstrip(b"\r\n") or b"HTTP/1.1 200 OK"
    block = head + _ENDS + payload
    fields = {
        name: value
        for name, value in record.fields.items()
        if name not in ("warc-profile", "content-length", "warc-block-digest") and not name.startswith("warc-refers-to")
    }
    fields |= {
        "warc-type": "response",
        "warc-block-digest": payload_digest(block),
        "content-length": str(len(block)),
        "content-type": "application/http; msgtype=response",
    }
    lines = "".join(f"{_NAMES.get(name, name.title())}: {value}\r\n" for name, value in fields.items())
    return gzip_member(b"WARC/1.1\r\n" + lines.encode() + b"\r\n" + block + _ENDS)


_NAMES = {
    "warc-type": "WARC-Type",
    "warc-record-id": "WARC-Record-ID",
    "warc-target-uri": "WARC-Target-URI",
    "warc-date": "WARC-Date",
    "warc-ip-address": "WARC-IP-Address",
    "warc-tls-verification": "WARC-TLS-Verification",
    "warc-source-uri": "WARC-Source-URI",
    "warc-truncated": "WARC-Truncated",
    "warc-truncated-because": "WARC-Truncated-Because",
    "warc-payload-digest": "WARC-Payload-Digest",
    "warc-block-digest": "WARC-Block-Digest",
}
