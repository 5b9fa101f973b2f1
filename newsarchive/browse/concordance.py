"""The concordance: every place where the words of a query stand, with the words around them."""

from __future__ import annotations

from newsarchive.browse.archives import list_sites
from newsarchive.browse.searching import as_filled, read_filters
from newsarchive.browse.visits import Answer, Page, Visit, as_csv, as_json
from newsarchive.search import kwic

SHOWN, MOST = 200, 100_000
"""Lines that a page shows, and that one download gives."""
COLUMNS = ["left", "keyword", "right", "article", "site", "day", "title", "url"]


def concordance_page(visit: Visit) -> Answer:
    """The lines of a query, the newest article first. Raises FilterError on a day that is none."""
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
            "filters": as_filled(filters),
            "sites": list_sites(visit.db),
            "lines": lines[:SHOWN],
            "more": len(lines) > SHOWN,
            "shown": SHOWN,
            "csv": visit.link("/concordance.csv"),
            "json": visit.link("/concordance.json"),
        },
    )
