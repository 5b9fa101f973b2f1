"""Articles that once said something and no longer do (``removed:``), or that say it only since an edit (``added:``).

The versions before and after each edit are stored with their search texts. Triggers list each article whose versions
change in `unread_edits`; until those are stored again, they are read during the search.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from typing import NamedTuple

from sqlite_utils import Database

from newsarchive.search.matching import match_of
from newsarchive.search.query import Group, Term
from newsarchive.text.search_text import full_text, language_code, search_text_of

REMOVED, ADDED = "removed", "added"
LIVE = 2000
"""So many of the newest articles whose edits are not stored yet are read during a search; it takes some seconds."""


class Edit(NamedTuple):
    """One edit of an article: the versions after and before it, and the number of the former."""

    revision: int
    before: int
    article: int
    number: int


_EDITS = """
select r.id, b.id, r.article, r.number from revisions r
join revisions o on o.article = r.article and o.number = (
    select max(p.number) from revisions p
    where p.article = r.article and p.number < r.number and p.kind <> 'reextracted')
join revisions b on b.id = coalesce( -- as in the view of changes: as the same extractor read it
    (select max(x.id) from revisions x where x.reextracts = o.id and x.id < r.id), o.id)
where r.article = ? and r.kind not in ('first', 'reextracted')
    and (r.title, r.body, coalesce(r.lead, '')) <> (b.title, b.body, coalesce(b.lead, ''))
order by r.number
"""


def edits_of(db: Database, article: int) -> list[Edit]:
    """Return the newspaper's edits of an article that changed its text, oldest first."""
    return [Edit(*row) for row in db.conn.execute(_EDITS, (article,))]


def edit_text(db: Database, revision: int) -> tuple[int, str, str]:
    """Return a version with the search texts of its title, and of its lead with its body."""
    sql = "select title, lead, body, language from revisions where id = ?"
    title, lead, body, language = db.conn.execute(sql, (revision,)).fetchone()
    text = full_text(lead, body)
    code = language_code(language, title + text)
    return revision, search_text_of(title, code), search_text_of(text, code)


def unread_edits(db: Database, *, limit: int) -> list[int]:
    """Return the articles whose edits are not stored yet, newest first."""
    sql = "select article from unread_edits order by article desc limit ?"
    return [article for (article,) in db.conn.execute(sql, (limit,)).fetchall()]


def count_unread(db: Database) -> int:
    """Return the number of articles whose edits are neither stored nor read during a search."""
    (number,) = db.conn.execute("select count(*) from unread_edits").fetchone()
    return max(0, int(number) - LIVE)


def edited_articles(db: Database, term: Term, field: str) -> set[int]:
    """Return the articles of which edits took away a term (`REMOVED`), or to which they added it (`ADDED`).

    What was taken away and came back, or was only moved, is not removed.
    """
    match = match_of(Group("and", (term,)), expand=lambda _: None).full
    if not match:
        return set()
    found = _decide(db.conn, match, field, "article not in (select article from unread_edits)")
    if unread := unread_edits(db, limit=LIVE):
        with closing(_read_now(db, unread)) as now:
            found |= _decide(now, match, field, "1")
    return found


def _read_now(db: Database, articles: list[int]) -> sqlite3.Connection:
    """Return a database in memory with the edits of some articles."""
    edits = [edit for article in articles for edit in edits_of(db, article)]
    numbers = sorted({number for edit in edits for number in edit[:2]})
    memory = sqlite3.connect(":memory:")
    memory.execute("create table edits (revision, before, article, number)")
    memory.execute(
        "create virtual table edit_texts_fts using fts5(title, body, tokenize='unicode61 remove_diacritics 0')"
    )
    memory.executemany("insert into edits values (?, ?, ?, ?)", edits)
    memory.executemany(
        "insert into edit_texts_fts (rowid, title, body) values (?, ?, ?)", [edit_text(db, n) for n in numbers]
    )
    return memory


def _decide(connection: sqlite3.Connection, match: str, field: str, known: str) -> set[int]:
    """Return the articles whose stored edits took away or added what `match` finds; `known` is a condition on them."""
    sql = "select rowid from edit_texts_fts where edit_texts_fts match ?"
    said = {revision for (revision,) in connection.execute(sql, (match,))}
    edits: dict[int, list[tuple[bool, bool]]] = defaultdict(list)
    rows = connection.execute(f"select article, before, revision from edits where {known} order by article, number")  # noqa: S608
    for article, before, after in rows if said else ():
        edits[article].append((before in said, after in said))
    if field == ADDED:
        return {article for article, states in edits.items() if (False, True) in states}
    return {article for article, states in edits.items() if (True, False) in states and not states[-1][1]}
