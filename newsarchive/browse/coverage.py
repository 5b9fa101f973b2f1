"""The coverage calendar: how many articles a site listed each day, how many are archived, and how many failed."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date

from newsarchive.browse.archives import Row, coverage_years, last_run, list_sites, read_coverage
from newsarchive.browse.silences import read_silences
from newsarchive.browse.visits import Answer, MissingError, Page, Visit, as_csv, as_json
from newsarchive.crawling.publishing import usual_week
from newsarchive.search.several import databases

COLUMNS = ["site", "day", "listed", "archived", "failed", "not_article", "due"]


def coverage_page(visit: Visit) -> Answer:
    """Return the page of one year of a site, one cell per day; as CSV and JSON, all years of the site."""
    sites = list_sites(visit.reading)
    site = visit.get("site") or next((row["name"] for row in sites), "")
    if site and site not in {row["name"] for row in sites}:
        raise MissingError(site)
    if form := visit.named.get("form"):
        rows = [{"site": site, **row} for row in read_coverage(visit.reading, site)]
        return as_csv(visit, rows, COLUMNS, f"coverage-{site}.csv") if form == "csv" else as_json(rows)
    years = coverage_years(visit.reading, site)
    year = visit.get("year") if visit.get("year") in years else next(iter(years), "")
    days = {row["day"]: row for row in read_coverage(visit.reading, site, year)} if year else {}
    quiet, band = read_silences(visit, site, int(year), days) if year else ([], "")
    last = max([last_run(visit.reading, site)[:10] or "9999", *days])
    return Page(
        template="coverage.html",
        title=visit.speech.text("coverage"),
        values={
            "sites": sites,
            "site": site,
            "years": years,
            "year": year,
            "months": [(month, _month(int(year), month, days, last)) for month in range(1, 13)] if year else [],
            "totals": {name: sum(row[name] for row in days.values()) for name in COLUMNS[2:]},
            "usual": _usual(visit, site),
            "quiet": quiet,
            "band": band,
            "troubled": [row for row in days.values() if row["failed"] or row["due"] or row["not_article"]],
        },
    )


def _usual(visit: Visit, site: str) -> str:
    """Return how many articles a site usually publishes by weekday; empty if it is too early to say."""
    zone = next((row["timezone"] for row in list_sites(visit.reading) if row["name"] == site), "UTC")
    usual = next((usual for db in databases(visit.reading) if (usual := usual_week(db, site, zone)[0])), None)
    days = enumerate(usual or ())
    return ", ".join(f"{visit.speech.weekday(number)} {visit.speech.number(day.usual)}" for number, day in days)


def _month(year: int, month: int, days: Mapping[str, Row], last: str) -> list[dict[str, object]]:
    """Return the days of a month, each with its row and state; days after `last` have the state ``later``."""
    cells = []
    for number in range(1, calendar.monthrange(year, month)[1] + 1):
        day = date(year, month, number).isoformat()
        row = days.get(day)
        cells.append({"day": day, "number": number, "row": row, "state": day_state(row) if day <= last else "later"})
    return cells


def day_state(row: Row | None) -> str:
    """Return ``empty`` if nothing was listed, ``other`` if no article was, ``failed`` or ``due`` if articles are
    missing, else ``whole``.

    >>> day_state({"listed": 3, "archived": 2, "failed": 1, "due": 0})
    'failed'
    >>> day_state({"listed": 1, "archived": 0, "failed": 0, "due": 0, "not_article": 1})
    'other'
    """
    if row is None or not row["listed"]:
        return "empty"
    if row["listed"] == row.get("not_article", 0):
        return "other"
    if row["failed"]:
        return "failed"
    return "due" if row["due"] else "whole"
