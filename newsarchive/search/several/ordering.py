"""All articles that a search finds, in one order over all archives."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from typing import Any

from sqlite_utils import Database

from newsarchive.search.selection import Filters, Selection, select_articles
from newsarchive.search.several.archives import Archives, Reading, databases
from newsarchive.search.several.places import first_places

BY_TIME = "$key"
BY_ADDRESS = "(select site from articles where id = o.article), (select url from articles where id = o.article)"
"""Orders of articles, as SQL over a row `o` of `search_order`."""


def selections_of(reading: Reading, query: str, filters: Filters) -> list[Selection]:
    """Return a query with its filters for each of `databases`. Raises FilterError."""
    if isinstance(reading, Archives):
        return reading.select(query, **filters)
    return [select_articles(reading, query, **filters)]


def in_order(reading: Reading, query: str, filters: Filters, *, order: str = BY_TIME) -> Iterator[tuple[int, int]]:
    """Yield each article that a search finds: its archive, as an index of `databases`, and its number there.

    Raises FilterError.
    """
    dbs = databases(reading)
    selections = selections_of(reading, query, filters)
    rows = heapq.merge(*(_sorted(db, part, selections[part], order) for part, db in enumerate(dbs)))
    return ((row[-2], row[-1]) for row in rows)


def newest_first(reading: Reading, query: str, filters: Filters, *, most: int) -> list[tuple[int, int]]:
    """Return the newest `most` articles that a search finds, each as `in_order` does. Raises FilterError."""
    if not isinstance(reading, Archives):
        found = select_articles(reading, query, **filters).rows(reading, "o.article", order="$key desc", limit=most)
        return [(0, article) for (article,) in found]
    places = first_places(reading, reading.select(query, **filters), most)
    keys: list[list[int]] = [[] for _ in reading.parts]
    for place in places:
        keys[place.part].append(place.key)
    articles = reading.each_with(_articles_at, keys)
    return [(place.part, articles[place.part][place.key]) for place in places]


def _articles_at(db: Database, keys: list[int]) -> dict[int, int]:
    sql = "select key, article from search_order where key in (select value from json_each(?))"
    return dict(db.conn.execute(sql, [json.dumps(keys)]))


def _sorted(db: Database, part: int, selection: Selection, order: str) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each article: what sorts it, its archive, its number."""
    return selection.rows(db, f"{order}, {part}, o.article", order=order)
