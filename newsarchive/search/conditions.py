"""Conditions that the full-text index cannot decide: categories, tags, sites, languages, and words near each other."""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from newsarchive.kazakh.scripts import fold_for_search, script_of
from newsarchive.search.edited import ADDED, REMOVED, edited_articles
from newsarchive.search.marks import Text, terms_to_mark
from newsarchive.search.query import Expand, Group, Label, Near, Part, Term, is_plain, match_of
from newsarchive.search.words import forms_of
from newsarchive.text.search_text import language_code, search_text_of

LINKED = {"author": "authors", "category": "categories", "tag": "tags"}
FEW = 300
"""Maximum number of articles of an author, category or tag that are looked up one by one."""


def condition_of(db: Database, part: Part, expand: Expand) -> str:
    """Return a part of a query as a SQL condition over a row `o` of `search_order`; `$key` stands for its key."""
    if isinstance(part, Label):
        return _labelled(db, part)
    if isinstance(part, Near):
        return _near(db, part)
    if is_plain(part):
        match = match_of(part if isinstance(part, Group) else Group("and", (part,)), expand=expand)
        found = f"$key in (select rowid from stems_fts({quoted(match.full or match.without)}))"  # noqa: S608
        return found if match.full else f"not {found}" if match.without else "1"
    assert isinstance(part, Group)
    joint = " and " if part.kind == "and" else " or "
    wanted = joint.join(f"({condition_of(db, one, expand)})" for one in part.parts) or "1"
    unwanted = "".join(f" and not ({condition_of(db, one, expand)})" for one in part.without)
    # The plus keeps SQLite from looking up each alternative alone, which the full-text index cannot do.
    return f"({wanted}){unwanted}".replace(" $key", " +$key").replace("($key", "(+$key")


def quoted(text: str) -> str:
    """Return a text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def linked(db: Database, column: str, numbers: Iterable[int]) -> str:
    """Return the condition that an article has one of the authors, categories or tags with these numbers."""
    listed = ", ".join(map(str, numbers))
    links = f"select article from article_{LINKED[column]} where {column} in ({listed})"  # noqa: S608
    few = [article for (article,) in db.conn.execute(f"{links} limit {FEW + 1}")]
    if len(few) > FEW:
        return f"o.article in ({links})"
    # Looking up a few articles in the full-text index is faster than reading all hits of a common word.
    return f"$key in (select key from search_order where article in ({', '.join(map(str, few))}))"  # noqa: S608


def _labelled(db: Database, label: Label) -> str:
    if label.field in (REMOVED, ADDED):
        return f"o.article in ({', '.join(map(str, sorted(edited_articles(db, label.term, label.field))))})"
    if label.field == "language":
        code = quoted(label.text)
        return f"o.language = {code} or o.language like {code} || '-%'"
    if label.field == "site":
        wanted = fold_for_search(label.text)
        rows = db.conn.execute("select name, title from sites")
        names = [name for name, title in rows if wanted in (fold_for_search(name), fold_for_search(title or ""))]
        return f"o.site in ({', '.join(map(quoted, names))})"
    names_table = LINKED[label.field]
    rows = db.conn.execute(f"select id, name from {names_table}")  # noqa: S608
    return linked(db, label.field, _named(rows, label.term))


def _named(rows: Iterable[tuple[int, str]], term: Term) -> list[int]:
    """Return the numbers of the names that contain a term, in any form."""
    marks = terms_to_mark(Group("and", (term,)), field="")
    words = {*marks.words, *marks.prefixes, *(sequence[0] for sequence in marks.sequences)}
    starts = {word[:2] for word in (*words, *(stem.removeprefix("ru") for stem in marks.stems))}
    found = []
    for number, name in rows:
        # Few names pass this and need the stemmer; names in Latin script are indexed in Cyrillic.
        if script_of(name) == "Cyrl" and not any(start in fold_for_search(name) for start in starts):
            continue
        code = language_code(None, name) if script_of(name) == "Cyrl" else "kk"
        if Text(name, search_text_of(name, code), code).hits(marks):
            found.append(number)
    return found


def _near(db: Database, near: Near) -> str:
    """Return the condition that articles have two terms close to each other, by the positions in the index."""
    left, right = ([positions_of(db, term) for term in side] for side in (near.left, near.right))
    sides = [" union all ".join(side) for side in (left, right)]
    return (
        f"$key in (select l.doc from ({sides[0]}) l join ({sides[1]}) r on r.doc = l.doc and r.col = l.col"  # noqa: S608
        f" and r.first between l.first - {near.apart} - r.length + 1 and l.last + {near.apart}"
        " and (r.first > l.last or r.last < l.first))"
    )


def positions_of(db: Database, term: Term) -> str:
    """Return a SELECT of the positions of a term: doc, col, first and last word, length."""
    words = forms_of(db, term)
    joins, length = "", len(words)
    for number, forms in enumerate(words):
        listed = ", ".join(map(quoted, forms))
        if number == 0:
            joins = f"from stems_places p0 where p0.term in ({listed})"
        else:
            joins += (
                f" and exists (select 1 from stems_places p{number} where p{number}.term in ({listed})"  # noqa: S608
                f" and p{number}.doc = p0.doc and p{number}.col = p0.col and p{number}.offset = p0.offset + {number})"
            )
    column = f" and p0.col = {quoted(term.field)}" if term.field else ""
    last = f"p0.offset + {length - 1}"
    return f"select p0.doc, p0.col, p0.offset as first, {last} as last, {length} as length {joins}{column}"
