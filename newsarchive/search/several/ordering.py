"""All articles that a search finds, in one order over all archives."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any

from sqlite_utils import Database

from newsarchive.search.selection import Filters, Selection, select_articles
from newsarchive.search.several.archives import Archives, Reading, databases

BY_TIME = "$key"
BY_ADDRESS = "(select site from articles where id = o.article), (select url from articles where id = o.article)"
"""Orders of articles, as SQL over a row `o` of `search_order`."""


def in_order(reading: Reading, query: str, filters: Filters, *, order: str = BY_TIME) -> Iterator[tuple[int, int]]:
    """Yield each article that a search finds: its archive, as an index of `databases`, and its number there.

    Raises FilterError.
    """
    dbs = databases(reading)
    if isinstance(reading, Archives):
        selections = reading.select(query, **filters)
    else:
        selections = [select_articles(reading, query, **filters)]
    rows = heapq.merge(*(_sorted(db, part, selections[part], order) for part, db in enumerate(dbs)))
    return ((row[-2], row[-1]) for row in rows)


def _sorted(db: Database, part: int, selection: Selection, order: str) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each article: what sorts it, its archive, its number."""
    return selection.rows(db, f"{order}, {part}, o.article", order=order)
