"""Hits with snippets, by rank or date: exact words rank before stems, and ranking is limited to keep it fast."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar, Unpack

from sqlite_utils import Database

from newsarchive.search.marks import Part, Text, terms_to_mark
from newsarchive.search.matching import Match
from newsarchive.search.query import FilterError, Group
from newsarchive.search.selection import Filters, Selection, select_articles
from newsarchive.text.search_text import full_text

RANKED = 10_000
"""Number of newest hits that are ranked together; older hits follow in batches of the same size.

Batches are smaller if a prefix stands for more than fifty words, because each hit is then scored for all of them.
"""

Place = TypeVar("Place")
Scored = tuple[Place, float]
"""The place of a hit in the order of publication, and its score."""

WEIGHTED = "bm25(stems_fts, 10.0, 5.0, 1.0)"
"""The score of FTS5, with the weights of title, authors and body."""

_ROWS = """
select o.key, a.id, a.site, a.url, a.title, a.lead, a.body, a.authors, a.published, a.day, a.language, a.gone,
    s.title as title_search_text, s.body as body_search_text
from json_each(?) k join search_order o on o.key = k.value
    join archive a on a.id = o.article join stems s on s.id = a.id
"""


@dataclass(frozen=True, kw_only=True)
class Hit:
    """An article found by a search."""

    id: int
    site: str
    url: str
    title: str
    authors: tuple[str, ...]
    published: str
    day: str
    language: str
    gone: str
    """Since when the site no longer has it; empty if it still has."""
    score: float
    """Higher is better, within one query; 0 if hits are sorted by date."""
    matched: str
    """``word`` if the exact words of the query match, ``stem`` if other forms do, else empty."""
    title_parts: tuple[Part, ...]
    snippet: tuple[Part, ...]


def search(
    db: Database,
    query: str = "",
    *,
    limit: int = 20,
    offset: int = 0,
    order: str = "rank",
    **filters: Unpack[Filters],
) -> list[Hit]:
    """Return the articles of one archive that a query finds, as `newsarchive.search.search` says."""
    selection = select_articles(db, query, **filters)
    check_order(order)
    if order == "rank" and selection.match.full:
        found = list(itertools.islice(_ranked(db, selection), offset, offset + limit))
    else:
        direction = "asc" if order == "oldest" else "desc"
        rows = selection.rows(db, "$key", order=f"$key {direction}", limit=limit, offset=offset)
        found = [(key, 0.0, "") for (key,) in rows]
    return read_hits(db, found, selection.group)


def check_order(order: str) -> None:
    """Raise FilterError if `order` is unknown."""
    if order not in ("rank", "newest", "oldest"):
        raise FilterError(f"Unknown order “{order}”; choose rank, newest or oldest.")


def count_hits(db: Database, query: str = "", **filters: Unpack[Filters]) -> int:
    """Return the total number of articles that `search` finds."""
    return int(next(select_articles(db, query, **filters).rows(db, "count(*)"))[0])


def suggest(db: Database, query: str, **filters: Unpack[Filters]) -> str:
    """Return the query with its plain words as prefixes if that finds anything, else an empty string.

    Meant for a query without hits.
    """
    wider = with_prefixes(query)
    return wider if wider and next(select_articles(db, wider, **filters).rows(db, "$key", limit=1), None) else ""


def with_prefixes(query: str) -> str:
    """Return a query with its plain words as prefixes; an empty string if it has none."""
    words = [f"{word}*" if word.isalpha() and word not in ("OR", "AND", "NOT") else word for word in query.split()]
    wider = " ".join(words)
    return "" if wider == " ".join(query.split()) else wider


def _ranked(db: Database, selection: Selection) -> Iterator[tuple[int, float, str]]:
    """Yield key, score and kind of each hit, best first."""

    def scored(match: str, batch: int) -> Iterator[Scored[int]]:
        return _scored(db, selection, match, batch)

    def more_than(match: str, number: int) -> bool:
        rows = selection.rows(db, "f.rowid", match=match, order="f.rowid desc", limit=1, offset=number)
        return next(rows, None) is not None

    return rank(selection.match, scored, more_than)


def rank(
    match: Match, scored: Callable[[str, int], Iterator[Scored[Place]]], more_than: Callable[[str, int], bool]
) -> Iterator[tuple[Place, float, str]]:
    """Yield place, score and kind of each hit of a query, best first.

    `scored` returns the hits of an expression, the best first within each batch of the newest; `more_than` says if an
    expression has more hits than a number.
    """
    forms, full = match.forms, match.full
    seen: set[Place] = set()
    batch = RANKED * 50 // max(50, forms.count(" OR "))
    if more_than(forms, batch):
        # Too many to rank together: those with the words in the title come first.
        title = f"{{title}} : ({forms})"
        if " NOT " in forms:  # excluded words may be in any field
            title = f"({title}) AND ({forms})"
        for place, score in scored(title, batch):
            seen.add(place)
            yield place, score, "word"
    yield from ((place, score, "word") for place, score in scored(forms, batch) if place not in seen)
    if full != forms:
        yield from ((place, score, "stem") for place, score in scored(f"({full}) NOT ({forms})", batch))


def _scored(db: Database, selection: Selection, match: str, batch: int) -> Iterator[Scored[int]]:
    below = 1 << 62
    while True:
        rows = list(
            selection.rows(db, f"f.rowid, {WEIGHTED}", match=match, order="f.rowid desc", limit=batch, below=below)
        )
        yield from ((key, -score) for key, score in sorted(rows, key=lambda row: (row[1], -row[0])))
        if len(rows) < batch:
            return
        below = rows[-1][0]


def read_hits(db: Database, found: Sequence[tuple[int, float, str]], group: Group) -> list[Hit]:
    """Return the hits of an archive for keys with their scores and kinds, in the same order."""
    rows = db.query(_ROWS, [json.dumps([key for key, _, _ in found])])
    by_key = {row["key"]: row for row in rows}
    in_title, in_body = (terms_to_mark(group, field=field) for field in ("title", "body"))
    hits = []
    for key, score, kind in found:
        row = by_key[key]
        title = Text(row["title"], row["title_search_text"], row["language"])
        body = Text(full_text(row["lead"], row["body"]), row["body_search_text"], row["language"])
        hits.append(
            Hit(
                **{name: row[name] or "" for name in ("site", "url", "title", "published", "day", "language", "gone")},
                id=row["id"],
                authors=tuple(json.loads(row["authors"])),
                score=round(score, 6),
                matched=kind,
                title_parts=title.parts(0, len(title.spans), title.hits(in_title)),
                snippet=body.snippet(body.hits(in_body)),
            )
        )
    return hits


def plain(parts: Sequence[Part], *, before: str = "", after: str = "") -> str:
    """Join parts into one text, with `before` and `after` around the marked ones.

    >>> plain([Part("Нұра "), Part("өзені", marked=True)], before="[", after="]")
    'Нұра [өзені]'
    """
    return "".join(f"{before}{part.text}{after}" if part.marked else part.text for part in parts)
