"""HeldUp: addresses that ask for a long wait in run after run, so that they alone wait and their site goes on."""

from __future__ import annotations

from collections.abc import Callable

from sqlite_utils import Database

from newsarchive.database.held_up import ALONE_AFTER, held_up, note_answered, note_held_up
from newsarchive.times import now


class HeldUp:
    """What one run knows of them; `write` is called before each write to the database.

    With `keep` they are not requested before the time that they named.
    """

    def __init__(self, db: Database, site: str, *, write: Callable[[], None], keep: bool) -> None:
        self.notes: list[str] = []
        self._db = db
        self._site = site
        self._write = write
        self._keep = keep
        self._known = held_up(db, site)

    def is_alone(self, url: str) -> bool:
        """True if the address ended two runs in a row: it ends no other."""
        return self._known.get(url, (0, ""))[0] >= ALONE_AFTER

    def wait_of(self, url: str) -> str:
        """Until when (UTC with Z) the address is not to be requested; empty if it may be."""
        until = self._known.get(url, (0, ""))[1]
        return until if self._keep and self.is_alone(url) and until > now() else ""

    def note(self, url: str, until: str) -> None:
        """Note that the address asked for so long a wait that it ends this run, or waits alone."""
        self._write()
        self._known[url] = (note_held_up(self._db, self._site, url, until=until), until)

    def answered(self, url: str) -> None:
        """Note that the address gave an answer."""
        if url in self._known:
            self._write()
            note_answered(self._db, self._site, url)
            del self._known[url]
