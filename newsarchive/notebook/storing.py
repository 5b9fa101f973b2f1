"""Reading and writing the records of a notebook."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from newsarchive.notebook.opening import Notebook
from newsarchive.notebook.records import Collection, Note, Passage, SavedSearch
from newsarchive.times import now
from newsarchive.urls import url_key

LONGEST = {"words": 100_000, "quotation": 20_000, "name": 200, "about": 10_000, "tag": 100}
"""Maximum number of characters of what a person writes."""


def new_uuid() -> str:
    """Return a new random identifier."""
    return str(uuid.uuid4())


def clean_tags(text: str) -> tuple[str, ...]:
    """Return the tags that a person wrote, separated by commas, semicolons or lines.

    >>> clean_tags("су,  тасқын ;су")
    ('су', 'тасқын')
    """
    parts = (" ".join(part.split())[: LONGEST["tag"]] for part in text.replace("\n", ",").replace(";", ",").split(","))
    return tuple(dict.fromkeys(filter(None, parts)))


def list_notes(
    book: Notebook, *, tag: str = "", url: str = "", like: str = "", limit: int | None = None, offset: int = 0
) -> list[Note]:
    """Return notes, latest first: those with a tag, on an article, or with a text in the person's words."""
    conditions, values = ["1"], list[Any]()
    if tag:
        conditions.append("id in (select note from tags where name = ?)")
        values.append(tag)
    if url:
        conditions.append("key = ?")
        values.append(url_key(url))
    sql = f"select * from notes where {' and '.join(conditions)} order by modified desc, id desc"  # noqa: S608
    found = (note for note in _notes(book, book.query(sql, values)) if like.casefold() in note.words.casefold())
    if limit is None:
        return list(found)
    return [note for number, note in enumerate(found) if offset <= number < offset + limit]


def find_note(book: Notebook, identifier: str) -> Note | None:
    """Return a note by its identifier."""
    return next(_notes(book, book.query("select * from notes where uuid = ?", [identifier])), None)


def _notes(book: Notebook, rows: Iterable[dict[str, Any]]) -> Iterator[Note]:
    for row in list(rows):
        tags = book.conn.execute("select name from tags where note = ? order by position", (row["id"],))
        passage = Passage(quotation=row["quotation"], before=row["before"], after=row["after"], start=row["start"])
        plain = {name: row[name] for name in ("uuid", "url", "site", "seen", "words", "created", "modified")}
        yield Note(**plain, passage=passage, tags=tuple(name for (name,) in tags))


def save_note(book: Notebook, note: Note) -> None:
    """Write a note, new or changed."""
    passage = note.passage
    row = {
        "uuid": note.uuid,
        "url": note.url,
        "key": url_key(note.url),
        "site": note.site,
        "quotation": passage.quotation,
        "before": passage.before,
        "after": passage.after,
        "start": passage.start,
        "seen": note.seen,
        "words": note.words,
        "created": note.created or now(),
        "modified": note.modified or now(),
    }
    columns = ", ".join(f'"{name}"' for name in row)
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in row if name not in ("uuid", "created"))
    (number,) = book.conn.execute(
        f"insert into notes ({columns}) values ({', '.join('?' * len(row))})"  # noqa: S608
        f" on conflict (uuid) do update set {changes} returning id",
        list(row.values()),
    ).fetchone()
    book.conn.execute("delete from tags where note = ?", (number,))
    tags = [(number, position, name) for position, name in enumerate(note.tags)]
    book.conn.executemany("insert into tags (note, position, name) values (?, ?, ?)", tags)


def delete_note(book: Notebook, identifier: str) -> bool:
    """Delete a note; return True if there was one."""
    return bool(book.conn.execute("delete from notes where uuid = ?", (identifier,)).rowcount)


def list_tags(book: Notebook) -> list[tuple[str, int]]:
    """Return the tags with their numbers of notes, the most frequent first."""
    return book.conn.execute("select name, count(*) from tags group by name order by 2 desc, 1").fetchall()


def list_collections(book: Notebook) -> list[Collection]:
    """Return the collections by name."""
    return list(_collections(book, book.query("select * from collections order by name")))


def find_collection(book: Notebook, identifier: str) -> Collection | None:
    """Return a collection by its identifier or name."""
    sql = "select * from collections where uuid = :it or name = :it order by uuid = :it desc"
    return next(_collections(book, book.query(sql, {"it": identifier})), None)


def _collections(book: Notebook, rows: Iterable[dict[str, Any]]) -> Iterator[Collection]:
    for row in list(rows):
        sql = "select url, added from members where collection = ? order by added, url"
        articles = dict(book.conn.execute(sql, (row["id"],)).fetchall())
        yield Collection(**{name: row[name] for name in row if name != "id"}, articles=articles)


def save_collection(book: Notebook, collection: Collection) -> None:
    """Write a collection, new or changed, without its articles. A name belongs to one collection only."""
    moment = now()
    book.conn.execute(
        "insert into collections (uuid, name, about, created, modified) values (?, ?, ?, ?, ?)"
        " on conflict (uuid) do update set name = excluded.name, about = excluded.about, modified = excluded.modified",
        (
            collection.uuid,
            collection.name,
            collection.about,
            collection.created or moment,
            collection.modified or moment,
        ),
    )


def collect(book: Notebook, collection: str, url: str, *, added: str = "") -> None:
    """Put an article into a collection; nothing happens if it is there."""
    book.conn.execute(
        "insert or ignore into members (collection, url, key, added)"
        " select id, ?, ?, ? from collections where uuid = ?",
        (url, url_key(url), added or now(), collection),
    )


def remove_from(book: Notebook, collection: str, url: str) -> None:
    """Take an article out of a collection."""
    sql = "delete from members where key = ? and collection = (select id from collections where uuid = ?)"
    book.conn.execute(sql, (url_key(url), collection))


def delete_collection(book: Notebook, identifier: str) -> None:
    """Delete a collection; its articles stay in the archive."""
    book.conn.execute("delete from collections where uuid = ?", (identifier,))


def list_searches(book: Notebook) -> list[SavedSearch]:
    """Return the saved searches by name."""
    return [
        SavedSearch(**row) for row in book.query("select uuid, name, query, created from searches order by name, id")
    ]


def save_search(book: Notebook, search: SavedSearch) -> None:
    """Write a saved search, new or changed."""
    book.conn.execute(
        "insert into searches (uuid, name, query, created) values (?, ?, ?, ?)"
        " on conflict (uuid) do update set name = excluded.name, query = excluded.query",
        (search.uuid, search.name, search.query, search.created or now()),
    )


def delete_search(book: Notebook, identifier: str) -> None:
    """Delete a saved search."""
    book.conn.execute("delete from searches where uuid = ?", (identifier,))


def quoted_urls(book: Notebook) -> Sequence[str]:
    """Return the URLs of articles that notes quote."""
    found = book.conn.execute("select distinct url from notes where quotation || before || after <> ''")
    return [url for (url,) in found]


def drop_quotations(book: Notebook, urls: Iterable[str]) -> int:
    """Remove the quotations from the notes on articles, but not what the person wrote; return their number."""
    dropped = 0
    for url in urls:
        sql = "update notes set quotation = '', before = '', after = '', start = null where key = ?"
        dropped += book.conn.execute(sql, (url_key(url),)).rowcount
    return dropped
