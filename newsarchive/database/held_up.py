"""Addresses that end the runs of their site: they ask for a long wait while others of the host are answered."""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database

from newsarchive.times import now

ALONE_AFTER = 2
"""Runs in a row that an address may end; from then on it waits alone."""


def held_up(db: Database, site: str) -> dict[str, tuple[int, str]]:
    """For each address that ended the last runs of a site: how many, and until when (UTC with Z) it is to wait."""
    rows = db.conn.execute("select url, runs, until from held_up where site = ?", (site,))
    return {url: (runs, until) for url, runs, until in rows}


def note_held_up(db: Database, site: str, url: str, *, until: str) -> int:
    """Note that an address asked for so long a wait that it ended a run, or waits alone; returns how many in a row."""
    row = db.conn.execute(
        "insert into held_up (site, url, runs, until) values (?, ?, 1, ?)"
        " on conflict (site, url) do update set runs = runs + 1, until = excluded.until returning runs",
        (site, url, until),
    ).fetchone()
    return int(row[0])


def note_answered(db: Database, site: str, url: str) -> None:
    """Note that an address gave an answer again."""
    db.conn.execute("delete from held_up where site = ? and url = ?", (site, url))


def waiting_alone(db: Database, site: str | None) -> list[dict[str, Any]]:
    """The addresses that wait while their site is crawled, as rows of `held_up`; of all sites where none is given."""
    query = "select * from held_up where runs >= ? and until > ? and (? is null or site = ?) order by site, until, url"
    return list(db.query(query, [ALONE_AFTER, now(), site, site]))
