"""Facets, hits over time with their share of all articles, and keywords in context."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, Unpack

from sqlite_utils import Database

from newsarchive.search.marks import Text, terms_to_mark
from newsarchive.search.query import FilterError
from newsarchive.search.selection import DAY_BITS, Filters, key_day, select_articles
from newsarchive.text.search_text import full_text

COUNTED = 50_000
"""Number of newest hits over which facets of authors, categories and tags are counted."""

_WIDTHS = {"year": 4, "month": 7, "day": 10}
_LINKED = {"author": "authors", "category": "categories", "tag": "tags"}


class Facet(NamedTuple):
    """One value of a facet and its number of hits."""

    value: str
    hits: int


class Period(NamedTuple):
    """A day, month or year: its hits, all its articles, and the hits' share of them."""

    period: str
    hits: int
    articles: int
    share: float


class Line(NamedTuple):
    """A keyword with its context."""

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
    """Return the most frequent values of each field among the hits, with their counts; years are in order of time.

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
    """Return the hits per day, month or year, and their share of all articles; periods without articles are left out.

    The filters apply to the hits and to all articles. Raises FilterError, also on an unknown period.
    """
    if by not in _WIDTHS:
        raise FilterError(f"Unknown period “{by}”; choose day, month or year.")
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
    """Yield every occurrence of a query with `words` words on each side, sorted by date and position."""
    selection = select_articles(db, query, **filters)
    if not selection.match.full:
        return
    terms = terms_to_mark(selection.group, field="body")
    direction = "asc" if order == "oldest" else "desc"
    count = 0
    for (article,) in selection.rows(db, "o.article", order=f"$key {direction}"):
        row = next(
            db.query(
                "select a.id, a.site, a.day, a.title, a.url, a.lead, a.body, a.language, s.body as search_text"
                " from articles a join stems s on s.id = a.id where a.id = ?",
                [article],
            )
        )
        text = Text(full_text(row["lead"], row["body"]), row["search_text"], row["language"])
        for start, length in text.hits(terms):
            if limit is not None and count >= limit:
                return
            left, keyword, right = text.context(start, length, words)
            yield Line(left, keyword, right, row["id"], row["site"], row["day"] or "", row["title"], row["url"])
            count += 1
