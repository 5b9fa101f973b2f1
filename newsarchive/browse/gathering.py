"""Queries of the pages over several archives: asked of each, and put together as one archive would answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from itertools import chain
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlite_utils import Database

from newsarchive.search.several import Archives, Reading

P = ParamSpec("P")
T = TypeVar("T")
Rows = list[dict[str, Any]]


def combined(
    combine: Callable[[list[T]], T],
) -> Callable[[Callable[Concatenate[Database, P], T]], Callable[Concatenate[Reading, P], T]]:
    """Make a query of one archive one of several, too: `combine` makes one answer of those of all archives."""

    def decorate(ask: Callable[Concatenate[Database, P], T]) -> Callable[Concatenate[Reading, P], T]:
        @wraps(ask)
        def either(reading: Reading, /, *args: P.args, **kwargs: P.kwargs) -> T:
            if isinstance(reading, Archives):
                return combine(reading.each(lambda db: ask(db, *args, **kwargs)))
            return ask(reading, *args, **kwargs)

        return either

    return decorate


def paged(combine: Callable[[list[Rows]], Rows]) -> Callable[[Callable[..., Rows]], Callable[..., Rows]]:
    """Do as `combined` for a query with the arguments `limit` and `offset`."""

    def decorate(ask: Callable[..., Rows]) -> Callable[..., Rows]:
        @wraps(ask)
        def either(reading: Reading, *, limit: int, offset: int = 0, **kwargs: Any) -> Rows:
            if isinstance(reading, Archives):
                found = reading.each(lambda db: ask(db, **kwargs, limit=offset + limit))
                return combine(found)[offset : offset + limit]
            return ask(reading, **kwargs, limit=limit, **({"offset": offset} if offset else {}))

        return either

    return decorate


def latest(found: list[str]) -> str:
    """Return the last of texts in the order of time."""
    return max(found, default="")


def sorted_by(*columns: str) -> Callable[[list[Rows]], Rows]:
    """Return what puts rows in the order of columns; one with a minus before its name is in descending order."""

    def combine(found: list[Rows]) -> Rows:
        rows = [*chain.from_iterable(found)]
        for column in reversed(columns):  # sorting is stable
            name = column.removeprefix("-")
            rows.sort(key=lambda row: row[name], reverse=column != name)
        return rows

    return combine


def sum_names(found: list[Rows]) -> Rows:
    """Return names with the articles of all archives, most articles first."""
    names: dict[str, dict[str, Any]] = {}
    for row in chain.from_iterable(found):
        known = names.setdefault(row["name"], {**row, "articles": 0})
        known["articles"] += row["articles"]
        known["first"] = min(filter(None, (known["first"], row["first"])), default=None)
        known["last"] = max(filter(None, (known["last"], row["last"])), default=None)
    return sorted(names.values(), key=lambda row: (-row["articles"], row["name"]))
