"""The search page: hits with snippets, facets, hits over time, and downloads as CSV and JSON."""

from __future__ import annotations

from typing import Any, cast

from newsarchive.browse.archives import Row, list_sites
from newsarchive.browse.figures import Figure, line_figure
from newsarchive.browse.plots import Point
from newsarchive.browse.visits import Answer, Download, Page, Visit, as_csv, as_json
from newsarchive.export.packages import PACKAGED
from newsarchive.search import (
    Hit,
    Period,
    count_hits,
    facets,
    hits_over,
    other_spellings,
    query_notices,
    search,
    suggest,
)
from newsarchive.search.marks import Part
from newsarchive.search.selection import Filters

PER_PAGE = 20
MOST, BATCH = 20_000, 5_000
"""Maximum number of hits of a download (`newsarchive export` has no limit), and the number read at a time."""
ORDERS = ("rank", "newest", "oldest")
FILTERS = ("site", "author", "category", "tag", "since", "until", "language")
COLUMNS = ["id", "site", "day", "published", "title", "authors", "url", "language", "gone", "matched", "snippet"]


def read_filters(visit: Visit, prefix: str = "") -> Filters:
    """Return the filters that are set in a form."""
    return cast("Filters", {name: value for name in FILTERS if (value := visit.get(prefix + name))})


def all_filters(filters: Filters) -> dict[str, str]:
    """Return the value of every filter for a form, empty if it is not set."""
    return {**dict.fromkeys(FILTERS, ""), **cast("dict[str, str]", filters)}


def search_page(visit: Visit) -> Answer:
    """Return the result of a query and its filters; without either, all articles. Raises FilterError."""
    query, filters = visit.get("q"), read_filters(visit)
    order = visit.get("order") if visit.get("order") in ORDERS else ("rank" if query else "newest")
    if form := visit.named.get("form"):
        return _download(visit, form, query, order, filters)
    number = visit.get_number("page", 1, most=10_000)
    total = count_hits(visit.reading, query, **filters)
    found = facets(visit.reading, query, **filters)
    spelled = _spelled(visit, query, filters, total)
    shown = spelled["query"] if spelled and not total else query
    return Page(
        template="search.html",
        title=visit.speech.text("search_for", query=query) if query else visit.speech.text("search"),
        values={
            "query": query,
            "filters": all_filters(filters),
            "order": order,
            "orders": ORDERS,
            "sites": list_sites(visit.reading),
            "hits": search(
                visit.reading, shown, limit=PER_PAGE, offset=(number - 1) * PER_PAGE, order=order, **filters
            ),
            "total": total,
            "notices": query_notices(query),
            "spelled": spelled,
            "spellings": visit.link(page=None, spellings=1) if query and not visit.get("spellings") else "",
            "wider": visit.link(page=None, q=wider)
            if not total and (wider := suggest(visit.reading, query, **filters))
            else "",
            "most": MOST,
            "facets": {name: _choices(visit, name, values) for name, values in found.items()},
            "chosen": [(name, value, visit.link(page=None, **{name: None})) for name, value in filters.items()],
            "figures": _figures(visit, query, filters) if total else [],
            **visit.pager(number, more=number * PER_PAGE < total),
            "concordance": visit.link("/concordance", page=None, order=None),
            "saved_query": visit.link(page=None).partition("?")[2],
            "feed": visit.link("/feeds/articles.atom", page=None, order=None, lang=visit.speech.language),
            "take": {form: visit.link(f"/take/{form}", page=None, order=None, spellings=None) for form in PACKAGED},
            "csv": visit.link("/search.csv", page=None),
            "json": visit.link("/search.json", page=None),
        },
    )


def _choices(visit: Visit, name: str, values: list[Any]) -> list[tuple[str, int, str]]:
    """Return each value of a facet with its count and a link to the narrowed search."""
    if name == "year":
        return [(v, count, visit.link(page=None, since=v, until=v)) for v, count in reversed(values)]
    return [(value, count, visit.link(page=None, **{name: value})) for value, count in values]


def _spelled(visit: Visit, query: str, filters: Filters, total: int) -> Row | None:
    """Return the query with names in another spelling: query, articles, link; None if not asked for or none is known.

    It is asked for by a link, or by a query that finds nothing.
    """
    if not query or (total and not visit.get("spellings")):
        return None
    found = next(iter(other_spellings(visit.reading, query, **filters)), None)
    return found and {**found._asdict(), "link": visit.link(page=None, spellings=None, q=found.query)}


def span_of(visit: Visit, query: str, filters: Filters) -> tuple[str, list[Period]]:
    """Return the period (day, month or year) that suits the time span of the hits, and the hits per period."""
    months = hits_over(visit.reading, query, by="month", **filters)
    if len(months) < 3:
        return "day", hits_over(visit.reading, query, by="day", **filters)
    return ("month", months) if len(months) <= 240 else ("year", hits_over(visit.reading, query, by="year", **filters))


def _figures(visit: Visit, query: str, filters: Filters) -> list[Figure]:
    by, periods = span_of(visit, query, filters)
    figures = []
    for share in (False, True) if query else (False,):
        points = [
            Point(
                period=p.period,
                series=query,
                value=p.share if share else p.hits,
                link=visit.link("/search", since=p.period, until=p.period, page=None),
            )
            for p in periods
        ]
        caption = visit.speech.text(f"share_per_{by}" if share else f"hits_per_{by}")
        csv = visit.link("/trends.csv", by=by, page=None)
        figures.append(
            line_figure(points, caption, csv=csv, link=visit.link("/trends", by=by, page=None), share=share, wide=False)
        )
    return figures


def _download(visit: Visit, form: str, query: str, order: str, filters: Filters) -> Download:
    hits = [
        hit_row(hit)
        for start in range(0, MOST, BATCH)
        for hit in search(visit.reading, query, limit=BATCH, offset=start, order=order, **filters)
    ]
    if form == "csv":
        return as_csv(visit, hits, COLUMNS, "search.csv")
    return as_json(
        {
            "query": query,
            "filters": filters,
            "order": order,
            "count": count_hits(visit.reading, query, **filters),
            "hits": hits,
            "facets": {
                name: [{"value": value, "count": count} for value, count in values]
                for name, values in facets(visit.reading, query, **filters).items()
            },
            "months": [period._asdict() for period in hits_over(visit.reading, query, by="month", **filters)],
        }
    )


def hit_row(hit: Hit) -> dict[str, Any]:
    """Return a hit as plain values, with the matches in its snippet between « and »."""
    row = {name: getattr(hit, name) for name in COLUMNS if name != "snippet"}
    return {**row, "snippet": "".join(_marked(part) for part in hit.snippet)}


def _marked(part: Part) -> str:
    return f"«{part.text}»" if part.marked else part.text
