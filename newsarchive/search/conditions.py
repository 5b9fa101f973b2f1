"""Conditions that the full-text index cannot decide: categories, tags, sites, languages, and words near each other."""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from newsarchive.kazakh.scripts import fold_for_search, script_of
from newsarchive.search.edited import ADDED, REMOVED, edited_articles
from newsarchive.search.marks import Text, terms_to_mark
from newsarchive.search.matching import Expand, is_plain, match_of
from newsarchive.search.query import Group, Label, Near, Part, Term
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
    """Return the condition that articles have two terms close to each other, by the positions in the index.

    Each position is compared with the nearest one of the other term before it: one sort, where a join of two common
    words would compare every position with every other.
    """
    sides = [" union all ".join(positions_of(db, term) for term in side) for side in (near.left, near.right)]
    close = f"between 1 and {near.apart}"
    return f"""$key in (
        select doc from (
            select doc, side, first, max(case side when 0 then last end) over before as left,
                max(case side when 1 then last end) over before as right
            from (select 0 as side, * from ({sides[0]}) union all select 1, * from ({sides[1]}))
            window before as (partition by doc, col order by first range between unbounded preceding and 1 preceding))
        where side = 1 and first - left {close} or side = 0 and first - right {close})"""  # noqa: S608


def positions_of(db: Database, term: Term) -> str:
    """Return a SELECT of the positions of a term: doc, col, first and last word."""
    column = f" and col = {quoted(term.field)}" if term.field else ""
    words = forms_of(db, term)
    places = " intersect ".join(
        f"select doc, col, offset - {number} as first from stems_places"  # noqa: S608
        f" where term in ({', '.join(map(quoted, forms))}){column}"
        for number, forms in enumerate(words)
    )
    return f"select doc, col, first, first + {len(words) - 1} as last from ({places})"  # noqa: S608
