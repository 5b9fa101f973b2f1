"""Storing the newspapers' edits, so that what they took away and added is found at once."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlite_utils import Database

from newsarchive.search.edited import edit_text, edits_of, unread_edits

BATCH = 50


def count_unread_edits(db: Database) -> int:
    """Return the number of articles whose edits are not stored yet."""
    return int(db.conn.execute("select count(*) from unread_edits").fetchone()[0])


def update_edits(
    db: Database, *, seconds: float | None = None, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> int:
    """Store the edits of the articles that changed, for at most `seconds`; return how many articles were read.

    Every batch is one transaction; after a kill the next update resumes.
    """
    end = None if seconds is None else time.monotonic() + seconds
    total, done = count_unread_edits(db), 0
    while (end is None or time.monotonic() < end) and (batch := unread_edits(db, limit=BATCH)):
        with db.atomic():
            for article in batch:
                _store(db, article)
        done += len(batch)
        progress(min(done, total), total)
    return done


def _store(db: Database, article: int) -> None:
    db.conn.execute("delete from edits where article = ?", (article,))
    db.conn.execute("delete from edit_texts where revision in (select id from revisions where article = ?)", (article,))
    edits = edits_of(db, article)
    texts = [edit_text(db, revision) for revision in sorted({number for edit in edits for number in edit[:2]})]
    db.conn.executemany("insert into edit_texts (revision, title, body) values (?, ?, ?)", texts)
    db.conn.executemany("insert into edits (revision, before, article, number) values (?, ?, ?, ?)", edits)
    db.conn.execute("delete from unread_edits where article = ?", (article,))
