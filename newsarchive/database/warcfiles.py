"""Finished WARC files: their sizes and digests, which reveal even one flipped bit."""

from __future__ import annotations

import fcntl
import hashlib
import re
from pathlib import Path

from sqlite_utils import Database

from newsarchive.times import now


def file_sha256(path: Path, *, most: int | None = None) -> str:
    """Return the SHA-256 of a file, or of its first `most` bytes."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        left = most
        while chunk := file.read(1 << 20 if left is None else min(1 << 20, left)):
            digest.update(chunk)
            if left is not None:
                left -= len(chunk)
    return digest.hexdigest()


def is_being_written(path: Path) -> bool:
    """Return True if a process, including this one, still writes to the WARC file.

    A writer holds a lock on its file (flock) until its rows are committed; the system releases that of a killed one.
    """
    try:
        with open(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def record_warc(db: Database, path: Path) -> None:
    """Record size and digest of a finished WARC file; after a run without requests there is none."""
    if not path.exists():
        return
    with db.atomic():
        db.conn.execute(
            "insert into warc_files (name, bytes, sha256, closed) values (?, ?, ?, ?) on conflict (name) do update set"
            " bytes = excluded.bytes, sha256 = excluded.sha256, closed = excluded.closed",
            (path.name, path.stat().st_size, file_sha256(path), now()),
        )


def left_warcs(db: Database, folder: Path) -> list[Path]:
    """Return the WARC files in `folder` that were never recorded as finished and that no process writes to."""
    known = {name for (name,) in db.conn.execute("select name from warc_files")}
    return [path for path in sorted(folder.glob("*.warc.gz")) if path.name not in known and not is_being_written(path)]


def record_left_warcs(db: Database, folder: Path) -> None:
    """Record the WARC files that killed runs left in `folder`, except those still being written."""
    for path in left_warcs(db, folder):
        record_warc(db, path)


def delete_drafts(db: Database, folder: Path) -> None:
    """Delete what killed takedowns left in `folder`: rewritten files that the database does not list."""
    for path in left_warcs(db, folder):
        used = db.conn.execute("select 1 from captures where warc = ? limit 1", (path.name,)).fetchone()
        if is_rewritten(path.name) and not used:
            path.unlink(missing_ok=True)


def is_rewritten(name: str) -> bool:
    """Return True if the name of a WARC file is one that a takedown writes.

    >>> is_rewritten("ortalyq-20250218-00007-r2.warc.gz"), is_rewritten("ortalyq-20250218-00007.warc.gz")
    (True, False)
    """
    return _REWRITTEN.search(name) is not None


def original_name(name: str) -> str:
    """Return the name of a WARC file before any takedown rewrote it.

    >>> original_name("ortalyq-20250218-00007-r2.warc.gz")
    'ortalyq-20250218-00007.warc.gz'
    """
    return _REWRITTEN.sub(".warc.gz", name)


_REWRITTEN = re.compile(r"-r\d+\.warc\.gz$")
