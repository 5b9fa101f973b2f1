"""OpenArchive: what a run has open from its beginning to its end."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlite_utils import Database

from newsarchive import database
from newsarchive.captures.writing import CaptureWriter
from newsarchive.crawling.failures import cause_of
from newsarchive.images.files import clear_drafts
from newsarchive.run_ends import RunEnd
from newsarchive.sites import Site
from newsarchive.takedown import clean_up
from newsarchive.times import now


@dataclass(frozen=True, kw_only=True)
class OpenArchive:
    """The archive as a run of one site has it open: database, WARC file, and the run's row."""

    folder: Path
    db: Database
    site: Site
    run: int
    warc: CaptureWriter
    checkpoints: database.Checkpoints
    forgotten: database.ForgottenAddresses
    """What was taken down."""


def open_for_run(folder: Path, site: Site, *, command: str, contact: str, held: ExitStack) -> OpenArchive:
    """Open the archive, clean up what earlier runs left, and begin a run; `held` closes it all again.

    If `held` is left by an exception, the run's row says so.
    """
    db: Database = database.open_archive(folder)
    held.callback(db.close)
    database.save_site(db, site)
    clean_up(db, folder)
    checkpoints = database.Checkpoints(folder)
    held.callback(checkpoints.close)
    forgotten = database.ForgottenAddresses(db)
    run = database.start_run(db, command, site.name)
    held.push(partial(_note_failed_opening, db, run))
    clear_drafts(folder / "images")
    digits = now().translate(str.maketrans("", "", "-:TZ"))
    originals = partial(database.original_of, db)
    warc = CaptureWriter(folder / "warc", f"{site.name}-{digits}-{run:05}", operator=contact, originals=originals)
    held.callback(warc.close)
    return OpenArchive(
        folder=folder, db=db, site=site, run=run, warc=warc, checkpoints=checkpoints, forgotten=forgotten
    )


def _note_failed_opening(db: Database, run: int, _kind: object, error: BaseException | None, _trace: object) -> None:
    if error is not None:
        with suppress(sqlite3.Error):
            database.finish_run(db, run, reason=RunEnd.FAILED, message=cause_of(error), counts={})
