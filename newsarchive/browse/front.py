"""The front page: the newest articles with their pictures, the week, and the sites."""

from __future__ import annotations

import json

from newsarchive.browse.archives import (
    PERIODS,
    Row,
    count_articles,
    count_sites,
    newest_articles,
    rows,
)
from newsarchive.browse.figures import Figure, line_figure
from newsarchive.browse.images import kept_path
from newsarchive.browse.plots import Point
from newsarchive.browse.visits import Answer, MisunderstoodError, Page, Visit, address, as_csv
from newsarchive.browse.week import read_week

LATEST = 9


def front_page(visit: Visit) -> Answer:
    """Return the front page: the newest articles with pictures, the week, the sites, and a plot of articles."""
    sites = count_sites(visit.db)
    newest = newest_articles(visit.db, LATEST)
    last = max((str(site["last"]) for site in sites if site["last"]), default="")
    return Page(
        template="front.html",
        title=visit.speech.text("front_title"),
        values={
            "sites": sites,
            "total": sum(site["articles"] for site in sites),
            "figure": articles_figure(visit, sites),
            "newest": newest,
            "pictures": _pictures(visit, [row["id"] for row in newest]),
            "beginnings": _beginnings(visit, [row["id"] for row in newest]),
            "week": read_week(visit, last) if last else None,
        },
    )


def _pictures(visit: Visit, articles: list[int]) -> dict[int, Row]:
    """Return the first kept picture of each article that has one: address, alternative text, width, height."""
    found = rows(
        visit.db,
        """select l.article, i.sha256, i.type, i.width, i.height, l.alt, l.caption from article_images l
        join images i on i.id = l.image where l.article in (select value from json_each(?)) and i.sha256 is not null
        order by l.article, l.lead desc, l.position""",
        [json.dumps(articles)],
    )
    pictures: dict[int, Row] = {}
    for row in found:
        if row["article"] not in pictures and kept_path(visit.folder, row["sha256"], row["type"]):
            pictures[row["article"]] = {**row, "kept": f"/picture/{row['sha256']}"}
    return pictures


def _beginnings(visit: Visit, articles: list[int]) -> dict[int, str]:
    """Return the lead of each article, or the beginning of its text."""
    sql = """select id, coalesce(nullif(lead, ''), substr(body, 1, 400)) as text from articles
        where id in (select value from json_each(?))"""
    found = rows(visit.db, sql, [json.dumps(articles)])
    return {row["id"]: " ".join((row["text"] or "").split()) for row in found}


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
    return line_figure(
        points, visit.speech.text(f"articles_per_{by}"), csv=address("/articles.csv", by=by), link="/coverage"
    )


def articles_csv(visit: Visit) -> Answer:
    """Return the data of the front page's plot as CSV. Raises MisunderstoodError on an unknown period."""
    by = visit.get("by", "month")
    if by not in PERIODS:
        raise MisunderstoodError("unknown_period")
    return as_csv(visit, count_articles(visit.db, by), ["site", "period", "articles"], f"articles-per-{by}.csv")
