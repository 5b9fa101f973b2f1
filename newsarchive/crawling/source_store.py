"""SourceStore: everything that reading a source writes into the archive, and the rows that decisions need."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence

from sqlite_utils import Database

from newsarchive import database
from newsarchive.crawling.decisions import Entry, Noted, Row, Rows
from newsarchive.crawling.scan_results import Values
from newsarchive.database.idle import KnownAddresses
from newsarchive.database.learned import known_keys
from newsarchive.items import InvalidEntry, Listed
from newsarchive.sites import Site
from newsarchive.times import now

STEP = 25
"""Articles that are written before others get their turn: some 4 ms."""


class SourceStore:
    """Reads and writes what the archive holds of one kind of source of a site.

    `label` names the source in the ledger; it is the kind unless another source of that kind comes before it.
    `write` opens the run's transaction if none is open; it is called before writes that follow a wait. Pages become
    due at `started`, when the run began (UTC). `addresses` tells variants of a URL from new ones.
    """

    def __init__(
        self,
        db: Database,
        site: Site,
        kind: str,
        *,
        write: Callable[[], None],
        started: str,
        label: str = "",
        addresses: KnownAddresses | None = None,
    ) -> None:
        self._addresses = addresses
        self._label = label or kind
        self.write = write
        self._db = db
        self._site = site
        self._kind = kind
        self._started = started

    def row(self, url: str) -> Row:
        """Return the row of `sources` for a URL."""
        return database.source_state(self._db, self._site.name, self._kind, url)

    def rows(self, urls: Iterable[str]) -> Rows:
        """Return the rows of `sources` for those of the URLs that have one."""
        return {url: row for url in urls if (row := self.row(url))}

    def remember(self, url: str, values: Values) -> None:
        """Write values into the row of `sources` for a URL."""
        if values:
            database.update_source(self._db, self._site.name, self._kind, url, **values)

    async def save_listed(
        self, articles: Sequence[Listed], take: Callable[[Sequence[Listed]], list[Entry]], *, trust_lastmod: bool
    ) -> Noted:
        """Note the articles of a listing step by step, each step in the transaction then open.

        `take` selects those to note.
        """
        noted = Noted()
        articles = self._addresses.listed_as(articles) if self._addresses is not None else articles
        for start in range(0, len(articles), STEP):
            await asyncio.sleep(0)
            self.write()
            for entry in take(articles[start : start + STEP]):
                due = self._save(entry.listed, again=entry.again, trust_lastmod=trust_lastmod)
                noted.unseen = noted.unseen or entry.unseen
                noted.due += due
                noted.fresh += due and entry.fresh
        return noted

    def save_ids(self, articles: Iterable[Listed]) -> None:
        """Note the articles of a page of WordPress IDs."""
        for listed in articles:
            self._save(listed)

    def _save(self, listed: Listed, *, again: bool = False, trust_lastmod: bool = True) -> bool:
        return database.save_listed(
            self._db, listed, site=self._site, source=self._label, time=now(), again=again, trust_lastmod=trust_lastmod
        )

    def save_lost(self, lost: InvalidEntry) -> None:
        """Note an entry with an invalid URL, for a person to see."""
        database.save_lost(self._db, lost, site=self._site, source=self._label, time=now())

    def days(self, keys: Collection[str]) -> list[str]:
        """Return the days on which those articles of these keys were published that state it."""
        return database.days_of(self._db, keys)

    def count_known(self, keys: Collection[str]) -> int:
        """Return how many of these keys the ledger has."""
        return len(known_keys(self._db, keys))

    def known_ids(self) -> list[tuple[str, str, str]]:
        """Return ID, URL and state of every article that WordPress has listed."""
        return database.known_ids(self._db, self._site.name)

    def count_known_ids(self) -> int:
        """Return the number of those that show no sign of being gone."""
        return database.count_known_ids(self._db, self._site.name)

    def listed_since(self, time: str) -> list[tuple[str, str]]:
        """Return key and URL of the articles that the source listed last, at `time` (UTC) or later."""
        return database.listed_since(self._db, self._site.name, self._label, time)

    def note_unlisted(self, urls: Sequence[str]) -> None:
        """Note that articles which were taken down are no longer listed."""
        database.note_unlisted(self._db, urls)

    def make_due(self, urls: Iterable[str]) -> None:
        """Make pages due in this run."""
        database.make_due(self._db, urls, time=self._started)
