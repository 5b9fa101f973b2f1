"""Sitemaps as a source: robots.txt, index and nested files, gzip, news sitemaps, lastmod (sitemaps.org)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from lxml import etree

from newsarchive.discovery.entries import read_entries, read_picture, resolve_all
from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.xml import inflate, name_of, read_xml
from newsarchive.items import Hints, Listed, Listing, Lost, Page
from newsarchive.kazakh.dates import parse_stamp
from newsarchive.sites import Site, Source
from newsarchive.urls import AddressError, absolute_url

USUAL_PLACES = ("sitemap.xml", "sitemap_index.xml", "wp-sitemap.xml")
NO_ARTICLES = re.compile(
    r"taxonom|users?-sitemap|-users-|author|categor|post_tag|tag-sitemap|page-sitemap|posts-page-|attachment"
    r"|image-sitemap|video-sitemap|local-sitemap|product",
    re.IGNORECASE,
)
"""Names of nested sitemaps, as WordPress and its plugins give them, that list no articles."""


def sitemap_start(site: Site, source: Source) -> tuple[str, ...]:
    """robots.txt, which names the sitemaps, unless the profile names one."""
    return (source.url or urljoin(site.url, "/robots.txt"),)


def read_sitemap(page: Page, *, site: Site, source: Source) -> Listing:
    """What robots.txt, an index, a sitemap or a list of URLs in plain text gives. Raises ListingError."""
    path = urlsplit(page.url).path
    if path.endswith("/robots.txt"):
        return _read_robots(page, site)
    body, cut = inflate(page)
    if path.endswith((".txt", ".txt.gz")) and not body.lstrip().startswith(b"<"):
        return _read_text(body, cut)
    root, cut = read_xml(page)
    kind = name_of(root)
    if kind == "sitemapindex":
        return replace(_nested(root, page.url, site), cut=cut)
    if kind == "urlset":
        return replace(_articles(root, page.url, site), cut=cut)
    raise ListingError(page.url, f"not a sitemap but <{kind}>")


def _read_robots(page: Page, site: Site) -> Listing:
    pairs = (line.partition(":") for line in page.body.decode("utf-8-sig", "replace").splitlines())
    named = [value.split()[0] for name, _, value in pairs if name.strip().lower() == "sitemap" and value.strip()]
    urls, lost = resolve_all(page.url, named)
    urls = urls or tuple(urljoin(site.url, place) for place in USUAL_PLACES)
    return Listing(listings=tuple(dict.fromkeys(url for url in urls if site.covers(url))), lost=lost)


def _read_text(body: bytes, cut: str) -> Listing:
    lines = body.decode("utf-8-sig", "replace").split()
    urls = [line for line in lines if line.startswith(("http://", "https://"))]
    articles, lost = read_entries(urls, lambda line: line, lambda _line, url: Listed(url=url))
    return Listing(articles=articles, cut=cut, lost=lost)


def _nested(root: etree._Element, base: str, site: Site) -> Listing:
    nested: dict[str, str] = {}
    lost: list[Lost] = []
    for entry in root.iter("{*}sitemap"):
        said = _children(entry)
        named = _text(said.get("loc"))
        if not named or NO_ARTICLES.search(named.rsplit("/", 1)[-1]):
            continue
        try:
            nested[absolute_url(base, named)] = parse_stamp(_text(said.get("lastmod")), site.timezone)
        except AddressError as error:
            lost.append(Lost(url=error.url, reason=error.reason, listing=True))
    return Listing(listings=tuple(nested), lastmods=tuple(nested.values()), lost=tuple(lost))


def _children(entry: etree._Element | None) -> dict[str, etree._Element]:
    """The first child of each name, whatever its namespace."""
    if entry is None:
        return {}
    return {name_of(child): child for child in reversed(entry)}


def _articles(root: etree._Element, base: str, site: Site) -> Listing:
    home = site.url.rstrip("/")

    def read(said: Mapping[str, etree._Element], url: str) -> Listed | None:
        if url in ("", base) or url.rstrip("/") == home:  # itself: from an empty or broken <loc>
            return None
        lastmod = parse_stamp(_text(said.get("lastmod")), site.timezone)
        return Listed(url=url, lastmod=lastmod, hints=_hints(said, base, site))

    entries = (_children(entry) for entry in root.iter("{*}url"))
    articles, lost = read_entries(entries, lambda said: absolute_url(base, _text(said.get("loc"))), read)
    return Listing(articles=articles, lost=lost)


def _hints(said: Mapping[str, etree._Element], base: str, site: Site) -> Hints:
    """What the extensions for news and images say of an entry."""
    if not ("news" in said or "image" in said):
        return Hints()
    news = _children(said.get("news"))
    keywords = _text(news.get("keywords"))
    picture = _text(_children(said.get("image")).get("loc"))
    return Hints(
        title=_text(news.get("title")),
        published=parse_stamp(_text(news.get("publication_date")), site.timezone),
        language=_text(_children(news.get("publication")).get("language")),
        tags=tuple(word.strip() for word in keywords.split(",") if word.strip()),
        image=read_picture(base, picture),
    )


def _text(element: etree._Element | None) -> str:
    try:
        return (element.text or "").strip() if element is not None else ""
    except UnicodeDecodeError:  # the parser recovers bytes that are no letters
        return ""


def lastmod_is_reliable(articles: Sequence[Listed]) -> bool:
    """Whether the modification times of a listing can be believed.

    A sitemap whose lastmod is always the present day, or one moment for all, tells when it was made, not what changed.
    """
    stamps = [listed.lastmod for listed in articles if listed.lastmod]
    if not stamps or len(stamps) < len(articles) / 2:
        return False
    if len(stamps) < 5:
        return True
    commonest = Counter(stamps).most_common(1)[0][1]
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    of_today = sum(stamp.startswith(today) for stamp in stamps)
    return commonest < len(stamps) / 2 and of_today < len(stamps) * 0.9
