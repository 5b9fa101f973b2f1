"""Rules for the rows of each table that readers may see during an embargo. A table without a rule is closed.

The rule of a table that refers to articles, directly or through other tables, follows from the schema, so that a new
table needs no entry here. Tables that name articles only by address or title have their own rules.
"""

from __future__ import annotations

import json
import sqlite3
from functools import lru_cache

from newsarchive.database.forgotten import Addresses

HIDDEN = "(select article from hidden)"
OPEN = frozenset(
    {
        "certificates",
        "coverage",
        "digests",
        "idle_parameters",
        "omissions",
        "recipients",
        "search_index",
        "sites",
        "warc_files",
    }
)
"""Tables and views that reveal nothing about single articles."""
NAMES_HIDDEN = "names_hidden"
"""SQL function of the room's connections: true if a text names a hidden article by an address or title."""


def _linked(column: str) -> str:
    """Return the condition for names and images of visible articles.

    Those of no article are excluded, because an earlier revision of a hidden article may have had them.
    """
    return f"id in (select {column} from article_{_PLURALS[column]} where article not in {HIDDEN})"  # noqa: S608


_PLURALS = {"author": "authors", "category": "categories", "tag": "tags", "image": "images"}
_HIDDEN_REVISIONS = f"(select id from revisions where article in {HIDDEN})"  # noqa: S608
_OWN = {
    "articles": f"id not in {HIDDEN}",
    "archive": f"id not in {HIDDEN}",
    "changes": f"article not in {HIDDEN}",
    "deletions": f"article not in {HIDDEN}",
    "reprints": f"article not in {HIDDEN}",
    "reused_quotations": "true",  # leaves them out itself
    "hidden": "false",
    "alerts": f"not {NAMES_HIDDEN}(sentence)",
    **{plural: _linked(column) for column, plural in _PLURALS.items()},
}
_OWN["images"] += f" and id not in (select image from article_images where article in {HIDDEN})"  # noqa: S608
_BY_TEXT = {
    "captures": f"id not in (select capture from revision_captures where revision in {_HIDDEN_REVISIONS})"  # noqa: S608
    f" and not {NAMES_HIDDEN}(url)",
    "urls": f"not {NAMES_HIDDEN}(url || ' ' || reason || ' ' || hints)",
    "runs": f"command <> 'embargo' and not {NAMES_HIDDEN}(message)",
    "sources": f"not {NAMES_HIDDEN}(url || ' ' || reason || ' ' || cursor || ' ' || data)",
    "held_up": f"not {NAMES_HIDDEN}(url)",
    "forgotten": f"not {NAMES_HIDDEN}(url || ' ' || reason)",
    "reextractions": f"not {NAMES_HIDDEN}(reason)",
}
"""Conditions for tables whose text may name an article without a reference to it."""


def rule_of(connection: sqlite3.Connection, table: str) -> str | None:
    """Return the SQL condition that excludes hidden articles from a table or view.

    The condition is empty if there is nothing to exclude, and None if the table must be closed.
    """
    name = table.casefold()
    if name in OPEN:
        return ""
    parts = [*_by_reference(connection, name, frozenset()), *filter(None, [_BY_TEXT.get(name)])]
    return " and ".join(f"({part})" for part in parts) or None


def _by_reference(connection: sqlite3.Connection, table: str, passed: frozenset[str]) -> list[str]:
    """Return a table's own condition, or those that follow from its foreign keys; `passed` are the tables before it."""
    if table in _OWN:
        return [_OWN[table]]
    found = []
    links = connection.execute('select lower("table"), "from", "to" from pragma_foreign_key_list(?)', (table,))
    for parent, column, key in links.fetchall():
        if parent in passed | {table}:
            continue
        for condition in _by_reference(connection, parent, passed | {table}):
            target = key or _key_of(connection, parent)
            hidden = f'select "{target}" from "{parent}" where not ({condition})'  # noqa: S608
            found.append(f'"{column}" is null or "{column}" not in ({hidden})')
    return found


def _key_of(connection: sqlite3.Connection, table: str) -> str:
    row = connection.execute("select name from pragma_table_info(?) where pk = 1", (table,)).fetchone()
    return str(row[0]) if row else "rowid"


def hidden_words(connection: sqlite3.Connection) -> str:
    """Return the addresses (with those of images) and titles of hidden articles as JSON: ``[addresses, titles]``."""
    addresses = connection.execute(
        f"""select url from urls where article in {HIDDEN} or (site, native_id) in (
            select site, native_id from urls where article in {HIDDEN} and native_id <> '')
        union select url from articles where id in {HIDDEN}
        union select i.url from article_images l join images i on i.id = l.image where l.article in {HIDDEN}
        union select shown from article_images where article in {HIDDEN}
        union select json_extract(i.value, '$.url') from revisions r, json_each(r.images) i where r.article in {HIDDEN}
        union select json_extract(i.value, '$.shown') from revisions r, json_each(r.images) i
            where r.article in {HIDDEN}
        union select c.url from revision_captures p join revisions r on r.id = p.revision
            join captures c on c.id = p.capture where r.article in {HIDDEN}"""  # noqa: S608
    ).fetchall()
    titles = connection.execute(f"select distinct title from revisions where article in {HIDDEN}").fetchall()  # noqa: S608
    return json.dumps([sorted(filter(None, (value for (value,) in rows))) for rows in (addresses, titles)])


@lru_cache(maxsize=4)
def _parse_words(words: str) -> tuple[Addresses, list[str]]:
    addresses, titles = json.loads(words)
    return Addresses(addresses), [title.casefold() for title in titles if title.strip()]


def names_hidden(text: object, words: str) -> bool:
    """Return True if a text names a hidden article; `words` comes from `hidden_words`.

    >>> words = json.dumps([["https://a.kz/су/"], ["Су тасыды"]])
    >>> [names_hidden(text, words) for text in ("http://www.a.kz/%D1%81%D1%83", "x: су ТАСЫДЫ!", "/суық", None)]
    [True, True, False, False]
    """
    if not isinstance(text, str):
        return False
    addresses, titles = _parse_words(words)
    plain = text.casefold()
    return addresses.has(text) or addresses.named_in(text) or any(title in plain for title in titles)
