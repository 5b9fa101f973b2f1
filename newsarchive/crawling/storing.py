"""Stores the results of a one-off fetch in one short transaction, beside any run, without what was taken down."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlite_utils import Database

from newsarchive import database
from newsarchive.captures.writing import CaptureWriter
from newsarchive.crawling.middlewares.back_off import ComeBack
from newsarchive.crawling.recorders import PageRecorder
from newsarchive.database.warcfiles import left_warcs
from newsarchive.errors import NewsArchiveError
from newsarchive.items import Capture, Extracted
from newsarchive.run_ends import RunEnd
from newsarchive.sites import Site
from newsarchive.workers.extracting import ExtractionPool
from newsarchive.workers.kept_captures import read_again

_PATIENCE = 1.0
"""Seconds to wait while another fetch cleans up. A crawl would take longer, and cleans up at its own end."""


@dataclass(frozen=True)
class ToStore:
    """The results of a fetch: its pages' outcomes, their sites, the WARC file, and everything else it recorded."""

    results: Sequence[Extracted]
    sites: Mapping[str, Site]
    writer: CaptureWriter | None
    recorder: PageRecorder | None
    later: Mapping[str, ComeBack]
    """The sites that asked us to return later, by name; the next runs respect this."""

    def site_of(self, result: Extracted) -> Site:
        """Return the site of a page."""
        return self.sites[result.fetched.urls[0]]

    @property
    def captures(self) -> list[Capture]:
        """All captures, including those of images, redirects and robots.txt."""
        return self.recorder.captures if self.recorder else [c for r in self.results for c in r.fetched.captures]


class _TakenDownError(NewsArchiveError):
    """The results must not be stored because part of them was taken down meanwhile; the message says which."""


@dataclass
class Storing:
    """The result of storing: sentences without a full stop on what failed, and the number of images by outcome."""

    problems: list[str] = field(default_factory=list)
    images: Counter[str] = field(default_factory=Counter)


def store_fetched(folder: Path, fetched: ToStore) -> Storing:
    """Store the results of a fetch in the archive in `folder`. Never raises if that fails, but returns why.

    The WARC file stays locked until its rows are stored, so that a concurrent takedown leaves it to this process.
    """
    done = Storing()
    if fetched.recorder is not None and fetched.recorder.problem:
        done.problems.append(f"The article could not be stored: {fetched.recorder.problem}")
        return done
    try:
        db = database.open_archive(folder)
        try:
            _store(folder, db, fetched, done)
        except _TakenDownError as error:
            db.conn.rollback()
            _throw_away(folder, db, fetched)
            done.images.clear()
            done.problems.append(f"{error}, so nothing was stored; fetch it again")
            return done
        finally:
            if fetched.writer:
                fetched.writer.close()
        _clean_up(folder, db)
        db.close()
        database.write_page_checksums(folder)
    except (database.ArchiveError, sqlite3.Error, OSError) as error:
        done.images.clear()
        done.problems.append(f"The article could not be stored: {str(error).removesuffix('.')}")
    return done


def _begin(folder: Path, db: Database, fetched: ToStore) -> None:
    """Begin the transaction once this version has extracted the older captures that the articles are compared with.

    If a crawl is writing, this waits for its batch, and checks again after each extraction, which holds no lock.
    """
    while True:
        db.conn.execute("begin immediate")
        waiting = [
            (result, database.unread_readings(db, result, site=fetched.site_of(result))) for result in fetched.results
        ]
        if not any(unread for _, unread in waiting):
            return
        db.conn.rollback()
        asyncio.run(_read_again(folder, waiting, fetched))


async def _read_again(
    folder: Path, waiting: Sequence[tuple[Extracted, list[database.Unread]]], fetched: ToStore
) -> None:
    pool = ExtractionPool(1)
    try:
        for result, unread in waiting:
            result.readings |= await read_again(pool, folder, unread, fetched.site_of(result))
    finally:
        pool.close()


def _store(folder: Path, db: Database, fetched: ToStore, done: Storing) -> None:
    """Store the results in one transaction, and record in `done` what failed.

    Raises _TakenDownError if nothing may be stored, and sqlite3.Error if the database cannot be written.
    """
    _begin(folder, db, fetched)
    if lost := database.lost_originals(db, fetched.captures):
        raise _TakenDownError(f"{lost[0].url} repeats what was taken down meanwhile")
    down = []
    for result in fetched.results:
        url = result.fetched.urls[0]
        site = fetched.site_of(result)
        if not db["sites"].count_where("name = ?", [site.name]):
            database.save_site(db, site)
        run = database.start_run(db, "fetch", site.name)
        if result.outcome == "postponed":
            database.finish_run(db, run, reason=RunEnd.POSTPONED, message=result.reason, counts={})
            continue
        outcome, reason = database.keep_extracted(db, result, site=site, run=run)
        done.problems += [f"{url} {reason}"] if reason else []
        database.finish_run(db, run, reason=RunEnd.FINISHED, counts={outcome: 1})
        down += [url] if outcome == "forgotten" else []
    for name, told in fetched.later.items():
        database.note_retry_after(db, name, told.until)
    for capture in fetched.captures:
        database.save_capture(db, capture, run)
    if fetched.recorder and fetched.recorder.images:
        if down:
            raise _TakenDownError(f"{down[0]} was taken down meanwhile")
        for image, kept in fetched.recorder.images:
            state, reason = database.keep_fetched_image(db, image, kept, run=run)
            done.images[state] += 1
            done.problems += [f"{image.wanted.url} {reason}"] if reason else []
    if fetched.writer and not down:  # else it is searched first, by this process or by the run that holds the archive
        database.record_warc(db, fetched.writer.path)
    db.conn.commit()
    done.problems += [f"{url} was taken down and is not stored again" for url in down]


def _throw_away(folder: Path, db: Database, fetched: ToStore) -> None:
    """Delete the files of a fetch that cannot be stored."""
    if fetched.writer:
        fetched.writer.path.unlink(missing_ok=True)
    images = fetched.recorder.images if fetched.recorder else []
    for sha256 in {image.sha256 for _, image in images if image is not None}:
        if not db.conn.execute("select 1 from image_versions where sha256 = ?", (sha256,)).fetchone():
            for path in (folder / "images").glob(f"{sha256}.*"):
                path.unlink(missing_ok=True)


def _clean_up(folder: Path, db: Database) -> None:
    """Purge what was taken down, if there is any; a run that holds the archive does so at its own end."""
    (waiting,) = db.conn.execute("select exists (select 1 from outdated_files)").fetchone()
    if not waiting and not left_warcs(db, folder / "warc"):
        return
    from newsarchive.takedown import clean_up  # only now: a fetch hardly ever needs it, and it takes .02 s to load

    patience = time.monotonic() + _PATIENCE
    while True:
        try:
            with database.lock_archive(folder):
                clean_up(db, folder)
            return
        except database.ArchiveLocked:
            if time.monotonic() > patience:
                return
            time.sleep(0.1)
