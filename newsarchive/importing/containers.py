"""Pages in files that hold several things: MHTML and webarchive (browsers' “single file”), HAR (their network log)."""

from __future__ import annotations

import base64
import binascii
import json
import plistlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import CloseBoundaryNotFoundDefect, HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from typing import Any
from xml.parsers.expat import ExpatError

from newsarchive.importing.media_types import HTML, START, media_type

MHTML = (".mhtml", ".mht")
HAR = (".har",)
WEBARCHIVE = (".webarchive",)
CONTAINERS = (*MHTML, *HAR, *WEBARCHIVE)


@dataclass(frozen=True, kw_only=True)
class Contained:
    """A page or image in such a file; URL and time are as the file states them, and may be empty."""

    url: str
    time: str
    body: bytes = b""
    media: str = "text/html"
    cut: str = ""
    """Why the page is incomplete; empty if it is not."""
    lost: str = ""
    """Why there is no page of this URL in the file; empty if there is."""


def contained_in(suffix: str, data: bytes) -> Iterator[Contained]:
    """Yield the pages in the data of a file with one of the suffixes CONTAINERS. Raises ValueError."""
    if suffix in HAR:
        yield from in_har(data)
    elif (page := in_webarchive(data) if suffix in WEBARCHIVE else in_mhtml(data)) is not None:
        yield page


def in_webarchive(data: bytes) -> Contained | None:
    """Return the page of a file that Safari saved (a property list); it states no time. Raises ValueError."""
    try:
        page = plistlib.loads(data)["WebMainResource"]
        body, url, media = page["WebResourceData"], page["WebResourceURL"], page["WebResourceMIMEType"]
    except (plistlib.InvalidFileException, ExpatError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError("it is not a webarchive file") from error
    if not isinstance(body, bytes) or media not in ("text/html", "application/xhtml+xml"):
        return None
    charset = str(page.get("WebResourceTextEncodingName") or "")
    return Contained(
        url=str(url), time="", body=body, media=f"text/html; charset={charset}" if charset else "text/html"
    )


def in_mhtml(data: bytes) -> Contained | None:
    """Return the page of an MHTML file (RFC 2557); None if there is none.

    >>> found = in_mhtml(b"Snapshot-Content-Location: https://a.kz/\\nContent-Type: text/html\\n\\n<p>")
    >>> found.url, found.body, found.media
    ('https://a.kz/', b'<p>', 'text/html')
    """
    message = message_from_bytes(data, policy=policy.compat32)
    for part in message.walk():
        if part.get_content_type() not in ("text/html", "application/xhtml+xml"):
            continue
        body = part.get_payload(decode=True)
        body = body if isinstance(body, bytes) else b""
        charset = part.get_content_charset()
        location = str(message.get("Snapshot-Content-Location") or part.get("Content-Location") or "")
        return Contained(
            url="".join(_decoded(location).split()),
            time=str(message.get("Date") or ""),
            body=body,
            media=f"text/html; charset={charset}" if charset else "text/html",
            cut="its file ends within it" if _ends_within(message, part) and not _ENDED.search(body[-99:]) else "",
        )
    return None


_ENDED = re.compile(rb"</html>\s*$", re.I)


def _ends_within(message: Message, part: Message) -> bool:
    """Whether the file ends before a part of a message does."""
    for container in message.walk():
        parts = container.get_payload()
        if isinstance(parts, list) and parts and parts[-1] is part:
            return any(isinstance(defect, CloseBoundaryNotFoundDefect) for defect in container.defects)
    return False


def _decoded(header: str) -> str:
    """Return the text of a header; long ones may be in encoded words (RFC 2047)."""
    try:
        return str(make_header(decode_header(header)))
    except (HeaderParseError, LookupError, UnicodeError):
        return header


def in_har(data: bytes) -> Iterator[Contained]:
    """Yield the pages and images of a HAR file (version 1.2) that were answered with 200. Raises ValueError.

    >>> list(in_har(b'{"log": {"entries": [{"request": {}}, 3]}}'))
    []
    """
    try:
        entries = json.loads(data.decode("utf-8-sig"))["log"]["entries"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise ValueError("it is not a HAR file") from error
    for entry in entries if isinstance(entries, list) else []:
        try:
            if (found := _in_entry(entry)) is not None:
                yield found
        except (KeyError, TypeError, AttributeError, UnicodeError):
            continue  # a request without an answer


def _in_entry(entry: Any) -> Contained | None:
    response = entry["response"]
    content = response["content"]
    media, text = str(content["mimeType"]).lower(), content.get("text")
    if entry["request"].get("method", "GET") != "GET" or response["status"] != 200 or not _may_be_kept(media, text):
        return None
    url, time = str(entry["request"]["url"]), str(entry.get("startedDateTime", ""))
    size = content.get("size")
    if not text:
        is_lost = size != 0 and not media.startswith("image/")
        return Contained(url=url, time=time, lost="without content") if is_lost else None
    if content.get("encoding") == "base64":
        try:
            body = base64.b64decode(text)
        except binascii.Error:
            return Contained(url=url, time=time, lost="with damaged content")
    else:
        body, media = text.encode(), f"{media.partition(';')[0] or 'text/html'}; charset=utf-8"
    is_cut = isinstance(size, int) and size > len(body) + _MARK and "utf-16" not in media
    return Contained(
        url=url, time=time, body=body, media=media, cut=f"it has {len(body):,} of {size:,} bytes" if is_cut else ""
    )


_MARK = 3
"""Bytes of a byte order mark, which browsers leave out of the text but count."""


def _may_be_kept(media: str, text: object) -> bool:
    """Whether content is a page or an image by its type, else by how its text begins."""
    if media.startswith(("text/html", "application/xhtml", "image/")):
        return True
    return isinstance(text, str) and media_type([media], "", text[:START].encode()) == HTML
