"""Text reuse of quotations: the same words between quotation marks in several articles, the first use first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlite_utils import Database

from newsarchive.reprints.quotations import Quotation, read_quotations
from newsarchive.reprints.reading import group_numbers
from newsarchive.search import VISIBLE
from newsarchive.search.several import Archives, Reading, databases

LIVE = 200
"""So many of the newest articles not compared yet are read when the uses of a quotation are listed."""


@dataclass(frozen=True, kw_only=True)
class Use:
    """An article with a quotation."""

    article: int
    site: str
    day: str
    published: str
    title: str
    url: str
    is_reprint: bool
    """The article has the text of an earlier use, not only the quotation."""


@dataclass(frozen=True, kw_only=True)
class Reused:
    """A quotation with its uses, the first one first."""

    text: str
    words: int
    uses: tuple[Use, ...]


def quotations_of(reading: Reading, article: int, *, part: int = 0) -> list[Reused]:
    """Return the quotations of an article that others have too, with all their uses.

    `part` is the archive that has the article, as an index of `databases`.
    """
    dbs = databases(reading)
    waiting = [_waiting(db) for db in dbs]
    found = [(quotation, _uses(dbs, quotation.key, waiting)) for quotation in read_quotations(dbs[part], article)]
    return _as_reused(
        reading, [(q, rows) for q, rows in found if len(rows) > 1 and (part, article) in map(_place, rows)]
    )


def uses_of(reading: Reading, key: str) -> Reused | None:
    """Return a quotation by its key, as its first use has it, with its uses; None if readers may see none."""
    dbs = databases(reading)
    rows = _uses(dbs, key, [_waiting(db) for db in dbs])
    having = (quotation for row in rows for quotation in read_quotations(dbs[row["part"]], row["article"]))
    quotation = next((quotation for quotation in having if quotation.key == key), None)
    return _as_reused(reading, [(quotation, rows)])[0] if quotation else None


def _waiting(db: Database) -> dict[str, list[int]]:
    """Return the newest articles not compared yet, by the keys of their quotations."""
    found: dict[str, list[int]] = {}
    rows = db.conn.execute("select article from uncompared order by article desc limit ?", (LIVE,)).fetchall()
    for (article,) in rows:
        for quotation in read_quotations(db, article):
            found.setdefault(quotation.key, []).append(article)
    return found


def _uses(dbs: Sequence[Database], key: str, waiting: Sequence[dict[str, list[int]]]) -> list[dict[str, Any]]:
    """Return the uses of a quotation in all archives, in order of publication, each with its archive (`part`)."""
    rows = [
        {**row, "part": part}
        for part, db in enumerate(dbs)
        for row in db.query(_USES.format(", ".join(map(str, waiting[part].get(key, ())))), [key])
    ]
    return sorted(rows, key=lambda row: (row["key"], row["part"]))


def _place(row: dict[str, Any]) -> tuple[int, int]:
    return row["part"], row["article"]


def _as_reused(reading: Reading, found: Sequence[tuple[Quotation, list[dict[str, Any]]]]) -> list[Reused]:
    """Return quotations with their uses; a use in a reprint of an earlier one is marked."""
    groups = group_numbers(reading, {_place(row) for _, rows in found for row in rows}) if found else {}
    made = []
    for quotation, rows in found:
        seen: set[int] = set()
        uses = []
        for row in rows:
            group = groups.get(_place(row))
            values: dict[str, Any] = {name: row[name] or "" for name in _COLUMNS}
            uses.append(Use(**values, is_reprint=group in seen))
            seen |= {group} if group is not None else set()
        made.append(Reused(text=quotation.text, words=quotation.words, uses=tuple(uses)))
    return made


_COLUMNS = ("article", "site", "day", "published", "title", "url")
_USES = f"""
select o.key, o.article, a.site, a.day, a.published, a.title, a.url from search_order o
join articles a on a.id = o.article
where (o.article in (select article from quotations where key = ?) or o.article in ({{}})) and {VISIBLE} order by o.key
"""  # noqa: S608


_ORDER = ("-sites", "-articles", "-last_day", "key")


def most_reused(
    reading: Reading, *, site: str = "", across: bool = True, limit: int = 50, offset: int = 0
) -> list[dict[str, Any]]:
    """Return the most reused quotations as rows of the view `reused_quotations`; `across`: by several sites."""
    if isinstance(reading, Archives):
        found = _of_several(reading, site=site, across=across)[offset : offset + limit]
        return [{**row, "text": _text(reading, row["key"])} for row in found]
    sql = (
        "select text, words, articles, sites, first_day, last_day, key from reused_quotations where sites >= :sites"
        " and (:site = '' or key in (select q.key from quotations q join articles a on a.id = q.article"
        " where a.site = :site)) order by sites desc, articles desc, last_day desc, key limit :limit offset :offset"
    )
    values = {"sites": 2 if across else 1, "site": site, "limit": limit, "offset": offset}
    return list(reading.query(sql, values))


_USED = """
select q.key, max(q.words) as words, count(distinct q.article) as articles, min(a.day) as first_day,
    max(a.day) as last_day, group_concat(distinct a.site) as sites
from quotations q join articles a on a.id = q.article where q.article not in (select article from hidden)
group by q.key order by q.key
"""
"""Each quotation of an archive, also if it is there once."""
_FIRST = """
select o.key, q.text from quotations q join search_order o on o.article = q.article
where q.key = ? and q.article not in (select article from hidden) order by o.key limit 1
"""


def _of_several(archives: Archives, *, site: str, across: bool) -> list[dict[str, Any]]:
    merged = heapq.merge(*(_used(part.db) for part in archives.parts), key=lambda row: row["key"])
    found = []
    for _, rows in groupby(merged, key=lambda row: row["key"]):
        one = _joined(list(rows))
        if one["articles"] > 1 and len(one["sites"]) >= (2 if across else 1) and (not site or site in one["sites"]):
            found.append({**one, "sites": len(one["sites"])})
    for column in reversed(_ORDER):  # sorting is stable
        name = column.removeprefix("-")
        found.sort(key=lambda row: row[name] or "", reverse=column != name)
    return found


def _used(db: Database) -> Iterator[dict[str, Any]]:
    return ({**row, "sites": set(row["sites"].split(","))} for row in db.query(_USED))


def _joined(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the archives know of one quotation as one."""
    return {
        "text": "",
        "words": max(row["words"] for row in rows),
        "articles": sum(row["articles"] for row in rows),
        "sites": set[str]().union(*(row["sites"] for row in rows)),
        "first_day": min((row["first_day"] for row in rows if row["first_day"]), default=None),
        "last_day": max((row["last_day"] for row in rows if row["last_day"]), default=None),
        "key": rows[0]["key"],
    }


def _text(archives: Archives, key: str) -> str:
    """Return a quotation as its first use has it."""
    rows = ((part, db.conn.execute(_FIRST, (key,)).fetchone()) for part, db in enumerate(databases(archives)))
    found = [(row[0], part, str(row[1])) for part, row in rows if row]
    return min(found)[2] if found else ""
