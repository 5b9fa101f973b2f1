"""The paths of pages in the room of one archive."""

from __future__ import annotations

from newsarchive.browse.archives import Row


class Paths:
    """Where pages are; a collection has them in the rooms of its newspapers."""

    def article_path(self, site: str, number: int) -> str:
        """Return the path of an article's page."""
        return f"/article/{number}"

    def reprints_path(self, site: str, number: int) -> str:
        """Return the path of the page of an article's reprints."""
        return f"/reprints/{number}"

    def data_path(self, site: str) -> str:
        """Return the path of the tables with a site."""
        return "/archive"

    def home_path(self, site: str) -> str:
        """Return the path of the front page of a site's room."""
        return "/"

    def name_path(self, table: str, row: Row) -> str:
        """Return the path of the page of an author, category or tag."""
        return f"/{table}/{row['id']}"
