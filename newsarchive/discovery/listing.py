"""Listing pages as a source: HTML pages that link to articles and to the next listing page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from cssselect import SelectorError
from lxml import etree, html
from lxml.cssselect import CSSSelector
from resiliparse.parse.encoding import bytes_to_str, detect_encoding

from newsarchive.discovery.entries import read_entries, resolve_all
from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.json import read_json
from newsarchive.discovery.pager import following_number, next_pages
from newsarchive.items import Hints, Listed, Listing, Page
from newsarchive.sites import Site, Source
from newsarchive.urls import AddressError, absolute_url, url_key

_ARTICLE_PATH = re.compile(r"\d{4,}|[^/]-[^/]+-[^/]|\d{4}/\d{2}/|%[0-9A-F]{2}.*%[0-9A-F]{2}|\.html?$", re.IGNORECASE)
_NOT_ARTICLE_PATH = re.compile(
    r"/(?:page|tag|tags|category|categories|author|authors|search|rubric|archive|login|wp-\w+|feed|rss)(?:/|$)|"
    r"^/\d{4}(?:/\d{1,2}){0,2}/?$|\.(?:jpe?g|png|gif|webp|pdf|docx?|xlsx?|zip|mp[34])$",
    re.IGNORECASE,
)
_BOILERPLATE = {"nav", "header", "footer", "aside", "form"}
_MIN_HEADLINE_WORDS = 3
_ENOUGH_ALIKE = 3
_MAX_PATH = 2_000


def read_links(page: Page, *, site: Site, source: Source) -> Listing:
    """Return the articles that a page links to, chosen by the profile's CSS selector, else by heuristics.

    Raises ListingError if the page is not HTML.
    """
    tree, fragment = _parse_any(page)
    base = _base(tree, page.url)
    links = _chosen_links(tree, source, page.url) if source.links else _article_links(tree, base)
    found, lost = read_entries(
        links,
        lambda link: absolute_url(base, link.get("href") or ""),
        lambda link, url: _listed(link, url, site, chosen=bool(source.links)),
    )
    articles: dict[str, Listed] = {}
    for listed in found:
        if url_key(listed.url) != url_key(page.url):
            known = articles.get(url_key(listed.url))
            if known is None or (listed.hints.title and not known.hints.title):
                articles[url_key(listed.url)] = listed
    following = _next_pages(tree, page.url, base, source, articles)
    if not following and fragment and articles:
        following = tuple(filter(None, [following_number(page.url)]))
    following = tuple(url for url in following if site.covers(url))
    return Listing(articles=tuple(articles.values()), listings=following[:1], alternatives=following[1:], lost=lost)


def _parse_any(page: Page) -> tuple[html.HtmlElement, bool]:
    """Parse a page, or what a script loads: a fragment of HTML, or JSON that holds some. Returns if it is such a part.

    Raises ListingError.
    """
    start = page.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in (b"{", b"["):
        markup = "\n".join(_markup_in(read_json(page, page.body)))
        if "<a" not in markup.lower():
            raise ListingError(page.url, "JSON without links")
        part = replace(
            page,
            body=f"<html><body>{markup}</body></html>".encode(),
            headers={"content-type": "text/html; charset=utf-8"},
        )
        return parse_html(part), True
    return parse_html(page), not re.search(rb"<body[\s>]|<html[\s>]", page.body[:100_000], re.IGNORECASE)


def _markup_in(value: Any) -> Iterator[str]:
    """Yield the texts in JSON that hold links."""
    if isinstance(value, str):
        if "<a" in value.lower():
            yield value
    elif isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _markup_in(part)


def looks_like_article(path: str) -> bool:
    """True if a path is built like that of an article."""
    return bool(_ARTICLE_PATH.search(path)) and not _NOT_ARTICLE_PATH.search(path)


def _base(tree: html.HtmlElement, url: str) -> str:
    try:
        return absolute_url(url, str(tree.xpath("string(//base/@href)")))
    except AddressError:
        return url


def _chosen_links(tree: html.HtmlElement, source: Source, url: str) -> list[html.HtmlElement]:
    try:
        return list(tree.cssselect(source.links))
    except (SelectorError, etree.XPathError) as error:
        raise ListingError(url, f"“{source.links}” is not a CSS selector") from error


def parse_html(page: Page) -> html.HtmlElement:
    """Parse the page as HTML. Raises ListingError if that is impossible."""
    charset = re.search(r"charset=[\"']?([\w-]+)", page.headers.get("content-type", ""))
    encoding = charset.group(1) if charset else detect_encoding(page.body[:100_000])
    try:
        text = bytes_to_str(page.body, encoding or "utf-8").replace("\x00", "")
    except (LookupError, ValueError):  # an unknown encoding, or a codec that does not decode text
        text = bytes_to_str(page.body, detect_encoding(page.body[:100_000]) or "utf-8").replace("\x00", "")
    try:
        tree = html.document_fromstring(
            re.sub(r"^\s*<\?xml[^>]*\?>", "", text), parser=html.HTMLParser(huge_tree=False)
        )
    except (etree.ParserError, ValueError) as error:
        raise ListingError(page.url, "not HTML") from error
    return tree


def _headline_links(tree: html.HtmlElement) -> Iterator[html.HtmlElement]:
    """Yield links outside menus and footers that read like a headline; links inside headings may be short."""
    for link in tree.iter("a"):
        outside = not any(a.tag in _BOILERPLATE and not _in_article(a) for a in link.iterancestors())
        if link.get("href") and outside and (_in_heading(link) or _headline(link)):
            yield link


def _article_links(tree: html.HtmlElement, base: str) -> list[html.HtmlElement]:
    """Return the links that read like headlines, and those with a short text whose URLs are built as most of these."""
    links = list(_headline_links(tree))
    shapes = Counter(shape for link in links if (shape := _shape(link, base)))
    usual = {shape for shape, number in shapes.items() if number >= _ENOUGH_ALIKE}
    known = set(links)
    for link in tree.iter("a"):
        text = (link.text_content() or "").strip()
        if link not in known and len(text) > 2 and not text.isdigit() and _shape(link, base) in usual:
            links.append(link)
    return links


def _shape(link: html.HtmlElement, base: str) -> str:
    """Return how an article's URL is built: its folders, and letters, digits and dashes of its last part.

    Empty if it does not look like an article's.
    """
    try:
        parts = urlsplit(absolute_url(base, link.get("href") or ""))
    except AddressError:
        return ""
    folder, _, name = parts.path.rstrip("/").rpartition("/")
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if not _ARTICLE_PATH.search(target) or _NOT_ARTICLE_PATH.search(parts.path):
        return ""
    letters = re.sub(r"(?:%[0-9A-F]{2}|[^\W\d_])+", "a", name, flags=re.IGNORECASE)
    return (
        re.sub(r"\d+", "9", f"{folder}/")
        + re.sub(r"\d+", "9", re.sub(r"a(?:[-_]a)+", "a-a", letters))
        + ("?" if parts.query else "")
    )


def _headline(link: html.HtmlElement) -> str:
    """Return the text of a link if it may be a headline, else empty."""
    title = " ".join(link.text_content().split())
    return title if _in_heading(link) or len(title.split()) >= _MIN_HEADLINE_WORDS else ""


def _in_heading(link: html.HtmlElement) -> bool:
    return any(a.tag in ("h1", "h2", "h3", "h4") for a in link.iterancestors())


def _in_article(element: html.HtmlElement) -> bool:
    """True for the header or footer of an article or teaser, which is not boilerplate."""
    return element.tag in ("header", "footer") and any(a.tag in ("article", "main") for a in element.iterancestors())


def _listed(link: html.HtmlElement, url: str, site: Site, *, chosen: bool) -> Listed | None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not site.covers(url):
        return None
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if len(target) > _MAX_PATH and not chosen:
        return None
    like_article = bool(_ARTICLE_PATH.search(target)) or (_in_heading(link) and parts.path.strip("/") != "")
    if not chosen and (not like_article or _NOT_ARTICLE_PATH.search(parts.path)):
        return None
    return Listed(url=url.partition("#")[0], hints=Hints(title=_headline(link)))


def _next_pages(
    tree: html.HtmlElement, url: str, base: str, source: Source, articles: Container[str]
) -> tuple[str, ...]:
    """Return the next page as the profile chooses it, else the candidates."""
    if not source.next:
        return next_pages(tree, url, base, articles)
    try:
        found = CSSSelector(source.next)(tree)
    except (SelectorError, etree.XPathError) as error:
        raise ListingError(url, f"“{source.next}” is not a CSS selector") from error
    urls, _lost = resolve_all(base, [reference for element in found if (reference := element.get("href"))])
    return tuple(target for target in urls if url_key(target) != url_key(url))[:1]
