"""SQL queries of the pages. Everything a reader sees is read here or through a search."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlite_utils import Database

from newsarchive.browse.gathering import combined, latest, paged, sorted_by, sum_names
from newsarchive.search.selection import VISIBLE
from newsarchive.search.several import Reading

Row = dict[str, Any]


def visible(number: str = "a.id") -> str:
    """Return the SQL condition that readers may see an article. `number` is the SQL of the article's number."""
    return VISIBLE.replace("o.article", number)


def rows(db: Database, sql: str, params: Sequence[Any] = ()) -> list[Row]:
    """Return all rows of a query as dicts."""
    return list(db.query(sql, list(params)))


@combined(sorted_by("name"))
def list_sites(db: Database) -> list[Row]:
    """Return the sites, sorted by name."""
    return rows(db, "select name, title, url, language, timezone from sites order by name")


@combined(sorted_by("-articles", "name"))
def count_sites(db: Database) -> list[Row]:
    """Return each site with its number of articles, first and last day, and number of gone articles; largest first."""
    # search_order is a slim copy of articles: a count reads megabytes instead of gigabytes. The plus keeps SQLite
    # from using the index on site, because few articles are gone.
    return rows(
        db,
        f"""select s.name, s.title, s.language, coalesce(o.articles, 0) as articles, o.first, o.last,
            (select count(*) from articles a where a.gone is not null and +a.site = s.name and {visible()}) as gone
        from sites s left join (
            select o.site, count(*) as articles, min(o.day) as first, max(o.day) as last from search_order o
            where {visible("o.article")} group by o.site) o on o.site = s.name
        order by articles desc, s.name""",  # noqa: S608
    )


PERIODS = {"day": 10, "month": 7, "year": 4}


@combined(sorted_by("period", "site"))
def count_articles(
    db: Database,
    by: str,
    *,
    site: str = "",
    author: str = "",
    category: str = "",
    language: str = "",
    since: str = "",
    until: str = "",
) -> list[Row]:
    """Return the number of articles per site and `by` (day, month or year): site, period, articles."""
    conditions, params = [visible("o.article"), "o.day is not null"], []
    for value, condition in (
        (site, "o.site = ?"),
        (language, "o.language = ?"),
        (since, "o.day >= ?"),
        (until and until + "~", "o.day <= ?"),
        (
            author,
            "o.article in (select l.article from article_authors l join authors n on n.id = l.author where n.name = ?)",
        ),
        (
            category,
            """o.article in (select l.article from article_categories l
                join categories n on n.id = l.category where n.name = ?)""",
        ),
    ):
        if value:
            conditions.append(condition)
            params.append(value)
    return rows(
        db,
        f"""select o.site, substr(o.day, 1, {PERIODS[by]}) as period, count(*) as articles from search_order o
        where {" and ".join(conditions)} group by 1, 2 order by 2, 1""",  # noqa: S608
        params,
    )


SHORT = "a.id, a.site, a.url, a.title, a.lead, a.language, a.published, a.day, a.gone, a.words"


@paged(sorted_by("-published"))
def newest_articles(db: Database, *, limit: int) -> list[Row]:
    """Return the articles published last, including those no longer on their sites."""
    return rows(
        db,
        f"select {SHORT} from articles a where {visible()} and a.published is not null"  # noqa: S608
        " order by a.published desc, a.id desc limit ?",
        [limit],
    )


@paged(sorted_by("-time"))
def list_changes(
    db: Database, *, site: str = "", kind: str = "", field: str = "", article: int = 0, limit: int, offset: int = 0
) -> list[Row]:
    """Return the newspaper's edits, newest first: the new title, the changed fields, and the previous revision."""
    conditions, params = [visible(), "r.kind not in ('first', 'reextracted')"], list[Any]()
    for value, condition in (
        (site, "a.site = ?"),
        (kind, "r.kind = ?"),
        (field, "exists (select 1 from json_each(r.changed) where value = ?)"),
        (article, "r.article = ?"),
    ):
        if value:
            conditions.append(condition)
            params.append(value)
    found = rows(
        db,
        f"""select r.time, a.site, a.id as article, a.url, r.title, b.title as old_title, r.number as revision,
            b.number as previous, r.kind, r.changed as fields, a.language
        from revisions r join articles a on a.id = r.article
        join revisions b on b.article = r.article and b.number = (select max(p.number) from revisions p
            where p.article = r.article and p.number < r.number and p.kind <> 'reextracted')
        where {" and ".join(conditions)} order by r.time desc, r.id desc limit ? offset ?""",  # noqa: S608
        [*params, limit, offset],
    )
    return [{**row, "fields": json.loads(row["fields"])} for row in found]


@paged(sorted_by("-gone"))
def list_deletions(db: Database, *, site: str = "", limit: int, offset: int = 0) -> list[Row]:
    """Return the articles that are gone from their site, latest first."""
    return rows(
        db,
        f"""select a.gone, a.site, a.id as article, a.url, a.title, a.published, a.first_seen, a.last_seen,
            a.gone_reason as reason, a.language from articles a
        where a.gone is not null and {visible()} {"and a.site = ?" if site else ""}
        order by a.gone desc, a.id desc limit ? offset ?""",  # noqa: S608
        [*([site] if site else []), limit, offset],
    )


@combined(sorted_by("day"))
def read_coverage(db: Database, site: str, year: str = "") -> list[Row]:
    """Return the view `coverage` for a site, or for one of its years, with a faster query."""
    return rows(
        db,
        f"""select coalesce(o.day, u.day) as day, count(*) as listed,
            sum(u.state in ('article', 'gone') and u.article is not null) as archived,
            sum(u.state = 'failed') as failed,
            sum(u.state in ('not_article', 'excluded', 'forgotten')) as not_article, sum(u.state = 'listed') as due
        from urls u left join search_order o on o.article = u.article
        where u.site = ? and u.state <> 'alias'
            and coalesce(o.day, u.day) {"between ? and ?" if year else "is not null"}
        group by 1 order by 1""",  # noqa: S608
        [site, *([f"{year}-01-01", f"{year}-12-31"] if year else [])],
    )


@combined(lambda found: sorted({year for years in found for year in years}, reverse=True))
def coverage_years(db: Database, site: str) -> list[str]:
    """Return the years in which a site has listed or archived anything, latest first."""
    found = rows(
        db,
        """select substr(day, 1, 4) as year from search_order where site = ? and day is not null
        union select substr(day, 1, 4) from urls where site = ? and state <> 'alias' and day is not null
        order by 1 desc""",
        [site, site],
    )
    return [row["year"] for row in found]


@combined(latest)
def last_run(db: Database, site: str) -> str:
    """Return when a site was last crawled, UTC; empty if never."""
    found = rows(db, "select max(coalesce(finished, started)) as time from runs where site = ?", [site])
    return str(found[0]["time"] or "")


NAMED = {"authors": ("article_authors", "author"), "categories": ("article_categories", "category"),
         "tags": ("article_tags", "tag")}  # fmt: skip


def list_names(db: Reading, table: str, *, like: str = "", limit: int, offset: int = 0) -> list[Row]:
    """Return authors, categories or tags with their number of articles, first and last day; most articles first.

    `like` is a part of the name; case does not matter.
    """
    found = _all_names(db, table)
    # SQLite ignores case for ASCII only, so Kazakh and Russian names are matched here.
    matching = [row for row in found if like.casefold() in row["name"].casefold()] if like else found
    return matching[offset : offset + limit]


@combined(sum_names)
def _all_names(db: Database, table: str) -> list[Row]:
    link, column = NAMED[table]
    role = "and l.role <> 'photo'" if table == "authors" else ""
    return rows(
        db,
        f"""select n.id, n.name, count(distinct a.id) as articles, min(a.day) as first, max(a.day) as last
        from {table} n join {link} l on l.{column} = n.id {role} join articles a on a.id = l.article and {visible()}
        group by n.id order by articles desc, n.name""",  # noqa: S608
    )


def find_name(db: Database, table: str, number: int) -> Row | None:
    """Return an author, category or tag by its number; None if it does not exist or has no visible article."""
    link, column = NAMED[table]
    found = rows(
        db,
        f"""select n.id, n.name, count(distinct a.id) as articles, min(a.day) as first, max(a.day) as last
        from {table} n join {link} l on l.{column} = n.id join articles a on a.id = l.article and {visible()}
        where n.id = ?""",  # noqa: S608
        [number],
    )
    return found[0] if found and found[0]["id"] is not None else None


def articles_of(db: Database, table: str, number: int, *, limit: int, offset: int = 0) -> list[Row]:
    """Return the articles of an author, category or tag, latest first."""
    link, column = NAMED[table]
    return rows(
        db,
        f"""select distinct {SHORT} from articles a join {link} l on l.article = a.id
        where l.{column} = ? and {visible()} order by a.published desc, a.id desc limit ? offset ?""",  # noqa: S608
        [number, limit, offset],
    )


def months_of(db: Database, table: str, number: int) -> list[Row]:
    """Return the number of articles of an author, category or tag per month: period, articles."""
    link, column = NAMED[table]
    return rows(
        db,
        f"""select substr(a.day, 1, 7) as period, count(distinct a.id) as articles from articles a
        join {link} l on l.article = a.id where l.{column} = ? and a.day is not null and {visible()}
        group by 1 order by 1""",  # noqa: S608
        [number],
    )


def neighbours_of(db: Database, table: str, number: int, other: str, *, limit: int = 12) -> list[Row]:
    """Return the authors, categories or tags (`other`) that occur most often with an author, category or tag."""
    link, column = NAMED[table]
    other_link, other_column = NAMED[other]
    return rows(
        db,
        f"""select n.id, n.name, count(distinct l.article) as articles from {link} l
        join articles a on a.id = l.article and {visible()}
        join {other_link} f on f.article = l.article join {other} n on n.id = f.{other_column}
        where l.{column} = ? and not ({int(table == other)} and n.id = ?)
        group by n.id order by 3 desc, 2 limit ?""",  # noqa: S608
        [number, number, limit],
    )
