"""Hits, counts, facets and keywords in context over several archives; each function is that of one archive."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Unpack

from newsarchive.search import counts, hits
from newsarchive.search.counts import Facet, Line, Period
from newsarchive.search.hits import Hit
from newsarchive.search.selection import Filters, Selection
from newsarchive.search.several.archives import Archives
from newsarchive.search.several.places import Place, first_places
from newsarchive.search.several.scoring import Scorer

Found = tuple[Place, float, str]


def search(
    archives: Archives,
    query: str = "",
    *,
    limit: int = 20,
    offset: int = 0,
    order: str = "rank",
    **filters: Unpack[Filters],
) -> list[Hit]:
    """Return the articles that a query finds in any archive, as `hits.search` orders them; ties are by archive."""
    selections = archives.select(query, **filters)
    hits.check_order(order)
    if not selections:
        return []
    found: list[Found]
    if order == "rank" and selections[0].match.full:
        found = list(islice(_ranked(archives, selections), offset, offset + limit))
    else:
        places = first_places(archives, selections, offset + limit, newest=order != "oldest")
        found = [(place, 0.0, "") for place in places[offset:]]
    return _read(archives, selections, found)


def _ranked(archives: Archives, selections: Sequence[Selection]) -> Iterator[Found]:
    def scored(match: str, batch: int) -> Iterator[tuple[Place, float]]:
        scorer: Scorer | None = None
        below: list[int | None] = [None] * len(selections)
        while True:
            places = first_places(archives, selections, batch, match=match, below=below)
            if places:
                scorer = scorer or Scorer(archives, match)
                yield from scorer.score(places)
            if len(places) < batch:
                return
            for place in places:  # the newest first, so the last one counts
                below[place.part] = place.key

    def more_than(match: str, number: int) -> bool:
        found = archives.each_with(
            lambda db, one: sum(1 for _ in one.rows(db, "1", match=match, limit=number + 1)), selections
        )
        return sum(found) > number

    return hits.rank(selections[0].match, scored, more_than)


def _read(archives: Archives, selections: Sequence[Selection], found: Sequence[Found]) -> list[Hit]:
    by_part: list[list[tuple[int, float, str]]] = [[] for _ in selections]
    for place, score, kind in found:
        by_part[place.part].append((place.key, score, kind))
    group = selections[0].group
    read = archives.each_with(lambda db, mine: hits.read_hits(db, mine, group) if mine else [], by_part)
    each = [iter(part) for part in read]
    return [next(each[place.part]) for place, _, _ in found]


def count_hits(archives: Archives, query: str = "", **filters: Unpack[Filters]) -> int:
    """Return the total number of articles that `search` finds."""
    return sum(_totals(archives, archives.select(query, **filters)))


def _totals(archives: Archives, selections: Sequence[Selection]) -> list[int]:
    return archives.each_with(lambda db, one: int(next(one.rows(db, "count(*)"))[0]), selections)


def suggest(archives: Archives, query: str, **filters: Unpack[Filters]) -> str:
    """Return the query with its plain words as prefixes if any archive has hits for that, else an empty string."""
    wider = hits.with_prefixes(query)
    return wider if wider and first_places(archives, archives.select(wider, **filters), 1) else ""


def facets(
    archives: Archives,
    query: str = "",
    *,
    fields: tuple[str, ...] = counts.FACETS,
    limit: int = 20,
    **filters: Unpack[Filters],
) -> dict[str, list[Facet]]:
    """Return the most frequent values of each field among the hits; names over the newest `counts.COUNTED` hits."""
    selections = archives.select(query, **filters)
    counters: dict[str, Counter[str]] = {field: Counter() for field in counts.FACETS}
    for found in archives.each_with(counts.plain_counts, selections):
        for field, counter in found.items():
            counters[field].update(counter)
    newest = _newest(archives, selections, counts.COUNTED)
    for field in fields:
        if field in counts.LINKED:
            counters[field] = _linked(archives, field, list(zip(selections, newest, strict=True)))
    return counts.as_facets(counters, fields, limit)


def _linked(archives: Archives, field: str, asked: Sequence[tuple[Selection, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for counter in archives.each_with(lambda db, one: counts.linked_counts(db, one[0], field, newest=one[1]), asked):
        total.update(counter)
    return total


def _newest(archives: Archives, selections: Sequence[Selection], most: int) -> list[int]:
    """Return how many of the newest `most` hits each archive has."""
    totals = _totals(archives, selections)
    if sum(totals) <= most:
        return totals
    found = Counter(place.part for place in first_places(archives, selections, most))
    return [found[part] for part in range(len(totals))]


def hits_over(archives: Archives, query: str = "", *, by: str = "month", **filters: Unpack[Filters]) -> list[Period]:
    """Return the hits per day, month or year, and their share of all articles."""
    counts.check_period(by)
    found, articles = (_per_period(archives, text, by, filters) for text in (query, ""))
    return counts.as_periods(found, articles)


def _per_period(archives: Archives, query: str, by: str, filters: Filters) -> Counter[str]:
    selections = archives.select(query, **filters)
    total: Counter[str] = Counter()
    for counter in archives.each_with(lambda db, one: counts.per_period(db, one, by), selections):
        total.update(counter)
    return total


def keyed_kwic(
    archives: Archives,
    query: str,
    *,
    words: int = 5,
    order: str = "newest",
    start: int | None = None,
    **filters: Unpack[Filters],
) -> Iterator[tuple[int, Line]]:
    """Yield every occurrence of a query with the key of its article, sorted by date and position, from a key on."""
    selections = [selection.starting(start, order) for selection in archives.select(query, **filters)]

    def lines(part: int) -> Iterator[tuple[Place, Line]]:
        db = archives.parts[part].db
        for key, line in counts.keyed_lines(db, selections[part], words=words, order=order):
            yield Place(key, part), line

    each = [lines(part) for part in range(len(selections))]
    merged = heapq.merge(*each, key=lambda found: found[0], reverse=order != "oldest")
    return ((place.key, line) for place, line in merged)
