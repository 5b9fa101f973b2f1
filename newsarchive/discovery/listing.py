"""Listing pages as a source: HTML pages that link to articles and to the next listing page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from functools import lru_cache
from urllib.parse import urlsplit

from cssselect import SelectorError
from lxml import etree, html
from lxml.cssselect import CSSSelector

from newsarchive.discovery.entries import read_entries, resolve_all
from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.markup import base_of, parse_any
from newsarchive.discovery.pager import following_number, next_pages
from newsarchive.discovery.unfollowed import unfollowed_in
from newsarchive.items import Hints, Listed, Listing, Page
from newsarchive.sites import Site, Source
from newsarchive.urls import AddressError, absolute_url, url_key

_ARTICLE_PATH = re.compile(r"\d{4,}|[^/]-[^/]+-[^/]|\d{4}/\d{2}/|%[0-9A-F]{2}.*%[0-9A-F]{2}|\.html?$", re.IGNORECASE)
_NOT_ARTICLE_PATH = re.compile(
    r"/(?:page|tag|tags|category|categories|author|authors|search|rubric|archive|login|wp-\w+|feed|rss)(?:/|$)|"
    r"^/\d{4}(?:/\d{1,2}){0,2}/?$|\.(?:jpe?g|png|gif|webp|pdf|docx?|xlsx?|zip|mp[34])$",
    re.IGNORECASE,
)
_LIST_PARAMETERS = {
    "cat",
    "category",
    "tag",
    "author",
    "paged",
    "page",
    "s",
    "q",
    "search",
    "m",
    "feed",
    "post_type",
    "page_id",
}
"""Parameters of lists, of searches and of a newspaper's own pages, as WordPress and others name them."""
_BOILERPLATE = {"nav", "header", "footer", "aside", "form"}
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_MIN_HEADLINE_WORDS = 3
_ENOUGH_ALIKE = 3
_MAX_PATH = 2_000


def read_links(page: Page, *, site: Site, source: Source, shapes: frozenset[str] = frozenset()) -> Listing:
    """Return the articles that a page links to, chosen by the profile's CSS selector, else by heuristics.

    `shapes` tells how the URLs of articles are built on the pages before it. Raises ListingError if this is not HTML.
    """
    tree, fragment = parse_any(page)
    _held = [*tree.iter()]  # else lxml makes each element anew whenever it is come by, a tenth of the time
    base = base_of(tree, page.url)
    if source.links:
        links = _chosen_links(tree, source, page.url)
    else:
        links, shapes = _article_links(tree, base, shapes)
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
    return Listing(
        articles=tuple(articles.values()),
        listings=following[:1],
        alternatives=following[1:],
        lost=lost,
        shapes=shapes,
        unfollowed="" if following or source.next else unfollowed_in(tree),
    )


def looks_like_article(path: str) -> bool:
    """True if a path is built like that of an article."""
    return bool(_ARTICLE_PATH.search(path)) and not _NOT_ARTICLE_PATH.search(path)


def _chosen_links(tree: html.HtmlElement, source: Source, url: str) -> list[html.HtmlElement]:
    try:
        return list(tree.cssselect(source.links))
    except (SelectorError, etree.XPathError) as error:
        raise ListingError(url, f"“{source.links}” is not a CSS selector") from error


def _candidates(tree: html.HtmlElement) -> Iterator[html.HtmlElement]:
    """Yield the links outside menus and footers."""
    for link in tree.iter("a"):
        if link.get("href") and not any(a.tag in _BOILERPLATE and not _in_article(a) for a in link.iterancestors()):
            yield link


def _article_links(
    tree: html.HtmlElement, base: str, known_shapes: frozenset[str]
) -> tuple[list[html.HtmlElement], frozenset[str]]:
    """Return the links that are likely to lead to articles, and the shapes of URLs by which they are recognized.

    Those are links in headings; those that read like a headline and have a URL built like an article's, or like the
    URLs of enough others; and, also in menus, those with a short text whose URLs are built like most of these.
    """
    candidates = list(_candidates(tree))
    likely = [link for link in candidates if _headline(link)]
    alike = (
        known_shapes
        | _usual_shapes(likely, base)
        | _usual_shapes(
            (link for link in candidates if _words(link) >= _MIN_HEADLINE_WORDS - 1), base, like_article=True
        )
    )
    links = [
        link for link in likely if _is_heading(link) or _has_article_url(link, base) or _shape(link, base) in alike
    ]
    usual = _usual_shapes(links, base, like_article=True) | alike
    known = set(links)
    for link in tree.iter("a"):
        text = (link.text_content() or "").strip()
        if link not in known and len(text) > 2 and not text.isdigit() and _shape(link, base) in usual:
            links.append(link)
    return links, frozenset(usual)


def _usual_shapes(links: Iterable[html.HtmlElement], base: str, *, like_article: bool = False) -> set[str]:
    """Return the shapes that the URLs of at least _ENOUGH_ALIKE links have, each counted once."""
    urls = {link.get("href"): link for link in links if not like_article or _has_article_url(link, base)}
    shapes = Counter(shape for link in urls.values() if (shape := _shape(link, base)))
    return {shape for shape, number in shapes.items() if number >= _ENOUGH_ALIKE}


def _target(link: html.HtmlElement, base: str) -> str:
    """Return the path and query of a link; empty if it is invalid."""
    reference = link.get("href") or ""
    is_whole = reference[:8].lower().startswith(("http://", "https://"))
    return _target_of(base[: base.find("/", 8) + 1] or base if is_whole else base, reference)


@lru_cache(maxsize=4096)  # a site's pages have most of their links in common
def _target_of(base: str, reference: str) -> str:
    try:
        parts = urlsplit(absolute_url(base, reference))
    except AddressError:
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _has_article_url(link: html.HtmlElement, base: str) -> bool:
    target = _target(link, base)
    path, _, query = target.partition("?")
    return bool(_ARTICLE_PATH.search(target)) and not _is_list(path, query)


def _is_list(path: str, query: str) -> bool:
    """True if a URL is built like that of a list of articles.

    >>> _is_list("/", "cat=12"), _is_list("/", "p=12"), _is_list("/n.php", "id=7&page=2")
    (True, False, False)
    """
    names = {pair.partition("=")[0].lower() for pair in query.split("&") if pair}
    return bool(_NOT_ARTICLE_PATH.search(path) or (names and names <= _LIST_PARAMETERS))


def _shape(link: html.HtmlElement, base: str) -> str:
    """Return how a URL is built: its folders, and letters, digits and dashes of its last part and of its parameters.

    Empty if it is built like that of a section or of a file.
    """
    return _shape_of(_target(link, base))


@lru_cache(maxsize=4096)
def _shape_of(target: str) -> str:
    path, _, query = target.partition("?")
    folder, _, name = path.rstrip("/").rpartition("/")
    plain_word = not query and not folder and re.fullmatch(r"[^\W\d_]*", name)
    if plain_word or len(path) > _MAX_PATH or _is_list(path, query):
        return ""
    folders = re.sub(r"\d+", "9", f"{folder}/")
    pairs = (pair.partition("=") for pair in query[:_MAX_PATH].split("&") if pair)
    return folders + _pattern(name) + "".join(f"?{parameter}={_pattern(value)}" for parameter, _, value in pairs)


def _pattern(text: str) -> str:
    """Return a part of a URL with ``a`` for letters and ``9`` for digits.

    >>> _pattern("sudin-bagasy-12"), _pattern("id=45")
    ('a-a-9', 'a=9')
    """
    letters = re.sub(r"(?:%[0-9A-F]{2}|[^\W\d_])+", "a", text, flags=re.IGNORECASE)
    return re.sub(r"\d+", "9", re.sub(r"a(?:[-_]a)+", "a-a", letters))


def _headline(link: html.HtmlElement) -> str:
    """Return the text of a link if it may be a headline, else empty."""
    title = _text_of(link)
    return title if _is_heading(link) or len(title.split()) >= _MIN_HEADLINE_WORDS else ""


def _text_of(link: html.HtmlElement) -> str:
    """Return the text of a link: that of the heading in it, if any; else its own, its title, or that of its image."""
    inside = next((e for e in link.iter(*_HEADINGS)), link)
    images = (image.get("alt", "") for image in link.iter("img"))
    texts = (" ".join((text or "").split()) for text in (inside.text_content(), link.get("title", ""), *images))
    return next(filter(None, texts), "")


def _words(link: html.HtmlElement) -> int:
    return len(_text_of(link).split())


def _is_heading(link: html.HtmlElement) -> bool:
    """True for a link in a heading, and for one with a heading in it."""
    return any(a.tag in _HEADINGS for a in link.iterancestors()) or next(link.iter(*_HEADINGS), None) is not None


def _in_article(element: html.HtmlElement) -> bool:
    """True for the header or footer of an article or teaser, which is not boilerplate."""
    return element.tag in ("header", "footer") and any(a.tag in ("article", "main") for a in element.iterancestors())


def _listed(link: html.HtmlElement, url: str, site: Site, *, chosen: bool) -> Listed | None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not site.covers(url):
        return None
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    is_home = parts.path.strip("/") == "" and not parts.query
    if not chosen and (len(target) > _MAX_PATH or is_home or _is_list(parts.path, parts.query)):
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
