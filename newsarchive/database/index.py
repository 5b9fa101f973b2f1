"""The search index by stems: which rules it was made with, and how it is made anew."""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlite_utils import Database

from newsarchive.shadow import shadow_text, stems_version

BATCH = 100


def index_is_current(db: Database) -> bool:
    """Whether the index holds the stems that a query is looked for by today; so it is where nothing is indexed yet."""
    found = {version for (version,) in db.conn.execute("select stems from search_index")}
    return found == {stems_version()} or db.conn.execute("select 1 from stems limit 1").fetchone() is None


def rebuild_index(db: Database, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Write the search text of every article by today's rules; gives how many there are.

    Goes in short transactions, so that the archive can be read meanwhile; one that is broken off is begun anew.
    `progress` is told after each how many articles of how many are done.
    """
    numbers = [number for (number,) in db.conn.execute("select id from articles order by id")]
    for start in range(0, len(numbers), BATCH):
        with db.atomic():
            for number in numbers[start : start + BATCH]:
                _index_article(db, number)
        progress(min(start + BATCH, len(numbers)), len(numbers))
    with db.atomic():
        db.conn.execute("delete from search_index")
        db.conn.execute("insert into search_index (stems) values (?)", (stems_version(),))
    return len(numbers)


def _index_article(db: Database, number: int) -> None:
    row = db.conn.execute(
        "select r.title, r.lead, r.body, r.language, r.authors from articles a"
        " join revisions r on r.id = a.current_revision where a.id = ?",
        (number,),
    ).fetchone()
    if row is None:
        return
    title, lead, body, language, authors = row
    shadow = shadow_text(
        title=title,
        lead=lead or "",
        body=body,
        authors=[author["name"] for author in json.loads(authors)],
        language=language or "",
    )
    old = db.conn.execute("select title, authors, body from stems where id = ?", (number,)).fetchone()
    if old != shadow:
        db.conn.execute(
            "insert into stems (id, title, authors, body) values (?, ?, ?, ?) on conflict (id) do update set"
            " title = excluded.title, authors = excluded.authors, body = excluded.body",
            (number, *shadow),
        )
