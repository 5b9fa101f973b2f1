"""Numbers about what a query finds: facets, hits over time with their share of all articles, keywords in context."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, Unpack

from sqlite_utils import Database

from newsarchive.search.marks import Text, wanted
from newsarchive.search.query import FilterError
from newsarchive.search.selection import DAY_BITS, Filters, key_day, select_articles
from newsarchive.shadow import full_text

COUNTED = 50_000
"""As many hits as facets of authors, categories and tags are counted over, the newest ones."""

_WIDTHS = {"year": 4, "month": 7, "day": 10}
_LINKED = {"author": "authors", "category": "categories", "tag": "tags"}


class Facet(NamedTuple):
    """One value of a facet and how many hits have it."""

    value: str
    hits: int


class Period(NamedTuple):
    """A day, month or year: its hits, its articles, and the share of the first in the second."""

    period: str
    hits: int
    articles: int
    share: float


class Line(NamedTuple):
    """A keyword in its context."""

    left: str
    keyword: str
    right: str
    article: int
    site: str
    day: str
    title: str
    url: str


def facets(
    db: Database,
    query: str = "",
    *,
    fields: tuple[str, ...] = ("site", "year", "category", "author", "language"),
    limit: int = 20,
    **filters: Unpack[Filters],
) -> dict[str, list[Facet]]:
    """For each field the commonest values among the hits with their counts (years in order of time).

    Authors, categories and tags are counted over the newest `COUNTED` hits. Raises FilterError.
    """
    selection = select_articles(db, query, **filters)
    result: dict[str, list[Facet]] = {}
    plain = [field for field in fields if field in ("site", "year", "language")]
    if plain:
        counters: dict[str, Counter[str]] = {field: Counter() for field in plain}
        sql = f"o.site, coalesce(o.language, ''), $key >> {DAY_BITS}, count(*)"
        for site, language, day, count in selection.rows(db, sql, group="1, 2, 3"):
            values = {"site": site, "language": language, "year": str(key_day(day << DAY_BITS).year)}
            for field in plain:
                counters[field][values[field]] += count
        for field in plain:
            counts = counters[field].items()
            ranked = sorted(counts) if field == "year" else sorted(counts, key=lambda c: (-c[1], c[0]))[:limit]
            result[field] = [Facet(*item) for item in ranked if item[0]]
    hits = selection.sql("o.article as article", order="$key desc", limit=COUNTED)
    for field in fields:
        if field in _LINKED:
            table = _LINKED[field]
            role = " where l.role <> 'photo'" if field == "author" else ""
            rows = db.conn.execute(
                f"select n.name, count(distinct l.article) from ({hits}) h"  # noqa: S608
                f" join article_{table} l on l.article = h.article join {table} n on n.id = l.{field}{role}"
                f" group by n.id order by 2 desc, 1 limit {int(limit)}",
                selection.parameters,
            )
            result[field] = [Facet(*row) for row in rows]
    return {field: result[field] for field in fields if field in result}


def hits_over(db: Database, query: str = "", *, by: str = "month", **filters: Unpack[Filters]) -> list[Period]:
    """How many articles a query finds in each day, month or year that has articles, and their share of all of them.

    The filters hold for both numbers. Raises FilterError on an unknown period.
    """
    if by not in _WIDTHS:
        raise FilterError(f"“{by}” is no period: use day, month or year.")
    hits, articles = (_per_period(db, text, by, filters) for text in (query, ""))
    return [Period(p, hits[p], articles[p], round(hits[p] / articles[p], 6)) for p in sorted(articles)]


def _per_period(db: Database, query: str, by: str, filters: Filters) -> Counter[str]:
    selection = select_articles(db, query, **filters)
    counts: Counter[str] = Counter()
    for day, count in selection.rows(db, f"$key >> {DAY_BITS}, count(*)", group="1"):
        counts[key_day(day << DAY_BITS).isoformat()[: _WIDTHS[by]]] += count
    return counts


def kwic(
    db: Database,
    query: str,
    *,
    words: int = 5,
    order: str = "newest",
    limit: int | None = None,
    **filters: Unpack[Filters],
) -> Iterator[Line]:
    """Every place where a query's words stand, with as many words on each side; articles by date, places in order."""
    selection = select_articles(db, query, **filters)
    if not selection.match.full:
        return
    looked_for = wanted(selection.group, field="body")
    direction = "asc" if order == "oldest" else "desc"
    given = 0
    for (article,) in selection.rows(db, "o.article", order=f"$key {direction}"):
        row = next(
            db.query(
                "select a.id, a.site, a.day, a.title, a.url, a.lead, a.body, a.language, s.body as shadow"
                " from articles a join stems s on s.id = a.id where a.id = ?",
                [article],
            )
        )
        text = Text(full_text(row["lead"], row["body"]), row["shadow"], row["language"])
        for start, length in text.hits(looked_for):
            if limit is not None and given >= limit:
                return
            left, keyword, right = text.context(start, length, words)
            yield Line(left, keyword, right, row["id"], row["site"], row["day"] or "", row["title"], row["url"])
            given += 1
