"""One state of an archive to check: a copy of its database, so that neither a crawl nor the check waits."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sqlite_utils import Database

from newsarchive.database import ForgottenAddresses, connect_reading
from newsarchive.fixity.report import Report


@dataclass(frozen=True, kw_only=True)
class State:
    """The archive's folder, its database as it was at one moment, and that moment."""

    folder: Path
    db: Database
    moment: float
    copied: bool
    """The database is a private copy, which may be written to."""

    def live(self, sql: str, *parameters: object) -> bool:
        """Return True if a query finds anything in the archive as it is now, after changes by other runs."""
        with closing(connect_reading(self.folder / "archive.db")) as connection:
            return connection.execute(sql, parameters).fetchone() is not None

    @cached_property
    def _forgotten(self) -> ForgottenAddresses:
        return ForgottenAddresses(self.db)

    def is_forgotten(self, url: str) -> bool:
        """Return True if a URL was taken down."""
        return self._forgotten.has(url)

    def is_new(self, path: Path) -> bool:
        """Return True if a file was changed after the moment or just before: the database may not list it yet."""
        return path.stat().st_mtime >= self.moment - 10

    def articles_of(self, capture: int) -> tuple[int, ...]:
        """Return the articles extracted from a capture, and those of its URL."""
        found = self.db.conn.execute(
            "select distinct r.article from revision_captures p join revisions r on r.id = p.revision"
            " where p.capture = ?1 union select u.article from captures c join urls u on u.url = c.url"
            " where c.id = ?1 and u.article is not null order by 1",
            (capture,),
        ).fetchall()
        return tuple(article for (article,) in found)


@contextmanager
def one_state(folder: Path, report: Report) -> Iterator[State]:
    """Yield a state of the archive; if the disk has no space for a copy, the archive itself, read-only."""
    path = folder / "archive.db"
    moment = time.time()
    room = shutil.disk_usage(folder).free > path.stat().st_size * 1.2 + (64 << 20)
    source = connect_reading(path)
    if not room:
        report.notes.append("The disk has no room for a copy of the database: the full-text indexes are not checked.")
        with closing(source):
            yield State(folder=folder, db=_robust(source), moment=moment, copied=False)
        return
    place = folder if os.access(folder, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix=".check-", dir=place) as draft:
        copy = sqlite3.connect(Path(draft) / "archive.db")
        with closing(copy):
            with closing(source):
                source.backup(copy)
            yield State(folder=folder, db=_robust(copy), moment=moment, copied=True)


def _robust(connection: sqlite3.Connection) -> Database:
    """Return the connection as a Database that also reads text that is not valid UTF-8 after a flipped bit."""
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    return Database(connection, execute_plugins=False)
