"""The page of what newspapers once said and no longer say, or say only since an edit."""

from __future__ import annotations

from dataclasses import asdict

from newsarchive.browse.archives import list_sites
from newsarchive.browse.searching import all_filters, read_filters
from newsarchive.browse.visits import Answer, Page, Visit, address, as_csv, as_json
from newsarchive.search.edited import ADDED, REMOVED
from newsarchive.search.passages import Passage, edited_passages

SHOWN, MOST = 100, 10_000
"""Maximum number of passages on a page, and in a download."""
WORDS = 12
COLUMNS = list(Passage.__dataclass_fields__)


def edits_page(visit: Visit) -> Answer:
    """Return the passages that edits took away, or with the field `added` what they added. Raises FilterError."""
    query, filters = visit.get("q"), read_filters(visit)
    field = ADDED if visit.get("added") else REMOVED
    form = visit.named.get("form")
    limit = MOST if form else SHOWN + 1
    found = (
        list(edited_passages(visit.reading, query, field=field, words=WORDS, limit=limit, **filters)) if query else []
    )
    if form:
        rows = [asdict(passage) for passage in found]
        return as_csv(visit, rows, COLUMNS, f"{field}.csv") if form == "csv" else as_json(rows)
    return Page(
        template="edits.html",
        title=visit.speech.text("once_said"),
        values={
            "query": query,
            "field": field,
            "filters": all_filters(filters),
            "sites": list_sites(visit.reading),
            "passages": found[:SHOWN],
            "more": len(found) > SHOWN,
            "shown": SHOWN,
            "search": address("/search", q=f"{field}:({query})", **filters),
            "csv": visit.link("/edits.csv"),
            "json": visit.link("/edits.json"),
        },
    )
