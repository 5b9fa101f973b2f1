"""Trends: several queries compared over time, as counts and as shares of all articles."""

from __future__ import annotations

from newsarchive.browse.archives import PERIODS, Row, list_sites
from newsarchive.browse.figures import Figure, line_figure
from newsarchive.browse.plots import Point
from newsarchive.browse.searching import all_filters, read_filters
from newsarchive.browse.visits import Answer, MisunderstoodError, Page, Visit, address, as_csv, as_json
from newsarchive.search import hits_over
from newsarchive.search.selection import Filters

MOST = 6
COLUMNS = ["query", "site", "period", "hits", "articles", "share"]


def trends_page(visit: Visit) -> Answer:
    """Return the queries `q` per period `by`, for separate sites if `apart` is set. Raises MisunderstoodError."""
    queries = visit.get_all("q")[:MOST]
    by = visit.get("by", "month")
    if by not in PERIODS:
        raise MisunderstoodError("unknown_period")
    filters, apart = read_filters(visit), bool(visit.get("apart"))
    sites = list_sites(visit.reading)
    rows = _count(visit, queries, by, filters, [str(s["name"]) for s in sites] if apart else [])
    if form := visit.named.get("form"):
        return as_csv(visit, rows, COLUMNS, "trends.csv") if form == "csv" else as_json(rows)
    return Page(
        template="trends.html",
        title=visit.speech.text("trends"),
        values={
            "queries": queries,
            "fields": [*queries, *[""] * (MOST - len(queries))][: max(3, len(queries) + 1, 1)][:MOST],
            "by": by,
            "periods": list(PERIODS),
            "apart": apart,
            "filters": all_filters(filters),
            "sites": sites,
            "figures": [_figure(visit, rows, by, filters, share=share) for share in (False, True)] if rows else [],
            "totals": _totals(rows),
            "json": visit.link("/trends.json"),
        },
    )


def _count(visit: Visit, queries: list[str], by: str, filters: Filters, sites: list[str]) -> list[Row]:
    rows: list[Row] = []
    chosen = filters.get("site", "")
    for query in queries:
        for site in [s for s in sites if not chosen or s == chosen] or [chosen]:
            narrowed: Filters = {**filters, "site": site}
            periods = hits_over(visit.reading, query, by=by, **narrowed)
            rows.extend({"query": query, "site": site, **period._asdict()} for period in periods)
    return rows


def _figure(visit: Visit, rows: list[Row], by: str, filters: Filters, *, share: bool) -> Figure:
    several = len({row["site"] for row in rows}) > 1
    points = [
        Point(
            period=row["period"],
            series=f"{row['query']} · {row['site']}" if several else row["query"],
            value=row["share"] if share else row["hits"],
            link=address(
                "/search",
                **{**filters, "q": row["query"], "site": row["site"], "since": row["period"], "until": row["period"]},
            ),
        )
        for row in rows
    ]
    caption = visit.speech.text(f"share_per_{by}" if share else f"hits_per_{by}")
    return line_figure(points, caption, csv=visit.link("/trends.csv"), share=share)


def _totals(rows: list[Row]) -> list[Row]:
    """Return for each query and site the total number of hits, and their share of all articles in the same time."""
    totals: dict[tuple[str, str], Row] = {}
    for row in rows:
        total = totals.setdefault((row["query"], row["site"]), {**row, "hits": 0, "articles": 0})
        total["hits"] += row["hits"]
        total["articles"] += row["articles"]
    return [{**t, "share": t["hits"] / t["articles"] if t["articles"] else 0.0} for t in totals.values()]
