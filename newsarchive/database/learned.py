"""What crawls learned of a site beyond its profile: further sources, and where the site lives now."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from newsarchive.database.source_rows import update_source
from newsarchive.sites import Site, Source
from newsarchive.times import stamp

LOOK_EVERY = timedelta(days=3)
TRY_AGAIN_AFTER = timedelta(days=30)
DROPPED_AFTER = timedelta(days=30)
"""A learned source that has not worked for so long is read no more."""


def learned_sources(db: Database, site: str, *, time: str) -> list[Source]:
    """Return the sources that crawls found and use, except those that have not worked for a month."""
    before = stamp(datetime.fromisoformat(time) - DROPPED_AFTER)
    rows = db.query(
        "select kind, url from sources where site = ? and learned = 'used'"
        " and not (state = 'failed' and coalesce(complete, walked, '') < ?) order by kind, url",
        [site, before],
    )
    return [_source(row) for row in rows]


def _source(row: Mapping[str, Any]) -> Source:
    return Source(kind=row["kind"], url=row["url"])


def found_sources(db: Database, site: str) -> list[dict[str, Any]]:
    """Return the rows of the sources that crawls found, used or not."""
    return list(db.query("select * from sources where site = ? and learned <> '' order by kind, url", [site]))


def note_candidate(db: Database, site: str, source: Source, *, origin: str) -> None:
    """Record a source that a crawl found, to be tried; what is known of one stays."""
    with db.atomic():
        db.conn.execute(
            "insert or ignore into sources (site, kind, url, origin, learned) values (?, ?, ?, ?, 'new')",
            (site, source.kind, source.url, origin),
        )


def candidates_to_try(db: Database, site: str, *, time: str) -> list[Source]:
    """Return the sources found that were never tried, or had nothing of their own a month ago."""
    before = stamp(datetime.fromisoformat(time) - TRY_AGAIN_AFTER)
    rows = db.query(
        "select kind, url from sources where site = ? and (learned = 'new' or (learned = 'nothing' and checked < ?))"
        " order by learned = 'nothing', checked, rowid",
        [site, before],
    )
    return [_source(row) for row in rows]


def note_tried(db: Database, site: str, source: Source, *, used: bool, time: str) -> None:
    """Record whether a source that was tried lists what the others do not."""
    update_source(db, site, source.kind, source.url, learned="used" if used else "nothing", checked=time)


def drop_if_empty(db: Database, site: str, kind: str, url: str, *, label: str) -> None:
    """Use a source no more if all that it was the first to list proved to be no article; `label` names it in `urls`."""
    listed, articles, waiting = db.conn.execute(
        "select count(*), coalesce(sum(article is not null), 0), coalesce(sum(state in ('listed', 'failed')), 0)"
        " from urls where site = ? and source = ?",
        (site, label),
    ).fetchone()
    if listed and not articles and not waiting:
        update_source(db, site, kind, url, learned="nothing")


def note_written(db: Database, site: str, sources: Iterable[Source]) -> None:
    """Record that sources are in the profile now."""
    with db.atomic():
        for source in sources:
            db.conn.execute(
                "update sources set learned = '', origin = '' where site = ? and kind = ? and url = ?",
                (site, source.kind, source.url),
            )


def known_keys(db: Database, keys: Collection[str]) -> set[str]:
    """Return those keys that the ledger has."""
    rows = db.conn.execute(
        "select key from urls where key in (select value from json_each(?))", (json.dumps(list(keys)),)
    )
    return {key for (key,) in rows}


def look_is_due(db: Database, site: Site, *, time: str, every: timedelta = LOOK_EVERY) -> bool:
    """Return whether it is time to look for sources that the profile lacks: every few days, and for a new profile."""
    row = db.conn.execute("select looked, looked_beside from sites where name = ?", (site.name,)).fetchone()
    if row is None or not row[0] or row[1] != _sources_of(site):
        return True
    return bool(row[0] < stamp(datetime.fromisoformat(time) - every))


def note_looked(db: Database, site: Site, *, time: str) -> None:
    """Record that the sources that a site names were looked at."""
    with db.atomic():
        db.conn.execute(
            "update sites set looked = ?, looked_beside = ? where name = ?", (time, _sources_of(site), site.name)
        )


def _sources_of(site: Site) -> str:
    return " ".join(f"{source.kind}:{source.url}" for source in site.sources)


def root_of(db: Database, site: str) -> str:
    """Return the home page to which the profile's one redirects; empty if it does not."""
    row = db.conn.execute("select root from sites where name = ?", (site,)).fetchone()
    return str(row[0]) if row else ""


def note_root(db: Database, site: str, root: str) -> None:
    """Record where the site lives now; empty if that is no longer so."""
    with db.atomic():
        db.conn.execute("update sites set root = ? where name = ? and root <> ?", (root, site, root))
