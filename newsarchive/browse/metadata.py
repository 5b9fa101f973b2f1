"""What Datasette says of the archive: descriptions of tables and columns, and queries that a researcher would write."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent

DESCRIPTIONS: dict[str, dict[str, Any]] = tomllib.loads((_HERE / "metadata.toml").read_text(encoding="utf-8"))
"""By table or view: `description`, `columns` (name: description), and how Datasette shows it."""

QUERIES: dict[str, dict[str, Any]] = tomllib.loads((_HERE / "queries.toml").read_text(encoding="utf-8"))
"""By name: `title`, `description`, `sql`, and the names of its parameters where it has some."""

HIDDEN = ("stems_words", "stems_places", "seals", "unsealed", "outdated_files", "_sqlite_migrations")
"""Tables that serve the program alone."""


def datasette_metadata() -> dict[str, Any]:
    """The metadata of Datasette for a database named ``archive``."""
    tables: dict[str, Any] = {name: {"size": 50, **about} for name, about in DESCRIPTIONS.items()}
    tables |= {name: {"hidden": True} for name in HIDDEN}
    queries = {name: {"hide_sql": False, **query, "sql": query["sql"].strip()} for name, query in QUERIES.items()}
    return {
        "title": "newsarchive",
        "databases": {
            "archive": {
                "description_html": "Articles, their revisions, and the captures they were made of. Begin with the view"
                ' <a href="/archive/archive">archive</a>, one row an article; full-text search is on'
                ' <a href="/archive/articles">articles</a>.',
                "tables": tables,
                "queries": queries,
            }
        },
    }
