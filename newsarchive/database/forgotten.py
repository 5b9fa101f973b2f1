"""Keeping out what was taken down: the check that every way into the archive passes."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote, urlsplit

from sqlite_utils import Database

from newsarchive.errors import NewsArchiveError
from newsarchive.urls import url_key


class Forgotten(NewsArchiveError):
    """An article was taken down and must not be stored again; the message says when and why."""

    def __init__(self, url: str, time: str, reason: str) -> None:
        super().__init__(f"{url} was taken down on {time[:10]} ({reason}) and is not stored again.")
        self.url = url
        self.reason = reason

    def __reduce__(self) -> tuple[type[Forgotten], tuple[str, str, str]]:
        return type(self), (self.url, "", self.reason)


def refuse_forgotten(db: Database, urls: Sequence[str]) -> None:
    """Raise Forgotten if one of the URLs, in any variant, belongs to an article that was taken down."""
    keys = list(dict.fromkeys(url_key(url) for url in urls))
    marks = ", ".join("?" * len(keys))
    row = db.conn.execute(
        f"select u.url, u.visited, u.reason from urls u where u.state = 'forgotten' and (u.key in ({marks})"  # noqa: S608
        " or u.native_id <> '' and (u.site, u.native_id) in"
        f" (select site, native_id from urls where key in ({marks}) and native_id <> '')) limit 1",
        keys + keys,
    ).fetchone()
    if row is not None:
        raise Forgotten(row[0], row[1] or "", row[2])


def is_forgotten(db: Database, url: str) -> bool:
    """Return True if a URL belongs to an article that was taken down."""
    try:
        refuse_forgotten(db, [url])
    except Forgotten:
        return True
    return False


class Addresses:
    """A set of URLs, recognized in any spelling."""

    def __init__(self, urls: Iterable[str] = ()) -> None:
        self._keys: set[str] = set()
        self._places: set[str] = set()
        self.add(urls)

    def __bool__(self) -> bool:
        return bool(self._keys)

    def add(self, urls: Iterable[str]) -> None:
        """Add URLs."""
        for url in urls:
            self._keys.add(url_key(url))
            parts = urlsplit(url)
            place = unquote(parts.path).rstrip("/") + (f"?{unquote(parts.query)}" if parts.query else "")
            if place:
                self._places.add(place)

    def has(self, url: str) -> bool:
        """Return True if the URL is in the set."""
        return bool(self._keys) and url_key(url) in self._keys

    def named_in(self, text: str) -> bool:
        """Return True if a text contains one of the URLs, in any spelling."""
        if not self._places:
            return False
        plain = unquote(html.unescape(text.replace("\\/", "/")))
        return any(re.search(rf"{re.escape(place)}(?![\w-])", plain) for place in self._places)


class ForgottenAddresses(Addresses):
    """The URLs that were taken down, in memory: a crawl checks them before it keeps a response."""

    def __init__(self, db: Database) -> None:
        super().__init__(url for (url,) in db.conn.execute("select url from urls where state = 'forgotten'"))


def mark_forgotten(db: Database, urls: Sequence[str], *, site: str, time: str, reason: str) -> None:
    """Enter URLs into the ledger as taken down: without hints or an article, and never due again."""
    for url in dict.fromkeys(urls):
        db.conn.execute(
            "insert into urls (site, url, key, source, first_listed, last_listed, state, reason, visited)"
            " values (?, ?, ?, 'forget', ?, ?, 'forgotten', ?, ?) on conflict (key) do update set"
            " state = 'forgotten', reason = excluded.reason, visited = excluded.visited, hints = '{}',"
            " next_visit = null, article = null, missing = null, missing_run = null",
            (site, url, url_key(url), time, time, reason, time),
        )


def note_unlisted(db: Database, urls: Sequence[str]) -> None:
    """Note that a site no longer lists what was taken down, so that its number of articles matches the archive's."""
    db.conn.executemany(
        "update urls set missing = coalesce(missing, last_listed) where url = ? and state = 'forgotten'",
        [(url,) for url in urls],
    )
