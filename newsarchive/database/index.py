"""The search index by stems: writing search texts, the version of their rules, and rebuilding the index."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from sqlite_utils import Database

from newsarchive.text.search_text import SearchText, make_search_text, stems_version

BATCH = 100
TOGETHER = 5
"""Number of search texts written in one statement; more would delay a crawl for longer."""


def write_search_texts(db: Database, search_texts: Sequence[tuple[int, SearchText]]) -> None:
    """Write the search texts of stored articles, each with the id of its article."""
    if search_texts:
        db.conn.execute(
            f"insert into stems (id, title, authors, body) values {', '.join(['(?, ?, ?, ?)'] * len(search_texts))}"  # noqa: S608
            " on conflict (id) do update set title = excluded.title, authors = excluded.authors, body = excluded.body",
            [value for number, search_text in search_texts for value in (number, *search_text)],
        )


class PendingSearchTexts:
    """Search texts of stored articles, collected to be written together before their transaction is committed.

    FTS5 flushes its memory at every savepoint, and whenever a row precedes the last one. Many texts in one statement,
    in the index's order of publication, take half the time and leave the index unfragmented.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: dict[int, tuple[str, SearchText]] = {}

    def add(self, article: int, published: str, search_text: SearchText) -> None:
        """Add an article's search text; texts are sorted by `published`."""
        self._waiting[article] = published, search_text

    def discard(self, article: int) -> None:
        """Leave out the search text of an article that became part of another one."""
        self._waiting.pop(article, None)

    def waiting(self) -> dict[int, tuple[str, SearchText]]:
        """Return the present state, for `back_to`."""
        return dict(self._waiting)

    def back_to(self, waiting: dict[int, tuple[str, SearchText]]) -> None:
        """Return to an earlier state, when storing an article was rolled back."""
        self._waiting = waiting

    def write(self, *, at_least: int = 1) -> None:
        """Write the collected texts if there are enough. Never call this while an article is being stored."""
        if len(self._waiting) < at_least:
            return
        ordered = sorted(self._waiting.items(), key=lambda waiting: waiting[1][0])
        write_search_texts(self._db, [(article, search_text) for article, (_, search_text) in ordered])
        self._waiting.clear()


def index_is_current(db: Database) -> bool:
    """Return True if the index has the stems that queries use at present, or no texts yet."""
    found = {version for (version,) in db.conn.execute("select stems from search_index")}
    return found == {stems_version()} or db.conn.execute("select 1 from stems limit 1").fetchone() is None


def mark_empty_index(db: Database) -> None:
    """Record that an index without texts is of the present rules, which the first text will follow."""
    with db.atomic():
        if db.conn.execute("select 1 from stems limit 1").fetchone() is None:
            _record_version(db)


def _record_version(db: Database) -> None:
    db.conn.execute("delete from search_index")
    db.conn.execute("insert into search_index (stems) values (?)", (stems_version(),))


def rebuild_index(db: Database, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Write the search text of every article by the present rules; return the number of articles.

    Uses short transactions, so that the archive can be read meanwhile; after an interruption, start again. After each
    transaction, `progress` is called with the number of articles done and the total.
    """
    numbers = [number for (number,) in db.conn.execute("select id from articles order by id")]
    for start in range(0, len(numbers), BATCH):
        with db.atomic():
            for number in numbers[start : start + BATCH]:
                index_article(db, number)
        progress(min(start + BATCH, len(numbers)), len(numbers))
    with db.atomic():
        _record_version(db)
    return len(numbers)


def index_article(db: Database, number: int) -> None:
    """Write the search text of an article by the present rules, if it differs."""
    row = db.conn.execute(
        "select r.title, r.lead, r.body, r.language, r.authors from articles a"
        " join revisions r on r.id = a.current_revision where a.id = ?",
        (number,),
    ).fetchone()
    if row is None:
        return
    title, lead, body, language, authors = row
    search_text = make_search_text(
        title=title,
        lead=lead or "",
        body=body,
        authors=[author["name"] for author in json.loads(authors)],
        language=language or "",
    )
    old = db.conn.execute("select title, authors, body from stems where id = ?", (number,)).fetchone()
    if old != search_text:
        write_search_texts(db, [(number, search_text)])
