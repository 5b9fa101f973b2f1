"""Search over one archive or several: which function answers depends on what is read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Unpack

from newsarchive.search import counts, hits
from newsarchive.search.counts import FACETS, Facet, Line, Period
from newsarchive.search.hits import Hit
from newsarchive.search.selection import Filters, select_articles
from newsarchive.search.several import Archives, Reading, finding


def search(
    db: Reading,
    query: str = "",
    *,
    limit: int = 20,
    offset: int = 0,
    order: str = "rank",
    **filters: Unpack[Filters],
) -> list[Hit]:
    """Return the articles that a query finds. `order` is ``rank``, ``newest`` or ``oldest``.

    By rank, articles with the exact words come before those with other forms; each group is sorted by BM25, in which
    the title weighs most. Beyond `RANKED` hits, the newest `RANKED` are ranked first, then the next. An empty query
    lists all articles by date. Raises FilterError on an invalid filter or order.
    """
    if isinstance(db, Archives):
        return finding.search(db, query, limit=limit, offset=offset, order=order, **filters)
    return hits.search(db, query, limit=limit, offset=offset, order=order, **filters)


def count_hits(db: Reading, query: str = "", **filters: Unpack[Filters]) -> int:
    """Return the total number of articles that `search` finds."""
    if isinstance(db, Archives):
        return finding.count_hits(db, query, **filters)
    return hits.count_hits(db, query, **filters)


def suggest(db: Reading, query: str, **filters: Unpack[Filters]) -> str:
    """Return the query with its plain words as prefixes if that finds anything, else an empty string.

    Meant for a query without hits.
    """
    if isinstance(db, Archives):
        return finding.suggest(db, query, **filters)
    return hits.suggest(db, query, **filters)


def facets(
    db: Reading,
    query: str = "",
    *,
    fields: tuple[str, ...] = FACETS,
    limit: int = 20,
    **filters: Unpack[Filters],
) -> dict[str, list[Facet]]:
    """Return the most frequent values of each field among the hits, with their counts; years are in order of time.

    Authors, categories and tags are counted over the newest `COUNTED` hits. Raises FilterError.
    """
    if isinstance(db, Archives):
        return finding.facets(db, query, fields=fields, limit=limit, **filters)
    return counts.facets(db, query, fields=fields, limit=limit, **filters)


def hits_over(db: Reading, query: str = "", *, by: str = "month", **filters: Unpack[Filters]) -> list[Period]:
    """Return the hits per day, month or year, and their share of all articles; periods without articles are left out.

    The filters apply to the hits and to all articles. Raises FilterError, also on an unknown period.
    """
    if isinstance(db, Archives):
        return finding.hits_over(db, query, by=by, **filters)
    return counts.hits_over(db, query, by=by, **filters)


def kwic(
    db: Reading,
    query: str,
    *,
    words: int = 5,
    order: str = "newest",
    limit: int | None = None,
    **filters: Unpack[Filters],
) -> Iterator[Line]:
    """Return every occurrence of a query with `words` words on each side, sorted by date and position."""
    lines = (line for _, line in keyed_kwic(db, query, words=words, order=order, **filters))
    return lines if limit is None else islice(lines, limit)


def keyed_kwic(
    db: Reading,
    query: str,
    *,
    words: int = 5,
    order: str = "newest",
    start: int | None = None,
    **filters: Unpack[Filters],
) -> Iterator[tuple[int, Line]]:
    """Return the lines of `kwic` with the keys of their articles in the order of publication, from a key on."""
    if isinstance(db, Archives):
        return finding.keyed_kwic(db, query, words=words, order=order, start=start, **filters)
    selection = select_articles(db, query, **filters).starting(start, order)
    return counts.keyed_lines(db, selection, words=words, order=order)
