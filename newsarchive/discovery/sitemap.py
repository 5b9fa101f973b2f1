"""Sitemaps as a source: robots.txt, index and nested files, gzip, news sitemaps, lastmod (sitemaps.org)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from lxml import etree

from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.xml import inflate, name_of, read_xml
from newsarchive.items import Hints, Image, Listed, Listing, Page
from newsarchive.kazakh.dates import parse_stamp
from newsarchive.sites import Site, Source

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
        nested = dict(_nested(root, page.url, site))
        return Listing(listings=tuple(nested), lastmods=tuple(nested.values()), cut=cut)
    if kind == "urlset":
        return Listing(articles=tuple(_articles(root, page.url, site)), cut=cut)
    raise ListingError(page.url, f"not a sitemap but <{kind}>")


def _read_robots(page: Page, site: Site) -> Listing:
    text = page.body.decode("utf-8", "replace")
    named = re.findall(r"^\s*sitemap\s*:\s*(\S+)", text, re.IGNORECASE | re.MULTILINE)
    urls = [urljoin(page.url, url) for url in named] or [urljoin(site.url, place) for place in USUAL_PLACES]
    return Listing(listings=tuple(dict.fromkeys(url for url in urls if site.covers(url))))


def _read_text(body: bytes, cut: str) -> Listing:
    lines = body.decode("utf-8", "replace").split()
    return Listing(
        articles=tuple(Listed(url=line) for line in lines if line.startswith(("http://", "https://"))), cut=cut
    )


def _nested(root: etree._Element, base: str, site: Site) -> Iterator[tuple[str, str]]:
    for entry in root.iter("{*}sitemap"):
        said = _children(entry)
        url = _text(said.get("loc"))
        if url and not NO_ARTICLES.search(url.rsplit("/", 1)[-1]):
            yield urljoin(base, url), parse_stamp(_text(said.get("lastmod")), site.timezone)


def _children(entry: etree._Element | None) -> dict[str, etree._Element]:
    """The first child of each name, whatever its namespace."""
    if entry is None:
        return {}
    return {child.tag.rpartition("}")[2]: child for child in reversed(entry) if isinstance(child.tag, str)}


def _articles(root: etree._Element, base: str, site: Site) -> Iterator[Listed]:
    home = site.url.rstrip("/")
    for entry in root.iter("{*}url"):
        said = _children(entry)
        url = urljoin(base, _text(said.get("loc")))
        if url in ("", base) or url.rstrip("/") == home:  # itself: from an empty or broken <loc>
            continue
        lastmod = parse_stamp(_text(said.get("lastmod")), site.timezone)
        yield Listed(url=url, lastmod=lastmod, hints=_hints(said, base, site))


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
        image=Image(url=urljoin(base, picture)) if picture else None,
    )


def _text(element: etree._Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""


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
