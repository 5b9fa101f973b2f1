"""The rows of `sources`: what each source listed, when it was read, and what the next run needs to know of it."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlite_utils import Database


def source_state(db: Database, site: str, kind: str, url: str) -> dict[str, Any]:
    """Return the row of `sources` for a URL; empty if there is none."""
    return next(db.query("select * from sources where site = ? and kind = ? and url = ?", [site, kind, url]), {})


def was_read(db: Database, site: str) -> bool:
    """Return whether any source of a site was ever read to its end."""
    row = db.conn.execute("select 1 from sources where site = ? and complete is not null limit 1", (site,)).fetchone()
    return row is not None


def days_of(db: Database, keys: Collection[str]) -> list[str]:
    """Return the days on which articles were published, for those of these keys whose article states it."""
    rows = db.conn.execute(
        "select substr(a.published, 1, 10) from urls u join articles a on a.id = u.article"
        " where u.key in (select value from json_each(?)) and a.published is not null",
        (json.dumps(list(keys)),),
    )
    return [day for (day,) in rows]


def forget_gaps(db: Database, site: str) -> None:
    """Note that what may have been missing between two runs of a site's short sources was read elsewhere."""
    db.conn.execute(
        "update sources set data = json_set(data, '$.gap', json('false'))"
        " where site = ? and json_extract(data, '$.gap')",
        (site,),
    )


def store_denominator(
    db: Database, site: str, kind: str, url: str, *, keys: Collection[str], total: int | None
) -> None:
    """Store how many articles a source lists, and how many of them are archived.

    With a `total`, which WordPress states, its numbered articles are counted; else those of the `keys` that it listed.
    """
    archived = 0
    if total is not None:
        archived = db.conn.execute(
            "select count(*) from urls where site = ? and native_id like 'wordpress:%' and article is not null"
            " and state <> 'gone'",
            (site,),
        ).fetchone()[0]
    for part in _parts(list(keys) if total is None else [], 500):
        marks = ", ".join("?" * len(part))
        query = f"select count(*) from urls where key in ({marks}) and article is not null"  # noqa: S608
        archived += db.conn.execute(query, part).fetchone()[0]
    listed = len(keys) if total is None else total
    update_source(db, site, kind, url, listed=listed, archived=archived)


def _parts(keys: list[str], size: int) -> list[list[str]]:
    return [keys[start : start + size] for start in range(0, len(keys), size)]


def update_source(db: Database, site: str, kind: str, url: str, **values: Any) -> None:
    """Write columns of a row of `sources`; insert the row if it is missing."""
    with db.atomic():
        db.conn.execute("insert or ignore into sources (site, kind, url) values (?, ?, ?)", (site, kind, url))
        columns = ", ".join(f"{name} = ?" for name in values)
        db.conn.execute(
            f"update sources set {columns} where site = ? and kind = ? and url = ?",  # noqa: S608
            (*values.values(), site, kind, url),
        )
