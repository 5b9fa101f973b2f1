"""What the programs that save pages write into them: the original URL and time, and parts that they add."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import escape
from io import BytesIO

from lxml import html

from newsarchive.extraction.pages import parse
from newsarchive.importing.payloads import is_past
from newsarchive.importing.wayback import archived_at, is_replayed, original_place, replayed_url, unwrapped
from newsarchive.text.encodings import CAP

_HEAD = 16_384
# Internet Explorer introduced this, Chrome and Firefox write it too; the number is the length of the URL
_SAVED_FROM = re.compile(r"<!--\s*saved from url=\(\d+\)(https?://\S+)\s*-->", re.I)
_SINGLE_FILE = re.compile(
    r"<!--\s*Page saved with SingleFile\s+url:\s*(https?://\S+)\s+saved date:\s*([^(\r\n]+)", re.I
)
_MONOLITH = re.compile(r"<!--\s*Saved from (https?://\S+) at (\S+) using monolith\b", re.I)
_HTTRACK = re.compile(r"<!-- Mirrored from (\S+) by HTTrack [^,>]{0,200},([^>]{0,200})-->", re.I)
_TODAY = r"https?://archive\.(?:today|ph|is|li|vn|fo|md)/"
_OF_TODAY = re.compile(_TODAY + r"(\d{4}[\d.-]{4,16})/(https?://[^\s\"'<>]{1,8000})")
_LINK_OF_TODAY = re.compile(_TODAY + r"(?:o/)?[\w.-]{4,20}/(?=https?://)")
_PACKED, _PACKED_END = b"PK\3\4", b"PK\5\6"
_LINK = re.compile(r"<link\b[^<>]{0,10000}>", re.I)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a saved page says of itself: URL, empty if it does not, and time; the page as it was before it was saved."""

    url: str = ""
    time: datetime | None = None
    markup: str


def read_saved(markup: str) -> Told:
    """Return URL and time that a saving program or an archive wrote into a page, and the page without its additions."""
    url, time = told_by(markup)
    if is_replayed(markup) or original_place(url)[0] != url:
        url, moment = original_place(url) if url else replayed_url(markup)
        return Told(url=url, time=moment or archived_at(markup) or time, markup=unwrapped(markup))
    if (found := _of_archive_today(markup)) is not None:
        return found
    return Told(url=url, time=time, markup=markup)


def packed_page(body: bytes) -> bytes | None:
    """Return the page in a file that SingleFile compressed: HTML around a ZIP file; None if it is none.

    Raises ValueError if it cannot be unpacked.
    """
    if _PACKED not in body or b"Page saved with SingleFile" not in body[:_HEAD]:
        return None
    end = body.rfind(_PACKED_END) + 22
    try:
        with zipfile.ZipFile(BytesIO(body[:end])) as file, file.open("index.html") as page:
            return page.read(CAP)
    except (zipfile.BadZipFile, KeyError, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        raise ValueError("it is a compressed page of SingleFile that cannot be unpacked") from error


def told_by(markup: str) -> tuple[str, datetime | None]:
    """Return the URL and time that the saving program wrote into a page; empty and None if it wrote none.

    >>> told_by("<!-- saved from url=(0026)https://tan.example/kopir/ --><html>")
    ('https://tan.example/kopir/', None)
    >>> told_by("<!-- Mirrored from tan.example/k/ by HTTrack Website Copier/3.x, Tue, 18 Feb 2025 09:35:00 GMT -->")
    ('http://tan.example/k/', datetime.datetime(2025, 2, 18, 9, 35, tzinfo=datetime.timezone.utc))
    >>> told_by("<!-- Saved from https://tan.example/k/ at 2025-02-18T09:35:00Z using monolith v2.8.1 -->")
    ('https://tan.example/k/', datetime.datetime(2025, 2, 18, 9, 35, tzinfo=datetime.timezone.utc))
    """
    head = markup[:_HEAD]
    for pattern in (_SINGLE_FILE, _MONOLITH):
        if found := pattern.search(head):
            return found[1], read_moment(found[2])
    if found := _HTTRACK.search(head):
        return f"http://{found[1]}", read_moment(found[2])
    found = _SAVED_FROM.search(head)
    return (found[1], None) if found else ("", None)


def read_moment(text: str) -> datetime | None:
    """Read a time as browsers, mail and Unix write it, or ISO 8601; None if it is none of these or before the web.

    Returns UTC.

    >>> read_moment("1739871300.5"), read_moment("2025-02-18")
    (datetime.datetime(2025, 2, 18, 9, 35, 0, 500000, tzinfo=datetime.timezone.utc), \
datetime.datetime(2025, 2, 18, 0, 0, tzinfo=datetime.timezone.utc))
    """
    time = _time(text.strip())
    if time is None or not is_past(time):
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _time(text: str) -> datetime | None:
    if re.fullmatch(r"\d{9,10}(?:\.\d{1,9})?", text):
        return datetime.fromtimestamp(float(text), UTC)
    if re.fullmatch(r"\d{14}", text):
        text = f"{text[:8]}T{text[8:]}"
    for read in (
        datetime.fromisoformat,
        lambda text: datetime.strptime(text, "%a %b %d %Y %H:%M:%S GMT%z"),  # JavaScript
        parsedate_to_datetime,
    ):
        try:
            return read(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _of_archive_today(markup: str) -> Told | None:
    """Return a page saved from archive.today without its frame; None if it is none."""
    link = next((link for link in _LINK.findall(markup[: 4 * _HEAD]) if _OF_TODAY.search(link)), "")
    found = _OF_TODAY.search(link)
    if found is None:
        return None
    tree = parse(_LINK_OF_TODAY.sub("", markup))
    content = next(iter(tree.xpath("//*[@id='CONTENT']")), None) if tree is not None else None
    title = "".join(tree.xpath("//title[1]//text()")) if tree is not None else ""
    if content is None:
        return Told(url=found[2], time=_digits(found[1]), markup=markup)
    body = html.tostring(content, encoding="unicode", with_tail=False)
    head = f'<head><meta charset="utf-8"><title>{escape(title)}</title></head>'
    page = f"<!DOCTYPE html><html>{head}<body>{body}</body></html>"
    return Told(url=found[2], time=_digits(found[1]), markup=page)


def _digits(text: str) -> datetime | None:
    return read_moment(re.sub(r"\D", "", text).ljust(14, "0")[:14])
