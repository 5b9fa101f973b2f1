"""Sites, runs and captures: the rows that record where everything else comes from."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlite_utils import Database

from newsarchive import __version__
from newsarchive.database.row_checksums import write_row_checksums
from newsarchive.items import Capture, Original
from newsarchive.run_ends import RunEnd
from newsarchive.sites import Site
from newsarchive.text.encodings import one_line
from newsarchive.times import now


def save_site(db: Database, site: Site) -> None:
    """Write a site with its present profile."""
    profile = json.dumps(dataclasses.asdict(site), ensure_ascii=False)
    with db.atomic():
        db.conn.execute(
            "insert into sites (name, title, url, language, timezone, profile, added) values (?, ?, ?, ?, ?, ?, ?)"
            " on conflict (name) do update set root = case when url = excluded.url then root else '' end,"
            " title = excluded.title, url = excluded.url,"
            " language = excluded.language, timezone = excluded.timezone, profile = excluded.profile",
            (site.name, site.title, site.url, site.language, site.timezone, profile, now()),
        )


def note_retry_after(db: Database, site: str, until: str | None) -> None:
    """Record the time (UTC) before which a site asked for no requests; None if there is none."""
    with db.atomic():
        db.conn.execute(
            "update sites set retry_after = ? where name = ? and retry_after is not ?", (until, site, until)
        )


def retry_after_of(db: Database, site: str) -> str:
    """Return the time (UTC) before which a site asked for no requests; empty if it may be requested now."""
    row = db.conn.execute("select retry_after from sites where name = ?", (site,)).fetchone()
    return str(row[0]) if row and row[0] and row[0] > now() else ""


def start_run(db: Database, command: str, site: str | None) -> int:
    """Open a run and return its id; mark earlier runs of the site that were never closed as killed."""
    with db.atomic():
        if command != "fetch":  # a fetch may run alongside others; all other commands hold the lock
            db.conn.execute(
                "update runs set reason = 'killed'"
                " where finished is null and reason = '' and command = ? and site is ?",
                (command, site),
            )
        cursor = db.conn.execute(
            "insert into runs (command, site, version, started) values (?, ?, ?, ?)",
            (command, site, __version__, now()),
        )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def note_killed_runs(db: Database) -> None:
    """Mark all runs that were never closed as killed; the caller holds the archive's lock and has none open itself."""
    with db.atomic():
        db.conn.execute(
            "update runs set reason = ? where finished is null and reason = '' and command <> 'fetch'", (RunEnd.KILLED,)
        )


def finish_run(db: Database, run: int, *, reason: RunEnd, message: str = "", counts: Mapping[str, Any]) -> None:
    """Close a run with the reason it ended, its last message and its counts; write the checksums of its rows."""
    with db.atomic():
        db.conn.execute(
            "update runs set finished = ?, reason = ?, message = ?, counts = ? where id = ?",
            (now(), reason, one_line(message), json.dumps(counts, ensure_ascii=False, sort_keys=True), run),
        )
    write_row_checksums(db)


@contextmanager
def recorded_run(
    db: Database, command: str, site: str | None, counts: Callable[[], Mapping[str, Any]]
) -> Iterator[int]:
    """Open a run and yield its id; at the end record how it ended and its `counts`.

    It is ``finished``, ``interrupted`` (Ctrl-C) or, after any other exception, ``failed``.
    """
    run = start_run(db, command, site)
    reason = RunEnd.FAILED
    try:
        yield run
        reason = RunEnd.FINISHED
    except KeyboardInterrupt:
        reason = RunEnd.INTERRUPTED
        raise
    finally:
        finish_run(db, run, reason=reason, counts=counts())


def save_capture(db: Database, capture: Capture, run: int | None) -> int:
    """Write a capture and return its id; one with a known WARC file and offset keeps its id."""
    known = db.conn.execute(
        "select id from captures where warc = ? and offset = ?", (capture.warc, capture.offset)
    ).fetchone()
    if known is not None:
        return int(known[0])
    with nullcontext() if db.conn.in_transaction else db.atomic():  # one statement needs no savepoint
        cursor = db.conn.execute(
            "insert into captures (url, time, status, content_type, etag, last_modified, sha256, warc, offset, length,"
            " run, refers_to, tls, truncated, source)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
            (
                capture.url,
                capture.time,
                capture.status,
                capture.content_type,
                capture.etag,
                capture.last_modified,
                capture.sha256,
                capture.warc,
                capture.offset,
                capture.length,
                run,
                capture.refers_to,
                capture.tls,
                capture.truncated,
                capture.source,
            ),
        )
        return int(cursor.fetchone()[0])


def lost_originals(db: Database, captures: Iterable[Capture]) -> list[Capture]:
    """Return the revisits whose original is gone because it was taken down since they were written.

    The id alone does not show that: SQLite reuses the highest one after its row is deleted.
    """
    known = "select 1 from captures where id = ? and sha256 = ?"
    repeating = [c for c in captures if c.refers_to is not None]
    return [c for c in repeating if not db.conn.execute(known, (c.refers_to, c.sha256)).fetchone()]


def original_of(db: Database, sha256: str) -> Original | None:
    """Return the capture whose record has a payload; None if there is none. A single index lookup."""
    row = db.conn.execute(
        "select id, url, warc, offset from captures where sha256 = ? and refers_to is null limit 1", (sha256,)
    ).fetchone()
    return Original(capture=row[0], url=row[1], warc=row[2], offset=row[3]) if row else None


def revisits_of(db: Database, capture: int) -> list[int]:
    """Return the ids of the captures that repeat another one: without its record, their payload would be lost."""
    rows = db.conn.execute("select id from captures where refers_to = ? order by id", (capture,)).fetchall()
    return [number for (number,) in rows]
