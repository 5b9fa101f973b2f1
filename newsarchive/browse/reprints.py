"""The pages of reprints: groups of articles with the same text, and one group sentence by sentence."""

from __future__ import annotations

from typing import Any

from newsarchive.browse.archives import list_sites
from newsarchive.browse.finding import find_place
from newsarchive.browse.visits import Answer, Page, Visit, as_csv, as_json
from newsarchive.reprints import Group, count_pending, group_of, list_groups
from newsarchive.reprints.sentences import CHANGED, Row
from newsarchive.reprints.texts import compare_group, group_as_data
from newsarchive.revisions.differences import Piece, compare_words

PER_PAGE, ALL = 25, 100_000
MOST_COLUMNS = 8
"""Articles compared side by side; a page with more columns cannot be read."""
COLUMNS = ["group", "place", "article", "site", "url", "title", "published", "day", "share"]
SENTENCE_COLUMNS = ["number", "article", "site", "state", "sentence"]


def reprints_page(visit: Visit) -> Answer:
    """Return the page of groups, those with the newest articles first."""
    site, within = visit.get("site"), bool(visit.get("within"))

    def read(limit: int, offset: int) -> list[list[dict[str, Any]]]:
        return list_groups(visit.reading, site=site, across=not within, limit=limit, offset=offset)

    if form := visit.named.get("form"):
        groups = read(ALL, 0)
        rows = [row for group in groups for row in group]
        return as_csv(visit, rows, COLUMNS, "reprints.csv") if form == "csv" else as_json(groups)
    number = visit.get_number("page", 1, most=10_000)
    groups = read(PER_PAGE + 1, (number - 1) * PER_PAGE)
    return Page(
        template="reprints.html",
        title=visit.speech.text("reprints"),
        values={
            "groups": groups[:PER_PAGE],
            "sites": list_sites(visit.reading),
            "site": site,
            "within": within,
            "pending": count_pending(visit.reading),
            **visit.pager(number, more=len(groups) > PER_PAGE),
            "csv": visit.link("/reprints.csv", page=None),
            "json": visit.link("/reprints.json", page=None),
        },
    )


def reprints_of_page(visit: Visit) -> Answer:
    """Return the page of the group of one article. Raises MissingError if there is no such article to be seen."""
    part, article = find_place(visit)
    group = group_of(visit.reading, article["id"], part=part)
    rows = compare_group(visit.reading, group) if group else []
    if form := visit.named.get("form"):
        if form == "json":
            return as_json(group_as_data(article["id"], group, rows))
        return as_csv(visit, _cells(group, rows), SENTENCE_COLUMNS, f"reprints-{article['id']}.csv")
    return Page(
        template="reprints_of.html",
        title=visit.speech.text("reprints_of", title=article["title"] or article["url"]),
        values={
            "article": article,
            "group": group,
            "columns": group.members[:MOST_COLUMNS] if group else (),
            "rows": [[_cell(row, place) for place in range(len(group.members))] for row in rows] if group else [],
            "csv": f"{visit.path}.csv",
            "json": f"{visit.path}.json",
        },
    )


def _cell(row: Row, place: int) -> tuple[str, list[Piece] | str]:
    """Return the state of a sentence in an article, and what the page shows of it: its text, or the words changed."""
    state, text = row.state(place), row.text(place)
    if state == CHANGED:
        return state, compare_words(row.first.text, text)
    return state, text if place == min(row.versions) else ""


def _cells(group: Group | None, rows: list[Row]) -> list[dict[str, Any]]:
    """Return one row for each sentence and article."""
    return [
        {"number": n, "article": m.article, "site": m.site, "state": row.state(place), "sentence": row.text(place)}
        for n, row in enumerate(rows, 1)
        for place, m in enumerate(group.members if group else ())
    ]
