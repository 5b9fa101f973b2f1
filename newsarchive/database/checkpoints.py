"""Checkpoints of the write-ahead log in a separate thread, so that no commit of a crawl waits for them."""

from __future__ import annotations

import logging
import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

logger = logging.getLogger(__name__)

ENOUGH = 60
"""Committed articles after which a checkpoint pays: before the log is long enough for a commit to start its own."""


class Checkpoints:
    """Copies the log of the archive in `folder` into its database file from time to time, on its own connection.

    It never blocks a writer (a passive checkpoint). If the thread does not keep up, SQLite's own checkpoint at a commit
    copies the rest, and the log starts again from its beginning.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "archive.db"
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="checkpoint")
        self._running: Future[None] | None = None
        self._committed = 0

    def committed(self, articles: int) -> None:
        """Count committed articles; start a checkpoint if there are enough."""
        self._committed += articles
        if self._committed >= ENOUGH and (self._running is None or self._running.done()):
            self._committed = 0
            self._running = self._thread.submit(checkpoint, self._path)

    def close(self) -> None:
        """Wait for a running checkpoint; closing twice does nothing."""
        self._thread.shutdown()


def checkpoint(path: Path) -> None:
    """Copy the log of the database at `path` into its file, as far as other connections allow.

    A failure loses nothing: the log stays, and the next commit that needs space reports what is wrong.
    """
    try:
        connection = sqlite3.connect(path)
        try:
            connection.execute("pragma wal_checkpoint(passive)").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        logger.debug("No checkpoint of %s: %s", path, error)
