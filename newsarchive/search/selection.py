"""Selection of articles: filters as SQL over `search_order`, joined with a full-text query."""

from __future__ import annotations

import calendar
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypedDict, Unpack

from sqlite_utils import Database

from newsarchive.kazakh.scripts import fold_for_search
from newsarchive.search.conditions import LINKED, condition_of, linked, quoted
from newsarchive.search.matching import Match, match_of, split
from newsarchive.search.query import DayError, Group, parse_query
from newsarchive.search.words import words_with

VISIBLE = "o.article not in (select article from hidden)"
"""SQL condition over a row `o` of `search_order`: readers may see the article. The only place that defines this."""

MOST_WORDS, MANY_ARTICLES = 400, 100_000
"""A prefix is expanded to its words if there are at most so many, in archives of at least so many articles.

Hits of words are streamed, newest first; for a prefix, SQLite first collects all hits.
"""

FIRST_DAY = date(1800, 1, 1)
DAY_BITS = 19


@dataclass(frozen=True, kw_only=True)
class Selection:
    """A query with its filters, ready to run."""

    group: Group
    match: Match
    where: tuple[str, ...]
    parameters: dict[str, Any]

    def sql(
        self,
        select: str,
        *,
        match: str | None = None,
        below: int | None = None,
        group: str = "",
        order: str = "",
        limit: int | None = None,
        offset: int = 0,
    ) -> str:
        """Return a SELECT over the matching rows: `f` is the full-text row, `o` that of `search_order`.

        `$key` stands for the key of `search_order`. `match` replaces the query's own expression; `below` limits the
        rows to smaller keys.
        """
        match = self.match.full if match is None else match
        where = [*self.where, *([f"$key < {below}"] if below is not None else [])]
        if match:
            where.insert(0, f"stems_fts match {quoted(match)}")
            tables, key = "stems_fts f", "f.rowid"
            if any(re.search(r"\bo\.", piece) for piece in (select, *where[1:])):
                # A cross join makes SQLite read the full-text index first, in its order.
                tables += " cross join search_order o on o.key = f.rowid"
        else:
            tables, key = "search_order o", "o.key"
            if self.match.without:
                where.append(f"o.key not in (select rowid from stems_fts({quoted(self.match.without)}))")  # noqa: S608
        clauses = {"group by": group, "order by": order}
        sql = f"select {select} from {tables} where {' and '.join(where) or '1'}"  # noqa: S608
        sql += "".join(f" {clause} {value}" for clause, value in clauses.items() if value)
        sql += f" limit {-1 if limit is None else int(limit)} offset {int(offset)}"
        return sql.replace("$key", key)

    def starting(self, key: int | None, order: str) -> Selection:
        """Return the selection of the articles from a key on, in the order ``newest`` or ``oldest``."""
        if key is None:
            return self
        return replace(self, where=(*self.where, f"$key {'>=' if order == 'oldest' else '<='} {int(key)}"))

    def rows(self, db: Database, select: str, **options: Any) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of the SELECT that `sql` returns for the same arguments."""
        yield from db.conn.execute(self.sql(select, **options), self.parameters)


class Filters(TypedDict, total=False):
    """Filters of a query; empty ones are ignored. `since` and `until` may be a day, month or year."""

    site: str
    author: str
    category: str
    tag: str
    since: str
    until: str
    language: str


def select_articles(db: Database, query: str = "", **filters: Unpack[Filters]) -> Selection:
    """Parse a query and its filters. Raises FilterError on an invalid day, or a query that is too long or nested."""
    group = parse_query(query)
    articles = last_article(db)
    match = match_of(group, expand=lambda prefix: expansion([db], prefix, articles=articles))
    return selection_of(db, group, match, **filters)


def selection_of(
    db: Database, group: Group, match: Match, *, exact: Container[str] = (), **filters: Unpack[Filters]
) -> Selection:
    """Return a parsed query with its filters for one archive. Raises FilterError on an invalid day.

    `exact` are the filters whose name another archive has as it is written; no other forms of it are looked for then.
    """
    where = _visible(db)
    parameters: dict[str, Any] = {}
    since, until, language = filters.get("since"), filters.get("until"), filters.get("language") or ""
    if since or until:
        where.append("$key between :first and :last")
        parameters["first"] = day_key(first_day(since)) if since else 0
        parameters["last"] = day_key(last_day(until)) + (1 << DAY_BITS) - 1 if until else 1 << 62
    if site := filters.get("site"):
        where.append("o.site = :site")
        parameters["site"] = site
    if language:
        where.append("(o.language = :language or o.language like :language || '-%')")
        parameters["language"] = language
    for column, table in LINKED.items():
        if name := filters.get(column):
            where.append(linked(db, column, _named(db, table, str(name), exact=column in exact)))
    if rest := split(group)[1]:
        articles = last_article(db)
        where += [f"({condition_of(db, p, lambda w: expansion([db], w, articles=articles))})" for p in rest]
    return Selection(group=group, match=match, where=tuple(where), parameters=parameters)


def _visible(db: Database) -> list[str]:
    """Return `VISIBLE` as a condition by key, so that the full-text index suffices; none if no article is hidden."""
    if db.conn.execute("select 1 from hidden limit 1").fetchone() is None:
        return []
    return [f"$key not in (select o.key from search_order o where not ({VISIBLE}))"]  # noqa: S608


def _named(db: Database, table: str, name: str, *, exact: bool) -> list[int]:
    """Return the numbers of the authors, categories or tags of a name.

    Unless `exact`, case and look-alike letters are ignored if nobody has the name as it is written.
    """
    if found := named_exactly(db, table, name):
        return found
    if exact:
        return []
    folded = fold_for_search(name)
    return [int(i) for i, n in db.conn.execute(f"select id, name from {table}") if fold_for_search(n) == folded]  # noqa: S608


def named_exactly(db: Database, table: str, name: str) -> list[int]:
    """Return the number of the author, category or tag with exactly this name, if there is one."""
    return [int(i) for (i,) in db.conn.execute(f"select id from {table} where name = ?", (name,))]  # noqa: S608


def last_article(db: Database) -> int:
    """Return about how many articles an archive has."""
    return int(db.conn.execute("select coalesce(max(id), 0) from stems").fetchone()[0])


def expansion(dbs: Iterable[Database], prefix: str, *, articles: int) -> list[str] | None:
    """Return the words of archives that start with a prefix; None if searching for the prefix itself is faster."""
    if articles < MANY_ARTICLES:
        return None
    words = sorted({word for db in dbs for word in words_with(db, prefix, most=MOST_WORDS + 1)})
    return words if len(words) <= MOST_WORDS else None


def day_key(day: date) -> int:
    """Return the smallest key of a day in `search_order`.

    >>> day_key(date(1800, 1, 2)), key_day(day_key(date(2025, 2, 18)) + 5000)
    (524288, datetime.date(2025, 2, 18))
    """
    return (day - FIRST_DAY).days << DAY_BITS


def key_day(key: int) -> date:
    """Return the day of a key of `search_order`."""
    return date.fromordinal(FIRST_DAY.toordinal() + (key >> DAY_BITS))


def first_day(text: str) -> date:
    """Return the first day of a year, month or day. Raises FilterError.

    >>> first_day("2025"), first_day("2025-02")
    (datetime.date(2025, 1, 1), datetime.date(2025, 2, 1))
    """
    year, month, day = _day_parts(text)
    return _date(text, year, month or 1, day or 1)


def last_day(text: str) -> date:
    """Return the last day of a year, month or day. Raises FilterError.

    >>> last_day("2025"), last_day("2024-02")
    (datetime.date(2025, 12, 31), datetime.date(2024, 2, 29))
    """
    year, month, day = _day_parts(text)
    month = month or 12
    return _date(text, year, month, day or calendar.monthrange(year, min(month, 12))[1])


def _day_parts(text: str) -> tuple[int, int, int]:
    match = re.fullmatch(r"(\d{4})(?:-(\d\d?)(?:-(\d\d?))?)?(?:T.*)?", text.strip())
    if not match or match[1] == "0000":
        raise DayError(f"Invalid day “{text}”; write it as 2025-02-18, 2025-02 or 2025.", written=text)
    return int(match[1]), int(match[2] or 0), int(match[3] or 0)


def _date(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise DayError(f"Invalid day “{text}”: {error}.", written=text) from error
