"""Discovery: parses a response into a Listing, one module per kind of source. Never fetches."""

from __future__ import annotations

from urllib.parse import urlsplit

from newsarchive.discovery.candidates import (
    Candidate,
    at_root,
    identity,
    learned_root,
    source_candidates,
    types_url,
    unlisted,
)
from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.feed import feed_start
from newsarchive.discovery.probe import probe_urls
from newsarchive.discovery.proposal import Finding, Proposal, propose_site
from newsarchive.discovery.reading import read_listing
from newsarchive.discovery.sitemap import USUAL_PATHS, is_robots, lastmod_is_reliable, sitemap_start
from newsarchive.discovery.wordpress import (
    changes_url,
    fewer_url,
    ids_url,
    is_beyond_last,
    per_page_of,
    posts_url,
    with_per_page,
)
from newsarchive.sites import Site, Source


def _posts_start(site: Site, source: Source) -> tuple[str, ...]:
    return (posts_url(site, source),)


def _links_start(_site: Site, source: Source) -> tuple[str, ...]:
    return (source.url,)


_STARTS = {"wordpress": _posts_start, "sitemap": sitemap_start, "feed": feed_start, "listing": _links_start}


def start_urls(site: Site, source: Source) -> tuple[str, ...]:
    """Return the URLs at which reading a source starts."""
    return _STARTS[source.kind](site, source)


def is_guess(kind: str, url: str, depth: int) -> bool:
    """True if no listing names this URL and it is requested only because many sites have it.

    `depth` is the number of listings read before it.

    >>> is_guess("feed", "https://a.kz/feed/?paged=9", 8), is_guess("sitemap", "https://a.kz/sitemap-3.xml", 1)
    (True, False)
    """
    parts = urlsplit(url)
    if kind == "sitemap":
        return depth == 1 and parts.path.rpartition("/")[2] in USUAL_PATHS
    return kind == "feed" and depth > 0 and "paged=" in parts.query


def is_unnamed_sitemap(kind: str, url: str, depth: int) -> bool:
    """True for a guessed sitemap: whatever its answer is, nothing that the site names is missed by it."""
    return kind == "sitemap" and is_guess(kind, url, depth)


__all__ = [
    "Candidate",
    "Finding",
    "ListingError",
    "Proposal",
    "at_root",
    "changes_url",
    "fewer_url",
    "identity",
    "ids_url",
    "is_beyond_last",
    "is_guess",
    "is_robots",
    "is_unnamed_sitemap",
    "lastmod_is_reliable",
    "learned_root",
    "per_page_of",
    "probe_urls",
    "propose_site",
    "read_listing",
    "source_candidates",
    "start_urls",
    "types_url",
    "unlisted",
    "with_per_page",
]
