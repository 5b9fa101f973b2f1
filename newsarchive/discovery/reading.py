"""Reads a listing of any kind; the one place that turns every error into a ListingError."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.feed import read_feed
from newsarchive.discovery.listing import read_links
from newsarchive.discovery.sitemap import read_sitemap
from newsarchive.discovery.wordpress import read_posts
from newsarchive.items import Listing, Page
from newsarchive.sites import Site, Source
from newsarchive.text.encodings import printable_record

logger = logging.getLogger(__name__)

_READERS: dict[str, Callable[..., Listing]] = {
    "wordpress": read_posts,
    "sitemap": read_sitemap,
    "feed": read_feed,
    "listing": read_links,
}


def read_listing(page: Page, *, site: Site, source: Source, shapes: frozenset[str] = frozenset()) -> Listing:
    """Read one listing page, whose body is already content-decoded. Raises ListingError if it cannot be read.

    `shapes` are those of the pages that came before it.
    """
    known = {"shapes": shapes} if source.kind == "listing" else {}
    try:
        listing = _READERS[source.kind](page, site=site, source=source, **known)
    except ListingError:
        raise
    except Exception as error:  # a bug in a reader, or in a library below it, loses this listing only
        logger.debug("Cannot read %s", page.url, exc_info=True)
        reason = f"an error in newsarchive itself ({type(error).__name__}: {error})"
        raise ListingError(page.url, reason[:300], ours=True) from error
    articles = tuple(replace(found, hints=printable_record(found.hints)) for found in listing.articles)
    return replace(listing, articles=articles, cut=page.cut or listing.cut)
