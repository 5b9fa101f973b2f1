"""The concordance: every occurrence of a query, with the words around it."""

from __future__ import annotations

from newsarchive.browse.archives import list_sites
from newsarchive.browse.searching import all_filters, read_filters
from newsarchive.browse.visits import Answer, Page, Visit, as_csv, as_json
from newsarchive.search import kwic

SHOWN, MOST = 200, 100_000
"""Maximum number of lines on a page, and in a download."""
COLUMNS = ["left", "keyword", "right", "article", "site", "day", "title", "url"]


def concordance_page(visit: Visit) -> Answer:
    """Return the lines of a query, newest article first. Raises FilterError."""
    query, filters = visit.get("q"), read_filters(visit)
    words = visit.get_number("words", 7, most=50)
    form = visit.named.get("form")
    lines = list(kwic(visit.db, query, words=words, limit=MOST if form else SHOWN + 1, **filters)) if query else []
    if form:
        rows = [line._asdict() for line in lines]
        return as_csv(visit, rows, COLUMNS, "concordance.csv") if form == "csv" else as_json(rows)
    return Page(
        template="concordance.html",
        title=visit.speech.text("concordance"),
        values={
            "query": query,
            "words": words,
            "filters": all_filters(filters),
            "sites": list_sites(visit.db),
            "lines": lines[:SHOWN],
            "more": len(lines) > SHOWN,
            "shown": SHOWN,
            "csv": visit.link("/concordance.csv"),
            "json": visit.link("/concordance.json"),
        },
    )
