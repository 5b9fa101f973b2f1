"""Datasette's metadata for the archive: descriptions of tables and columns, and example queries for researchers."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent

DESCRIPTIONS: dict[str, dict[str, Any]] = tomllib.loads((_HERE / "metadata.toml").read_text(encoding="utf-8"))
"""By table or view: `description`, `columns` (name: description), and Datasette's display options."""

QUERIES: dict[str, dict[str, Any]] = tomllib.loads((_HERE / "queries.toml").read_text(encoding="utf-8"))
"""By name: `title`, `description`, `sql`, and `params` if the query has any."""

HIDDEN = (
    "stems_words",
    "stems_places",
    "uncompared",
    "unread_edits",
    "seals",
    "unsealed",
    "outdated_files",
    "_sqlite_migrations",
)
"""Internal tables, hidden in Datasette."""


def datasette_metadata(prefix: str = "") -> dict[str, Any]:
    """Return Datasette's metadata for a database named ``archive``; `prefix` is the path of its newspaper."""
    tables: dict[str, Any] = {name: {"size": 50, **about} for name, about in DESCRIPTIONS.items()}
    tables |= {name: {"hidden": True} for name in HIDDEN}
    queries = {name: {"hide_sql": False, **query, "sql": query["sql"].strip()} for name, query in QUERIES.items()}
    return {
        "title": "newsarchive",
        "databases": {
            "archive": {
                "description_html": "Articles, their revisions, and the captures they were extracted from. Start with"
                f' the view <a href="{prefix}/archive/archive">archive</a>, one row per article. For full-text search,'
                f' use <a href="{prefix}/archive/articles">articles</a>.',
                "tables": tables,
                "queries": queries,
            }
        },
    }
