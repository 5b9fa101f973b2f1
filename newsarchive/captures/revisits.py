"""Revisits: records that repeat the payload of another record, and how that record is found."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType

from newsarchive.captures.http_messages import split_message
from newsarchive.captures.records import read_fields
from newsarchive.items import Original
from newsarchive.text.compression import gunzip_stream
from newsarchive.text.numbers import whole_number

PROFILE = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
_HEAD = 16_384
_ORIGINALS = WarcRecordType.response | WarcRecordType.resource


def reference_to(folder: Path, original: Original, digest: str) -> dict[str, str]:
    """Return the fields by which a revisit refers to its original; empty if no record there has that payload digest.

    They are those of WARC 1.1, sections 5.12 to 5.14, with the file name and offset that Heritrix adds for readers
    without an index.
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
    """Return the named fields of the record at an offset, with lower-case names; empty if there is no record."""
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            data = gunzip_stream().decompress(file.read(_HEAD), _HEAD)
    except (OSError, zlib.error):
        return {}
    head, end, _ = data.partition(b"\r\n\r\n")
    return read_fields(head)[1] if end else {}


def read_original(folder: Path, fields: Mapping[str, str]) -> bytes | None:
    """Return the payload that a revisit with these WARC fields repeats; None if the original is missing.

    A file that was rewritten after a takedown has another name and other offsets: there the record is looked up by its
    ID.
    """
    name, record_id = fields.get("WARC-Refers-To-Filename", ""), fields.get("WARC-Refers-To", "")
    offset = whole_number(fields.get("WARC-Refers-To-File-Offset", ""))
    if not name or "/" in name or "\0" in name or offset is None:
        return None
    if (body := _payload(folder / name, offset, record_id)) is not None:
        return body
    base = re.sub(r"(-r\d+)?\.warc\.gz$", "", name)
    for path in sorted(folder.glob(f"{base}*.warc.gz")):
        at = _offsets(path, path.stat().st_mtime_ns).get(record_id)
        if at is not None and (body := _payload(path, at, record_id)) is not None:
            return body
    return None


def _payload(path: Path, offset: int, record_id: str) -> bytes | None:
    """Return the payload of the record at an offset if it has that ID."""
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            record = next(iter(ArchiveIterator(file, record_types=_ORIGINALS, parse_http=False)), None)
            if record is None or record.headers.get("WARC-Record-ID") != record_id:
                return None
            block = bytes(record.reader.read())
            return split_message(block)[1] if record.is_http else block
    except OSError:
        return None


@lru_cache(maxsize=16)
def _offsets(path: Path, _changed: int) -> dict[str, int]:
    """Return the offset of each record of a file by its ID."""
    with open(path, "rb") as file:
        records = ArchiveIterator(file, record_types=_ORIGINALS, parse_http=False)
        return {record.headers["WARC-Record-ID"]: record.stream_pos for record in records}
