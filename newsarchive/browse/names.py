"""Authors, categories and tags: their lists, and a page for each with its articles over time."""

from __future__ import annotations

from newsarchive.browse.archives import (
    NAMED,
    articles_of,
    find_name,
    list_names,
    months_of,
    neighbours_of,
)
from newsarchive.browse.figures import line_figure
from newsarchive.browse.plots import Point
from newsarchive.browse.visits import Answer, MissingError, Page, Visit, address, as_csv, as_json

PER_PAGE = 100
COLUMNS = ["id", "name", "articles", "first", "last"]
FILTER = {"authors": "author", "categories": "category", "tags": "tag"}


def names_page(visit: Visit) -> Answer:
    """Return the list of authors, categories or tags, most articles first; `q` is a part of the name."""
    table, like = visit.named["table"], visit.get("q")
    if form := visit.named.get("form"):
        found = list_names(visit.reading, table, like=like, limit=10_000_000)
        return as_csv(visit, found, COLUMNS, f"{table}.csv") if form == "csv" else as_json(found)
    number = visit.get_number("page", 1)
    found = list_names(visit.reading, table, like=like, limit=PER_PAGE + 1, offset=(number - 1) * PER_PAGE)
    return Page(
        template="names.html",
        title=visit.speech.text(table),
        values={
            "table": table,
            "q": like,
            "rows": found[:PER_PAGE],
            **visit.pager(number, more=len(found) > PER_PAGE),
            "csv": visit.link(f"/{table}.csv", page=None),
            "json": visit.link(f"/{table}.json", page=None),
        },
    )


def name_page(visit: Visit) -> Answer:
    """Return the page of an author, category or tag: articles per month, related names, articles.

    Raises MissingError.
    """
    table, key = visit.named["table"], visit.number("id")
    name = find_name(visit.db, table, key)
    if name is None:
        raise MissingError(str(key))
    months = months_of(visit.db, table, key)
    if visit.named.get("form") == "csv":
        return as_csv(visit, months, ["period", "articles"], f"{table}-{key}.csv")
    number = visit.get_number("page", 1)
    articles = articles_of(visit.db, table, key, limit=PER_PAGE + 1, offset=(number - 1) * PER_PAGE)
    search = {FILTER[table]: name["name"]}
    points = [
        Point(
            period=row["period"],
            series=name["name"],
            value=row["articles"],
            link=address("/search", **search, since=row["period"], until=row["period"]),
        )
        for row in months
    ]
    return Page(
        template="name.html",
        title=name["name"],
        values={
            "table": table,
            "name": name,
            "search": address("/search", **search),
            "figure": line_figure(points, visit.speech.text("articles_per_month"), csv=f"/{table}/{key}.csv"),
            "neighbours": {other: neighbours_of(visit.db, table, key, other) for other in NAMED},
            "articles": articles[:PER_PAGE],
            **visit.pager(number, more=len(articles) > PER_PAGE),
        },
    )
