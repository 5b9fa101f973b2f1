"""Reads the entries of a listing one by one; an invalid entry is recorded with a reason and the others are kept."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from newsarchive.items import Hints, Image, InvalidEntry, Listed
from newsarchive.times import stamp
from newsarchive.urls import AddressError, absolute_url, check_address

logger = logging.getLogger(__name__)

MAX_CHARACTERS = 2_000
"""Longest title, name or caption that is kept."""
MAX_TERMS = 200
LAST_YEAR = "2100"
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters, and lone surrogates, which JSON can express but no encoding can write."""

Entry = TypeVar("Entry")


def read_entries(
    entries: Iterable[Entry], url_of: Callable[[Entry], str], read: Callable[[Entry, str], Listed | None]
) -> tuple[tuple[Listed, ...], tuple[InvalidEntry, ...]]:
    """Read entries. `url_of` returns an entry's URL; `read` returns its data, or None to skip the entry.

    Returns the articles read, and the entries whose URL is invalid. An entry with a valid URL and unreadable data is
    listed by its URL alone.
    """
    articles: list[Listed] = []
    lost: list[InvalidEntry] = []
    for entry in entries:
        try:
            url = url_of(entry)
            check_address(url)
        except AddressError as error:
            lost.append(InvalidEntry(url=error.url, reason=error.reason))
            continue
        try:
            listed = read(entry, url)
            sanitized = None if listed is None else _sanitize(listed)
        except Exception as error:  # noqa: BLE001  third-party data: whatever it contains, the page can be fetched
            logger.debug("%s: cannot read its entry in the listing: %r", url, error)
            sanitized = Listed(url=url)
        if sanitized is not None:
            articles.append(sanitized)
    return tuple(articles), tuple(lost)


def address_of(base: str, value: Any) -> str:
    """Return the absolute URL of a value from JSON or feedparser. Raises AddressError if it is not a URL."""
    if not isinstance(value, str) or not value.strip():  # feedparser replaces invalid URLs with ""
        raise AddressError(str(value or "")[:MAX_CHARACTERS], "not a valid address")
    return absolute_url(base, value)


def resolve_all(base: str, references: Iterable[str]) -> tuple[tuple[str, ...], tuple[InvalidEntry, ...]]:
    """Resolve references found on the page `base`. Returns absolute URLs, and the invalid references."""
    urls: list[str] = []
    lost: list[InvalidEntry] = []
    for reference in references:
        try:
            urls.append(absolute_url(base, reference))
        except AddressError as error:
            lost.append(InvalidEntry(url=error.url, reason=error.reason, listing=True))
    return tuple(urls), tuple(lost)


def read_image(base: str, reference: Any) -> Image | None:
    """Return an Image for a reference; None if the reference is missing or invalid."""
    try:
        return Image(url=absolute_url(base, reference)) if isinstance(reference, str) and reference.strip() else None
    except AddressError:
        return None


def text_of(value: Any) -> str:
    """Return a JSON value as text; empty for lists, objects, booleans and null.

    >>> text_of("Су"), text_of(7), text_of(["Су"]), text_of(None)
    ('Су', '7', '', '')
    """
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def _sanitize(listed: Listed) -> Listed:
    """Make an entry safe to store: valid Unicode, bounded lengths, no times in the future."""
    soon = stamp(datetime.now(UTC) + timedelta(days=1))
    hints = listed.hints
    return replace(
        listed,
        lastmod=listed.lastmod if listed.lastmod <= soon else "",  # a future time would hide every real change
        hints=hints if hints == _NO_HINTS else _sanitize_hints(hints),
        native_id=_clean(listed.native_id),
    )


_NO_HINTS = Hints()


def _sanitize_hints(hints: Hints) -> Hints:
    image = hints.image
    return replace(
        hints,
        title=_clean(hints.title),
        published=hints.published if hints.published < LAST_YEAR else "",
        modified=hints.modified if hints.modified < LAST_YEAR else "",
        authors=tuple(map(_clean, hints.authors[:MAX_TERMS])),
        categories=tuple(map(_clean, hints.categories[:MAX_TERMS])),
        tags=tuple(map(_clean, hints.tags[:MAX_TERMS])),
        image=image and replace(image, alt=_clean(image.alt), caption=_clean(image.caption)),
        language=_clean(hints.language),
        kind=_clean(hints.kind),
    )


def _clean(text: str) -> str:
    if len(text) <= MAX_CHARACTERS and not _NOT_TEXT.search(text):
        return text
    return _NOT_TEXT.sub(" ", text)[:MAX_CHARACTERS].strip()
