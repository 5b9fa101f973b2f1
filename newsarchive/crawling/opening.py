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
from newsarchive.crawling.batches import Batch, Member
from newsarchive.crawling.failures import cause_of
from newsarchive.crawling.writer import ArchiveWriter
from newsarchive.run_ends import RunEnd
from newsarchive.sites import Site
from newsarchive.times import now


@dataclass(frozen=True, kw_only=True)
class OpenArchive:
    """The archive as a run of one site has it open: database, WARC file, and the run's row."""

    folder: Path
    db: Database
    batch: Batch
    site: Site
    run: int
    warc: CaptureWriter
    forgotten: database.ForgottenAddresses
    """What was taken down."""


def open_for_run(
    folder: Path, writer: ArchiveWriter, site: Site, *, command: str, contact: str, member: Member, held: ExitStack
) -> OpenArchive:
    """Join the writer of the archive, and begin a run as a member of its batches; `held` closes it all again.

    If `held` is left by an exception, the run's row says so.
    """
    writing = writer.join(held)
    db, batch = writing.db, writing.batch
    batch.flush()
    database.save_site(db, site)
    run = database.start_run(db, command, site.name)
    held.push(partial(_note_failed_opening, db, run))
    digits = now().translate(str.maketrans("", "", "-:TZ"))
    warc = CaptureWriter(
        folder / "warc", f"{site.name}-{digits}-{run:05}", operator=contact, originals=batch.original_of
    )
    held.callback(warc.close)
    batch.members.add(member)
    held.callback(batch.members.discard, member)
    return OpenArchive(folder=folder, db=db, batch=batch, site=site, run=run, warc=warc, forgotten=writing.forgotten)


def _note_failed_opening(db: Database, run: int, _kind: object, error: BaseException | None, _trace: object) -> None:
    if error is not None:
        with suppress(sqlite3.Error):
            database.finish_run(db, run, reason=RunEnd.FAILED, message=cause_of(error), counts={})
