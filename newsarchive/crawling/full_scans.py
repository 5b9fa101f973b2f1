"""One scan of a source: what it has read so far, and when the next full scan is due."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from newsarchive.crawling.listing_ends import Ends
from newsarchive.items import InvalidEntry
from newsarchive.sites import Source
from newsarchive.text.encodings import escape_unprintable
from newsarchive.times import stamp

FULL_SCAN_EVERY = timedelta(days=7)
SCATTERED_EVERY = timedelta(days=1)
SCATTERED_FOR = timedelta(days=30)
"""How long a listing whose news was on any of its pages is read in full each day."""
TRIES = 3  # consecutive full scans that did not reach the end; then the next one waits its week, too


@dataclass
class Scan:
    """The state of one source while it is read."""

    source: Source
    url: str
    task: str
    """``walk``: a full scan; ``changes``: only what is new or changed."""
    state: dict[str, Any]
    """The row of `sources` as the last run left it."""
    began: str = ""
    open: int = 0
    """Listings that are requested and not read yet."""
    read: int = 0
    listed: int = 0
    total: int | None = None
    newest: str = ""
    keys: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    failure: str = ""
    broken: bool = False
    """True if a listing named by another one failed or came truncated, so the scan did not see everything."""
    starts: tuple[str, ...] = ()
    believed: bool = True
    """True while the source's times of modification look reliable."""
    also: bool = False
    """True if another source of its kind comes before it in the profile."""
    beside: bool = False
    """True if a source that has all articles was read before in this run."""
    compared: bool = False
    """True if any other source was read before in this run."""
    fresh: int = 0
    """Number of articles listed that are due and that no other source had listed in this run."""
    per_page: str = ""
    """The most posts per page that the site allows, if fewer than usual."""
    candidates: tuple[str, ...] = ()
    """URLs that may be the second page of a listing, if the one that was tried is none."""
    indexed: bool = False
    """True if the source is an index of files."""
    shapes: frozenset[str] = frozenset()
    """How the URLs of the articles on a listing's pages are built."""
    unfollowed: str = ""
    """What leads on from a listing and is not followed: ``script``, ``days`` or ``issues``."""
    pages_with_news: int = 0
    """Pages of a feed or a listing that listed what none before them did."""
    following: bool = False
    """True while a listing is read beyond its first page for what is new."""
    ends: Ends = field(default_factory=Ends)
    """The first and the last page of a listing."""
    times: dict[str, str] = field(default_factory=dict)
    """When each file named by an index changed; stored once the file is read."""
    foreign: str = ""
    """A host that is not the site's, on which the source lists articles."""
    lost: int = 0
    """Number of entries with an invalid URL."""
    lost_example: str = ""
    problem: str = ""
    """A fault of newsarchive itself in reading the source."""

    @property
    def is_full(self) -> bool:
        """True for a full scan."""
        return self.task == "walk"

    @property
    def label(self) -> str:
        """The source's name in the ledger: its kind, and its URL if it is not the first of its kind."""
        return f"{self.source.kind} {self.url}" if self.also else self.source.kind

    @property
    def has_all(self) -> bool:
        """True if the source, read to its end, can be taken for complete; sitemaps may list the newest only."""
        return self.source.kind == "wordpress" or (
            self.source.kind == "sitemap" and (self.indexed or self.listed > 1_000)
        )

    @property
    def reaches_far(self) -> bool:
        """True if the source goes beyond its newest articles: it lists all in files, or led on to further pages."""
        return self.source.kind in ("wordpress", "sitemap") or (not self.unfollowed and self.pages_with_news > 1)

    @property
    def only(self) -> int:
        """The number of articles that only this source knew."""
        return self.fresh if self.compared else 0

    @property
    def scattered(self) -> int:
        """The number of news that scans for changes had missed on a listing's pages, if it is not by chance."""
        was_whole = bool(self.state.get("complete")) and not self.state.get("walks_cut")
        return self.ends.scattered if self.source.kind == "listing" and self.is_full and was_whole else 0

    @property
    def has_gap(self) -> bool:
        """True if all that a short source lists is new: what was pushed out of it since the last run is unknown."""
        short = self.source.kind == "feed" or (self.source.kind == "sitemap" and not self.indexed)
        known_before = bool(self.state.get("checked")) and self.state.get("state") == "working"
        return short and not self.is_full and known_before and self.listed > 0 and self.fresh >= self.listed

    @property
    def worked(self) -> bool:
        """True if the source gave what it was asked for."""
        return self.read > 0 and (self.listed > 0 or (not self.is_full and not self.broken))

    @property
    def why_not(self) -> str:
        """Why it did not."""
        if self.foreign and not self.listed and not self.failure:
            return (
                f"it lists articles on another host only ({self.foreign}); if that is the site's own, add it to aliases"
            )
        return self.failure or self.losses or "it lists nothing"

    @property
    def losses(self) -> str:
        """The lost entries in words; empty if there are none.

        >>> Scan(source=Source(kind="feed"), url="feed", task="walk", state={}, lost=1, lost_example="x: no").losses
        'one entry was lost (x: no)'
        """
        number = "one entry was lost" if self.lost == 1 else f"{self.lost:,} entries were lost, such as the first"
        return f"{number} ({self.lost_example})" if self.lost else ""

    def lose(self, lost: InvalidEntry) -> None:
        """Count an entry with an invalid URL."""
        self.lost += 1
        self.lost_example = self.lost_example or f"{escape_unprintable(lost.url)[:200]}: {lost.reason}"

    def fail(self, reason: str, *, whole: bool = False) -> None:
        """Record why something was not read; `whole` means that nothing is missed by it."""
        self.failure = self.failure or reason
        self.broken = self.broken or not whole


def full_scan_is_due(state: Mapping[str, Any], now: datetime) -> bool:
    """Return whether a source, given as its row of `sources`, needs a full scan now: at first, then once a week.

    WordPress itself reports what changed and, through its list of IDs, what is gone: one full scan is enough there.

    >>> full_scan_is_due({"kind": "feed", "walked": "2025-02-18T05:00:00Z"}, datetime.fromisoformat("2025-02-20T00Z"))
    False
    """
    due = next_full_scan(state)
    return due is not None and (due == "" or datetime.fromisoformat(due) <= now)


def next_full_scan(state: Mapping[str, Any]) -> str | None:
    """Return when the next full scan is due: UTC with Z, empty for the next run, None if none is needed.

    A listing whose news may be on any page needs one each day.

    >>> next_full_scan({"kind": "feed", "walked": "2025-02-18T05:00:00Z", "walks_cut": 0})
    '2025-02-25T05:00:00Z'
    >>> next_full_scan({"kind": "sitemap", "walked": "2025-02-18T05:00:00Z", "walks_cut": 1})
    ''
    """
    if state.get("kind") == "wordpress" and not state.get("also"):
        return None if state.get("complete") else ""
    walked = state.get("walked") or state.get("complete")
    if not walked or 0 < (state.get("walks_cut") or 0) < TRIES:
        return ""
    last = datetime.fromisoformat(walked)
    scattered = json.loads(state.get("data") or "{}").get("scattered", "")
    return stamp(last + (SCATTERED_EVERY if scattered > stamp(last - SCATTERED_FOR) else FULL_SCAN_EVERY))


def kind_of_scan(scan: Scan, *, full: bool, believed: bool) -> str:
    """Return how a source was read, as stored in `sources.task`: ``full``, ``walk``, ``incremental`` or ``newest``."""
    if full:
        return "full"
    if scan.is_full:
        return "walk"
    return "incremental" if believed or scan.source.kind == "wordpress" else "newest"
