"""URLs that end the runs of their site: they ask for a long wait while the host answers others."""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database

from newsarchive.times import now

ALONE_AFTER = 2
"""Consecutive runs that a URL may end; from then on only the URL waits."""


def held_up(db: Database, site: str) -> dict[str, tuple[int, str]]:
    """Return, for each URL that ended the last runs of a site, their number and the end of its wait (UTC)."""
    rows = db.conn.execute("select url, runs, until from held_up where site = ?", (site,))
    return {url: (runs, until) for url, runs, until in rows}


def note_held_up(db: Database, site: str, url: str, *, until: str) -> int:
    """Record that a URL asked for a wait that ended a run, or waits alone; return how many times in a row."""
    row = db.conn.execute(
        "insert into held_up (site, url, runs, until) values (?, ?, 1, ?)"
        " on conflict (site, url) do update set runs = runs + 1, until = excluded.until returning runs",
        (site, url, until),
    ).fetchone()
    return int(row[0])


def note_answered(db: Database, site: str, url: str) -> None:
    """Record that a URL was answered again."""
    db.conn.execute("delete from held_up where site = ? and url = ?", (site, url))


def waiting_alone(db: Database, site: str | None) -> list[dict[str, Any]]:
    """Return the URLs that wait while their site is crawled, as rows of `held_up`; of all sites if none is given."""
    query = "select * from held_up where runs >= ? and until > ? and (? is null or site = ?) order by site, until, url"
    return list(db.query(query, [ALONE_AFTER, now(), site, site]))
