"""Atom feeds (RFC 4287) as XML. Pure functions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from lxml import etree

NAMESPACE = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml"
NEVER = "1970-01-01T00:00:00Z"
"""When a feed without entries was updated."""
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_UNFIT = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry: `link` is its page here, `via` its page at the newspaper; times are RFC 3339, empty if unknown."""

    id: str
    title: str
    updated: str
    link: str
    via: str = ""
    published: str = ""
    authors: Sequence[str] = ()
    categories: Sequence[str] = ()
    summary: str = ""
    content: str = ""
    """HTML."""
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A feed: `self` is its own address, `link` the page that shows the same."""

    id: str
    title: str
    self: str
    link: str
    language: str
    entries: Sequence[Entry]

    @property
    def updated(self) -> str:
        """When the latest entry was updated."""
        return max((entry.updated for entry in self.entries), default=NEVER)


def tag_uri(kind: str, *parts: str) -> str:
    """Return a tag URI (RFC 4151), the same for the same parts wherever the archive is served.

    >>> tag_uri("article", "https://tan.example/су/")
    'tag:newsarchive,2025:article:9ac93b112748454b5965ab8ec1b871eb'
    """
    digest = hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"tag:newsarchive,2025:{kind}:{digest[:32]}"


def draw_feed(feed: Feed) -> bytes:
    """Return a feed as XML in UTF-8."""
    root = etree.Element(f"{{{NAMESPACE}}}feed", {_LANGUAGE: feed.language}, nsmap={None: NAMESPACE})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "updated", feed.updated)
    _add(_add(root, "author"), "name", "newsarchive")
    _add(root, "generator", "newsarchive")
    _add(root, "link", rel="self", type=MEDIA_TYPE, href=feed.self)
    _add(root, "link", rel="alternate", type="text/html", href=feed.link)
    for entry in feed.entries:
        _add_entry(root, entry)
    text: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)
    return text


def _add_entry(root: etree._Element, entry: Entry) -> None:
    element = _add(root, "entry")
    if entry.language:
        element.set(_LANGUAGE, entry.language)
    _add(element, "id", entry.id)
    _add(element, "title", entry.title)
    _add(element, "updated", entry.updated)
    if entry.published:
        _add(element, "published", entry.published)
    for name in entry.authors:
        _add(_add(element, "author"), "name", name)
    _add(element, "link", rel="alternate", type="text/html", href=entry.link)
    if entry.via:
        _add(element, "link", rel="via", href=_address(entry.via))
    for name in entry.categories:
        _add(element, "category", term=name)
    if entry.summary:
        _add(element, "summary", entry.summary)
    if entry.content:
        _add(element, "content", entry.content, type="html")


def _add(parent: etree._Element, name: str, text: str = "", **attributes: str) -> etree._Element:
    plain = {key: _UNFIT.sub("", value) for key, value in attributes.items()}
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}", plain)
    if text:
        element.text = _UNFIT.sub("", text)
    return element


def _address(url: str) -> str:
    return quote(url, safe="/:?#[]@!$&'()*+,;=%-._~", errors="replace")
