"""Pages in files that hold several things: MHTML and webarchive (browsers' “single file”), HAR (their network log)."""

from __future__ import annotations

import base64
import binascii
import json
import plistlib
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import Any
from xml.parsers.expat import ExpatError

MHTML = (".mhtml", ".mht")
HAR = (".har",)
WEBARCHIVE = (".webarchive",)
CONTAINERS = (*MHTML, *HAR, *WEBARCHIVE)


@dataclass(frozen=True, kw_only=True)
class Contained:
    """A page or image in such a file; URL and time are as the file states them, and may be empty."""

    url: str
    time: str
    body: bytes
    media: str


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
        charset = part.get_content_charset()
        location = str(message.get("Snapshot-Content-Location") or part.get("Content-Location") or "")
        return Contained(
            url="".join(_decoded(location).split()),
            time=str(message.get("Date") or ""),
            body=body if isinstance(body, bytes) else b"",
            media=f"text/html; charset={charset}" if charset else "text/html",
        )
    return None


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
        except (KeyError, TypeError, AttributeError, UnicodeError, binascii.Error):
            continue  # a request without an answer


def _in_entry(entry: Any) -> Contained | None:
    response = entry["response"]
    content = response["content"]
    media = str(content["mimeType"])
    text = content.get("text")
    if response["status"] != 200 or not text or not media.startswith(("text/html", "application/xhtml", "image/")):
        return None
    if content.get("encoding") == "base64":
        body = base64.b64decode(text)
    else:
        body, media = text.encode(), f"{media.partition(';')[0]}; charset=utf-8"
    return Contained(
        url=str(entry["request"]["url"]), time=str(entry.get("startedDateTime", "")), body=body, media=media
    )
