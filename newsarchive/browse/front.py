"""The front page: the sites, and the latest articles, changes and deletions."""

from __future__ import annotations

from newsarchive.browse.archives import (
    PERIODS,
    count_articles,
    count_sites,
    list_changes,
    list_deletions,
    newest_articles,
)
from newsarchive.browse.figures import Figure, line_figure
from newsarchive.browse.plots import Point
from newsarchive.browse.visits import Answer, MisunderstoodError, Page, Visit, address, as_csv

LATEST = 10


def front_page(visit: Visit) -> Answer:
    """Return the front page: sites, a plot of articles per month, the latest articles, changes and deletions."""
    sites = count_sites(visit.db)
    return Page(
        template="front.html",
        title=visit.speech.text("front_title"),
        values={
            "sites": sites,
            "figure": articles_figure(visit, sites),
            "newest": newest_articles(visit.db, LATEST),
            # Changes of words first: a new theme can change the images of a thousand articles overnight.
            "changes": list_changes(visit.db, kind="substantive", limit=LATEST) or list_changes(visit.db, limit=LATEST),
            "deletions": list_deletions(visit.db, limit=LATEST),
        },
    )


def articles_figure(visit: Visit, sites: list[dict[str, object]]) -> Figure:
    """Return a figure of articles per month and site; per year if there are more than 240 months."""
    counts = count_articles(visit.db, "month")
    by = "month" if len({row["period"] for row in counts}) <= 240 else "year"
    counts = counts if by == "month" else count_articles(visit.db, by)
    titles = {str(site["name"]): str(site["title"] or site["name"]) for site in sites}
    points = [
        Point(
            period=row["period"],
            series=titles.get(row["site"], str(row["site"])),
            value=row["articles"],
            link=address("/search", site=row["site"], since=row["period"], until=row["period"]),
        )
        for row in counts
    ]
    return line_figure(points, visit.speech.text(f"articles_per_{by}"), csv=address("/articles.csv", by=by))


def articles_csv(visit: Visit) -> Answer:
    """Return the data of the front page's plot as CSV. Raises MisunderstoodError on an unknown period."""
    by = visit.get("by", "month")
    if by not in PERIODS:
        raise MisunderstoodError("unknown_period")
    return as_csv(visit, count_articles(visit.db, by), ["site", "period", "articles"], f"articles-per-{by}.csv")
