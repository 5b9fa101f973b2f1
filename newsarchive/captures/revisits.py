"""Revisits: WARC records that repeat a payload which another record holds, and finding that record again."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType

from newsarchive.items import Original
from newsarchive.text.numbers import whole_number

PROFILE = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
_HEAD = 16_384
_ORIGINALS = WarcRecordType.response | WarcRecordType.resource


def reference_to(folder: Path, original: Original, digest: str) -> dict[str, str]:
    """The fields by which a revisit refers to its original; none where no record with that payload digest is there.

    WARC 1.1, sections 5.12 to 5.14; file name and offset are those that Heritrix writes besides, for a reader without
    an index.
    """
    fields = record_fields(folder / original.warc, original.offset)
    if fields.get("warc-payload-digest") != digest or fields.get("warc-type") not in ("response", "resource"):
        return {}
    return {
        "WARC-Profile": PROFILE,
        "WARC-Refers-To": fields["warc-record-id"],
        "WARC-Refers-To-Target-URI": fields["warc-target-uri"],
        "WARC-Refers-To-Date": fields["warc-date"],
        "WARC-Refers-To-Filename": original.warc,
        "WARC-Refers-To-File-Offset": str(original.offset),
    }


def record_fields(path: Path, offset: int) -> dict[str, str]:
    """The named fields of the WARC record at one place, names in small letters; none where there is no record."""
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            data = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(file.read(_HEAD), _HEAD)
    except (OSError, zlib.error):
        return {}
    head, end, _ = data.partition(b"\r\n\r\n")
    pairs = (line.partition(":") for line in head.decode("utf-8", "replace").split("\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in pairs} if end else {}


def read_original(folder: Path, fields: Mapping[str, str]) -> bytes | None:
    """The payload that a revisit with these WARC fields repeats; None where the record that it refers to is not there.

    A file that was written anew after a takedown has another name and other offsets: there the record is sought by its
    number.
    """
    name, number = fields.get("WARC-Refers-To-Filename", ""), fields.get("WARC-Refers-To", "")
    offset = whole_number(fields.get("WARC-Refers-To-File-Offset", ""))
    if not name or "/" in name or "\0" in name or offset is None:
        return None
    if (body := _payload(folder / name, offset, number)) is not None:
        return body
    base = re.sub(r"(-r\d+)?\.warc\.gz$", "", name)
    for path in sorted(folder.glob(f"{base}*.warc.gz")):
        place = _places(path, path.stat().st_mtime_ns).get(number)
        if place is not None and (body := _payload(path, place, number)) is not None:
            return body
    return None


def _payload(path: Path, offset: int, number: str) -> bytes | None:
    """The payload of the record at one place, if it is the one with that number."""
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            record = next(iter(ArchiveIterator(file, record_types=_ORIGINALS, parse_http=True)), None)
            if record is None or record.headers.get("WARC-Record-ID") != number:
                return None
            return bytes(record.reader.read())
    except OSError:
        return None


@lru_cache(maxsize=16)
def _places(path: Path, _changed: int) -> dict[str, int]:
    """Where in a file each record begins, by its number."""
    with open(path, "rb") as file:
        records = ArchiveIterator(file, record_types=_ORIGINALS, parse_http=False)
        return {record.headers["WARC-Record-ID"]: record.stream_pos for record in records}
