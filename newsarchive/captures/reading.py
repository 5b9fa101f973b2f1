"""Reads a capture back from its WARC file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from fastwarc.warc import ArchiveIterator, WarcRecordType

from newsarchive.captures.http_messages import read_message
from newsarchive.captures.revisits import read_original
from newsarchive.captures.truncation import truncation
from newsarchive.errors import NewsArchiveError
from newsarchive.items import Page


class CaptureError(NewsArchiveError):
    """A capture cannot be read back; the message names the file and the offset."""


def read_capture(folder: Path, *, warc: str, offset: int) -> Page:
    """Read a capture from the WARC file `folder`/`warc`: its URL, status, headers and body as they came.

    A revisit has its own head and the body of its original, in whichever file of `folder` that is. Raises CaptureError
    if a file is missing or has no complete record there.
    """
    path = folder / warc
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            for record in ArchiveIterator(file, record_types=_CAPTURES, parse_http=False):
                if record.record_type == WarcRecordType.revisit:
                    return _revisit(folder, record, f"at {offset} in {path}")
                return _page(record)
    except OSError as error:
        raise CaptureError(f"Cannot read the capture at {offset} in {path}: {error}.") from error
    raise CaptureError(f"There is no capture at {offset} in {path}.")


_CAPTURES = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.revisit


def _revisit(folder: Path, record: Any, where: str) -> Page:
    page = _page(record)
    body = read_original(folder, dict(record.headers))
    if body is None:
        raise CaptureError(f"The capture {where} repeats another one that cannot be found.")
    return replace(page, body=body)


def _page(record: Any) -> Page:
    url, block = record.headers["WARC-Target-URI"], bytes(record.reader.read())
    cut = truncation({name.lower(): value for name, value in record.headers})
    if not record.is_http:
        return Page(url=url, body=block, headers={"content-type": record.headers.get("Content-Type", "")}, cut=cut)
    message = read_message(block)
    return Page(url=url, body=message.body, status=message.status, headers=message.fields(), cut=cut)
