"""Bringing what is computed from the articles up to date at the end of a command that stored some."""

from __future__ import annotations

import sqlite3
import time
from functools import partial

from newsarchive.cli.progress import progress_bar
from newsarchive.cli.terminal import Archive
from newsarchive.corpus.edits import count_unread_edits, update_edits
from newsarchive.database import ArchiveError, has_archive, open_archive
from newsarchive.database.row_checksums import write_row_checksums
from newsarchive.reprints import count_pending, update_reprints

LEAST_SECONDS, SHARE = 2.0, 0.1
"""Seconds that catching up may always take, and the share of the time that the command took."""


def catch_up(archive: Archive, began: float) -> None:
    """Compare new articles with all others, for a fraction of the time since `began` (monotonic seconds).

    The caller holds the archive's lock. What is left waits for the next run, or for `newsarchive reprints --update`.
    """
    seconds = max(LEAST_SECONDS, SHARE * (time.monotonic() - began))
    try:
        if has_archive(archive.folder):
            _catch_up(archive, seconds)
    except (ArchiveError, sqlite3.Error) as error:
        archive.fault(f"The new articles were not compared with the others: {str(error).rstrip('.')}.")


def _catch_up(archive: Archive, seconds: float) -> None:
    db = open_archive(archive.folder)
    try:
        if count_pending(db) or count_unread_edits(db):
            with progress_bar(archive) as bar:
                update_edits(db, seconds=seconds / 2, progress=partial(bar.show, "edits"))
                update_reprints(db, seconds=seconds, progress=partial(bar.show, "articles compared"))
            write_row_checksums(db)
    finally:
        db.close()
