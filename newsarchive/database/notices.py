"""What was told to whom: the rows that keep messages from being lost or sent twice."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlite_utils import Database

from newsarchive.times import now


def keep_recipients(db: Database, names: Collection[str], digests: Collection[tuple[str, str]]) -> None:
    """Record the recipients and (name, recipient) of digests there are now: what is new to them begins here.

    One that is no longer there begins anew when it comes back.
    """
    known = {name for (name,) in db.conn.execute("select name from recipients")}
    begun = set(db.conn.execute("select name, recipient from digests").fetchall())
    if known == set(names) and begun == set(digests):
        return
    with db.atomic():
        for name in known - set(names):
            db.conn.execute("delete from recipients where name = ?", (name,))
            db.conn.execute("delete from told_alerts where recipient = ?", (name,))
        for name in set(names) - known:
            db.conn.execute("insert into recipients (name, since) values (?, ?)", (name, now()))
        for digest in begun - set(digests):
            for table in ("digests", "told_deletions"):
                db.conn.execute(f"delete from {table} where name = ? and recipient = ?", digest)  # noqa: S608
        for digest in set(digests) - begun:
            db.conn.execute(
                "insert into digests (name, recipient, revision, time)"
                " values (?, ?, (select coalesce(max(id), 0) from revisions), ?)",
                (*digest, now()),
            )
            db.conn.execute(
                "insert into told_deletions (name, recipient, article, gone)"
                " select ?, ?, id, gone from articles where gone is not null",
                digest,
            )


def untold_alerts(db: Database, recipient: str) -> list[dict[str, Any]]:
    """Return the alerts of which a recipient was not told that they began or are over.

    Those that were over before it became a recipient do not count.
    """
    return list(
        db.query(
            "select a.*, (select max(t.event = 'began') from told_alerts t where t.alert = a.id and"
            " t.recipient = r.name) as told_began from alerts a join recipients r on r.name = ?"
            " where (a.ended is null or a.ended >= r.since) and not exists (select 1 from told_alerts t"
            " where t.alert = a.id and t.recipient = r.name"
            " and t.event = case when a.ended is null then 'began' else 'ended' end) order by a.began, a.id",
            [recipient],
        )
    )


def note_told_alerts(db: Database, recipient: str, events: Collection[tuple[int, str]]) -> None:
    """Record that a recipient was told of beginnings and ends of alerts."""
    with db.atomic():
        db.conn.executemany(
            "insert or ignore into told_alerts (alert, recipient, event, time) values (?, ?, ?, ?)",
            [(alert, recipient, event, now()) for alert, event in events],
        )


def digest_state(db: Database, name: str, recipient: str) -> tuple[int, str]:
    """Return the last revision that a digest has had, and when it was last sent or began (UTC)."""
    row = db.conn.execute(
        "select revision, time from digests where name = ? and recipient = ?", (name, recipient)
    ).fetchone()
    return int(row[0]), str(row[1])


def untold_deletions(db: Database, name: str, recipient: str) -> list[tuple[int, str]]:
    """Return article and time of the deletions that a digest has not had."""
    return db.conn.execute(
        "select a.id, a.gone from articles a left join told_deletions t on t.article = a.id and t.name = ?"
        " and t.recipient = ? where a.gone is not null and t.gone is not a.gone order by a.gone, a.id",
        (name, recipient),
    ).fetchall()


def note_told_digest(
    db: Database, name: str, recipient: str, *, upto: int, deletions: Sequence[tuple[int, str]], sent: bool
) -> None:
    """Record how far a digest has come: up to a revision, with these deletions; `sent` if it told of anything."""
    with db.atomic():
        db.conn.execute(
            "update digests set revision = ?, time = case when ? then ? else time end where name = ? and recipient = ?",
            (upto, sent, now(), name, recipient),
        )
        db.conn.execute(  # an article may have been taken down meanwhile
            "insert or replace into told_deletions (name, recipient, article, gone) select ?, ?, a.id, d.value ->> 1"
            " from json_each(?) d join articles a on a.id = d.value ->> 0",
            (name, recipient, json.dumps(deletions)),
        )
