"""What `sites check` shows: a first listing, some articles as extracted, and the rule that leaves out most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from newsarchive.cli.terminal import Archive
from newsarchive.discovery import ListingError, read_listing, start_urls
from newsarchive.items import Article, Extracted, Fetched, Listed, Page
from newsarchive.sites import Site, Source
from newsarchive.text.counting import counted
from newsarchive.workers.extracting import extract_now

ARTICLES_TO_CHECK = 3


def first_listed(site: Site, pages: dict[str, Page]) -> list[Listed]:
    for source, page in _listings(site, pages):
        try:
            listing = read_listing(page, site=site, source=source)
        except ListingError:
            continue
        if listing.articles:
            return [listed for listed in listing.articles if site.covers(listed.url)]
    return []


def _listings(site: Site, pages: dict[str, Page]) -> Sequence[tuple[Source, Page]]:
    found = []
    for source in site.sources:
        waiting = list(start_urls(site, source))
        while waiting:
            page = pages.get(waiting.pop(0))
            if page is None or page.status != 200:
                continue
            found.append((source, page))
            try:
                waiting += read_listing(page, site=site, source=source).listings[:1]
            except ListingError:
                continue
    return found


def urls_to_check(site: Site, pages: dict[str, Page]) -> list[str]:
    listed = first_listed(site, pages)
    if listed:
        return [entry.url for entry in listed[:ARTICLES_TO_CHECK]]
    further: list[str] = []
    for source, page in _listings(site, pages):
        try:
            further += read_listing(page, site=site, source=source).listings[:1]
        except ListingError:
            continue
    return further


def checked(site: Site, found: Sequence[tuple[Listed, Page]]) -> list[dict[str, str]]:
    items = [
        Fetched(site=site.name, urls=(listed.url,), pages=(page,), captures=(), hints=listed.hints)
        for listed, page in found
    ]
    return [_in_short(result) for result in extract_now([(item, site) for item in items])]


def _in_short(result: Extracted) -> dict[str, str]:
    if result.article is None:
        return {"url": result.fetched.urls[0], result.outcome.replace("_", " "): result.reason}
    article = result.article
    return {
        "url": article.url,
        "title": article.title,
        "published": article.published,
        "authors": ", ".join(author.name for author in article.authors),
        "categories": ", ".join(article.categories),
        "images": str(len(article.images)),
        "language": article.language,
        "body": f"{len(article.body.split())} words: {article.body[:100]}…",
        "left out": _left_out(article),
    }


def _left_out(article: Article) -> str:
    """Return what was left out of the element with the article's text, by rule, the most first."""
    lengths: Counter[str] = Counter()
    for omission in article.evidence.get("omitted", ()):
        lengths[omission["rule"]] += omission["length"]
    return ", ".join(f"{rule} {counted(length, 'character')}" for rule, length in lengths.most_common(3)) or "nothing"


def most_left_out(archive: Archive, site: Site) -> str:
    """Return a line on the rule that takes most of this site's stored text; empty if none is stored."""
    if not (archive.folder / "archive.db").exists():
        return ""
    db = archive.read()
    row = db.conn.execute(
        "select rule, articles, characters from omissions where site = ? order by characters desc limit 1", (site.name,)
    ).fetchone()
    db.close()
    if row is None:
        return ""
    return (
        f"In the stored articles, the rule {row[0]} leaves out most: {counted(row[2], 'character')} in"
        f" {counted(row[1], 'article')}. See: newsarchive show ID --evidence"
    )
