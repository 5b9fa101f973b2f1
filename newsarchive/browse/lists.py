"""The lists of changes and deletions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from newsarchive.browse.archives import Row, list_changes, list_deletions, list_sites
from newsarchive.browse.visits import Answer, Page, Visit, as_csv, as_json
from newsarchive.revisions.content import FIELDS

PER_PAGE = 50
ALL = 1_000_000
KINDS = ("substantive", "cosmetic", "metadata")

CHANGE_COLUMNS = ["time", "site", "article", "url", "title", "old_title", "previous", "revision", "kind", "fields"]
DELETION_COLUMNS = ["gone", "site", "article", "url", "title", "published", "first_seen", "last_seen", "reason"]


def changes_page(visit: Visit) -> Answer:
    """Return the page of the newspapers' edits, latest first."""
    kind, field = visit.get("kind"), visit.get("field")

    def read(limit: int, offset: int) -> list[Row]:
        return list_changes(visit.reading, site=visit.get("site"), kind=kind, field=field, limit=limit, offset=offset)

    choices = {"kinds": KINDS, "fields": FIELDS, "kind": kind, "field": field}
    return _list(visit, read, "changes", CHANGE_COLUMNS, choices)


def deletions_page(visit: Visit) -> Answer:
    """Return the page of articles that are gone from their site, latest first."""

    def read(limit: int, offset: int) -> list[Row]:
        return list_deletions(visit.reading, site=visit.get("site"), limit=limit, offset=offset)

    return _list(visit, read, "deletions", DELETION_COLUMNS, {})


def _list(
    visit: Visit, read: Callable[[int, int], list[Row]], name: str, columns: list[str], more: Mapping[str, object]
) -> Answer:
    if visit.named.get("form") == "csv":
        return as_csv(visit, read(ALL, 0), columns, f"{name}.csv")
    if visit.named.get("form") == "json":
        return as_json(read(ALL, 0))
    number = visit.get_number("page", 1)
    found = read(PER_PAGE + 1, (number - 1) * PER_PAGE)
    return Page(
        template=f"{name}.html",
        title=visit.speech.text(name),
        values={
            "rows": found[:PER_PAGE],
            "sites": list_sites(visit.reading),
            "site": visit.get("site"),
            **visit.pager(number, more=len(found) > PER_PAGE),
            "csv": visit.link(f"/{name}.csv", page=None),
            "json": visit.link(f"/{name}.json", page=None),
            **more,
        },
    )
