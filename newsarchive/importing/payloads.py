"""The pages and images of records: their bodies as they came, and why one is not complete."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import escape

from newsarchive.captures.digests import digest_value, matches
from newsarchive.captures.http_messages import HttpMessage, dechunk, is_in_chunks, is_response, read_message
from newsarchive.captures.records import Record, RecordError
from newsarchive.captures.writing import SOURCE_FIELD, TLS_FIELD, CaptureWriter, RecordedResponse
from newsarchive.importing.media_types import START, media_type
from newsarchive.importing.recording_files import Where
from newsarchive.items import Capture, Page
from newsarchive.text.compression import why_incomplete
from newsarchive.text.encodings import CAP, inflate
from newsarchive.times import precise_stamp
from newsarchive.urls import is_address

FIRST_YEAR = 1990
"""The year of the first web page: nothing was recorded or saved before."""
_WRONG_CLOCKS = timedelta(days=1)
PAGE_STATUSES = (200, 203, 206)
"""203: a proxy changed the page on its way; 206: a range of it, which may be the whole (RFC 9110, section 15.3)."""
_RANGE = re.compile(r"bytes\s+0-(\d{1,15})/(\d{1,15})", re.I)
_LONGEST_VERDICT = 300
"""Characters of what a record says of a TLS certificate; what programs like this one write is shorter."""
_LONGEST_SOURCE = 8_000
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_DIGITS = re.compile(r"(\d{8})(\d{6})")
_LEAP_SECOND = re.compile(r"(T\d\d:\d\d):60")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page or image was found.

    `time` is the record's own (UTC, with microseconds). `body` are the records that hold its payload: the record
    itself, the original of a revisit, or all segments of either.
    """

    time: str
    url: str
    at: Where
    body: tuple[Where, ...]
    truncated: str = ""
    """Why the payload is known to be incomplete; empty if it is not."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an HTTP response: its headers, and its bytes if they are to be kept as they came."""

    status: int
    headers: Sequence[tuple[str, str]]
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A page or image as it was recorded; `page.cut` says why it is incomplete.

    `head` is None for a resource record, which has no HTTP head.
    """

    page: Page
    head: Head | None
    source: str = ""
    """The URL of the copy in another archive that the record was made of."""


def read_time(text: str) -> str:
    """Return a WARC-Date with microseconds, so that times sort. Raises RecordError if it is no possible time.

    WARC 1.1 allows a date alone, or its year or month: these are the first moment of it.

    >>> read_time("2025-02-18T14:35:00+05:00"), read_time("2024-03")
    ('2025-02-18T09:35:00.000000Z', '2024-03-01T00:00:00.000000Z')
    >>> read_time("2016-12-31T23:59:60Z")
    '2016-12-31T23:59:59.000000Z'
    """
    text = text.strip()
    if found := _DATE.fullmatch(text):
        text = "-".join(part or "01" for part in found.groups())
    elif found := _DIGITS.fullmatch(text):  # of an ARC file or an index
        text = "T".join(found.groups())
    try:
        time = datetime.fromisoformat(_LEAP_SECOND.sub(r"\1:59", text))
    except ValueError as error:
        raise RecordError(f"its WARC-Date “{text[:40]}” is not a time") from error
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time
    if not is_past(time):
        raise RecordError(f"its WARC-Date “{text[:40]}” is out of range")
    return precise_stamp(time)


def is_past(time: datetime) -> bool:
    """Whether something can have been recorded at a time: neither before the web nor, but for wrong clocks, later.

    A page of the future would stay the present state of its article.
    """
    return time.year >= FIRST_YEAR and time.replace(tzinfo=time.tzinfo or UTC) <= datetime.now(UTC) + _WRONG_CLOCKS


def time_of(record: Record) -> str:
    """Return the time of a record, if it is not a possible one that of its HTTP response. Raises RecordError."""
    try:
        return read_time(record.fields.get("warc-date", ""))
    except RecordError:
        stated = record.message.fields().get("date", "") if is_message(record) else ""
        try:
            return read_time(parsedate_to_datetime(stated).isoformat())
        except (RecordError, ValueError, TypeError, IndexError, OverflowError):
            pass
        raise


def payload_of(record: Record) -> bytes:
    """Return the payload of a record as it came."""
    return record.message.body if is_message(record) else record.block


def is_message(record: Record) -> bool:
    """Whether the block of a record is an HTTP response, by its bytes where its Content-Type does not say so."""
    if record.kind not in ("response", "revisit"):
        return record.is_http
    return is_response(record.block)


def kind_of(record: Record) -> tuple[int, str]:
    """Return the status of a record, and its media type if it is a page or an image."""
    identified = record.fields.get("warc-identified-payload-type", "")
    if not is_message(record):
        stated = [record.fields.get("content-type", "")]
        if record.kind == "response":  # without any head: its type is that of HTTP, not of the body
            stated = []
        return 200, media_type(stated, identified, record.block[:START])
    message = record.message
    body, _ = _body(message)
    start = inflate(body, message.fields().get("content-encoding", ""), cap=START) if body else b""
    return message.status, media_type(message.values("content-type"), identified, start)


def payload_differs(record: Record) -> bool:
    """Whether the payload has another digest than the record states, however a recorder may have understood that."""
    stated = record.fields.get("warc-payload-digest", "")
    if digest_value(stated) is None:
        return False
    if not is_message(record):
        return matches(stated, record.block) is False
    message = record.message
    readings = [message.body, record.block]
    if matches(stated, message.body):
        return False
    body, _ = _body(message)
    readings += [body, inflate(body, message.fields().get("content-encoding", ""))]
    return not any(matches(stated, reading) for reading in readings)


def read_page(place: Place) -> Recorded:
    """Read a page or image that was found. Raises RecordError."""
    records = [where.read() for where in place.body]
    first = records[0]
    whole = Record(fields=first.fields, block=b"".join(record.block for record in records))
    own = first if place.at == place.body[0] else place.at.read()
    if is_text_extract(whole):
        return Recorded(page_of_text(place, whole), None)
    if not is_message(whole):
        headers = {"content-type": first.fields.get("content-type", "") if first.kind != "response" else ""}
        return Recorded(Page(url=place.url, body=whole.block, headers=headers, cut=place.truncated), None)
    message = whole.message
    body, complete = _body(message)
    cut = place.truncated or ("" if complete else "its last chunks are missing") or _too_short(message)
    if not cut and not media_type([], "", body[:START]).startswith("image/"):  # decoded by its recorder
        cut = why_incomplete(body, message.fields().get("content-encoding", ""), CAP)
    head = _head(_own_message(own, message), body, cut=bool(cut))
    page = Page(
        url=place.url,
        body=body,
        status=head.status,
        headers=read_message(head.raw).fields(),
        cut=cut,
        tls=_verification(own),
    )
    return Recorded(page, head, _source(own))


def is_text_extract(record: Record) -> bool:
    """Whether a record has only the text of a page, as Common Crawl's WET files have it."""
    return record.kind == "conversion" and record.fields.get("content-type", "").lower().startswith("text/plain")


def page_of_text(place: Place, record: Record) -> Page:
    """Return the text of a page as a page: a line is a paragraph, the first one the title. Its type is TEXT_ONLY."""
    lines = [escape(line.strip()) for line in record.block.decode("utf-8", "replace").splitlines() if line.strip()]
    title = lines[0] if lines else ""
    body = "".join(f"<p>{line}</p>\n" for line in lines[1:])
    head = f'<head><meta charset="utf-8"><title>{title}</title></head>'
    markup = f"<!DOCTYPE html>\n<html>{head}\n<body><article><h1>{title}</h1>\n{body}</article></body></html>"
    return Page(url=place.url, body=markup.encode(), headers={"content-type": TEXT_ONLY}, cut=place.truncated)


TEXT_ONLY = "text/html; charset=utf-8; text-only=yes"
"""The media type of a page made of an extract of its text."""


def _body(message: HttpMessage) -> tuple[bytes, bool]:
    in_chunks = message.is_chunked or is_in_chunks(message.body)
    return dechunk(message.body) if in_chunks else (message.body, True)


def _too_short(message: HttpMessage) -> str:
    if message.status == 206:
        found = _RANGE.fullmatch(message.fields().get("content-range", ""))
        if found is None or int(found[1]) + 1 != int(found[2]):
            return "it is only a part of the page (HTTP status 206)"
    length = message.content_length
    if message.is_chunked or length is None or len(message.body) >= length:
        return ""
    return f"it has {len(message.body):,} of {length:,} bytes"


def _own_message(own: Record, original: HttpMessage) -> HttpMessage:
    """Return the message with the head that belongs to the payload: a revisit's own, if it can be."""
    message = own.message if own.kind == "revisit" and is_message(own) else original
    same = message.fields().get("content-encoding", "") == original.fields().get("content-encoding", "")
    return message if same and message.status in PAGE_STATUSES and message.values("content-type") else original


def _head(message: HttpMessage, body: bytes, *, cut: bool) -> Head:
    """Return the head as it came, except where it no longer fits the body: chunks are joined."""
    raw = message.head
    length = message.content_length
    lengths = message.values("content-length")
    if message.values("transfer-encoding"):
        raw = _without(raw, b"transfer-encoding")
    if (lengths and (length is None or (length != len(body) and not cut))) or (not lengths and raw != message.head):
        raw = _without(raw, b"content-length") + b"\r\nContent-Length: %d" % len(body)
    return Head(message.status, read_message(raw).headers, raw)


def _without(head: bytes, name: bytes) -> bytes:
    """Remove the lines of a header, with those that continue them."""
    kept: list[bytes] = []
    removing = False
    for line in head.split(b"\n"):
        removing = (removing and line[:1] in (b" ", b"\t")) or line.partition(b":")[0].strip().lower() == name
        if not removing:
            kept.append(line)
    return b"\n".join(kept).removesuffix(b"\r")


def _verification(record: Record) -> str:
    """Return what a record says of the TLS certificate; empty if nothing, or nothing that we would write."""
    stated = record.fields.get(TLS_FIELD.lower(), "")
    return stated if stated.isascii() and stated.isprintable() and len(stated) <= _LONGEST_VERDICT else ""


def _source(record: Record) -> str:
    """Return the copy that a record says it was made of; empty if none, or nothing that we would write."""
    stated = record.fields.get(SOURCE_FIELD.lower(), "")
    return stated if stated.isascii() and len(stated) <= _LONGEST_SOURCE and is_address(stated) else ""


def write_page(writer: CaptureWriter, recorded: Recorded, time: datetime) -> Capture:
    """Write a page that `read_page` returned, with its own time (UTC)."""
    page, head = recorded.page, recorded.head
    if head is None:
        kind = page.headers.get("content-type", "")
        return writer.write_resource(url=page.url, body=page.body, content_type=kind, time=time, truncated=page.cut)
    return writer.write(
        RecordedResponse(
            url=page.url,
            status=head.status,
            headers=head.headers,
            head=head.raw,
            body=page.body,
            time=time,
            tls=page.tls,
            truncated=page.cut,
            source=recorded.source,
        )
    )
