"""The records of a WARC file one by one: every byte of the file belongs to one, or is told to belong to none."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from newsarchive.errors import NewsArchiveError
from newsarchive.text.numbers import whole_number

CHUNK = 1 << 16
MOST = 256 << 20
"""Bytes of a record that is taken into memory; a larger one is no page."""
MAGIC = b"\x1f\x8b\x08"
_ENDS = b"\r\n\r\n"


@dataclass(frozen=True, kw_only=True)
class Member:
    """One gzip member of a file: where it begins, how long it is, and what it holds."""

    offset: int
    length: int
    head: bytes
    """Its gzip header: the first ten bytes."""
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Damage:
    """Bytes that belong to no whole member, and why; `ends` where the file ends before the member does."""

    offset: int
    length: int
    reason: str
    ends: bool = False
    whole: bool = False
    """A whole member, only too large."""


class RecordError(NewsArchiveError, ValueError):
    """A record is not what it says it is; the message says in what."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """A WARC record, taken apart: fields with small letters in their names, and the block."""

    fields: dict[str, str] = field(default_factory=dict)
    block: bytes

    @property
    def kind(self) -> str:
        """Its WARC-Type."""
        return self.fields.get("warc-type", "")

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
        """The HTTP head of the block; empty where it is no HTTP message."""
        return self.block.partition(_ENDS)[0] if self.is_http else b""

    @property
    def payload(self) -> bytes:
        """The body of an HTTP message as it came; the whole block of others."""
        return self.block.partition(_ENDS)[2] if self.is_http else self.block


def read_members(path: Path, *, start: int = 0, end: int | None = None) -> Iterator[Member | Damage]:
    """Every gzip member of a file from `start` up to `end`, and the bytes between them that belong to none."""
    end = path.stat().st_size if end is None else end
    with open(path, "rb") as file:
        while start < end:
            file.seek(start)
            found = _read_member(file, start, end)
            if isinstance(found, Damage) and not found.whole:
                further = _next_member(file, start + 1, end)
                if not found.ends or further < end:
                    found = Damage(offset=start, length=further - start, reason=found.reason)
            yield found
            start += found.length


def read_member(path: Path, offset: int) -> Member | Damage:
    """The member at one place of a file."""
    end = path.stat().st_size
    with open(path, "rb") as file:
        file.seek(offset)
        return _read_member(file, offset, end)


def _read_member(file: BinaryIO, start: int, end: int) -> Member | Damage:
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    parts: list[bytes] = []
    at, head, size = start, b"", 0
    while at < end:
        chunk = file.read(min(CHUNK, end - at))
        if not chunk:
            break
        head = head or chunk[:10]
        at += len(chunk)
        try:
            plain = inflate.decompress(chunk)
        except zlib.error as error:
            return Damage(offset=start, length=0, reason=_in_words(error))
        size += len(plain)
        if size > MOST:
            parts.clear()  # read on to its end, without keeping it
        else:
            parts.append(plain)
        if inflate.eof:
            length = at - len(inflate.unused_data) - start
            if size > MOST:
                return Damage(offset=start, length=length, reason=f"larger than {MOST >> 20} MB", whole=True)
            return Member(offset=start, length=length, head=head, data=b"".join(parts))
    return Damage(offset=start, length=end - start, reason="the last record is not whole", ends=True)


def _in_words(error: zlib.error) -> str:
    text = str(error).rpartition(": ")[2]
    return f"the compressed bytes are broken ({text})"


def _next_member(file: BinaryIO, start: int, end: int) -> int:
    """Where the next member of a WARC begins, at or after `start`; `end` where there is none."""
    at, tail = start, b""
    file.seek(start)
    while at < end:
        chunk = file.read(min(CHUNK, end - at))
        if not chunk:
            break
        data, base = tail + chunk, at - len(tail)
        place = data.find(MAGIC)
        while place >= 0:
            if _begins_record(file, base + place):
                return base + place
            place = data.find(MAGIC, place + 1)
        at += len(chunk)
        file.seek(at)
        tail = data[-2:]
    return end


def _begins_record(file: BinaryIO, place: int) -> bool:
    file.seek(place)
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(file.read(512), 5) == b"WARC/"
    except zlib.error:
        return False


def parse_record(data: bytes) -> Record:
    """Take a record apart. Raises RecordError where its head, length, end or block digest is wrong."""
    head, ends, rest = data.partition(_ENDS)
    lines = head.decode("utf-8", "replace").split("\r\n")
    if not ends or not lines[0].startswith("WARC/1."):
        raise RecordError("the WARC head is broken")
    fields = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise RecordError(f"the WARC head has a broken line “{line[:60]}”")
        fields[name.strip().lower()] = value.strip()
    said = fields.get("content-length", "")
    length = whole_number(said)
    if length is None or rest[length:] != _ENDS:
        raise RecordError(f"its Content-Length “{said[:20]}” is not that of its block")
    record = Record(fields=fields, block=rest[:length])
    check_digest(fields.get("warc-block-digest", ""), record.block, "WARC-Block-Digest")
    return record


def check_digest(said: str, data: bytes, name: str) -> None:
    """Compare bytes with a labelled digest (``sha1:BASE32``, hexadecimal too). Raises RecordError, naming the field."""
    if not said:
        return
    label, _, value = said.partition(":")
    try:
        digest = hashlib.new(label.lower().replace("-", ""), data, usedforsecurity=False).digest()
    except (ValueError, TypeError) as error:  # TypeError: shake has no length of its own
        raise RecordError(f"{name} has an unknown kind of digest “{label[:20]}”") from error
    try:
        plain = bytes.fromhex(value) if len(value) == 2 * len(digest) else base64.b32decode(value.upper())
    except (ValueError, binascii.Error):
        plain = b""
    if plain != digest:
        raise RecordError(f"its bytes differ from {name}")


def as_response(record: Record, payload: bytes) -> bytes:
    """A revisit as the response it stands for, as one gzip member: the same head, and the payload itself."""
    head = record.block.rstrip(b"\r\n") or b"HTTP/1.1 200 OK"
    block = head + b"\r\n\r\n" + payload
    fields = {
        name: value
        for name, value in record.fields.items()
        if name not in ("warc-profile", "content-length", "warc-block-digest") and not name.startswith("warc-refers-to")
    }
    sha1 = base64.b32encode(hashlib.sha1(block, usedforsecurity=False).digest()).decode()
    fields |= {"warc-type": "response", "warc-block-digest": f"sha1:{sha1}", "content-length": str(len(block))}
    fields["content-type"] = "application/http; msgtype=response"
    lines = "".join(f"{_NAMES.get(name, name.title())}: {value}\r\n" for name, value in fields.items())
    compressor = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    data = b"WARC/1.1\r\n" + lines.encode() + b"\r\n" + block + b"\r\n\r\n"
    return compressor.compress(data) + compressor.flush()


_NAMES = {
    "warc-type": "WARC-Type",
    "warc-record-id": "WARC-Record-ID",
    "warc-target-uri": "WARC-Target-URI",
    "warc-date": "WARC-Date",
    "warc-ip-address": "WARC-IP-Address",
    "warc-tls-verification": "WARC-TLS-Verification",
    "warc-truncated": "WARC-Truncated",
    "warc-payload-digest": "WARC-Payload-Digest",
    "warc-block-digest": "WARC-Block-Digest",
}
