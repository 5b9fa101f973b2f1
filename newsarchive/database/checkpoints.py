"""Checkpoints of the write-ahead log in a thread of their own, so that no commit of a crawl waits for them."""

from __future__ import annotations

import logging
import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

logger = logging.getLogger(__name__)

ENOUGH = 60
"""Articles after whose commits one is worth it: before the log is so long that a commit would make its own."""


class Checkpoints:
    """Brings the log of the archive in `folder` into its file, now and then, from a connection of its own.

    It never stands in the way of a writer (SQLite's passive checkpoint); what is written meanwhile, and where the
    thread does not keep up, SQLite's own checkpoint at a commit brings into the file, and the log starts anew.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "archive.db"
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="checkpoint")
        self._running: Future[None] | None = None
        self._committed = 0

    def committed(self, articles: int) -> None:
        """Note that so many articles were committed; where they are enough, a checkpoint begins."""
        self._committed += articles
        if self._committed >= ENOUGH and (self._running is None or self._running.done()):
            self._committed = 0
            self._running = self._thread.submit(checkpoint, self._path)

    def close(self) -> None:
        """Wait for the one under way; closing twice does nothing."""
        self._thread.shutdown()


def checkpoint(path: Path) -> None:
    """Bring what the log of the database at `path` holds into its file, as far as nobody is in the way.

    Where that fails nothing is lost: the log stays, and the next commit that needs room says what is wrong.
    """
    try:
        connection = sqlite3.connect(path)
        try:
            connection.execute("pragma wal_checkpoint(passive)").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        logger.debug("No checkpoint of %s: %s", path, error)
