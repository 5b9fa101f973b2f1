"""Probing a site: which URLs to fetch, and which profile to propose from the responses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from newsarchive.discovery.entries import resolve_all
from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.json import read_json
from newsarchive.discovery.listing import parse_html
from newsarchive.discovery.reading import read_listing
from newsarchive.discovery.sitemap import USUAL_PATHS, lastmod_is_reliable
from newsarchive.items import Listing, Page
from newsarchive.kazakh.language import identify_language
from newsarchive.sites import Site, Source

USUAL_FEEDS = ("feed/", "rss", "rss.xml", "feed.xml", "atom.xml", "feed.json")


def probe_urls(url: str, found: Mapping[str, Page] | None = None) -> list[str]:
    """Return the URLs to fetch: first the usual paths, then what these name (sitemaps, feeds, the REST root)."""
    home = _home(url)
    if not found:
        return [home, urljoin(home, "/robots.txt"), urljoin(home, "wp-json/"), urljoin(home, "feed/")]
    urls: list[str] = []
    page = found.get(home)
    if page is not None and page.status == 200:
        urls += _links(page, "alternate", ("rss", "atom", "feed"))
    urls += [f"{root}wp/v2/posts?per_page=1&_embed=1" for root in _rest_roots(home, found)]
    urls += _sitemaps(home, found)
    if not any(_is_feed(p, home) for p in found.values()):
        urls += [urljoin(home, path) for path in USUAL_FEEDS]
    return [u for u in dict.fromkeys(urls) if urlsplit(u).netloc == urlsplit(home).netloc]


def _home(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') if '.' not in parts.path else ''}/"


def _links(page: Page, rel: str, kinds: tuple[str, ...]) -> list[str]:
    try:
        tree = parse_html(page)
    except ListingError:
        return []
    links = tree.xpath("//head//link[@rel and @href]")
    named = [
        e.get("href")
        for e in links
        if rel in e.get("rel", "").split() and (not kinds or any(k in e.get("type", "") for k in kinds))
        if "comments" not in e.get("href") and "oembed" not in e.get("href") and "wp-json" not in e.get("href")
    ]
    return list(resolve_all(page.url, named)[0])


def _rest_roots(home: str, found: Mapping[str, Page]) -> list[str]:
    page = found.get(home)
    roots = _links_to_api(page) if page is not None else []
    return [root for root in dict.fromkeys([*roots, urljoin(home, "wp-json/")]) if "?" not in root]


def _links_to_api(page: Page) -> list[str]:
    named = re.search(r"<([^<>]+)>;\s*rel=\"?https://api\.w\.org/", page.headers.get("link", ""))
    return list(resolve_all(page.url, [named[1]])[0]) if named else _links(page, "https://api.w.org/", ())


def _sitemaps(home: str, found: Mapping[str, Page]) -> list[str]:
    """Return the sitemaps named in robots.txt, else the usual ones, and the last file nested in each index."""
    site = Site(name="probe", url=home)
    robots = found.get(urljoin(home, "/robots.txt"))
    listed = _listing(robots, site, Source(kind="sitemap"))
    urls = list(listed.listings) if listed else [urljoin(home, path) for path in USUAL_PATHS]
    nested = [listing.listings[-1] for url in urls if (listing := _sitemap(found.get(url), site)) and listing.listings]
    return [*urls, *nested]


def _listing(page: Page | None, site: Site, source: Source) -> Listing | None:
    """Read a page as a listing; None if it is missing or not one."""
    if page is None or page.status != 200:
        return None
    try:
        return read_listing(page, site=site, source=source)
    except ListingError:
        return None


def _sitemap(page: Page | None, site: Site) -> Listing | None:
    if page is None or page.url.endswith("/robots.txt"):
        return None
    return _listing(page, site, Source(kind="sitemap"))


def _is_feed(page: Page, home: str) -> bool:
    listing = _listing(page, Site(name="probe", url=home), Source(kind="feed"))
    return listing is not None and bool(listing.articles)


def propose_site(name: str, url: str, pages: Mapping[str, Page]) -> Site:
    """Propose a profile from the probed `pages`, which are keyed by the requested URL."""
    home = _home(url)
    landed = pages[home].url if home in pages and pages[home].status == 200 else home
    home = home if urlsplit(landed).netloc == urlsplit(home).netloc else _home(landed)
    rest = _rest(pages)
    site = Site(name=name, url=home)
    title, language = _title_and_language(pages.get(_home(url)))
    return Site(
        name=name,
        title=str(rest.get("name") or title),
        url=home,
        language=language,
        timezone=_timezone(rest, home),
        sources=tuple(_sources(site, pages)),
    )


def _rest(pages: Mapping[str, Page]) -> dict[str, Any]:
    for url, page in pages.items():
        if url.endswith("/wp-json/") and page.status == 200:
            try:
                data = read_json(page, page.body)
            except ListingError:
                continue
            if isinstance(data, dict) and "routes" in data:
                return data
    return {}


def _timezone(rest: Mapping[str, Any], home: str) -> str:
    zone = rest.get("timezone_string")
    if isinstance(zone, str) and zone in available_timezones():
        return str(ZoneInfo(zone))
    if (urlsplit(home).hostname or "").endswith(".kz"):
        return "Asia/Almaty"
    offset = rest.get("gmt_offset")
    if offset in (5, 6, "5", "6"):
        return "Asia/Almaty"
    if isinstance(offset, int) and offset and -12 <= offset <= 14:
        return f"Etc/GMT{-offset:+d}"
    return "UTC"


def _title_and_language(page: Page | None) -> tuple[str, str]:
    if page is None:
        return "", ""
    try:
        tree = parse_html(page)
    except ListingError:
        return "", ""
    title = str(tree.xpath("string(//meta[@property='og:site_name']/@content)") or tree.xpath("string(//title)"))
    title = re.split(r"\s+[|–—-]\s+", title.strip())[0]
    stated = (tree.get("lang") or "").partition("-")[0].lower()
    for element in tree.xpath("//script|//style"):
        element.drop_tree()
    text = " ".join(tree.text_content().split())
    return title, identify_language(text[:20_000], hint=stated) or stated


def _sources(site: Site, pages: Mapping[str, Page]) -> list[Source]:
    sources = []
    posts = next((u for u, p in pages.items() if "/wp/v2/posts" in u and _has_posts(p, site)), None)
    if posts:
        plain = posts.partition("?")[0]
        usual = plain == urljoin(site.url, "wp-json/wp/v2/posts")
        sources.append(Source(kind="wordpress", url="" if usual else plain))
    if maps := [u for u, p in pages.items() if (m := _sitemap(p, site)) and (m.articles or m.listings)]:
        robots = pages.get(urljoin(site.url, "/robots.txt"))
        named = robots is not None and robots.status == 200
        sources.append(Source(kind="sitemap", url="" if named else maps[0]))
    if feed := next((u for u, p in pages.items() if _is_feed(p, site.url)), None):
        sources.append(Source(kind="feed", url="" if feed == urljoin(site.url, "feed/") else feed))
    home = pages.get(site.url)
    if not posts and not _has_reliable_lastmod(site, pages):
        links = _listing(home, site, Source(kind="listing", url=site.url))
        if links and links.articles:
            sources.append(Source(kind="listing", url=site.url, pages=0 if not sources else 5))
    return sources


def _has_posts(page: Page, site: Site) -> bool:
    posts = _listing(page, site, Source(kind="wordpress"))
    return posts is not None and bool(posts.articles)


def _has_reliable_lastmod(site: Site, pages: Mapping[str, Page]) -> bool:
    return any((m := _sitemap(p, site)) and lastmod_is_reliable(m.articles) for p in pages.values())


def profile_toml(site: Site) -> str:
    """Write a profile as TOML, with comments for the person who will edit it."""
    lines = [f"title = {_quoted(site.title)}", f"url = {_quoted(site.url)}", f"language = {_quoted(site.language)}"]
    lines += [f"timezone = {_quoted(site.timezone)}", '# contact = "you@example.org"  # sent to the site', ""]
    lines += ["# Changes are found through the first source that works; the others fill gaps."]
    for source in site.sources:
        lines += ["[[sources]]", f"kind = {_quoted(source.kind)}"]
        lines += [f"url = {_quoted(source.url)}"] if source.url else []
        lines += [f"pages = {source.pages}"] if source.pages else []
        lines += [""]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
