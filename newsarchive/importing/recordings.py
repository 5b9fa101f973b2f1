"""Web recordings by others: pages and pictures in their WARC and WACZ files, found cheaply and read one at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from newsarchive.captures.records import (
    Member,
    Record,
    RecordError,
    check_digest,
    parse_record,
    read_member,
    read_members,
)
from newsarchive.captures.writing import TLS_FIELD, TRUNCATIONS, CaptureWriter
from newsarchive.items import Capture, Page
from newsarchive.text.numbers import whole_number
from newsarchive.times import precise_stamp
from newsarchive.urls import is_address

_ADDRESS = re.compile(r"https?://[^\s/?#\x00-\x1f][^\s\x00-\x1f]*")
FIRST_YEAR = 1990
"""Of the first web page: nothing was recorded or saved before."""
_LONGEST_VERDICT = 300
"""Letters of what a record says of a certificate: that of a program like this one is shorter."""
_HTML = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page was found: its file and offset, and those of the record that holds its body (a revisit's original).

    `time` is the record's own (UTC), to the fraction of a second that it gives.
    """

    time: str
    url: str
    file: Path
    offset: int
    body_file: Path
    body_offset: int


Kept = Callable[[str, str], "tuple[Path, int] | None"]
"""Gives, by address and time (UTC), the WARC file and the offset of a capture that the archive has."""


@dataclass(frozen=True, slots=True)
class Found:
    """What files hold: HTML pages and pictures, each in order of time."""

    pages: list[Place]
    pictures: list[Place]


def find_recordings(
    files: Iterator[Path],
    broken: list[str],
    *,
    names: dict[Path, Path],
    kept: Kept = lambda _url, _time: None,
) -> Found:
    """The pages and pictures of files; what is broken is named in `broken`. `names`: the file that was given.

    Revisits are resolved by the payload digest within all the files, else by the address and time of their original
    among what is `kept` already; one whose original is in neither is broken.
    """
    found = Found([], [])
    originals: dict[str, tuple[list[Place], Path, int]] = {}
    others: set[str] = set()  # digests of what is neither: styles, fonts
    revisits: list[tuple[str, Record, Path, int]] = []
    for path in files:
        for member in read_members(path):
            try:
                record = _record(member)
                kind = _kind(record) if record.kind in ("response", "resource") else ""
                time = stamp(record.fields.get("warc-date", "")) if kind or record.kind == "revisit" else ""
            except (ValueError, TypeError, LookupError) as error:  # RecordError is a ValueError
                broken.append(f"{names.get(path, path)}, byte {member.offset}: {error}; skipped")
                continue
            digest = record.fields.get("warc-payload-digest", "")
            if kind:
                places = found.pages if kind in _HTML else found.pictures
                places.append(Place(time, record.url, path, member.offset, path, member.offset))
                originals.setdefault(digest, (places, path, member.offset))
            elif record.kind in ("response", "resource"):
                others.add(digest)
            elif record.kind == "revisit" and "not-modified" not in record.fields.get("warc-profile", ""):
                revisits.append((time, record, path, member.offset))
    for time, record, path, offset in revisits:
        digest = record.fields.get("warc-payload-digest", "")
        if digest and digest in originals:
            places, body_file, body_offset = originals[digest]
            places.append(Place(time, record.url, path, offset, body_file, body_offset))
        elif digest and digest in others:
            continue
        elif (original := _kept_original(record, digest, kept)) is not None:
            found.pages.append(Place(time, record.url, path, offset, *original))
        else:
            where = f"{names.get(path, path)}, byte {offset}"
            broken.append(f"{where}: the original of the revisit of {record.url} is not there")
    for places in (found.pages, found.pictures):
        places.sort(key=lambda place: (place.time, place.url))
    return found


def _kept_original(record: Record, digest: str, kept: Kept) -> tuple[Path, int] | None:
    """Where the page that a revisit repeats is kept, if its payload has the digest that the revisit tells."""
    url = record.fields.get("warc-refers-to-target-uri", record.url).strip("<>")
    try:
        place = kept(url, stamp(record.fields.get("warc-refers-to-date", "")))
        if place is None:
            return None
        original = _record(read_member(*place))
        check_digest(digest, original.payload, "WARC-Payload-Digest")
        return place if _kind(original) in _HTML else None
    except RecordError:
        return None


def _record(member: Any) -> Record:
    if not isinstance(member, Member):
        raise RecordError(member.reason)
    return parse_record(member.data)


def _kind(record: Record) -> str:
    """The media type of a page or a picture; empty for all else."""
    if not record.url.startswith(("http://", "https://")):
        return ""
    if not _ADDRESS.fullmatch(record.url) or not is_address(record.url):
        raise RecordError("its WARC-Target-URI is no address")
    status, kind = 200, record.fields.get("content-type", "")
    if record.is_http:
        status, headers = _head(record)
        kind = {name.lower(): value for name, value in headers}.get("content-type", "")
    kind = kind.partition(";")[0].strip().lower()
    return kind if status == 200 and (kind in _HTML or kind.startswith("image/")) else ""


def stamp(text: str) -> str:
    """A WARC-Date as one form that sorts: UTC, microseconds, Z. Raises RecordError, also where no web was then.

    >>> stamp("2025-02-18T14:35:00+05:00")
    '2025-02-18T09:35:00.000000Z'
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise RecordError(f"its WARC-Date “{text[:40]}” is no time") from error
    if not FIRST_YEAR <= time.year <= datetime.now(UTC).year + 1:
        raise RecordError(f"its WARC-Date “{text[:40]}” is out of range")
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return precise_stamp(time)


def _head(record: Record) -> tuple[int, list[tuple[str, str]]]:
    first, *lines = record.head.decode("latin-1").split("\r\n")
    parts = first.split(" ", 2)
    status = whole_number(parts[1]) or 0 if len(parts) > 1 else 0
    pairs = [line.partition(":") for line in _unfold(lines)]
    return status, [(name.strip(), value.strip()) for name, colon, value in pairs if colon]


def _unfold(lines: Sequence[str]) -> list[str]:
    """Header lines, with what was folded (RFC 9112, section 5.2) as one.

    >>> _unfold(["A: b", "\\tc: d", "E: f"])
    ['A: b c: d', 'E: f']
    """
    whole: list[list[str]] = []
    for line in lines:
        if line.startswith((" ", "\t")) and whole:
            whole[-1].append(line.strip())
        else:
            whole.append([line])
    return [" ".join(parts) for parts in whole]


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a page's HTTP answer: its headers, and its bytes where they are to be kept as they came."""

    headers: Sequence[tuple[str, str]]
    raw: bytes = b""
    truncated: str = ""
    """Why the body is not whole, as WARC-Truncated has it."""


def read_page(place: Place) -> tuple[Page, Head | None]:
    """A page that was found, and the head of its HTTP answer, None for a resource record.

    Chunks of the transfer are put together. Raises RecordError.
    """
    record = _record(read_member(place.body_file, place.body_offset))
    body = record.payload
    if not record.is_http:
        return Page(url=place.url, body=body, headers={"content-type": record.fields.get("content-type", "")}), None
    own = record if place.body_offset == place.offset and place.body_file == place.file else None
    own = own or _record(read_member(place.file, place.offset))
    tls, cut = _verification(own), _truncation(own)
    _, headers = _head(record)
    lengths = [value for name, value in headers if name.lower() == "content-length"]
    if all(name.lower() != "transfer-encoding" for name, _ in headers) and lengths in ([], [str(len(body))]):
        page = Page(url=place.url, body=body, headers={n.lower(): v for n, v in headers}, tls=tls)
        return page, Head(headers, record.head, cut)
    if any(name.lower() == "transfer-encoding" and "chunked" in value.lower() for name, value in headers):
        body = unchunked(body)
    headers = [pair for pair in headers if pair[0].lower() not in ("transfer-encoding", "content-length")]
    headers.append(("Content-Length", str(len(body))))
    return Page(url=place.url, body=body, headers={n.lower(): v for n, v in headers}, tls=tls), Head(
        headers, truncated=cut
    )


def _verification(record: Record) -> str:
    """What a record says of the TLS certificate; empty where it says nothing, or nothing that ours would."""
    said = record.fields.get(TLS_FIELD.lower(), "")
    return said if said.isascii() and said.isprintable() and len(said) <= _LONGEST_VERDICT else ""


def _truncation(record: Record) -> str:
    """Why a record's body is not whole; empty where it says nothing that WARC knows."""
    said = record.fields.get("warc-truncated", "").lower()
    return said if said in TRUNCATIONS else ""


def write_page(writer: CaptureWriter, page: Page, head: Head | None, time: datetime) -> Capture:
    """Write a page that `read_page` gave, with its own time (UTC): what was no HTTP answer there is none here."""
    if head is None:
        kind = page.headers.get("content-type", "")
        return writer.write_resource(url=page.url, body=page.body, content_type=kind, time=time)
    return writer.write(
        url=page.url,
        status=200,
        headers=head.headers,
        head=head.raw,
        body=page.body,
        time=time,
        tls=page.tls,
        truncated=head.truncated,
    )


def unchunked(body: bytes) -> bytes:
    """The body that came in chunks (RFC 9112, section 7.1); as it is, where a recorder has put them together already.

    >>> unchunked(b"3\\r\\nabc\\r\\n2;x=y\\r\\nde\\r\\n0\\r\\n\\r\\n")
    b'abcde'
    """
    parts: list[bytes] = []
    at = 0
    while True:
        line, end, _ = body[at : at + 200].partition(b"\r\n")
        try:
            size = int(line.partition(b";")[0].strip() or b"x", 16)
        except ValueError:
            return body
        if not end or size < 0:
            return body
        if size == 0:
            return b"".join(parts)
        at += len(line) + 2
        if body[at + size : at + size + 2] != b"\r\n":
            return body
        parts.append(body[at : at + size])
        at += size + 2
