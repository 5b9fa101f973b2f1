"""Sitemaps as a source: robots.txt, sitemap indexes, gzip, news sitemaps and lastmod (sitemaps.org)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from lxml import etree

from newsarchive.discovery.entries import read_entries, read_image, resolve_all
from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.feed import read_feed
from newsarchive.discovery.xml import as_utf8, inflate, name_of, read_xml
from newsarchive.items import Hints, InvalidEntry, Listed, Listing, Page
from newsarchive.kazakh.dates import parse_stamp
from newsarchive.sites import Site, Source
from newsarchive.urls import AddressError, absolute_url

USUAL_PATHS = ("sitemap.xml", "sitemap_index.xml", "wp-sitemap.xml")
LESS_USUAL_PATHS = (
    "sitemap-index.xml",
    "sitemap.xml.gz",
    "sitemap.php",
    "sitemap.txt",
    "sitemap/sitemap.xml",
    "sitemaps/sitemap.xml",
    "news-sitemap.xml",
    "sitemap-news.xml",
    "sitemap_news.xml",
)
"""Tried when a site is added, if robots.txt, the home page and the usual paths give none."""
_NO_ARTICLES = re.compile(
    r"(?:wp-sitemap-(?:taxonomies|users|posts-(?:page|attachment))-.+"
    r"|(?:post_tag|tag|category|authors?|users?|page|attachment|product(?:_\w+)?|image|video|local)-sitemap[\d_-]*"
    r"|sitemap-(?:tax-.+|pt-page-.+|taxonomies|users?|authors?|misc|pages|categories|tags))\.xml(?:\.gz)?",
    re.IGNORECASE,
)
"""Names that WordPress and its plugins give to nested sitemaps without articles."""
_ROBOTS_LINE = re.compile(
    r"^[^\w#\n]*site[-_ ]?maps?(?:[-_ ]?url)?\s*(?:[:=]\s*|\s)(\S+)", re.IGNORECASE | re.MULTILINE
)
_URL_LINE = re.compile(rb"\s*(?:#[^\n]*\n\s*)*https?://", re.IGNORECASE)


def sitemap_start(site: Site, source: Source) -> tuple[str, ...]:
    """Return the sitemap named in the profile, else robots.txt, which names the sitemaps."""
    return (source.url or urljoin(site.url, "/robots.txt"),)


def read_sitemap(page: Page, *, site: Site, source: Source) -> Listing:
    """Read robots.txt, or what it may name: a sitemap, an index, a feed, a plain-text list of URLs, of any file name.

    Raises ListingError if it is none of these.
    """
    if is_robots(page.url):
        return _read_robots(page, site)
    body, cut = inflate(page)
    body = as_utf8(body)
    if _URL_LINE.match(body):
        return _read_text(body, cut, page.url)
    root, cut = read_xml(page)
    kind = name_of(root)
    if kind == "sitemapindex":
        return replace(_nested(root, page.url, site), cut=cut)
    if kind == "urlset":
        return replace(_articles(root, page.url, site), cut=cut)
    if kind in ("rss", "feed", "rdf", "channel"):  # sitemaps.org allows feeds as sitemaps
        return read_feed(page, site=site, source=source)
    raise ListingError(page.url, f"not a sitemap but <{kind}>")


def is_robots(url: str) -> bool:
    """True if this is the URL of a robots.txt."""
    return urlsplit(url).path == "/robots.txt"


def _read_robots(page: Page, site: Site) -> Listing:
    """Read the sitemaps that robots.txt names, also on other hosts (sitemaps.org), else the usual ones."""
    text = page.body.decode("utf-8-sig", "replace")
    named = [] if text.lstrip().startswith("<") else _ROBOTS_LINE.findall(text)  # an HTML page in its place
    urls, lost = resolve_all(page.url, named)
    urls = tuple(url for url in urls if urlsplit(url).scheme in ("http", "https"))
    if not any(site.covers(url) for url in urls):
        urls += tuple(urljoin(site.url, path) for path in USUAL_PATHS)
    elsewhere = frozenset(url for url in urls if not site.covers(url))
    return Listing(listings=tuple(dict.fromkeys(urls)), elsewhere=elsewhere, lost=lost)


def _read_text(body: bytes, cut: str, base: str) -> Listing:
    lines = body.decode("utf-8", "replace").splitlines()
    if cut and not body.endswith((b"\n", b"\r")):
        lines = lines[:-1]  # half a URL is another URL
    urls = [word for line in lines if not line.startswith("#") for word in line.split()[:1]]
    urls = [url for url in urls if url.lower().startswith(("http://", "https://"))]
    articles, lost = read_entries(urls, lambda line: absolute_url(base, line), lambda _line, url: Listed(url=url))
    return Listing(articles=articles, cut=cut, lost=lost)


def _nested(root: etree._Element, base: str, site: Site) -> Listing:
    """Read an index; files that by their names hold no articles are left out, unless there are no others."""
    nested: dict[str, str] = {}
    lost: list[InvalidEntry] = []
    for entry in _named(root, "sitemap"):
        children = _children(entry)
        location = _text(children.get("loc")) or _text(entry)  # some write the URL without <loc>
        if not location:
            continue
        try:
            nested[absolute_url(base, location)] = parse_stamp(_text(children.get("lastmod")), site.timezone)
        except AddressError as error:
            lost.append(InvalidEntry(url=error.url, reason=error.reason, listing=True))
    promising = {url: time for url, time in nested.items() if not _NO_ARTICLES.fullmatch(url.rsplit("/", 1)[-1])}
    nested = promising or nested
    return Listing(listings=tuple(nested), lastmods=tuple(nested.values()), lost=tuple(lost))


def _named(root: etree._Element, name: str) -> list[etree._Element]:
    """Return the elements of a name, in any namespace and any case."""
    return [element for element in root.iter() if name_of(element) == name]


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

    entries = (entry for element in _named(root, "url") for entry in _versions(element))
    articles, lost = read_entries(entries, lambda entry: absolute_url(base, _text(entry.get("loc"))), read)
    return Listing(articles=articles, lost=lost)


def _versions(element: etree._Element) -> Iterator[dict[str, etree._Element]]:
    """Yield an entry, then one for each of its versions in other languages (xhtml:link with hreflang)."""
    entry = _children(element)
    yield entry
    if "link" not in entry:
        return
    times = {"lastmod": entry["lastmod"]} if "lastmod" in entry else {}
    for link in element:
        try:
            if name_of(link) == "link" and link.get("hreflang") and (target := link.get("href")):
                location = etree.Element("loc")
                location.text = target
                yield {"loc": location, **times}
        except (UnicodeDecodeError, ValueError):  # bytes that are not valid text, or characters that XML forbids
            continue


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
