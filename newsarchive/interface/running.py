"""Fetch pages and crawl sites from Python: each call in a child process, since a reactor starts but once in one."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsarchive.errors import NewsArchiveError
from newsarchive.items import Article
from newsarchive.run_ends import RunEnd

_PATIENCE = 15.0
"""Seconds that a child has to commit and end after Ctrl-C."""


class NotFetched(NewsArchiveError):
    """A page could not be fetched; `reason` says why."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url}: {reason}")
        self.url, self.reason = url, reason

    def __reduce__(self) -> tuple[type[NotFetched], tuple[str, str]]:
        return type(self), (self.url, self.reason)


class NotStored(NewsArchiveError):
    """An article was fetched but could not be stored; it is in `article`, and `reason` says why."""

    def __init__(self, article: Article, reason: str) -> None:
        super().__init__(f"{article.url}: {reason}")
        self.article, self.reason = article, reason

    def __reduce__(self) -> tuple[type[NotStored], tuple[Article, str]]:
        return type(self), (self.article, self.reason)


class ProcessDied(NewsArchiveError):
    """The process that fetched or crawled ended without an answer."""


@dataclass(kw_only=True, frozen=True)
class CrawledSite:
    """How the crawl of one site ended, with counts and problems; `reason` equals ``"finished"`` and the like."""

    site: str
    reason: RunEnd
    counts: Mapping[str, int]
    problems: tuple[str, ...]
    """What needs a person."""
    come_back: str
    """When the site asked to be visited again (UTC); empty if it did not."""


@dataclass(kw_only=True, frozen=True)
class CrawlResult:
    """How a crawl ended, site by site."""

    sites: tuple[CrawledSite, ...]

    @property
    def counts(self) -> dict[str, int]:
        """The counts of all sites together: `new`, `changed`, `gone`, `failed`, `requests`, ..."""
        total: dict[str, int] = {}
        for site in self.sites:
            for name, count in site.counts.items():
                total[name] = total.get(name, 0) + count
        return total

    @property
    def problems(self) -> list[str]:
        """What needs a person, with the site it is about."""
        return [f"{site.site}: {problem}" for site in self.sites for problem in site.problems]

    @property
    def finished(self) -> bool:
        """True if every site was crawled to its end without a problem."""
        return not self.problems and all(site.reason is RunEnd.FINISHED for site in self.sites)


def fetch(
    url: str,
    *,
    archive: str | Path | None = None,
    ignore_robots: bool = False,
    strict_tls: bool = False,
) -> Article:
    """Fetch one page and extract its article. Stores nothing unless `archive` names a folder.

    May be called any number of times, in a notebook, in threads, beside a running event loop. It obeys robots.txt
    unless `ignore_robots`. With `archive` the article, its capture and its revision are stored as a crawl would.

    Raises:
        NotAnArticle: The page holds no article.
        NotFetched: The page could not be fetched: no network, an HTTP error, forbidden by robots.txt.
        NotStored: It was fetched but not stored; `article` has it.
        Forgotten: The address was taken down in `archive`.
    """
    arguments = {"ignore_robots": ignore_robots, "strict_tls": strict_tls}
    article: Article = _run_in_child("fetch_page", url=url, archive=archive and Path(archive), **arguments)
    return article


def crawl(
    *sites: str,
    archive: str | Path = "data",
    since: str = "",
    limit: int = 0,
    full: bool = False,
    settings: Mapping[str, Any] | None = None,
) -> CrawlResult:
    """Crawl sites, by the names of their profiles, into an archive; return how it went.

    `since` is a day, `limit` the most articles per site; `settings` override Scrapy's and ours (`DOWNLOAD_DELAY`, ...).

    Raises ArchiveLocked if another run holds the archive, ProfileError for an unknown site or a broken profile,
    ArchiveError if the archive cannot be used.
    """
    own = {"ARCHIVE_SINCE": since, "ARCHIVE_LIMIT": limit, "ARCHIVE_FULL": full, **(settings or {})}
    result: CrawlResult = _run_in_child("crawl_archive", names=sites, archive=Path(archive), settings=own)
    return result


def _run_in_child(name: str, **arguments: Any) -> Any:
    """Call a function of `newsarchive.interface.child` in a process of its own; return or raise what it does."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "newsarchive.interface.child"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as child:  # noqa: S603
        try:
            answer, _ = child.communicate(pickle.dumps((name, arguments)))
        except BaseException:
            child.send_signal(signal.SIGTERM)  # Ctrl-C in a notebook reaches us alone
            try:
                child.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()
            raise
    if not answer:
        raise ProcessDied(f"The process that should {name.replace('_', ' ')} ended with {child.returncode}.")
    worked, value = pickle.loads(answer)  # noqa: S301  our own process wrote it
    if worked:
        return value
    raise value
