"""HeldUp: URLs that ask for a long wait in run after run; only they wait, and their site goes on."""

from __future__ import annotations

from collections.abc import Callable

from sqlite_utils import Database

from newsarchive.database.held_up import ALONE_AFTER, held_up, note_answered, note_held_up
from newsarchive.times import now


class HeldUp:
    """The URLs of one site as one run knows them; `write` is called before each write to the database.

    With `keep`, they are not requested before the time that they named.
    """

    def __init__(self, db: Database, site: str, *, write: Callable[[], None], keep: bool) -> None:
        self.notes: list[str] = []
        self._db = db
        self._site = site
        self._write = write
        self._keep = keep
        self._known = held_up(db, site)

    def is_alone(self, url: str) -> bool:
        """True if the URL ended two runs in a row; it ends no further run."""
        return self._known.get(url, (0, ""))[0] >= ALONE_AFTER

    def wait_of(self, url: str) -> str:
        """Return the time (UTC, with Z) before which the URL must not be requested; empty if it may be."""
        until = self._known.get(url, (0, ""))[1]
        return until if self._keep and self.is_alone(url) and until > now() else ""

    def note(self, url: str, until: str) -> None:
        """Record that the URL asked for a wait so long that it ends this run, or waits alone."""
        self._write()
        self._known[url] = (note_held_up(self._db, self._site, url, until=until), until)

    def answered(self, url: str) -> None:
        """Record that the URL was answered."""
        if url in self._known:
            self._write()
            note_answered(self._db, self._site, url)
            del self._known[url]
