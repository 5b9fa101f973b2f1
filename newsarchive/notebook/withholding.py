"""Removing what notes quote of articles that were taken down, from the notebook's file too."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from newsarchive.database import is_forgotten
from newsarchive.database.replacing import NOTES
from newsarchive.notebook.opening import BUSY_SECONDS, NotebookError, has_notes, open_notebook
from newsarchive.notebook.storing import drop_quotations, quoted_urls


def purge_quotations(db: Database, folder: Path) -> int:
    """Remove the quotations of articles that were taken down; return the number of notes that had any.

    Notes keep the person's words. Nothing of the quotations is left in the file. Raises NotebookError.
    """
    if not has_notes(folder):
        return 0
    with open_notebook(folder) as book:
        urls = [url for url in quoted_urls(book) if is_forgotten(db, url)]
    if not urls:
        return 0
    with open_notebook(folder, write=True) as book:
        dropped = drop_quotations(book, urls)
    _rewrite(folder / NOTES)
    return dropped


def _rewrite(path: Path) -> None:
    """Write a notebook again without its free space."""
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
            connection.execute("pragma secure_delete = on")
            connection.execute("vacuum")
    except sqlite3.Error as error:
        raise NotebookError(f"The free space of {path} cannot be cleared: {error}.") from error
