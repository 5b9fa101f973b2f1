"""What a page names in its head and links to: feeds, sitemaps, versions in other languages."""

from __future__ import annotations

import re

from lxml import html

from newsarchive.discovery.entries import resolve_all
from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.markup import base_of, parse_html
from newsarchive.items import Page

MOST_FEEDS = 24
_FEED_LINK = re.compile(
    r"(?:^|[/_.-])(?:rss|atom|feeds?)(?:\d?\.xml|\.php|\.json|/?$|[/_-][\w-]{1,60}\.xml$)", re.IGNORECASE
)
_FEED_TEXT = re.compile(r"RSS(?:[ -](?:feeds?|арна|арналар|лент[аы]|канал))?|Atom", re.IGNORECASE)
_SITEMAP_LINK = re.compile(r"sitemap[\w-]{0,60}\.(?:xml(?:\.gz)?|php|txt)$", re.IGNORECASE)
_NOTHING = re.compile(r"(?!)")


def languages_of(page: Page) -> list[tuple[str, str]]:
    """Return the language codes and URLs of a page's versions in other languages."""
    try:
        tree = parse_html(page)
    except ListingError:
        return []
    base = base_of(tree, page.url)
    own = (tree.get("lang") or "").partition("-")[0].lower()
    links = [(e.get("hreflang", "").partition("-")[0].lower(), e.get("href")) for e in _head_links(tree, "alternate")]
    named = {code: href for code, href in links if code and code not in ("x", own)}
    return [(code, urls[0]) for code, href in named.items() if (urls := resolve_all(base, [href])[0])]


def _head_links(tree: html.HtmlElement, rel: str) -> list[html.HtmlElement]:
    return [e for e in tree.xpath("//link[@rel and @href]") if rel in e.get("rel", "").lower().split()]


def links_in_head(page: Page, rel: str, kinds: tuple[str, ...]) -> list[str]:
    """Return the URLs of a page's <link> elements of a relation and type, without those of comments and of APIs."""
    try:
        tree = parse_html(page)
    except ListingError:
        return []
    named = [
        e.get("href")
        for e in _head_links(tree, rel)
        if not kinds or any(kind in e.get("type", "") for kind in kinds)
        if not kinds or not re.search("comments|oembed|wp-json|rest_route", e.get("href"))
    ]
    return list(resolve_all(base_of(tree, page.url), named)[0])[:MOST_FEEDS]


def feeds_linked(page: Page) -> list[str]:
    """Return the URLs of the feeds that a page's own links lead to, or of the page that lists them."""
    return _linked(page, _FEED_LINK, _FEED_TEXT)


def sitemaps_linked(page: Page) -> list[str]:
    """Return the URLs of the sitemaps that a page names, in its head or by a link."""
    return [*links_in_head(page, "sitemap", ()), *_linked(page, _SITEMAP_LINK, _NOTHING)]


def _linked(page: Page, address: re.Pattern[str], text: re.Pattern[str]) -> list[str]:
    """Return the URLs of the links of a page's body whose address, text or image is of this form."""
    try:
        tree = parse_html(page)
    except ListingError:
        return []
    named = [
        link.get("href")
        for link in tree.iter("a")
        if link.get("href")
        if address.search(link.get("href"))
        or any(text.fullmatch(" ".join((t or "").split())) for t in (link.text_content(), *link.xpath("img/@alt")))
    ]
    return list(dict.fromkeys(resolve_all(base_of(tree, page.url), named)[0]))[:MOST_FEEDS]
