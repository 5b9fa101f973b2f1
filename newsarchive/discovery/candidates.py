"""Sources that a site names and its profile may lack: feeds, sitemaps, REST, post types, languages and sections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit, urlunsplit

from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.feed import feed_start
from newsarchive.discovery.links import languages_of, links_in_head, sitemaps_linked
from newsarchive.discovery.probe import article_types, rest_links, rest_url
from newsarchive.discovery.reading import read_listing
from newsarchive.discovery.sections import section_urls
from newsarchive.discovery.sitemap import sitemap_start
from newsarchive.discovery.wordpress import posts_url
from newsarchive.items import Page
from newsarchive.sites import Site, Source
from newsarchive.urls import canonical_url, url_key


@dataclass(kw_only=True, frozen=True)
class Candidate:
    """A source that may list what the others do not, and where it was named."""

    source: Source
    origin: str


def source_candidates(
    site: Site, *, home: Page | None = None, robots: Page | None = None, types: Page | None = None
) -> list[Candidate]:
    """Return the sources that a site's own pages name, other than those of its profile, the most telling first.

    `types` is the answer of WordPress' ``/wp/v2/types``.
    """
    root = _rest_root(site)
    found = [
        *_from_types(root, types),
        *(_from_home(site, root, home) if home is not None and home.status == 200 else ()),
        *(_from_robots(site, robots) if robots is not None else ()),
    ]
    known = {identity(site, source) for source in site.sources}
    new: dict[str, Candidate] = {}
    for candidate in found:
        key = identity(site, candidate.source)
        if key not in known and site.covers(candidate.source.url):
            new.setdefault(key, candidate)
    return list(new.values())


def identity(site: Site, source: Source) -> str:
    """Return what is equal for two sources that read the same: the kind, and the URL at which it starts."""
    starts = {"wordpress": lambda: posts_url(site, source), "feed": lambda: feed_start(site, source)[0]}
    starts["sitemap"] = lambda: sitemap_start(site, source)[0]
    start = starts.get(source.kind, lambda: source.url)()
    return f"{source.kind} {url_key(start)}"


def types_url(site: Site) -> str:
    """Return the URL of the post types of the site's WordPress; empty if the profile has no such source."""
    root = _rest_root(site)
    return rest_url(root, "wp/v2/types") if root else ""


def _rest_root(site: Site) -> str:
    """Return the root of the REST API that the profile reads; empty if it reads none."""
    source = next((source for source in site.sources if source.kind == "wordpress"), None)
    if source is None:
        return ""
    if "rest_route=" in source.url:
        return f"{source.url.partition('?')[0]}?rest_route=/"
    return source.url.partition("wp/v2/")[0] if source.url else urljoin(site.url, "wp-json/")


def _from_types(root: str, types: Page | None) -> Iterator[Candidate]:
    if root:
        for base in article_types(types):
            source = Source(kind="wordpress", url=rest_url(root, f"wp/v2/{base}"))
            yield Candidate(source=source, origin="its post types")


def _from_home(site: Site, root: str, home: Page) -> Iterator[Candidate]:
    origin = "the home page"
    if not root:
        for link in rest_links(home):
            yield Candidate(source=Source(kind="wordpress", url=rest_url(link, "wp/v2/posts")), origin=origin)
    for url in links_in_head(home, "alternate", ("rss", "atom", "feed")):
        yield Candidate(source=Source(kind="feed", url=url), origin=origin)
    for url in sitemaps_linked(home):
        yield Candidate(source=Source(kind="sitemap", url=url), origin=origin)
    for code, url in languages_of(home):
        language = f"the home page, as its language {code}"
        if root:
            posts = rest_url(root, "wp/v2/posts", f"lang={code}")
            yield Candidate(source=Source(kind="wordpress", url=posts), origin=language)
        if url_key(url) != url_key(site.url):
            yield Candidate(source=Source(kind="listing", url=url), origin=language)
    yield Candidate(source=Source(kind="listing", url=site.url), origin=origin)
    for url in section_urls(home, site):
        yield Candidate(source=Source(kind="listing", url=url), origin="the home page, as a section")


def _from_robots(site: Site, robots: Page) -> Iterator[Candidate]:
    """Yield the sitemaps that robots.txt names, unless the profile reads robots.txt itself."""
    if any(source.kind == "sitemap" and not source.url for source in site.sources):
        return
    robots = replace(robots, url=urljoin(site.url, "/robots.txt"))
    if robots.status != 200:
        robots = replace(robots, body=b"")
    try:
        listing = read_listing(replace(robots, status=200), site=site, source=Source(kind="sitemap"))
    except ListingError:
        return
    for url in listing.listings:
        yield Candidate(source=Source(kind="sitemap", url=url), origin="robots.txt")


def unlisted(site: Site, urls: Iterable[str], known: Iterable[str]) -> set[str]:
    """Return the keys of those article URLs of the site that its profile wants and that are not `known` (keys)."""
    wanted = {url_key(url) for url in urls if site.covers(url) and site.wants(canonical_url(url))}
    return wanted - set(known)


def learned_root(site: Site, requested: str, landed: str) -> str:
    """Return the home page under the scheme and host to which the site redirected a request; empty if it did not.

    Only a redirect of the site's own that keeps path and query counts, and none from https to http.

    >>> site = Site(name="a", url="http://a.kz/kk/")
    >>> learned_root(site, "http://a.kz/feed/", "https://www.a.kz/feed/")
    'https://www.a.kz/kk/'
    >>> learned_root(site, "http://a.kz/robots.txt", "https://a.kz/"), learned_root(site, "http://a.kz/f", "http://b.kz/f")
    ('', '')
    """
    home, here, there = urlsplit(site.url), urlsplit(requested), urlsplit(landed)
    origin, target = (here.scheme, here.netloc), (there.scheme, there.netloc)
    same_page = here.path.rstrip("/") == there.path.rstrip("/") and here.query == there.query
    downgrade = here.scheme == "https" and there.scheme == "http"
    if origin != (home.scheme, home.netloc) or origin == target or not same_page or downgrade:
        return ""
    return urlunsplit((*target, home.path, "", "")) if site.covers(landed) else ""


def at_root(source: Source, old: str, new: str) -> Source:
    """Return a source with its URL at the new home page's scheme and host, if it was at those of the old one.

    >>> at_root(Source(kind="feed", url="http://a.kz/rss"), "http://a.kz/", "https://a.kz/").url
    'https://a.kz/rss'
    """
    here, home, there = urlsplit(source.url), urlsplit(old), urlsplit(new)
    if (here.scheme, here.netloc) != (home.scheme, home.netloc):
        return source
    return replace(source, url=urlunsplit(here._replace(scheme=there.scheme, netloc=there.netloc)))
