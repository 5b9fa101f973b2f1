"""What `child` is called for: fetch one page, or crawl."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from newsarchive import database
from newsarchive.crawling.fetching import fetch_pages
from newsarchive.crawling.outcomes import Outcome
from newsarchive.crawling.process import crawl_sites
from newsarchive.crawling.storing import ToStore, store_fetched
from newsarchive.database.forgotten import refuse_forgotten
from newsarchive.interface.running import CrawledSite, CrawlResult, NotFetched, NotStored
from newsarchive.items import Article, Extracted, NotAnArticle
from newsarchive.sites import ProfileError, Site, host_site, load_profiles, site_of
from newsarchive.urls import is_address


def fetch_page(*, url: str, archive: Path | None, ignore_robots: bool, strict_tls: bool) -> Article:
    """Fetch, extract and, with `archive`, store one page; see `running.fetch`."""
    if not is_address(url):
        raise NotFetched(url, "not an http or https URL")
    site = site_of(url, load_profiles(*([archive / "sites"] if archive else [])).sites.values()) or host_site(url)
    if archive:
        _refuse(archive, url, site)
    own = {"ROBOTSTXT_OBEY": not ignore_robots, **({"DOWNLOAD_VERIFY_CERTIFICATES": True} if strict_tls else {})}
    folder = archive or Path()
    fetching = fetch_pages(folder, [url], sites={url: site}, settings=own, keep=archive is not None)
    result = fetching.results.get(url)
    problems = list(fetching.problems)
    recorder = fetching.recorder
    if archive and result is not None:
        writer = recorder.warc if recorder else None
        problems += store_fetched(
            archive, ToStore([result], {url: site}, writer, recorder, fetching.come_back)
        ).problems
    article = _article_of(url, result, fetching.problems)
    if problems:
        raise NotStored(article, "; ".join(problems))
    return article


def _refuse(archive: Path, url: str, site: Site) -> None:
    """Raise what keeps a page from being fetched: it was taken down, or its site asked to come back later."""
    db = database.open_archive(archive)
    try:
        refuse_forgotten(db, [url])
        if until := database.retry_after_of(db, site.name):
            raise NotFetched(url, f"{site.name} asked to come back at {until}")
    finally:
        db.close()


def _article_of(url: str, result: Extracted | None, problems: Sequence[str]) -> Article:
    if result is None:
        raise NotFetched(url, "; ".join(problems) or "no answer")
    if result.article is not None:
        return result.article
    if result.outcome == "not_article":
        raise NotAnArticle(url, result.reason)
    raise NotFetched(url, result.reason)


def crawl_archive(*, names: Sequence[str], archive: Path, settings: Mapping[str, Any]) -> CrawlResult:
    """Crawl sites by name; see `running.crawl`."""
    profiles = load_profiles(archive / "sites")
    if not names:
        raise ProfileError("Name at least one site to crawl.")
    for name in names:
        if name in profiles.broken:
            raise profiles.broken[name]
        if name not in profiles.sites:
            raise ProfileError(f"Unknown site “{name}”; known sites: {', '.join(profiles.sites)}.")
    with database.lock_archive(archive):
        database.open_archive(archive).close()
        outcomes = crawl_sites(archive, [profiles.sites[name] for name in names], settings=settings)
    return CrawlResult(sites=tuple(map(_crawled, outcomes)))


def _crawled(outcome: Outcome) -> CrawledSite:
    return CrawledSite(
        site=outcome.site,
        reason=outcome.reason,
        counts=dict(outcome.counts),
        problems=tuple(outcome.problems),
        come_back=outcome.come_back,
    )
