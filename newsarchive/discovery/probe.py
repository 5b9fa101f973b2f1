"""Probing a site: which URLs to fetch, round by round, to find every source that lists its articles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from newsarchive.discovery.entries import resolve_all, text_of
from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.json import read_json
from newsarchive.discovery.links import feeds_linked, languages_of, links_in_head, sitemaps_linked
from newsarchive.discovery.reading import read_listing
from newsarchive.discovery.sections import section_urls
from newsarchive.discovery.sitemap import LESS_USUAL_PATHS, USUAL_PATHS, is_robots
from newsarchive.items import Listing, Page
from newsarchive.sites import Site, Source
from newsarchive.urls import url_key

USUAL_FEEDS = ("feed/", "rss", "rss.xml", "feed.xml", "atom.xml", "feed.json")
MOST_PAGERS = 5
"""Listings whose further pages are looked at, where another source may be complete; else all are."""
_POSTS = "per_page=20&_fields=id,link,type,status,date,date_gmt,modified,modified_gmt,title,content"
_NO_ARTICLE_TYPES = re.compile(
    r"post|page|attachment|nav_menu_item|wp_.*|elementor.*|e-.*|product.*|shop_.*|jetpack.*|feedback|popup.*|amp_.*"
    r"|custom_css|customize_changeset|oembed_cache|user_request|acf-.*|mc4wp.*|wpcf7.*|ad|ads|banner.*|slider?s?",
    re.IGNORECASE,
)
"""Post types of WordPress itself and of common plugins that hold no articles; posts are a source of their own."""


def probe_urls(url: str, found: Mapping[str, Page] | None = None) -> list[str]:
    """Return the URLs to fetch: first the usual paths, then what these name, until that is nothing new."""
    if not found:
        home = home_of(url)
        return [home, urljoin(home, "/robots.txt"), urljoin(home, "wp-json/"), urljoin(home, "feed/")]
    home = learned_home(url, found)
    site = Site(name="probe", url=home)
    urls = (
        [] if home in found else [home, urljoin(home, "/robots.txt"), urljoin(home, "wp-json/"), urljoin(home, "feed/")]
    )
    urls += [
        feed for page in html_pages(home, found) for feed in links_in_head(page, "alternate", ("rss", "atom", "feed"))
    ]
    urls += [*_rest_urls(home, found), *language_homes(home, found)]
    elsewhere = _sitemap_urls(home, found)
    if not any(is_feed(page, site) for page in found.values()):
        urls += [urljoin(home, path) for path in USUAL_FEEDS]
        linked = [feed for page in html_pages(home, found) for feed in feeds_linked(page)]
        urls += linked
        urls += [feed for url in linked if url in found for feed in feeds_linked(found[url])]
    urls += _pager_urls(site, found)
    return [*dict.fromkeys([*(u for u in urls if site.covers(u)), *elsewhere])]


def home_of(url: str) -> str:
    """Return the URL of the home page of what was named to be probed."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') if '.' not in parts.path else ''}/"


def learned_home(url: str, found: Mapping[str, Page]) -> str:
    """Return the home page under the scheme and host to which the named one redirects."""
    home = home_of(url)
    page = found.get(home)
    if page is None or page.status != 200:
        return home
    landed, named = urlsplit(page.url), urlsplit(home)
    same = (landed.scheme, landed.netloc) == (named.scheme, named.netloc)
    return home if same else urlunsplit((landed.scheme, landed.netloc, named.path, "", ""))


def html_pages(home: str, found: Mapping[str, Page]) -> list[Page]:
    """Return the home page and those of the other languages, if they could be fetched."""
    first = found.get(home) or next(iter(found.values()))
    pages = [first, *(found[url] for url in language_homes(home, found) if url in found)]
    return [page for page in pages if page.status == 200]


def language_homes(home: str, found: Mapping[str, Page]) -> list[str]:
    """Return the home pages of other languages that the home page names (hreflang)."""
    page = found.get(home)
    return [url for _code, url in languages_of(page) if url_key(url) != url_key(home)][:4] if page is not None else []


# WordPress


def rest_roots(home: str, found: Mapping[str, Page]) -> list[str]:
    """Return the URLs of the REST API's root: those that the home page names, and the usual ones."""
    page = found.get(home)
    roots = rest_links(page) if page is not None else []
    looks_so = page is not None and b"/wp-content/" in page.body
    return list(dict.fromkeys([*roots, urljoin(home, "wp-json/"), *([f"{home}?rest_route=/"] if looks_so else [])]))


def rest_links(page: Page) -> list[str]:
    """Return the URLs of the REST API's root that a page names."""
    named = re.search(r"<([^<>]+)>;\s*rel=\"?https://api\.w\.org/", page.headers.get("link", ""))
    return list(resolve_all(page.url, [named[1]])[0]) if named else links_in_head(page, "https://api.w.org/", ())


def rest_url(root: str, path: str, query: str = "") -> str:
    """Return the URL of a path under the root of a REST API, of either form.

    >>> rest_url("https://a.kz/index.php?rest_route=/", "wp/v2/posts", "lang=ru")
    'https://a.kz/index.php?rest_route=%2Fwp%2Fv2%2Fposts&lang=ru'
    >>> rest_url("https://a.kz/wp-json/", "wp/v2/posts")
    'https://a.kz/wp-json/wp/v2/posts'
    """
    parts = urlsplit(root)
    values = dict(parse_qsl(parts.query))
    if "rest_route" not in values:
        return f"{root.partition('?')[0].rstrip('/')}/{path}" + (f"?{query}" if query else "")
    values |= {"rest_route": f"/{path}", **dict(parse_qsl(query))}
    return urlunsplit(parts._replace(query=urlencode(values)))


def _rest_urls(home: str, found: Mapping[str, Page]) -> Iterator[str]:
    """Yield the newest posts, the types and, where there are posts, those of each type and language."""
    for root in rest_roots(home, found):
        yield root
        posts, types = rest_url(root, "wp/v2/posts", _POSTS), rest_url(root, "wp/v2/types")
        yield posts
        if listing_of(found.get(posts), Site(name="probe", url=home), Source(kind="wordpress")) is None:
            continue
        yield types
        yield from (rest_url(root, f"wp/v2/{base}", _POSTS) for base in article_types(found.get(types)))
        codes = languages_of(found[home]) if home in found else []
        yield from (rest_url(root, "wp/v2/posts", f"{_POSTS}&lang={code}") for code, _url in codes)
        return


def article_types(page: Page | None) -> list[str]:
    """Return the bases of a newspaper's own post types, from the answer of /wp/v2/types."""
    try:
        types = read_json(page, page.body) if page is not None and page.status == 200 else {}
    except ListingError:
        return []
    if not isinstance(types, dict):
        return []
    bases = [
        text_of(kind.get("rest_base"))
        for name, kind in types.items()
        if isinstance(kind, dict) and not _NO_ARTICLE_TYPES.fullmatch(name)
        if kind.get("rest_namespace", "wp/v2") == "wp/v2"
    ]
    return [base for base in bases if re.fullmatch(r"[\w-]+", base)][:10]


# Sitemaps and feeds


def _sitemap_urls(home: str, found: Mapping[str, Page]) -> list[str]:
    """Return the sitemaps named in robots.txt, else the usual ones, and the first and last file in each index."""
    site = Site(name="probe", url=home)
    urls = [*sitemaps_named(home, found), *less_usual_sitemaps(home, found)]
    nested: list[str] = []
    for url in urls:
        listing = sitemap_of(found.get(url), site)
        if listing is not None and listing.listings:
            nested += [listing.listings[-1], listing.listings[0]]
    return [*urls, *nested]


def sitemaps_named(home: str, found: Mapping[str, Page]) -> list[str]:
    """Return the sitemaps that robots.txt names, on any host, else the usual ones."""
    robots_url = urljoin(home, "/robots.txt")
    robots = found.get(robots_url)
    if robots is not None:  # its redirect may lead anywhere
        robots = replace(robots, url=robots_url)
    listed = listing_of(robots, Site(name="probe", url=home), Source(kind="sitemap"))
    return list(listed.listings) if listed else [urljoin(home, path) for path in USUAL_PATHS]


def less_usual_sitemaps(home: str, found: Mapping[str, Page]) -> list[str]:
    """Return the sitemaps that the home page names, then those of less usual paths, once those before them failed."""
    page, site = found.get(home), Site(name="probe", url=home)
    named = sitemaps_linked(page) if page is not None else []
    tried = [urljoin(home, "/robots.txt"), *sitemaps_named(home, found), *named]
    if any(url not in found for url in tried) or any(sitemap_of(found[url], site) for url in tried):
        return named
    return [*named, *(urljoin(home, path) for path in LESS_USUAL_PATHS)]


def listing_of(
    page: Page | None, site: Site, source: Source, *, shapes: frozenset[str] = frozenset()
) -> Listing | None:
    """Read a page as a listing; None if it is missing or not one."""
    if page is None or page.status != 200:
        return None
    try:
        return read_listing(page, site=site, source=source, shapes=shapes)
    except ListingError:
        return None


def sitemap_of(page: Page | None, site: Site) -> Listing | None:
    """Read a page as a sitemap or an index; None if it is missing or not one."""
    if page is None or is_robots(page.url):
        return None
    return listing_of(page, site, Source(kind="sitemap"))


def is_feed(page: Page, site: Site) -> bool:
    """True if the page is a feed with articles."""
    listing = listing_of(page, site, Source(kind="feed"))
    return listing is not None and bool(listing.articles)


# Listing pages


def pager_of(page: Page, site: Site, found: Mapping[str, Page]) -> list[Page]:
    """Return a listing's first pages, as far as they are found: each next one must list articles that are new.

    Of several candidates for the second page the first that does is taken; more than three pages are not needed.
    """
    source = Source(kind="listing", url=page.url)
    pages, seen = [page], set[str]()
    listing = listing_of(page, site, source)
    while listing is not None and listing.articles and len(pages) < 3:
        seen |= {url_key(listed.url) for listed in listing.articles}
        candidates, shapes = (*listing.listings, *listing.alternatives), listing.shapes
        listing = None
        for candidate in candidates:
            following = listing_of(found.get(candidate), site, source, shapes=shapes)
            if following and {url_key(listed.url) for listed in following.articles} - seen:
                listing = following
                pages.append(found[candidate])
                break
    return pages


def _pager_urls(site: Site, found: Mapping[str, Page]) -> Iterator[str]:
    """Yield the section pages that the home pages lead to, then the next pages of those with the most articles."""
    homes = html_pages(site.url, found)
    sections = [url for page in homes for url in section_urls(page, site)]
    yield from sections
    listings = [*homes, *(found[url] for url in sections if url in found)]
    counted = [
        (len(listing.articles), page)
        for page in listings
        if (listing := listing_of(page, site, Source(kind="listing", url=page.url)))
    ]
    best = sorted(counted, key=lambda pair: -pair[0])
    if any(listing_of(page, site, Source(kind="wordpress")) or sitemap_of(page, site) for page in found.values()):
        best = best[:MOST_PAGERS]
    for number, page in best:
        pages = pager_of(page, site, found)
        listing = listing_of(pages[-1], site, Source(kind="listing", url=page.url))
        if number and listing and len(pages) < 3:
            yield from [*listing.listings, *listing.alternatives][: 2 if len(pages) == 1 else 1]
