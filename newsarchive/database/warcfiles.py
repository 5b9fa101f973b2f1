"""WARC files that are finished: their sizes and digests, by which one flipped bit is found."""

from __future__ import annotations

import fcntl
import hashlib
from pathlib import Path

from sqlite_utils import Database

from newsarchive.database.runs import now


def file_sha256(path: Path, *, most: int | None = None) -> str:
    """The SHA-256 of a file, or of its first `most` bytes."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        left = most
        while chunk := file.read(1 << 20 if left is None else min(1 << 20, left)):
            digest.update(chunk)
            if left is not None:
                left -= len(chunk)
    return digest.hexdigest()


def is_being_written(path: Path) -> bool:
    """Whether a process has the WARC file open for writing: a writer holds a lock on it until it is done."""
    with open(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def record_warc(db: Database, path: Path) -> None:
    """Write down size and digest of a finished WARC file; where there is none, as after a run without requests, not."""
    if not path.exists():
        return
    with db.atomic():
        db.conn.execute(
            "insert into warc_files (name, bytes, sha256, closed) values (?, ?, ?, ?) on conflict (name) do update set"
            " bytes = excluded.bytes, sha256 = excluded.sha256, closed = excluded.closed",
            (path.name, path.stat().st_size, file_sha256(path), now()),
        )


def record_left_warcs(db: Database, folder: Path) -> None:
    """Write down the WARC files that killed runs left in `folder`; one that a process still writes to is left alone."""
    known = db.conn.execute("select distinct warc from captures where warc not in (select name from warc_files)")
    for (name,) in known.fetchall():
        path = folder / name
        if path.exists() and not is_being_written(path):
            record_warc(db, path)
