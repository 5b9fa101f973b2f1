"""Ranked or dated hits with snippets: exact words before stems, and never more ranked than is worth the wait."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Unpack

from sqlite_utils import Database

from newsarchive.search.marks import Part, Text, wanted
from newsarchive.search.query import FilterError, Group
from newsarchive.search.selection import Filters, Selection, select_articles
from newsarchive.shadow import full_text

RANKED = 10_000
"""As many hits as are ranked together, the newest ones; older ones follow by the next so many.

Fewer where a prefix stands for more than fifty words, since each hit is then weighed by all of them.
"""

_WEIGHTS = "bm25(stems_fts, 10.0, 5.0, 1.0)"  # title, authors, body

_ROWS = """
select o.key, a.id, a.site, a.url, a.title, a.lead, a.body, a.authors, a.published, a.day, a.language, a.gone,
    s.title as title_shadow, s.body as body_shadow
from json_each(?) k join search_order o on o.key = k.value
    join archive a on a.id = o.article join stems s on s.id = a.id
"""


@dataclass(frozen=True, kw_only=True)
class Hit:
    """An article that was found."""

    id: int
    site: str
    url: str
    title: str
    authors: tuple[str, ...]
    published: str
    day: str
    language: str
    gone: str
    """Since when the site no longer has it; empty while it has."""
    score: float
    """Greater is better, within one query; 0 where the order is by date."""
    matched: str
    """``word`` where the very words of the query are there, ``stem`` where other forms are, else empty."""
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
    """The articles that a query finds, `order` being ``rank``, ``newest`` or ``oldest``.

    Ranked: articles with the very words come before those with other forms of them; within each, by BM25 with the
    title first. Where more than `RANKED` are found, the newest so many are ranked, then the next. An empty query
    lists all articles by date. Raises FilterError on a filter or an order that is none.
    """
    selection = select_articles(db, query, **filters)
    if order not in ("rank", "newest", "oldest"):
        raise FilterError(f"“{order}” is no order: use rank, newest or oldest.")
    if order == "rank" and selection.match.full:
        found = list(itertools.islice(_ranked(db, selection), offset, offset + limit))
    else:
        direction = "asc" if order == "oldest" else "desc"
        rows = selection.rows(db, "$key", order=f"$key {direction}", limit=limit, offset=offset)
        found = [(key, 0.0, "") for (key,) in rows]
    return _hits(db, found, selection.group)


def count_hits(db: Database, query: str = "", **filters: Unpack[Filters]) -> int:
    """How many articles `search` finds in all."""
    return int(next(select_articles(db, query, **filters).rows(db, "count(*)"))[0])


def suggest(db: Database, query: str, **filters: Unpack[Filters]) -> str:
    """The query with its plain words as prefixes, where that finds something; for a query that found nothing."""
    words = [f"{word}*" if word.isalpha() and word not in ("OR", "AND", "NOT") else word for word in query.split()]
    wider = " ".join(words)
    if wider == " ".join(query.split()):
        return ""
    return wider if next(select_articles(db, wider, **filters).rows(db, "$key", limit=1), None) else ""


def _ranked(db: Database, selection: Selection) -> Iterator[tuple[int, float, str]]:
    """Key, score and kind of each hit, best first."""
    forms, full = selection.match.forms, selection.match.full
    seen: set[int] = set()
    together = RANKED * 50 // max(50, forms.count(" OR "))
    if _more_than(db, selection, forms, together):
        # Too many to rank them all: those with the words in their title are the best of them.
        title = f"{{title}} : ({forms})"
        if " NOT " in forms:  # what is left out may stand anywhere
            title = f"({title}) AND ({forms})"
        for key, score, kind in _ranked_level(db, selection, title, "word", together):
            seen.add(key)
            yield key, score, kind
    yield from (row for row in _ranked_level(db, selection, forms, "word", together) if row[0] not in seen)
    if full != forms:
        yield from _ranked_level(db, selection, f"({full}) NOT ({forms})", "stem", together)


def _ranked_level(
    db: Database, selection: Selection, match: str, kind: str, together: int
) -> Iterator[tuple[int, float, str]]:
    below = 1 << 62
    while True:
        rows = list(
            selection.rows(db, f"f.rowid, {_WEIGHTS}", match=match, order="f.rowid desc", limit=together, below=below)
        )
        yield from ((key, -score, kind) for key, score in sorted(rows, key=lambda row: (row[1], -row[0])))
        if len(rows) < together:
            return
        below = rows[-1][0]


def _more_than(db: Database, selection: Selection, match: str, number: int) -> bool:
    rows = selection.rows(db, "f.rowid", match=match, order="f.rowid desc", limit=1, offset=number)
    return next(rows, None) is not None


def _hits(db: Database, found: Sequence[tuple[int, float, str]], group: Group) -> list[Hit]:
    rows = db.query(_ROWS, [json.dumps([key for key, _, _ in found])])
    by_key = {row["key"]: row for row in rows}
    in_title, in_body = (wanted(group, field=field) for field in ("title", "body"))
    hits = []
    for key, score, kind in found:
        row = by_key[key]
        title = Text(row["title"], row["title_shadow"], row["language"])
        body = Text(full_text(row["lead"], row["body"]), row["body_shadow"], row["language"])
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
    """Parts as one text, the marked ones between `before` and `after`.

    >>> plain([Part("Нұра "), Part("өзені", marked=True)], before="[", after="]")
    'Нұра [өзені]'
    """
    return "".join(f"{before}{part.text}{after}" if part.marked else part.text for part in parts)
