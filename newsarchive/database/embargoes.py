"""Embargoes: articles hidden from readers for a time. Nothing is removed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from newsarchive.database.runs import finish_run, start_run
from newsarchive.run_ends import RunEnd
from newsarchive.times import now, stamp


def embargo_article(db: Database, article: int, *, until: date, reason: str = "") -> str:
    """Hide an article until the start of a day in its site's time zone; return that moment in UTC.

    Replaces an embargo in force.
    """
    site, timezone = db.conn.execute(
        "select a.site, s.timezone from articles a join sites s on s.name = a.site where a.id = ?", (article,)
    ).fetchone()
    begin = datetime(until.year, until.month, until.day, tzinfo=ZoneInfo(timezone))
    moment = stamp(begin)
    run = start_run(db, "embargo", site)
    with db.atomic():
        _lift(db, article)
        db.conn.execute(
            "insert into embargoes (article, until, reason, since, run) values (?, ?, ?, ?, ?)",
            (article, moment, reason, now(), run),
        )
    finish_run(db, run, reason=RunEnd.FINISHED, message=f"article {article}: until {moment}", counts={"hidden": 1})
    return moment


def lift_embargo(db: Database, article: int) -> bool:
    """End an article's embargo early; return True if it was hidden."""
    (site,) = db.conn.execute("select site from articles where id = ?", (article,)).fetchone()
    with db.atomic():
        lifted = _lift(db, article)
    if lifted:
        run = start_run(db, "embargo", site)
        finish_run(db, run, reason=RunEnd.FINISHED, message=f"article {article}: lifted", counts={"lifted": lifted})
    return bool(lifted)


def _lift(db: Database, article: int) -> int:
    sql = "update embargoes set lifted = ?1 where article = ?2 and lifted is null and until > ?1"
    return int(db.conn.execute(sql, (now(), article)).rowcount)


def list_embargoes(db: Database) -> list[dict[str, Any]]:
    """Return the embargoes in force, sorted by their ends."""
    return list(
        db.query(
            "select e.article, a.url, a.title, e.until, e.reason, e.since from embargoes e join articles a"
            " on a.id = e.article where e.lifted is null and e.until > ? order by e.until, e.article",
            [now()],
        )
    )
