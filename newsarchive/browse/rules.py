"""Which rows of each table readers may see while an embargo is in force: what no rule lets through is closed.

A table that refers to an article, straight or through other tables, follows from the schema itself, so that a new one
needs no entry here. What leads to an article by its address or name alone has a rule of its own.
"""

from __future__ import annotations

import json
import sqlite3
from functools import lru_cache

from newsarchive.database.forgotten import Addresses

HIDDEN = "(select article from hidden)"
OPEN = frozenset({"certificates", "coverage", "search_index", "sites", "warc_files"})
"""Tables and views that tell nothing of single articles."""
TELLS = "tells_of_hidden"
"""A function of the room's connections: whether a text names a hidden article, by an address or a title."""


def _linked(column: str) -> str:
    """The names and pictures of articles that may be seen; those of no article stay out, for they may be older ones."""
    return f"id in (select {column} from article_{_PLURALS[column]} where article not in {HIDDEN})"  # noqa: S608


_PLURALS = {"author": "authors", "category": "categories", "tag": "tags", "image": "images"}
_OF_HIDDEN = f"(select id from revisions where article in {HIDDEN})"  # noqa: S608
_OWN = {
    "articles": f"id not in {HIDDEN}",
    "archive": f"id not in {HIDDEN}",
    "changes": f"article not in {HIDDEN}",
    "deletions": f"article not in {HIDDEN}",
    "hidden": "false",
    **{plural: _linked(column) for column, plural in _PLURALS.items()},
}
_OWN["images"] += f" and id not in (select image from article_images where article in {HIDDEN})"  # noqa: S608
_BY_WORDS = {
    "captures": f"id not in (select capture from revision_captures where revision in {_OF_HIDDEN})"  # noqa: S608
    f" and not {TELLS}(url)",
    "urls": f"not {TELLS}(url || ' ' || reason || ' ' || hints)",
    "runs": f"command <> 'embargo' and not {TELLS}(message)",
    "sources": f"not {TELLS}(url || ' ' || reason || ' ' || cursor || ' ' || data)",
    "forgotten": f"not {TELLS}(url || ' ' || reason)",
    "reextractions": f"not {TELLS}(reason)",
}
"""What may name an article without referring to it."""


def rule_of(connection: sqlite3.Connection, table: str) -> str | None:
    """The condition that leaves hidden articles out of a table or view; None where it is to be closed.

    Empty where there is nothing to leave out.
    """
    name = table.casefold()
    if name in OPEN:
        return ""
    parts = [*_by_reference(connection, name, frozenset()), *filter(None, [_BY_WORDS.get(name)])]
    return " and ".join(f"({part})" for part in parts) or None


def _by_reference(connection: sqlite3.Connection, table: str, passed: frozenset[str]) -> list[str]:
    """The conditions that follow from what a table refers to, and its own."""
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
    """Addresses and titles that the hidden articles are known by, pictures among them, as JSON."""
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
def _known_by(words: str) -> tuple[Addresses, list[str]]:
    addresses, titles = json.loads(words)
    return Addresses(addresses), [title.casefold() for title in titles if title.strip()]


def tells_of_hidden(text: object, words: str) -> bool:
    """Whether a text names a hidden article.

    >>> words = json.dumps([["https://a.kz/су/"], ["Су тасыды"]])
    >>> [tells_of_hidden(text, words) for text in ("http://www.a.kz/%D1%81%D1%83", "x: су ТАСЫДЫ!", "/суық", None)]
    [True, True, False, False]
    """
    if not isinstance(text, str):
        return False
    addresses, titles = _known_by(words)
    plain = text.casefold()
    return addresses.has(text) or addresses.named_in(text) or any(title in plain for title in titles)
