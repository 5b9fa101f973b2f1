"""Walks through a source: what one of them has seen, of which kind it is, and when the next one to the end is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from newsarchive.items import InvalidEntry
from newsarchive.sites import Source
from newsarchive.text.encodings import escape_unprintable
from newsarchive.times import stamp

FULL_WALK_EVERY = timedelta(days=7)
TRIES = 3  # runs in a row that walk again what could not be walked to its end; then it has its week too


@dataclass
class Walk:
    """One source being read: what is open, what it gave."""

    source: Source
    url: str
    task: str
    """``walk``: all of it; ``changes``: what is new or changed."""
    state: dict[str, Any]
    """The row of `sources` before."""
    began: str = ""
    open: int = 0
    read: int = 0
    listed: int = 0
    total: int | None = None
    newest: str = ""
    keys: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    failure: str = ""
    broken: bool = False
    """A listing that another one named could not be read, or came cut, so the walk did not see all."""
    starts: tuple[str, ...] = ()
    believed: bool = True
    follow: bool = True
    times: dict[str, str] = field(default_factory=dict)
    """When each file that an index names has changed, to be noted once it was read."""
    lost: int = 0
    """Entries whose address is invalid."""
    lost_example: str = ""
    problem: str = ""
    """A fault of newsarchive's own in reading it."""

    @property
    def worked(self) -> bool:
        """Whether the source gave what it was asked for."""
        return self.read > 0 and (self.listed > 0 or (self.task != "walk" and not self.broken))

    @property
    def why_not(self) -> str:
        """Why it did not."""
        return self.failure or self.losses or "it lists nothing"

    @property
    def losses(self) -> str:
        """The entries that were lost, in words; empty where none was.

        >>> Walk(source=Source(kind="feed"), url="feed", task="walk", state={}, lost=1, lost_example="x: no").losses
        'one entry was lost (x: no)'
        """
        number = "one entry was lost" if self.lost == 1 else f"{self.lost:,} entries were lost, such as the first"
        return f"{number} ({self.lost_example})" if self.lost else ""

    def lose(self, lost: InvalidEntry) -> None:
        """Count an entry that has no address."""
        self.lost += 1
        self.lost_example = self.lost_example or f"{escape_unprintable(lost.url)[:200]}: {lost.reason}"

    def fail(self, reason: str, *, whole: bool = False) -> None:
        """Note why something was not read; `whole`: nothing is missed by it."""
        self.failure = self.failure or reason
        self.broken = self.broken or not whole


def walk_is_due(state: Mapping[str, Any], now: datetime) -> bool:
    """Whether a source (its row of `sources`) is to be walked to its end now: at first, then once a week.

    WordPress tells by itself what changed and, by its list of IDs, what is gone: once is enough there.

    >>> walk_is_due({"kind": "feed", "walked": "2025-02-18T05:00:00Z"}, datetime(2025, 2, 20, tzinfo=UTC))
    False
    """
    due = next_walk(state)
    return due is not None and (due == "" or datetime.fromisoformat(due) <= now)


def next_walk(state: Mapping[str, Any]) -> str | None:
    """When a source is walked to its end next: UTC with Z, empty for the next run, None where that is not needed.

    >>> next_walk({"kind": "feed", "walked": "2025-02-18T05:00:00Z", "walks_cut": 0})
    '2025-02-25T05:00:00Z'
    >>> next_walk({"kind": "sitemap", "walked": "2025-02-18T05:00:00Z", "walks_cut": 1})
    ''
    """
    if state.get("kind") == "wordpress":
        return None if state.get("complete") else ""
    walked = state.get("walked") or state.get("complete")
    if not walked or 0 < (state.get("walks_cut") or 0) < TRIES:
        return ""
    return stamp(datetime.fromisoformat(walked) + FULL_WALK_EVERY)


def kind_of_walk(walk: Walk, *, full: bool, believed: bool) -> str:
    """How a source was read, as `sources.task` has it: ``full``, ``walk``, ``incremental`` or ``newest``."""
    if full:
        return "full"
    if walk.task == "walk":
        return "walk"
    return "incremental" if believed or walk.source.kind == "wordpress" else "newest"
