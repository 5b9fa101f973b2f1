"""newsarchive keeps a newspaper: crawl, extract, revise, search and cite it in one SQLite file.

    import newsarchive

    article = newsarchive.extract(html, url="https://herald.example/2025/mill.html")
    article = newsarchive.fetch("https://herald.example/2025/mill.html")
    with newsarchive.open("data") as archive:
        for hit in archive.search("жұмысшы", since="2025"):
            print(hit.day, hit.title)

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from newsarchive.database import ArchiveError, ArchiveLocked, Forgotten
    from newsarchive.errors import NewsArchiveError
    from newsarchive.interface.extracting import extract
    from newsarchive.interface.reading import (
        Archive,
        ArchivedArticle,
        ArticleNotFound,
        Change,
        Deletion,
        Revision,
    )
    from newsarchive.interface.reading import open_archive_for_reading as open  # noqa: A004
    from newsarchive.interface.running import CrawledSite, CrawlResult, NotFetched, NotStored, ProcessDied, crawl, fetch
    from newsarchive.items import Article, Author, Hints, Image, NotAnArticle
    from newsarchive.search import FilterError, Hit
    from newsarchive.sites import ProfileError, Site

__version__ = "0.1.0"

_PLACES = {
    "fetch": "interface.running",
    "crawl": "interface.running",
    "ProcessDied": "interface.running",
    "NotStored": "interface.running",
    "NotFetched": "interface.running",
    "CrawledSite": "interface.running",
    "CrawlResult": "interface.running",
    "Archive": "interface.reading",
    "ArchiveError": "database",
    "ArchiveLocked": "database",
    "ArchivedArticle": "interface.reading",
    "Article": "items",
    "ArticleNotFound": "interface.reading",
    "Author": "items",
    "Change": "interface.reading",
    "Deletion": "interface.reading",
    "FilterError": "search",
    "Forgotten": "database",
    "Hints": "items",
    "Hit": "search",
    "Image": "items",
    "NewsArchiveError": "errors",
    "NotAnArticle": "items",
    "ProfileError": "sites",
    "Revision": "interface.reading",
    "Site": "sites",
    "extract": "interface.extracting",
    "open": "interface.reading",
}
_NAMES_THERE = {"open": "open_archive_for_reading"}

__all__ = [
    "Archive",
    "ArchiveError",
    "ArchiveLocked",
    "ArchivedArticle",
    "Article",
    "ArticleNotFound",
    "Author",
    "Change",
    "CrawlResult",
    "CrawledSite",
    "Deletion",
    "FilterError",
    "Forgotten",
    "Hints",
    "Hit",
    "Image",
    "NewsArchiveError",
    "NotAnArticle",
    "NotFetched",
    "NotStored",
    "ProcessDied",
    "ProfileError",
    "Revision",
    "Site",
    "crawl",
    "extract",
    "fetch",
    "open",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_PLACES[name]}")
    return getattr(module, _NAMES_THERE.get(name, name))
