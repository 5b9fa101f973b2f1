"""What an answer to the request for a listing is worth: to be parsed, unchanged, not there, refused.

Each function reads or updates the scan that the request belongs to; none reads a database.
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import Enum, auto
from http import HTTPStatus

from newsarchive.crawling.full_scans import Scan
from newsarchive.discovery import (
    ListingError,
    is_beyond_last,
    is_guess,
    is_robots,
    is_unnamed_sitemap,
    lastmod_is_reliable,
)
from newsarchive.items import Listing, ListingRequest, Page

_TEMPORARY = frozenset({401, 403, 408, 425, 429})
"""Statuses that say nothing of whether a page is there."""


class Unread(Enum):
    """An answer that needs no parsing."""

    UNCHANGED = auto()
    NOT_THERE = auto()
    """A guessed URL does not exist: nothing is missed."""


def judge(scan: Scan, request: ListingRequest, page: Page) -> Page | Unread:
    """Return the page to parse, or why it needs no parsing. Raise ListingError if it is no listing."""
    if page.status == 304:
        scan.read += 1
        return Unread.UNCHANGED
    if page.status in (404, 410) and is_guess(request.kind, request.url, request.depth):
        return Unread.NOT_THERE
    if request.task == "end" and 400 <= page.status < 500 and page.status not in _TEMPORARY:
        scan.ends.lost = True
        return Unread.NOT_THERE
    if scan.source.kind == "wordpress" and is_beyond_last(page):
        return Unread.NOT_THERE
    if is_robots(request.url):  # where it redirects to, or refuses, it names no sitemap: the usual paths are left
        page = replace(page, url=request.url)
        page = replace(page, status=200, body=b"") if 400 <= page.status < 500 else page
    if page.status != 200:
        raise ListingError(request.url, _refusal(page))
    return page


def note_read(scan: Scan, request: ListingRequest, listing: Listing) -> None:
    """Count a listing that was parsed, and record whether it is truncated."""
    scan.read += not is_robots(request.url)  # robots.txt only names what to read
    scan.shapes |= listing.shapes
    if listing.articles:
        scan.unfollowed = scan.unfollowed or listing.unfollowed
    if listing.cut:
        scan.fail(f"{request.url}: {listing.cut}")


def note_failure(scan: Scan, request: ListingRequest, reason: str, *, ours: bool = False) -> None:
    """Record that a listing could not be read; `ours` is True if the fault is in newsarchive."""
    guessed = is_unnamed_sitemap(request.kind, request.url, request.depth)
    scan.fail(f"{request.url}: {reason}", whole=guessed or request.url in scan.starts)
    if ours:
        scan.problem = scan.problem or f"{request.url}: {reason}"


def believes(scan: Scan, listing: Listing) -> bool:
    """Return whether the times of modification in a listing are reliable."""
    believed = scan.source.kind == "wordpress" or lastmod_is_reliable(listing.articles)
    scan.believed = scan.believed and believed
    return believed


_CHALLENGE = re.compile(rb"just a moment|captcha|checking your browser|verify you are human", re.IGNORECASE)


def _refusal(page: Page) -> str:
    """Return why an answer is no listing: its status in words, and if it is a challenge for a browser."""
    try:
        words = f"{page.status} {HTTPStatus(page.status).phrase}"
    except ValueError:
        words = f"status {page.status}"
    challenge = "cf-mitigated" in page.headers or _CHALLENGE.search(page.body, 0, 20_000)
    return f"{words}, with a challenge that only a browser passes (captcha)" if challenge else words
