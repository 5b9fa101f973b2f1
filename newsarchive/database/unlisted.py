"""Articles that a source no longer lists or that were not visited for long, and making their pages due."""

from __future__ import annotations

from collections.abc import Iterable, Set

from sqlite_utils import Database

from newsarchive.urls import url_key


def count_known_ids(db: Database, site: str) -> int:
    """Return how many articles listed by WordPress with an id show no sign of being gone."""
    row = db.conn.execute(
        "select count(*) from urls where site = ? and native_id like 'wordpress:%' and state <> 'gone'"
        " and missing is null",
        (site,),
    ).fetchone()
    return int(row[0])


def count_proven(db: Database, site: str, *, since: str = "") -> tuple[int, int]:
    """How many addresses of a site are articles, and how many were listed and are none, or none so far.

    Of the second kind only those of the day `since` and later count: older ones are not fetched, so cannot prove true.
    """
    row = db.conn.execute(
        "select coalesce(sum(article is not null), 0),"
        " coalesce(sum(article is null and coalesce(day, '9') >= ?), 0) from urls"
        " where site = ? and state not in ('alias', 'forgotten')",
        (since, site),
    ).fetchone()
    return int(row[0]), int(row[1])


def compare_ids(db: Database, site: str, listed: Set[str]) -> tuple[list[str], list[str], list[str]]:
    """Compare the archive with a complete list of WordPress ids (``wordpress:7``).

    Returns the URLs that may be gone, those that were taken down, and those that were gone and are listed again.
    """
    known = db.conn.execute(
        "select native_id, url, state from urls where site = ? and native_id like 'wordpress:%'", (site,)
    ).fetchall()
    unlisted = [(url, state) for number, url, state in known if number not in listed]
    gone = [url for url, state in unlisted if state not in ("gone", "forgotten")]
    forgotten = [url for url, state in unlisted if state == "forgotten"]
    return gone, forgotten, [url for number, url, state in known if state == "gone" and number in listed]


def no_longer_listed(db: Database, site: str, kind: str, *, keys: Set[str], since: str) -> list[str]:
    """Return URLs of articles that a source of this kind last listed at `since` (UTC) or later, except those of `keys`.

    Least recently visited first.
    """
    known = db.conn.execute(
        "select key, url from urls where site = ? and source = ? and state = 'article' and last_listed >= ?"
        " order by visited",
        (site, kind, since),
    ).fetchall()
    return [url for key, url in known if key not in keys]


def unvisited_since(db: Database, site: str, time: str, *, limit: int) -> list[str]:
    """Return URLs of articles last visited before `time` (UTC) that are not due, least recently visited first."""
    rows = db.conn.execute(
        "select url from urls where site = ? and state = 'article' and next_visit is null"
        " and coalesce(visited, '') < ? order by visited limit ?",
        (site, time, limit),
    ).fetchall()
    return [url for (url,) in rows]


def make_due(db: Database, urls: Iterable[str], *, time: str) -> None:
    """Make pages due from `time` (UTC) on."""
    db.conn.executemany("update urls set next_visit = ? where key = ?", [(time, url_key(url)) for url in urls])
