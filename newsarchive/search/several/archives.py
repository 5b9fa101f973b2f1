"""Several open archives, each asked in a thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, Unpack

from sqlite_utils import Database

from newsarchive.search.conditions import LINKED
from newsarchive.search.matching import match_of
from newsarchive.search.query import parse_query
from newsarchive.search.selection import (
    Filters,
    Selection,
    expansion,
    last_article,
    named_exactly,
    selection_of,
)

T = TypeVar("T")
U = TypeVar("U")
MOST_THREADS = 8


@dataclass(frozen=True, eq=False)
class Part:
    """One of several archives: its name, its folder, and its database, which may be used in any thread."""

    name: str
    folder: Path
    db: Database
    state: str = ""
    """A text that changes with its content; empty if that may change at any time."""


class Archives:
    """Several archives that are read as one, in the order of their names. One request at a time may use them."""

    def __init__(self, parts: Iterable[Part], *, root: Path | None = None, scratch: Path | None = None) -> None:
        self.root = root
        """The folder of the collection that they belong to, if it is on a disk."""
        self.scratch = scratch
        """A folder of this machine for what is computed from them, if there is one."""
        self.parts: Sequence[Part] = sorted(parts, key=lambda part: part.name)
        threads = min(MOST_THREADS, max(2, os.cpu_count() or 1), max(1, len(self.parts)))
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="archives")

    def __enter__(self) -> Archives:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all databases."""
        self.release()
        for part in self.parts:
            part.db.close()

    def release(self) -> None:
        """End the threads; the databases stay open."""
        self._pool.shutdown()

    def each(self, ask: Callable[[Database], T]) -> list[T]:
        """Return what `ask` returns for each archive, in order; the archives are asked at the same time."""
        return list(self._pool.map(lambda part: ask(part.db), self.parts))

    def each_with(self, ask: Callable[[Database, U], T], values: Sequence[U]) -> list[T]:
        """Return what `ask` returns for each archive with its own value."""
        return list(self._pool.map(lambda part, value: ask(part.db, value), self.parts, values))

    def select(self, query: str, **filters: Unpack[Filters]) -> list[Selection]:
        """Return a query with its filters for each archive. Raises FilterError as `select_articles` does."""
        group = parse_query(query)
        articles = sum(self.each(last_article))

        def expand(prefix: str) -> list[str] | None:
            return expansion([part.db for part in self.parts], prefix, articles=articles)

        match = match_of(group, expand=expand)
        exact = {column for column in LINKED if filters.get(column) and self._have(column, str(filters.get(column)))}
        return self.each(lambda db: selection_of(db, group, match, exact=exact, **filters))

    def _have(self, column: str, name: str) -> bool:
        return any(self.each(lambda db: bool(named_exactly(db, LINKED[column], name))))


Reading = Database | Archives
"""What is read: the database of one archive, or several archives as one."""


def databases(reading: Reading) -> list[Database]:
    """Return the database of an archive, or those of several."""
    return [part.db for part in reading.parts] if isinstance(reading, Archives) else [reading]
