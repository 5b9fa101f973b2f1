"""Facets, hits over time with their share of all articles, and keywords in context."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, Unpack

from sqlite_utils import Database

from newsarchive.search.marks import Text, terms_to_mark
from newsarchive.search.query import FilterError
from newsarchive.search.selection import DAY_BITS, Filters, Selection, key_day, select_articles
from newsarchive.text.search_text import full_text

COUNTED = 50_000
"""Number of newest hits over which facets of authors, categories and tags are counted."""

FACETS = ("site", "year", "category", "author", "language")
"""The fields that are counted by default."""
WIDTHS = {"year": 4, "month": 7, "day": 10}
LINKED = {"author": "authors", "category": "categories", "tag": "tags"}


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
    paragraph: int
    """Number of the paragraph in lead and body, from 1; the reading room has it at ``/article/ID#pN``."""


def facets(
    db: Database,
    query: str = "",
    *,
    fields: tuple[str, ...] = FACETS,
    limit: int = 20,
    **filters: Unpack[Filters],
) -> dict[str, list[Facet]]:
    """Return the most frequent values of each field among the hits, with their counts; years are in order of time.

    Authors, categories and tags are counted over the newest `COUNTED` hits. Raises FilterError.
    """
    selection = select_articles(db, query, **filters)
    linked = {field: linked_counts(db, selection, field, newest=COUNTED) for field in fields if field in LINKED}
    return as_facets({**plain_counts(db, selection), **linked}, fields, limit)


def plain_counts(db: Database, selection: Selection) -> dict[str, Counter[str]]:
    """Return the number of hits per site, language and year."""
    counters: dict[str, Counter[str]] = {field: Counter() for field in ("site", "language", "year")}
    columns = f"o.site, coalesce(o.language, ''), $key >> {DAY_BITS}, count(*)"
    for site, language, day, count in selection.rows(db, columns, group="1, 2, 3"):
        values = {"site": site, "language": language, "year": str(key_day(day << DAY_BITS).year)}
        for field, value in values.items():
            counters[field][value] += count
    return counters


def linked_counts(db: Database, selection: Selection, field: str, *, newest: int) -> Counter[str]:
    """Return the number of hits per author, category or tag (`field`) among the `newest` hits."""
    hits = selection.sql("o.article as article", order="$key desc", limit=newest)
    table = LINKED[field]
    role = " where l.role <> 'photo'" if field == "author" else ""
    rows = db.conn.execute(
        f"select n.name, count(distinct l.article) from ({hits}) h"  # noqa: S608
        f" join article_{table} l on l.article = h.article join {table} n on n.id = l.{field}{role} group by n.id",
        selection.parameters,
    )
    return Counter(dict(rows))


def as_facets(counters: dict[str, Counter[str]], fields: tuple[str, ...], limit: int) -> dict[str, list[Facet]]:
    """Return the `limit` most frequent values of each field; years are all there, in order of time."""
    result: dict[str, list[Facet]] = {}
    for field in fields:
        if field in counters:
            counts = counters[field].items()
            ranked = sorted(counts) if field == "year" else sorted(counts, key=lambda c: (-c[1], c[0]))[:limit]
            result[field] = [Facet(*item) for item in ranked if item[0]]
    return result


def hits_over(db: Database, query: str = "", *, by: str = "month", **filters: Unpack[Filters]) -> list[Period]:
    """Return the hits per day, month or year, and their share of all articles; periods without articles are left out.

    The filters apply to the hits and to all articles. Raises FilterError, also on an unknown period.
    """
    check_period(by)
    hits, articles = (per_period(db, select_articles(db, text, **filters), by) for text in (query, ""))
    return as_periods(hits, articles)


def check_period(by: str) -> None:
    """Raise FilterError if `by` is unknown."""
    if by not in WIDTHS:
        raise FilterError(f"Unknown period “{by}”; choose day, month or year.")


def as_periods(hits: Counter[str], articles: Counter[str]) -> list[Period]:
    """Return the periods that have articles, in order of time."""
    return [Period(p, hits[p], articles[p], round(hits[p] / articles[p], 6)) for p in sorted(articles)]


def per_period(db: Database, selection: Selection, by: str) -> Counter[str]:
    """Return the number of hits per day, month or year."""
    counts: Counter[str] = Counter()
    for day, count in selection.rows(db, f"$key >> {DAY_BITS}, count(*)", group="1"):
        counts[key_day(day << DAY_BITS).isoformat()[: WIDTHS[by]]] += count
    return counts


def keyed_lines(db: Database, selection: Selection, *, words: int, order: str) -> Iterator[tuple[int, Line]]:
    """Yield every occurrence of a query, each with the key of its article in the order of publication."""
    if not selection.match.full:
        return
    terms = terms_to_mark(selection.group, field="body")
    direction = "asc" if order == "oldest" else "desc"
    for key, article in selection.rows(db, "$key, o.article", order=f"$key {direction}"):
        row = next(
            db.query(
                "select a.id, a.site, a.day, a.title, a.url, a.lead, a.body, a.language, s.body as search_text"
                " from articles a join stems s on s.id = a.id where a.id = ?",
                [article],
            )
        )
        text = Text(full_text(row["lead"], row["body"]), row["search_text"], row["language"])
        for start, length in text.hits(terms):
            left, keyword, right = text.context(start, length, words)
            place = (row["id"], row["site"], row["day"] or "", row["title"], row["url"], text.paragraph(start))
            yield key, Line(left, keyword, right, *place)
