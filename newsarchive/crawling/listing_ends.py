"""Ends: the first and the last page of a listing, from which its order is learned, and where its news is.

Most listings begin with their newest articles. If one begins with the oldest, or follows another order, its first page
never changes: news is on the last page, or on any.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import dropwhile
from typing import Any

MOST_KEYS = 30
"""Articles of a page that are remembered."""
_SURELY = 0.9
_FEWEST_SCATTERED = 2


@dataclass
class Ends:
    """The ends of a listing: as the last scan left them, and as this one finds them.

    `order` is ``newest`` or ``oldest``, what comes first; empty if that is not known.
    """

    known: Mapping[str, Any] = field(default_factory=dict)
    order: str = ""
    lost: bool = False
    """True if the last page is no longer where it was."""
    _found: dict[str, Any] = field(default_factory=dict)
    _news: list[int] = field(default_factory=list)

    @property
    def first_keys(self) -> list[str]:
        """The keys of articles on the first page, as remembered."""
        return list(self.known.get("first", ()))

    @property
    def last_keys(self) -> list[str]:
        """The keys of articles that only the last page has, as remembered."""
        return list(self.known.get("last", ()))

    @property
    def last_url(self) -> str:
        """The last page, if a scan for changes is to read it, too; empty where news comes first, or with one page."""
        return "" if self.order == "newest" else str(self.known.get("url", ""))

    def onward(self, next_pages: Sequence[str]) -> Sequence[str]:
        """Return where to read on after the pages with news: on the last page, or, if it is not known, up to it."""
        if self.last_url:
            return (self.last_url,)
        return next_pages[:1] if not self.known or self.known.get("single") else ()

    def note(self, url: str, unseen: Sequence[str], *, news: int, role: str, leads_on: bool) -> None:
        """Note a page that was read: the keys that no page before it had, and how many of them are news.

        Its `role` is ``first``, ``end`` for one on the way to the last page, or ``other``.
        """
        self._news.append(news)
        if role == "first":
            self._found |= {"first": list(unseen[:MOST_KEYS]), "single": not leads_on}
        elif role == "end" and unseen:
            self._found |= {"last": list(unseen[:MOST_KEYS]), "url": url}

    def values(self, *, full: bool) -> dict[str, Any]:
        """Return what the next scan must know; `full` is True if every page was read."""
        return {**({} if full else self.known), **self._found}

    @property
    def scattered(self) -> int:
        """How many news a full scan found on pages that a scan for changes does not read; 0 if hardly any."""
        pages = list(dropwhile(bool, self._news))
        if self.order != "newest":
            pages = list(dropwhile(bool, reversed(pages)))
        number = sum(pages)
        return number if number >= _FEWEST_SCATTERED and 2 * number >= sum(self._news) else 0


def order_of(first: Collection[str], last: Collection[str]) -> str:
    """Return what comes first in a listing, from the days of articles on its first and on its last page.

    >>> order_of(["2025-02-18", "2025-02-17"], ["2024-01-02", "2024-01-01"]), order_of(["2024-01-01"], ["2025-02-18"])
    ('newest', 'oldest')
    >>> order_of(["2024-01-01", "2025-02-18"], ["2024-06-01"]), order_of(["2025-02-18"], [])  # pinned, or by name
    ('', '')
    """
    pairs = [(one, other) for one in first for other in last]
    later, earlier = sum(one > other for one, other in pairs), sum(one < other for one, other in pairs)
    if later and later >= _SURELY * len(pairs):
        return "newest"
    return "oldest" if earlier and earlier >= _SURELY * len(pairs) else ""
