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
    sites = count_sites(visit.reading)
    newest = newest_articles(visit.reading, limit=LATEST)
    last = max((str(site["last"]) for site in sites if site["last"]), default="")
    return Page(
        template="front.html",
        title=visit.speech.text("front_title"),
        values={
            "sites": sites,
            "total": sum(site["articles"] for site in sites),
            "figure": articles_figure(visit, sites),
            "newest": newest,
            "pictures": _pictures(visit, newest),
            "beginnings": _beginnings(visit, newest),
            "week": read_week(visit, last) if last else None,
        },
    )


Key = tuple[str, int]
"""The site and the number of an article."""


def _pictures(visit: Visit, articles: list[Row]) -> dict[Key, Row]:
    """Return the first kept picture of each article that has one: address, alternative text, width, height."""
    pictures: dict[Key, Row] = {}
    for place in visit.places():
        found = rows(
            place.db,
            """select a.site, l.article, i.sha256, i.type, i.width, i.height, l.alt, l.caption from article_images l
            join images i on i.id = l.image join articles a on a.id = l.article
            where l.article in (select value from json_each(?)) and i.sha256 is not null
            order by l.article, l.lead desc, l.position""",
            [json.dumps([row["id"] for row in articles])],
        )
        for row in found:
            key = (row["site"], row["article"])
            if key not in pictures and kept_path(place.folder, row["sha256"], row["type"]):
                pictures[key] = {**row, "kept": f"{place.path}/picture/{row['sha256']}"}
    return pictures


def _beginnings(visit: Visit, articles: list[Row]) -> dict[Key, str]:
    """Return the lead of each article, or the beginning of its text."""
    sql = """select site, id, coalesce(nullif(lead, ''), substr(body, 1, 400)) as text from articles
        where id in (select value from json_each(?)) and site in (select value from json_each(?))"""
    asked = [json.dumps([row[name] for row in articles]) for name in ("id", "site")]
    found = [row for place in visit.places() for row in rows(place.db, sql, asked)]
    shown = {(row["site"], row["id"]) for row in articles}
    return {key: " ".join((row["text"] or "").split()) for row in found if (key := (row["site"], row["id"])) in shown}


def articles_figure(visit: Visit, sites: list[dict[str, object]]) -> Figure:
    """Return a figure of articles per month and site; per year if there are more than 240 months."""
    counts = count_articles(visit.reading, "month")
    by = "month" if len({row["period"] for row in counts}) <= 240 else "year"
    counts = counts if by == "month" else count_articles(visit.reading, by)
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
    return as_csv(visit, count_articles(visit.reading, by), ["site", "period", "articles"], f"articles-per-{by}.csv")
