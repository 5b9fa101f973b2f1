"""The pages of quotations: the most reused ones, and the uses of one or of those of an article."""

from __future__ import annotations

from dataclasses import asdict

from newsarchive.browse.archives import list_sites
from newsarchive.browse.finding import find_place
from newsarchive.browse.visits import Answer, MissingError, Page, Visit, as_csv, as_json
from newsarchive.reprints.reused import most_reused, quotations_of, uses_of

PER_PAGE, ALL = 50, 100_000
COLUMNS = ["text", "words", "articles", "sites", "first_day", "last_day", "key"]


def quotations_page(visit: Visit) -> Answer:
    """Return the page of the most reused quotations."""
    site, within = visit.get("site"), bool(visit.get("within"))
    form = visit.named.get("form")
    number = visit.get_number("page", 1, most=10_000)
    limit, offset = (ALL, 0) if form else (PER_PAGE + 1, (number - 1) * PER_PAGE)
    rows = most_reused(visit.reading, site=site, across=not within, limit=limit, offset=offset)
    if form:
        return as_csv(visit, rows, COLUMNS, "quotations.csv") if form == "csv" else as_json(rows)
    return Page(
        template="quotations.html",
        title=visit.speech.text("quotations"),
        values={
            "rows": rows[:PER_PAGE],
            "sites": list_sites(visit.reading),
            "site": site,
            "within": within,
            **visit.pager(number, more=len(rows) > PER_PAGE),
            "csv": visit.link("/quotations.csv", page=None),
            "json": visit.link("/quotations.json", page=None),
        },
    )


def quotation_page(visit: Visit) -> Answer:
    """Return the page of the uses of a quotation, named by its key, or of those of an article, named by its number.

    Raises MissingError.
    """
    if key := visit.named.get("key"):
        reused = uses_of(visit.reading, key)
        if reused is None:
            raise MissingError(key)
        found, title = [reused], visit.speech.text("quotations")
    else:
        part, article = find_place(visit)
        found = quotations_of(visit.reading, article["id"], part=part)
        title = visit.speech.text("quotations_of", title=article["title"] or article["url"])
    if visit.named.get("form"):
        return as_json([asdict(reused) for reused in found])
    return Page(template="quotation.html", title=title, values={"found": found, "json": f"{visit.path}.json"})
