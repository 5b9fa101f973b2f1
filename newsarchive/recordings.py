"""Web recordings by others: pages and pictures in their WARC and WACZ files, found cheaply and read one at a time."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from shutil import copyfileobj
from typing import Any

from fastwarc.warc import ArchiveIterator

from newsarchive.items import Page
from newsarchive.members import Member, Record, RecordError, parse_record, read_member, read_members

ENDINGS = (".warc", ".warc.gz", ".warc.zst")
_HTML = ("text/html", "application/xhtml+xml")


class RecordingError(Exception):
    """A file or a record cannot be read; the message names it and says why."""


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


def readable(path: Path, folder: Path) -> Iterator[Path]:
    """The WARC files of gzip members that hold what `path` holds; what must be unpacked for it goes into `folder`.

    Raises RecordingError where it is neither a WARC nor a WACZ file, or broken.
    """
    try:
        if path.suffix.lower() == ".wacz":
            for inner in _unpack(path, folder):
                yield from readable(inner, folder)
        elif path.name.endswith(".warc.gz"):
            yield path
        elif path.name.endswith(ENDINGS):
            yield _as_members(path, folder)
        else:
            raise RecordingError(f"{path} is neither a WARC nor a WACZ file")
    except (OSError, zipfile.BadZipFile) as error:
        raise RecordingError(f"{path} cannot be read: {error}") from error


def _unpack(path: Path, folder: Path) -> Iterator[Path]:
    with zipfile.ZipFile(path) as wacz:
        for number, name in enumerate(sorted(wacz.namelist())):
            if name.startswith("archive/") and name.endswith(ENDINGS):
                target = folder / f"{path.name}-{number}-{PurePosixPath(name).name}"
                with wacz.open(name) as source, open(target, "wb") as file:
                    copyfileobj(source, file)
                yield target


def _as_members(path: Path, folder: Path) -> Path:
    """A plain or zstd file written again with a gzip member for each record: any record can be read by its place."""
    target = folder / f"{path.name}-{abs(hash(path))}.warc.gz"
    with open(path, "rb") as source, open(target, "wb") as file:
        for record in ArchiveIterator(source, parse_http=False):
            plain = BytesIO()
            record.write(plain)
            file.write(gzip.compress(plain.getvalue(), 1))
    return target


@dataclass(frozen=True, slots=True)
class Found:
    """What files hold: HTML pages and pictures, each in order of time."""

    pages: list[Place]
    pictures: list[Place]


def find_recordings(files: Iterator[Path], broken: list[str], *, names: dict[Path, Path]) -> Found:
    """The pages and pictures of files; what is broken is named in `broken`. `names`: the file that was given.

    Revisits are resolved by the payload digest, within all the files; one whose original is in none is broken.
    """
    found = Found([], [])
    originals: dict[str, tuple[list[Place], Path, int]] = {}
    others: set[str] = set()  # digests of what is neither: styles, fonts
    revisits: list[tuple[str, str, Path, int, str]] = []
    for path in files:
        for member in read_members(path):
            try:
                record = _record(member)
                kind = _kind(record) if record.kind in ("response", "resource") else ""
                time = stamp(record.fields.get("warc-date", "")) if kind or record.kind == "revisit" else ""
            except RecordError as error:
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
                revisits.append((time, record.url, path, member.offset, digest))
    for time, url, path, offset, digest in revisits:
        if digest and digest in originals:
            places, body_file, body_offset = originals[digest]
            places.append(Place(time, url, path, offset, body_file, body_offset))
        elif not digest or digest not in others:
            broken.append(f"{names.get(path, path)}, byte {offset}: the original of the revisit of {url} is not there")
    for places in (found.pages, found.pictures):
        places.sort(key=lambda place: (place.time, place.url))
    return found


def _record(member: Any) -> Record:
    if not isinstance(member, Member):
        raise RecordError(member.reason)
    return parse_record(member.data)


def _kind(record: Record) -> str:
    """The media type of a page or a picture; empty for all else."""
    if not record.url.startswith(("http://", "https://")):
        return ""
    status, kind = 200, record.fields.get("content-type", "")
    if record.is_http:
        status, headers = _head(record)
        kind = {name.lower(): value for name, value in headers}.get("content-type", "")
    kind = kind.partition(";")[0].strip().lower()
    return kind if status == 200 and (kind in _HTML or kind.startswith("image/")) else ""


def stamp(text: str) -> str:
    """A WARC-Date as one form that sorts: UTC, microseconds, Z. Raises RecordError.

    >>> stamp("2025-02-18T14:35:00+05:00")
    '2025-02-18T09:35:00.000000Z'
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise RecordError(f"its WARC-Date “{text[:40]}” is no time") from error
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _head(record: Record) -> tuple[int, list[tuple[str, str]]]:
    first, *lines = record.head.decode("latin-1").split("\r\n")
    parts = first.split(" ", 2)
    status = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0
    pairs = [line.partition(":") for line in lines]
    return status, [(name.strip(), value.strip()) for name, colon, value in pairs if colon]


def read_page(place: Place) -> tuple[Page, list[tuple[str, str]]]:
    """A page that was found, and its HTTP headers as they came; chunks of the transfer are put together.

    Raises RecordError.
    """
    record = _record(read_member(place.body_file, place.body_offset))
    if record.is_http:
        _, headers = _head(record)
    else:
        headers = [("Content-Type", record.fields.get("content-type", ""))]
    body = record.payload
    if any(name.lower() == "transfer-encoding" and "chunked" in value.lower() for name, value in headers):
        body = unchunked(body)
    headers = [pair for pair in headers if pair[0].lower() not in ("transfer-encoding", "content-length")]
    headers.append(("Content-Length", str(len(body))))
    return Page(url=place.url, body=body, headers={n.lower(): v for n, v in headers}), headers


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
