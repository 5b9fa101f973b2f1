"""The pages of a site that are due in a run, and when an article is due for its next visit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlite_utils import Database

from newsarchive import database
from newsarchive.items import Article, Hints
from newsarchive.times import now, stamp

AGES = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 72, 168, 720))


class DuePages:
    """Hands out the pages that are due in a run, each once; `limit` (0: none) is how many at most.

    With `since` (a day) nothing published before it is due.
    """

    def __init__(self, db: Database, site: str, *, run: int, since: str = "", limit: int = 0) -> None:
        self._db = db
        self._site = site
        self._run = run
        self._since = since
        self._limit = limit
        self._given = 0
        self._under_way: set[str] = set()

    def take(self, limit: int) -> list[tuple[str, Hints]]:
        """Return up to `limit` URLs to fetch now, with what a listing said of each."""
        if self._limit:
            limit = min(limit, self._limit - self._given)
        if limit <= 0:
            return []
        rows = database.due_urls(
            self._db,
            self._site,
            now=now(),
            run=self._run,
            limit=limit + len(self._under_way),
            since=self._since,
        )
        fresh = [(url, hints) for url, hints in rows if url not in self._under_way][:limit]
        self._under_way.update(url for url, _ in fresh)
        self._given += len(fresh)
        return fresh

    def done(self, url: str) -> None:
        """Record that the outcome for a page is stored."""
        self._under_way.discard(url)

    def waiting(self) -> int:
        """Return the number of pages that are due now or under way."""
        due = database.count_due_urls(self._db, self._site, now=now(), run=self._run)
        return min(due, self._limit - self._given + len(self._under_way)) if self._limit else due


def next_visit(article: Article, time: str) -> str | None:
    """Return when an article fetched at `time` (UTC) is due again: at growing ages, until it is a month old.

    None if it is older, or dated so far ahead that the date may be the last of the calendar.
    """
    fetched = datetime.fromisoformat(time)
    published = datetime.fromisoformat(article.published or time)
    if published.tzinfo is None:
        published = published.replace(tzinfo=UTC)
    if published > fetched + AGES[-1]:
        return None
    later = [published + age for age in AGES if published + age > fetched]
    return stamp(later[0]) if later else None
