"""Articles that a source no longer lists or that were not visited for long, and making their pages due."""

from __future__ import annotations

from collections.abc import Iterable

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


def known_ids(db: Database, site: str) -> list[tuple[str, str, str]]:
    """Return ID (``wordpress:7``), URL and state of every article of the site that WordPress has listed."""
    return db.conn.execute(
        "select native_id, url, state from urls where site = ? and native_id like 'wordpress:%'", (site,)
    ).fetchall()


def listed_since(db: Database, site: str, kind: str, time: str) -> list[tuple[str, str]]:
    """Return key and URL of articles that a source of this kind last listed at `time` (UTC) or later.

    Least recently visited first.
    """
    return db.conn.execute(
        "select key, url from urls where site = ? and source = ? and state = 'article' and last_listed >= ?"
        " order by visited",
        (site, kind, time),
    ).fetchall()


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
