"""The entries of a listing, one by one: an invalid one is lost with its reason, and costs no other."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from newsarchive.items import Hints, Image, Listed, Lost
from newsarchive.urls import AddressError, absolute_url, check_address

logger = logging.getLogger(__name__)

MOST_LETTERS = 2_000
"""Of a title, a name, or a caption."""
MOST_TERMS = 200
LAST_YEAR = "2100"
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters, and halves of surrogate pairs, which JSON can name and no encoding can write."""

Entry = TypeVar("Entry")


def read_entries(
    entries: Iterable[Entry], url_of: Callable[[Entry], str], read: Callable[[Entry, str], Listed | None]
) -> tuple[tuple[Listed, ...], tuple[Lost, ...]]:
    """Read entries: `url_of` gives an entry's address, `read` what it says, None where it is to be passed over.

    Returns what was read, and the entries whose address is invalid. One that has an address, and says something of
    itself that cannot be read, is listed by the address alone.
    """
    articles: list[Listed] = []
    lost: list[Lost] = []
    for entry in entries:
        try:
            url = url_of(entry)
            check_address(url)
        except AddressError as error:
            lost.append(Lost(url=error.url, reason=error.reason))
            continue
        try:
            listed = read(entry, url)
            sound = None if listed is None else _sound(listed)
        except Exception as error:  # noqa: BLE001  strangers write these: whatever they say, the page can be fetched
            logger.debug("%s: what its listing says of it cannot be read: %r", url, error)
            sound = Listed(url=url)
        if sound is not None:
            articles.append(sound)
    return tuple(articles), tuple(lost)


def address_of(base: str, value: Any) -> str:
    """The address that a value of JSON, or of feedparser's, leads to. Raises AddressError."""
    if not isinstance(value, str) or not value.strip():  # feedparser empties what is no address
        raise AddressError(str(value or "")[:MOST_LETTERS], "not a valid address")
    return absolute_url(base, value)


def resolve_all(base: str, references: Iterable[str]) -> tuple[tuple[str, ...], tuple[Lost, ...]]:
    """The addresses that references on the page `base` lead to, and the invalid ones."""
    urls: list[str] = []
    lost: list[Lost] = []
    for reference in references:
        try:
            urls.append(absolute_url(base, reference))
        except AddressError as error:
            lost.append(Lost(url=error.url, reason=error.reason, listing=True))
    return tuple(urls), tuple(lost)


def read_picture(base: str, reference: Any) -> Image | None:
    """A picture by its address; None where that is invalid or missing."""
    try:
        return Image(url=absolute_url(base, reference)) if isinstance(reference, str) and reference.strip() else None
    except AddressError:
        return None


def text_of(value: Any) -> str:
    """A value of JSON as text; empty for lists, objects and the like.

    >>> text_of("Су"), text_of(7), text_of(["Су"]), text_of(None)
    ('Су', '7', '', '')
    """
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def _sound(listed: Listed) -> Listed:
    """What a database can hold and later runs can reckon with: whole letters, bounded, and no time to come."""
    soon = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    hints = listed.hints
    return replace(
        listed,
        lastmod=listed.lastmod if listed.lastmod <= soon else "",  # it would hide every true change
        hints=hints if hints == _NOTHING else _sound_hints(hints),
        native_id=_clean(listed.native_id),
    )


_NOTHING = Hints()


def _sound_hints(hints: Hints) -> Hints:
    image = hints.image
    return replace(
        hints,
        title=_clean(hints.title),
        published=hints.published if hints.published < LAST_YEAR else "",
        modified=hints.modified if hints.modified < LAST_YEAR else "",
        authors=tuple(map(_clean, hints.authors[:MOST_TERMS])),
        categories=tuple(map(_clean, hints.categories[:MOST_TERMS])),
        tags=tuple(map(_clean, hints.tags[:MOST_TERMS])),
        image=image and replace(image, alt=_clean(image.alt), caption=_clean(image.caption)),
        language=_clean(hints.language),
        kind=_clean(hints.kind),
    )


def _clean(text: str) -> str:
    return _NO_TEXT.sub(" ", text)[:MOST_LETTERS].strip() if len(text) > MOST_LETTERS or _NO_TEXT.search(text) else text
