"""Purging what runs kept of what was taken down, including killed runs, and rewriting without interference."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from sqlite_utils import Database

from newsarchive.captures.records import Record
from newsarchive.database import ForgottenAddresses, delete_outdated, record_left_warcs, require_lock
from newsarchive.database.warcfiles import delete_drafts, left_warcs
from newsarchive.notebook import NotebookError
from newsarchive.notebook.withholding import purge_quotations
from newsarchive.takedown.captures import Removal, plan_removal
from newsarchive.takedown.rewriting import CAPTURES
from newsarchive.takedown.traces import page_of, text_of

log = logging.getLogger(__name__)

TRIES = 3
"""Attempts that other writers may invalidate, before the next plan is made while nobody can write."""
_REWRITING = threading.RLock()
"""Held while WARC files are rewritten: the archive's lock excludes other processes, this lock other threads."""


class Plan(Protocol):
    """Something to carry out in one transaction, with files written for it beforehand."""

    def discard(self) -> None:
        """Delete those files."""


P = TypeVar("P", bound=Plan)


def clean_up(db: Database, folder: Path) -> bool:
    """Finish what killed takedowns began, and purge what killed runs left; every run with the lock starts with it.

    Returns True if nothing that was taken down is left in the database's file and log. Raises ArchiveError if this
    process does not hold the archive.
    """
    require_lock(folder)
    with _REWRITING:
        clean = _quotes_nothing(db, folder) & delete_outdated(db, folder)
        delete_drafts(db, folder / "warc")
        purge_forgotten(db, folder)
        record_left_warcs(db, folder / "warc")
    return clean


def _quotes_nothing(db: Database, folder: Path) -> bool:
    """Remove from the notebook what it quotes of what was taken down; return True if that was possible."""
    try:
        purge_quotations(db, folder)
    except NotebookError as error:
        log.warning("%s It may quote what was taken down.", error)
        return False
    return True


def purge_forgotten(db: Database, folder: Path) -> int:
    """Remove what runs kept of URLs that were taken down meanwhile; return the number of captures removed.

    Called at the end of a run, before its WARC file is recorded as finished: the next run searches files that are not
    recorded. Raises ArchiveError if this process does not hold the archive.
    """
    require_lock(folder)
    forgotten = ForgottenAddresses(db)
    if not forgotten:
        return 0

    def belongs(record: Record) -> bool:
        return forgotten.has(record.url) or (record.kind in CAPTURES and forgotten.named_in(text_of(page_of(record))))

    def plan() -> Removal:
        left = left_warcs(db, folder / "warc")
        return plan_removal(db, folder, _captures(db, forgotten, left), belongs=belongs, files=left)

    with settled(db, plan) as removal:
        removal.apply(db)
    delete_outdated(db, folder)
    return sum(place is None for place in removal.moved.values())


@contextmanager
def settled(db: Database, plan: Callable[[], P]) -> Iterator[P]:
    """Yield a plan of a removal in the transaction that carries it out, with no other write since it was made.

    A one-off fetch may meanwhile store a page whose record repeats a removed one; then the plan is made again. Files
    written for a discarded plan are deleted.
    """
    with _REWRITING:
        db.conn.commit()  # commit what the caller wrote, for a separate transaction
        planned = _settle(db, plan)
        try:
            yield planned
            db.conn.commit()
        except BaseException:
            db.conn.rollback()
            planned.discard()
            raise


def _settle(db: Database, plan: Callable[[], P]) -> P:
    for _ in range(TRIES):
        version = _version(db)
        planned = plan()
        db.conn.execute("begin immediate")
        if _version(db) == version:
            return planned
        db.conn.rollback()
        planned.discard()
    db.conn.execute("begin immediate")
    try:
        return plan()
    except BaseException:
        db.conn.rollback()
        raise


def _version(db: Database) -> int:
    """Return a number that changes whenever another connection commits."""
    return int(db.conn.execute("pragma data_version").fetchone()[0])


def _captures(db: Database, forgotten: ForgottenAddresses, left: list[Path]) -> set[int]:
    """Return the captures of what was taken down, except those from which other articles were extracted."""
    numbers = {
        number
        for (number,) in db.conn.execute(
            "select c.id from captures c join urls u on u.url = c.url where u.state = 'forgotten'"
        )
    }
    for path in left:  # a URL may be spelled in several ways
        rows = db.conn.execute("select id, url from captures where warc = ?", (path.name,)).fetchall()
        numbers |= {number for number, url in rows if forgotten.has(url)}
    used = {
        number
        for number in numbers
        if db.conn.execute("select 1 from revision_captures where capture = ? limit 1", (number,)).fetchone()
    }
    return numbers - used
