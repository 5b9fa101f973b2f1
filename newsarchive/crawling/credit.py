"""ListingCredit: how far a site's listings may run ahead of the articles fetched from it."""

from __future__ import annotations

from sqlite_utils import Database

from newsarchive import database

URLS_PER_ARTICLE = 20
"""URLs that are no article (yet) for each article: the credit that a fetched article earns."""
AHEAD_OF_A_LIMIT = 10_000


class ListingCredit:
    """Stops listings that name more URLs than the site's articles make credible, so no site can flood the ledger.

    A new site starts with `ahead` URLs of credit, fewer if a run has a `limit` of articles; each fetched article earns
    more, so that an honest site is read to its end.
    """

    def __init__(self, db: Database, site: str, *, ahead: int, limit: int = 0, since: str = "") -> None:
        self._db = db
        self._site = site
        self._ahead = min(ahead, max(AHEAD_OF_A_LIMIT, limit * URLS_PER_ARTICLE)) if limit and not since else ahead
        self._since = since
        self._check_at = 0

    def counts(self) -> tuple[int, int]:
        """Return the number of URLs that are articles, and of those that are not, or not yet."""
        return database.count_proven(self._db, self._site, since=self._since)

    def is_spent(self, listed: int) -> bool:
        """Return whether the site has listed too much; `listed` is the number of URLs listed in this run."""
        if listed < self._check_at:
            return False
        articles, others = self.counts()
        credit = self._ahead + articles * URLS_PER_ARTICLE - others
        self._check_at = listed + max(0, min(credit, 1_000))
        return credit <= 0
