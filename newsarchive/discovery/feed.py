"""Feeds as a source: RSS 2.0, RSS 1.0 (RDF), Atom and JSON Feed, with paging for WordPress feeds."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import feedparser
from lxml import etree

from newsarchive.discovery.entries import address_of, read_entries, read_image, resolve_all, text_of
from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.json import read_json
from newsarchive.discovery.xml import inflate, name_of, read_xml, without_entities, xml_text
from newsarchive.items import Hints, Image, Listed, Listing, Page
from newsarchive.kazakh.dates import parse_stamp
from newsarchive.sites import Site, Source
from newsarchive.text.fingerprints import fingerprints, paragraphs
from newsarchive.text.numbers import whole_number
from newsarchive.urls import AddressError, absolute_url, is_address

logger = logging.getLogger(__name__)

_XML_BASE = re.compile(rb"""\sxml:base=["']([^"'<>]*)["']""")
_OFFSET = re.compile(r"(\s[+-]\d\d):(\d\d)\s*$")
_TAG = re.compile(r"<[^<>]*>")
_FULL_TEXT_WORDS = 60
"""An entry with at least this many words is taken for a full text and not a teaser."""


def feed_start(site: Site, source: Source) -> tuple[str, ...]:
    """Return the feed named in the profile, else WordPress' usual feed URL."""
    return (source.url or urljoin(site.url, "feed/"),)


def read_feed(page: Page, *, site: Site, source: Source) -> Listing:
    """Read the entries of a feed, and its next page if WordPress made it. Raises ListingError if it is not a feed."""
    body = xml_text(inflate(page)[0])
    if body.startswith(b"{"):
        return _read_json(page, body, site)
    root, cut = read_xml(page)
    if name_of(root) not in ("rss", "feed", "rdf", "channel"):  # the last is of CDF, or of RSS without its root
        raise ListingError(page.url, f"not a feed but <{name_of(root)}>")
    parsed = _parse(without_entities(body, page.url), root, page.url, cut=bool(cut))
    by_wordpress = "wordpress" in str(parsed.feed.get("generator") or "").lower()
    articles, lost = read_entries(
        [entry for entry in parsed.entries if _addresses(entry)],
        lambda entry: _article_address(page.url, _addresses(entry), site),
        lambda entry, url: _listed(entry, url, page.url, site, by_wordpress=by_wordpress),
    )
    paged = bool(articles) and (by_wordpress or _is_usual(page.url) or "paged=" in page.url)
    following = _stated_next(root, page.url) or ((_next_page(page.url),) if paged else ())
    return Listing(articles=articles, listings=following, cut=cut, lost=lost)


def _is_usual(url: str) -> bool:
    """True for the URL that WordPress gives to feeds, whose generator many sites hide."""
    parts = urlsplit(url)
    return parts.path.rstrip("/").endswith("/feed") or "feed" in dict(parse_qsl(parts.query))


def _addresses(entry: Mapping[str, Any]) -> list[str]:
    """Return what an entry gives as its URL: the original one of a redirector, the link, an ID that is one."""
    ids = [number] if isinstance(number := entry.get("id"), str) and is_address(number) else []
    return [entry[name] for name in ("feedburner_origlink", "link") if name in entry] + ids


def _article_address(base: str, addresses: list[str], site: Site) -> str:
    """Return the first URL that is the site's: links may lead through services that count readers.

    If none is, the first one. Raises AddressError if that is invalid.
    """
    for address in addresses:
        try:
            url = address_of(base, address)
        except AddressError:
            continue
        if site.covers(url):
            return url
    return address_of(base, addresses[0])


def _stated_next(root: etree._Element, url: str) -> tuple[str, ...]:
    """Return the next page that a feed itself names (RFC 5005)."""
    links = [e for e in root.iter() if name_of(e) == "link" and e.get("rel") in ("next", "prev-archive")]
    return resolve_all(url, [href for e in links if (href := e.get("href"))])[0][:1]


def _parse(body: bytes, root: etree._Element, url: str, *, cut: bool) -> Any:
    """Parse with feedparser; if that fails, parse the tree that lxml recovered. Raises ListingError if both fail.

    Of a truncated feed only the tree is parsed: its last entry, which may have half a URL, was left out.
    """
    for recovered in (True,) if cut else (False, True):
        try:
            text = etree.tostring(root, encoding="utf-8", xml_declaration=True) if recovered else body
            text = _XML_BASE.sub(_valid_base, text)
            # what a relative xml:base is relative to; without a type feedparser takes the text for Latin-1
            headers = {"content-location": url, "content-type": "application/xml"}
            return feedparser.parse(text, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
        except Exception:
            logger.debug("feedparser cannot read %s", url, exc_info=True)
    raise ListingError(url, "a broken feed")


def _valid_base(attribute: re.Match[bytes]) -> bytes:
    """Return a valid xml:base unchanged; drop an invalid one, since feedparser would empty every link after it."""
    try:
        absolute_url("https://a.example/", attribute[1].decode("utf-8", "replace"))
    except AddressError:
        return b""
    return attribute[0]


def _next_page(url: str) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    number = (whole_number(query.get("paged", "1")) or 1) + 1
    return urlunsplit(parts._replace(query=urlencode({**query, "paged": str(number)})))


def _listed(entry: Mapping[str, Any], url: str, base: str, site: Site, *, by_wordpress: bool) -> Listed:
    """Read one entry. WordPress feeds have full texts, but mix categories and tags, so their terms are ignored."""
    terms = [] if by_wordpress else [_plain(tag.get("term") or "") for tag in entry.get("tags") or []]
    hints = Hints(
        title=_plain(entry.get("title", "")),
        published=_stamp(entry.get("published", ""), site),
        modified=_stamp(entry["updated"], site) if "updated" in entry else "",
        authors=tuple(dict.fromkeys(n for a in entry.get("authors", []) if (n := _plain(a.get("name", ""))))),
        categories=tuple(dict.fromkeys(filter(None, terms))),
        image=_image(entry, base),
        fingerprints=_fingerprints(next((c.get("value") for c in entry.get("content", [])), ""), whole=by_wordpress),
    )
    return Listed(url=url, lastmod=hints.modified, hints=hints, native_id=str(entry.get("id") or ""))


def _stamp(text: str, site: Site) -> str:
    """Return a time in UTC; many generators write the colon of ISO 8601 into RFC 822's offset (``+06:00``)."""
    return parse_stamp(_OFFSET.sub(r"\1\2", text) if "," in text else text, site.timezone)


def _fingerprints(markup: Any, *, whole: bool = False) -> tuple[str, ...]:
    """Return the fingerprints of an entry's text if it is `whole` or long enough; some feeds give a teaser only."""
    text = paragraphs(markup) if isinstance(markup, str) else []
    cut = any(part.endswith(("[…]", "[...]")) for part in text) or (text and text[-1].endswith(("…", "...")))
    if not whole and (cut or sum(len(part.split()) for part in text) < _FULL_TEXT_WORDS):
        return ()
    return fingerprints(text)


def _plain(text: str) -> str:
    return " ".join((_TAG.sub(" ", text) if "<" in text else text).split())


def _image(entry: Mapping[str, Any], base: str) -> Image | None:
    candidates = [*entry.get("media_content", []), *entry.get("enclosures", []), *entry.get("media_thumbnail", [])]
    for media in candidates:
        url = media.get("url") or media.get("href")
        kind = media.get("type") or media.get("medium") or "image"
        if kind.startswith("image") and (image := read_image(base, url)):
            return image
    return None


def _read_json(page: Page, body: bytes, site: Site) -> Listing:
    """Read a JSON Feed 1.0 or 1.1 (jsonfeed.org). Raises ListingError if it is not one."""
    feed = read_json(page, body)
    if not isinstance(feed.get("items"), list) or "jsonfeed.org" not in str(feed.get("version")):
        raise ListingError(page.url, "not a JSON Feed")
    articles, lost = read_entries(
        [item for item in feed["items"] if isinstance(item, dict) and _json_addresses(item)],
        lambda item: _article_address(page.url, _json_addresses(item), site),
        lambda item, url: _json_item(item, url, page.url, site),
    )
    following = feed.get("next_url")
    listings, lost_listings = resolve_all(page.url, [following] if isinstance(following, str) and following else [])
    return Listing(articles=articles, listings=listings, lost=(*lost, *lost_listings))


def _json_addresses(item: Mapping[str, Any]) -> list[Any]:
    """Return what an item gives as its URL; its ID may be one ("ideally, the full URL", says the specification)."""
    ids = [number] if isinstance(number := item.get("id"), str) and is_address(number) else []
    return [*filter(None, [item.get("url")]), *ids]


def _json_item(item: Mapping[str, Any], url: str, base: str, site: Site) -> Listed:
    people = _values(item.get("authors")) or [item.get("author")]
    modified = parse_stamp(text_of(item.get("date_modified")), site.timezone)
    hints = Hints(
        title=text_of(item.get("title")),
        published=parse_stamp(text_of(item.get("date_published")), site.timezone),
        modified=modified,
        authors=tuple(name for p in people if isinstance(p, dict) and (name := text_of(p.get("name")))),
        tags=tuple(tag for value in _values(item.get("tags")) if (tag := text_of(value))),
        image=read_image(base, item.get("image")),
        language=text_of(item.get("language")),
        fingerprints=_fingerprints(item.get("content_html")),
    )
    return Listed(url=url, lastmod=modified, hints=hints, native_id=text_of(item.get("id")))


def _values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
