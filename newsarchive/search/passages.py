"""The passages that edits took away or added, each with the words around it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Unpack

from sqlite_utils import Database

from newsarchive.search.edited import REMOVED, Edit, edited_articles, edits_of
from newsarchive.search.marks import Terms, Text, terms_to_mark
from newsarchive.search.query import Group, Term, parse_query
from newsarchive.search.selection import Filters, Selection
from newsarchive.search.several import Reading, databases, selections_of
from newsarchive.text.search_text import full_text, language_code, search_text_of


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A passage that an edit took away or added."""

    article: int
    site: str
    day: str
    title: str
    url: str
    time: str
    """When the version after the edit was first seen."""
    before: int
    revision: int
    """Numbers of the versions before and after the edit."""
    left: str
    keyword: str
    right: str


def edited_passages(
    reading: Reading,
    query: str,
    *,
    field: str = REMOVED,
    words: int = 10,
    limit: int = 1000,
    **filters: Unpack[Filters],
) -> Iterator[Passage]:
    """Yield the passages with each word or phrase of a query that edits took away (or added), newest article first.

    Raises FilterError on an invalid filter.
    """
    terms = list(parse_query(query).terms())
    marked = [terms_to_mark(Group("and", (term,)), field="") for term in terms]
    dbs = databases(reading)
    rows = [_edited(db, s, terms, field) for db, s in zip(dbs, selections_of(reading, "", filters), strict=True)]
    keyed = ([(key, part, article) for key, article in found] for part, found in enumerate(rows))
    articles = heapq.merge(*keyed, reverse=True)
    passages = (p for _, part, article in articles for p in _passages(dbs[part], article, marked, field, words))
    yield from islice(passages, limit)


def _edited(db: Database, selection: Selection, terms: Sequence[Term], field: str) -> list[tuple[int, int]]:
    """Return the selected articles with such an edit, each after its key, newest first."""
    found = {article for term in terms for article in edited_articles(db, term, field)}
    if not found:
        return []
    wanted = f"o.article in ({', '.join(map(str, sorted(found)))})"
    rows = replace(selection, where=(*selection.where, wanted)).rows(db, "$key, o.article", order="$key desc")
    return [(key, article) for key, article in rows]


def _passages(db: Database, article: int, marked: list[Terms], field: str, words: int) -> Iterator[Passage]:
    sql = "select id as article, site, coalesce(day, '') as day, title, url from articles where id = ?"
    about = next(db.query(sql, [article]))
    for edit in edits_of(db, article):
        before, after = (_version(db, number) for number in (edit.before, edit.revision))
        having, lacking = (before, after) if field == REMOVED else (after, before)
        for terms in marked:
            if any(text.hits(terms) for text in lacking.texts):
                continue
            for text in having.texts:
                for start, length in text.hits(terms):
                    left, keyword, right = text.context(start, length, words)
                    yield _passage(about, edit, before, after, left, keyword, right)


@dataclass(frozen=True)
class _Version:
    number: int
    time: str
    texts: tuple[Text, Text]


def _version(db: Database, revision: int) -> _Version:
    sql = "select number, time, title, lead, body, language from revisions where id = ?"
    number, time, title, lead, body, language = db.conn.execute(sql, (revision,)).fetchone()
    whole = full_text(lead, body)
    code = language_code(language, title + whole)
    return _Version(
        number, time, (Text(title, search_text_of(title, code), code), Text(whole, search_text_of(whole, code), code))
    )


def _passage(about: dict[str, Any], edit: Edit, before: _Version, after: _Version, *around: str) -> Passage:
    left, keyword, right = around
    return Passage(
        **about, time=after.time, before=before.number, revision=edit.number, left=left, keyword=keyword, right=right
    )
