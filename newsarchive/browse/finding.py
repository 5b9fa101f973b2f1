"""The article that a page is about."""

from __future__ import annotations

from sqlite_utils import Database

from newsarchive.browse.archives import Row, rows, visible
from newsarchive.browse.visits import MissingError


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
