"""Listing pages as a source: HTML pages that link to articles and to the next listing page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from cssselect import SelectorError
from lxml import etree, html
from lxml.cssselect import CSSSelector
from resiliparse.parse.encoding import bytes_to_str, detect_encoding

from newsarchive.discovery.entries import read_entries
from newsarchive.discovery.errors import ListingError
from newsarchive.items import Hints, Listed, Listing, Page
from newsarchive.sites import Site, Source
from newsarchive.urls import AddressError, absolute_url, canonical_url, url_key

_NEXT_WORDS = re.compile(
    r"^\W*(?:келесі|ескі жазбалар|бұрынғы|следующая|следующие|вперед|вперёд|далее|старые записи|ранее|next|older)\b",
    re.IGNORECASE,
)
_ARTICLE_PATH = re.compile(r"\d{4,}|[^/]-[^/]+-[^/]|\d{4}/\d{2}/|%[0-9A-F]{2}.*%[0-9A-F]{2}|\.html?$", re.IGNORECASE)
_NOT_ARTICLE_PATH = re.compile(
    r"/(?:page|tag|tags|category|categories|author|authors|search|rubric|archive|login|wp-\w+|feed|rss)(?:/|$)|"
    r"^/\d{4}(?:/\d{1,2}){0,2}/?$|\.(?:jpe?g|png|gif|webp|pdf|docx?|xlsx?|zip|mp[34])$",
    re.IGNORECASE,
)
_BOILERPLATE = {"nav", "header", "footer", "aside", "form"}
_MIN_HEADLINE_WORDS = 3
_MAX_PATH = 2_000


def read_links(page: Page, *, site: Site, source: Source) -> Listing:
    """Return the articles that a page links to, chosen by the profile's CSS selector, else by heuristics.

    Raises ListingError if the page is not HTML.
    """
    tree = parse_html(page)
    base = _base(tree, page.url)
    links = _chosen_links(tree, source, page.url) if source.links else list(_headline_links(tree))
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
    following = _next_page(tree, page.url, source, site)
    return Listing(articles=tuple(articles.values()), listings=(following,) if following else (), lost=lost)


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
    return Listed(url=canonical_url(url), hints=Hints(title=_headline(link)))


def _next_page(tree: html.HtmlElement, url: str, source: Source, site: Site) -> str:
    if source.next:
        try:
            found = CSSSelector(source.next)(tree)
        except (SelectorError, etree.XPathError) as error:
            raise ListingError(url, f"“{source.next}” is not a CSS selector") from error
        candidates = [element.get("href") for element in found]
    else:
        candidates = [e.get("href") for e in tree.xpath("//link[@rel='next']|//a[contains(@rel,'next')]")]
        candidates += [e.get("href") for e in tree.cssselect("a.next, .next > a, .nav-previous > a")]
        candidates += [a.get("href") for a in tree.iter("a") if _NEXT_WORDS.match(a.text_content() or "")]
    for candidate in candidates:
        try:
            following = absolute_url(url, candidate or "")
        except AddressError:
            continue
        if candidate and site.covers(following) and url_key(following) != url_key(url):
            return following
    return ""
