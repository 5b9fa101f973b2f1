"""Feeds as a source: RSS 2.0, RSS 1.0 (RDF), Atom, JSON Feed; paged where WordPress pages them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import feedparser

from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.xml import inflate, name_of, read_xml
from newsarchive.fingerprints import fingerprints, paragraphs
from newsarchive.items import Hints, Image, Listed, Listing, Page
from newsarchive.kazakh.dates import parse_stamp
from newsarchive.sites import Site, Source

_WHOLE = 60
"""Words of an entry that are more than a beginning."""


def feed_start(site: Site, source: Source) -> tuple[str, ...]:
    """The feed that the profile names, else where WordPress has it."""
    return (source.url or urljoin(site.url, "feed/"),)


def read_feed(page: Page, *, site: Site, source: Source) -> Listing:
    """The entries of a feed, and its next page where WordPress makes pages. Raises ListingError where it is none."""
    body = inflate(page)[0].lstrip()
    if body.startswith(b"{"):
        return _read_json(page, body, site)
    root, cut = read_xml(page)
    if name_of(root) not in ("rss", "feed", "rdf"):
        raise ListingError(page.url, f"not a feed but <{name_of(root)}>")
    parsed = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False)
    by_wordpress = "wordpress" in str(parsed.feed.get("generator") or "").lower()
    entries = [entry for entry in parsed.entries if entry.get("link")]
    articles = tuple(_listed(entry, page.url, site, by_wordpress=by_wordpress) for entry in entries)
    paged = bool(articles) and (by_wordpress or "paged=" in page.url)
    return Listing(articles=articles, listings=(_next_page(page.url),) if paged else (), cut=cut)


def _next_page(url: str) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    number = int(query.get("paged", "1")) + 1
    return urlunsplit(parts._replace(query=urlencode({**query, "paged": str(number)})))


def _listed(entry: Mapping[str, Any], base: str, site: Site, *, by_wordpress: bool) -> Listed:
    """One entry; where WordPress gives texts they are whole, but categories and tags, in one element, tell nothing."""
    terms = [] if by_wordpress else [_plain(tag.get("term") or "") for tag in entry.get("tags") or []]
    hints = Hints(
        title=_plain(entry.get("title", "")),
        published=parse_stamp(entry.get("published", ""), site.timezone),
        modified=parse_stamp(entry["updated"], site.timezone) if "updated" in entry else "",
        authors=tuple(dict.fromkeys(n for a in entry.get("authors", []) if (n := _plain(a.get("name", ""))))),
        categories=tuple(dict.fromkeys(filter(None, terms))),
        image=_image(entry, base),
        fingerprints=_fingerprints(next((c.get("value") for c in entry.get("content", [])), ""), whole=by_wordpress),
    )
    return Listed(
        url=urljoin(base, entry["link"]), lastmod=hints.modified, hints=hints, native_id=str(entry.get("id") or "")
    )


def _fingerprints(markup: Any, *, whole: bool = False) -> tuple[str, ...]:
    """Those of an entry's text, where it is or seems to be `whole`: some feeds give the first paragraph alone."""
    text = paragraphs(markup) if isinstance(markup, str) else []
    cut = any(part.endswith(("[…]", "[...]")) for part in text) or (text and text[-1].endswith(("…", "...")))
    if not whole and (cut or sum(len(part.split()) for part in text) < _WHOLE):
        return ()
    return fingerprints(text)


def _plain(text: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


def _image(entry: Mapping[str, Any], base: str) -> Image | None:
    candidates = [*entry.get("media_content", []), *entry.get("enclosures", []), *entry.get("media_thumbnail", [])]
    for media in candidates:
        url = media.get("url") or media.get("href")
        kind = media.get("type") or media.get("medium") or "image"
        if url and kind.startswith("image"):
            return Image(url=urljoin(base, url))
    return None


def _read_json(page: Page, body: bytes, site: Site) -> Listing:
    """JSON Feed 1.0 and 1.1 (jsonfeed.org)."""
    try:
        feed = json.loads(body)
    except ValueError as error:
        raise ListingError(page.url, "broken JSON") from error
    if not isinstance(feed.get("items"), list) or "jsonfeed.org" not in str(feed.get("version")):
        raise ListingError(page.url, "not a JSON Feed")
    articles = tuple(_json_item(i, page.url, site) for i in feed["items"] if isinstance(i, dict) and i.get("url"))
    following = feed.get("next_url")
    return Listing(articles=articles, listings=(urljoin(page.url, following),) if isinstance(following, str) else ())


def _json_item(item: Mapping[str, Any], base: str, site: Site) -> Listed:
    people = item.get("authors") or ([item["author"]] if isinstance(item.get("author"), dict) else [])
    modified = parse_stamp(str(item.get("date_modified") or ""), site.timezone)
    hints = Hints(
        title=str(item.get("title") or ""),
        published=parse_stamp(str(item.get("date_published") or ""), site.timezone),
        modified=modified,
        authors=tuple(str(p["name"]) for p in people if isinstance(p, dict) and p.get("name")),
        tags=tuple(str(tag) for tag in item.get("tags") or []),
        image=Image(url=urljoin(base, str(item["image"]))) if item.get("image") else None,
        language=str(item.get("language") or ""),
        fingerprints=_fingerprints(item.get("content_html")),
    )
    return Listed(url=urljoin(base, item["url"]), lastmod=modified, hints=hints, native_id=str(item.get("id") or ""))
