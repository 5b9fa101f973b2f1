"""Listing pages as a source: an HTML page of links to articles, and the page after it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from lxml import etree, html
from lxml.cssselect import CSSSelector
from resiliparse.parse.encoding import bytes_to_str, detect_encoding

from newsarchive.discovery.errors import ListingError
from newsarchive.items import Hints, Listed, Listing, Page
from newsarchive.sites import Site, Source
from newsarchive.urls import canonical_url, url_key

_NEXT_WORDS = re.compile(
    r"^\W*(?:келесі|ескі жазбалар|бұрынғы|следующая|следующие|вперед|вперёд|далее|старые записи|ранее|next|older)\b",
    re.IGNORECASE,
)
_ARTICLE_PATH = re.compile(
    r"\d{4,}|(?:[^/]+-){2,}[^/]+|\d{4}/\d{2}/|%[0-9A-F]{2}.*%[0-9A-F]{2}|\.html?$", re.IGNORECASE
)
_NOT_ARTICLE_PATH = re.compile(
    r"/(?:page|tag|tags|category|categories|author|authors|search|rubric|archive|login|wp-\w+|feed|rss)(?:/|$)|"
    r"^/\d{4}(?:/\d{1,2}){0,2}/?$|\.(?:jpe?g|png|gif|webp|pdf|docx?|xlsx?|zip|mp[34])$",
    re.IGNORECASE,
)
_FURNITURE = {"nav", "header", "footer", "aside", "form"}
_WORDS_OF_A_HEADLINE = 3


def read_links(page: Page, *, site: Site, source: Source) -> Listing:
    """The articles a page links to: by the profile's CSS, else by what links to articles look like.

    Raises ListingError where the page is no HTML.
    """
    tree = parse_html(page)
    base = str(tree.xpath("string(//base/@href)")) or page.url
    links = tree.cssselect(source.links) if source.links else list(_headline_links(tree))
    articles: dict[str, Listed] = {}
    for link in links:
        found = _listed(link, urljoin(page.url, base), site, chosen=bool(source.links))
        if found is not None and url_key(found.url) != url_key(page.url):
            known = articles.get(url_key(found.url))
            if known is None or (found.hints.title and not known.hints.title):
                articles[url_key(found.url)] = found
    following = _next_page(tree, page.url, source, site)
    return Listing(articles=tuple(articles.values()), listings=(following,) if following else ())


def parse_html(page: Page) -> html.HtmlElement:
    """The page as a tree. Raises ListingError where there is none."""
    charset = re.search(r"charset=[\"']?([\w-]+)", page.headers.get("content-type", ""))
    encoding = charset.group(1) if charset else detect_encoding(page.body[:100_000])
    text = bytes_to_str(page.body, encoding or "utf-8").replace("\x00", "")
    try:
        tree = html.document_fromstring(
            re.sub(r"^\s*<\?xml[^>]*\?>", "", text), parser=html.HTMLParser(huge_tree=False)
        )
    except (etree.ParserError, ValueError) as error:
        raise ListingError(page.url, "not HTML") from error
    return tree


def _headline_links(tree: html.HtmlElement) -> Iterator[html.HtmlElement]:
    """Links outside menus and footers; one in a heading needs no long text."""
    for link in tree.iter("a"):
        if link.get("href") and not any(a.tag in _FURNITURE and not _in_article(a) for a in link.iterancestors()):
            yield link


def _in_article(element: html.HtmlElement) -> bool:
    """A teaser's own <header> is no furniture."""
    return element.tag in ("header", "footer") and any(a.tag in ("article", "main") for a in element.iterancestors())


def _listed(link: html.HtmlElement, base: str, site: Site, *, chosen: bool) -> Listed | None:
    try:
        url = urljoin(base, (link.get("href") or "").strip())
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not site.covers(url):
        return None
    title = " ".join(link.text_content().split())
    in_heading = any(a.tag in ("h1", "h2", "h3", "h4") for a in link.iterancestors())
    headline = in_heading or len(title.split()) >= _WORDS_OF_A_HEADLINE
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    looks = bool(_ARTICLE_PATH.search(target)) or (in_heading and parts.path.strip("/") != "")
    if not chosen and (not headline or not looks or _NOT_ARTICLE_PATH.search(parts.path)):
        return None
    return Listed(url=canonical_url(url), hints=Hints(title=title if headline else ""))


def _next_page(tree: html.HtmlElement, url: str, source: Source, site: Site) -> str:
    if source.next:
        try:
            found = CSSSelector(source.next)(tree)
        except Exception as error:
            raise ListingError(url, f"“{source.next}” is not a CSS selector") from error
        candidates = [element.get("href") for element in found]
    else:
        candidates = [e.get("href") for e in tree.xpath("//link[@rel='next']|//a[contains(@rel,'next')]")]
        candidates += [e.get("href") for e in tree.cssselect("a.next, .next > a, .nav-previous > a")]
        candidates += [a.get("href") for a in tree.iter("a") if _NEXT_WORDS.match(a.text_content() or "")]
    for candidate in candidates:
        following: str = urljoin(url, candidate or "")
        if candidate and site.covers(following) and url_key(following) != url_key(url):
            return following
    return ""
