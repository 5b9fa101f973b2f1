"""The article that a page is about."""

from __future__ import annotations

from sqlite_utils import Database

from newsarchive.browse.archives import Row, rows, visible
from newsarchive.browse.visits import MissingError, Visit
from newsarchive.search.several import Archives, databases


def find_article(db: Database, number: int) -> Row:
    """Return an article with its site's title and time zone. Raises MissingError."""
    found = rows(
        db,
        f"""select a.*, s.title as site_title, s.timezone from articles a join sites s on s.name = a.site
        where a.id = ? and {visible()}""",  # noqa: S608
        [number],
    )
    if not found:
        raise MissingError(str(number))
    return found[0]


def find_place(visit: Visit) -> tuple[int, Row]:
    """Return the article that the path names, after its archive (an index of `databases`). Raises MissingError."""
    part = 0
    if isinstance(visit.reading, Archives):
        names = [each.name for each in visit.reading.parts]
        site = visit.named.get("site", "")
        if site not in names:
            raise MissingError(visit.path)
        part = names.index(site)
    return part, find_article(databases(visit.reading)[part], visit.number("id"))
