"""Sitemaps as a source: robots.txt, sitemap indexes, gzip, news sitemaps and lastmod (sitemaps.org)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from lxml import etree

from newsarchive.discovery.entries import read_entries, read_image, resolve_all
from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.xml import inflate, name_of, read_xml
from newsarchive.items import Hints, InvalidEntry, Listed, Listing, Page
from newsarchive.kazakh.dates import parse_stamp
from newsarchive.sites import Site, Source
from newsarchive.urls import AddressError, absolute_url

USUAL_PATHS = ("sitemap.xml", "sitemap_index.xml", "wp-sitemap.xml")
NO_ARTICLES = re.compile(
    r"taxonom|users?-sitemap|-users-|author|categor|post_tag|tag-sitemap|page-sitemap|posts-page-|attachment"
    r"|image-sitemap|video-sitemap|local-sitemap|product",
    re.IGNORECASE,
)
"""Names that WordPress and its plugins give to nested sitemaps without articles."""


def sitemap_start(site: Site, source: Source) -> tuple[str, ...]:
    """Return the sitemap named in the profile, else robots.txt, which names the sitemaps."""
    return (source.url or urljoin(site.url, "/robots.txt"),)


def read_sitemap(page: Page, *, site: Site, source: Source) -> Listing:
    """Read robots.txt, a sitemap index, a sitemap or a plain-text list of URLs. Raises ListingError if it is none."""
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
    urls = urls or tuple(urljoin(site.url, path) for path in USUAL_PATHS)
    return Listing(listings=tuple(dict.fromkeys(url for url in urls if site.covers(url))), lost=lost)


def _read_text(body: bytes, cut: str) -> Listing:
    lines = body.decode("utf-8-sig", "replace").split()
    urls = [line for line in lines if line.startswith(("http://", "https://"))]
    articles, lost = read_entries(urls, lambda line: line, lambda _line, url: Listed(url=url))
    return Listing(articles=articles, cut=cut, lost=lost)


def _nested(root: etree._Element, base: str, site: Site) -> Listing:
    nested: dict[str, str] = {}
    lost: list[InvalidEntry] = []
    for entry in root.iter("{*}sitemap"):
        children = _children(entry)
        location = _text(children.get("loc"))
        if not location or NO_ARTICLES.search(location.rsplit("/", 1)[-1]):
            continue
        try:
            nested[absolute_url(base, location)] = parse_stamp(_text(children.get("lastmod")), site.timezone)
        except AddressError as error:
            lost.append(InvalidEntry(url=error.url, reason=error.reason, listing=True))
    return Listing(listings=tuple(nested), lastmods=tuple(nested.values()), lost=tuple(lost))


def _children(entry: etree._Element | None) -> dict[str, etree._Element]:
    """Return the first child of each name, in any namespace."""
    if entry is None:
        return {}
    return {name_of(child): child for child in reversed(entry)}


def _articles(root: etree._Element, base: str, site: Site) -> Listing:
    home = site.url.rstrip("/")

    def read(entry: Mapping[str, etree._Element], url: str) -> Listed | None:
        if url in ("", base) or url.rstrip("/") == home:  # an empty or broken <loc> resolves to the sitemap itself
            return None
        lastmod = parse_stamp(_text(entry.get("lastmod")), site.timezone)
        return Listed(url=url, lastmod=lastmod, hints=_hints(entry, base, site))

    entries = (_children(element) for element in root.iter("{*}url"))
    articles, lost = read_entries(entries, lambda entry: absolute_url(base, _text(entry.get("loc"))), read)
    return Listing(articles=articles, lost=lost)


def _hints(entry: Mapping[str, etree._Element], base: str, site: Site) -> Hints:
    """Read an entry's news and image extensions."""
    if not ("news" in entry or "image" in entry):
        return Hints()
    news = _children(entry.get("news"))
    keywords = _text(news.get("keywords"))
    image = _text(_children(entry.get("image")).get("loc"))
    return Hints(
        title=_text(news.get("title")),
        published=parse_stamp(_text(news.get("publication_date")), site.timezone),
        language=_text(_children(news.get("publication")).get("language")),
        tags=tuple(word.strip() for word in keywords.split(",") if word.strip()),
        image=read_image(base, image),
    )


def _text(element: etree._Element | None) -> str:
    try:
        return (element.text or "").strip() if element is not None else ""
    except UnicodeDecodeError:  # the parser recovers bytes that are not valid text
        return ""


def lastmod_is_reliable(articles: Sequence[Listed]) -> bool:
    """True if the modification times in a listing can be trusted.

    A lastmod that is always today, or the same for every entry, says when the sitemap was built, not what changed.
    """
    stamps = [listed.lastmod for listed in articles if listed.lastmod]
    if not stamps or len(stamps) < len(articles) / 2:
        return False
    if len(stamps) < 5:
        return True
    commonest = Counter(stamps).most_common(1)[0][1]
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    from_today = sum(stamp.startswith(today) for stamp in stamps)
    return commonest < len(stamps) / 2 and from_today < len(stamps) * 0.9
