"""Batch: the transaction of a run, committed every few articles; and Tally, what the run counts."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from newsarchive import database
from newsarchive.crawling.opening import OpenArchive
from newsarchive.items import Capture


class Tally:
    """Counts of articles and images by outcome; those of a transaction that is undone are undone, too."""

    def __init__(self, outcomes: Iterable[str]) -> None:
        self.articles = dict.fromkeys(outcomes, 0)
        self.images: Counter[str] = Counter()
        self.commit()

    def commit(self) -> None:
        """Keep what is counted so far."""
        self._committed = (dict(self.articles), Counter(self.images))

    def undo(self) -> None:
        """Return to what was committed last."""
        articles, images = self._committed
        self.articles, self.images = dict(articles), Counter(images)


class Batch:
    """Gathers the writes of a run in one transaction.

    The WARC file is always synced to the disk before a commit: a power cut may undo the last batch, but never leaves a
    row that points at nothing. `most_articles` of them make a batch; the run commits by its clock, too.
    """

    search_texts: database.PendingSearchTexts
    """Those of the open transaction: they are gone if it is undone."""

    def __init__(self, archive: OpenArchive, tally: Tally, *, most_articles: int) -> None:
        self._archive = archive
        self._tally = tally
        self._most = most_articles
        self._articles = 0
        self._captures: list[Capture] = []
        """Those of the open transaction."""

    def write(self) -> None:
        """Begin a transaction if none is open."""
        conn = self._archive.db.conn
        if conn.in_transaction:
            return
        self._tally.undo()  # SQLite undoes a transaction by itself on a full disk, for example
        conn.execute("begin immediate")
        try:
            self._save_captures_again()
        except sqlite3.Error:
            conn.rollback()
            raise
        self.search_texts = database.PendingSearchTexts(self._archive.db)

    def save_capture(self, capture: Capture) -> None:
        """Write a capture's row."""
        self.write()
        database.save_capture(self._archive.db, capture, self._archive.run)
        self._captures.append(capture)

    def stored(self) -> None:
        """Count one more article; commit if the batch is full."""
        self._articles += 1
        if self._articles >= self._most:
            self.flush()

    def flush(self) -> None:
        """Commit what waits. If that fails it is undone, and the next run fetches it again."""
        articles, self._articles = self._articles, 0
        if not self._archive.db.conn.in_transaction:
            self._tally.undo()
            return
        try:
            self.search_texts.write()
            self._archive.warc.sync()
            self._archive.db.conn.commit()
        except BaseException:
            self.undo()
            raise
        self._tally.commit()
        self._captures.clear()
        self._archive.checkpoints.committed(articles)

    def undo(self) -> None:
        """Undo what is not committed."""
        with suppress(sqlite3.Error):
            self._archive.db.conn.rollback()
        self._tally.undo()

    def _save_captures_again(self) -> None:
        """Write the captures of a transaction that was undone: the WARC file has them all the same."""
        db = self._archive.db
        for capture in self._captures:
            original = capture.refers_to and database.original_of(db, capture.sha256)
            again = replace(capture, refers_to=original.capture if original else None)
            database.save_capture(db, again, self._archive.run)
