"""Batch: what the runs of this process write, in short transactions; and Tally, what one run counts."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

from sqlite_utils import Database

from newsarchive import database
from newsarchive.captures.writing import CaptureWriter
from newsarchive.crawling.failures import cause_of
from newsarchive.crawling.threads import in_thread
from newsarchive.items import Capture, NotKept, Original

T = TypeVar("T")

LONGEST = 0.01
"""Seconds after which a transaction is committed and others get their turn."""

LONGEST_WAIT = 1.0
"""Seconds that a page waits to be stored, whatever the settings say: whoever waits for it may be all that goes on."""


class Tally:
    """Counts of articles and images by outcome; those of a transaction that is undone are undone, too."""

    def __init__(self, outcomes: Iterable[str]) -> None:
        self.articles = dict.fromkeys(outcomes, 0)
        self.images: Counter[str] = Counter()
        self.commit()

    def commit(self) -> None:
        """Keep what is counted so far."""
        self._committed = (dict(self.articles), Counter(self.images))

    def undo(self) -> None:
        """Return to what was committed last."""
        articles, images = self._committed
        self.articles, self.images = dict(articles), Counter(images)


@dataclass(frozen=True, eq=False, kw_only=True)
class Member:
    """A run that writes: its counts, and what it does if nothing can be stored any more."""

    tally: Tally
    fail: Callable[[Exception], None]


@dataclass(frozen=True, eq=False)
class _Work:
    do: Callable[[], Any]
    """Writes something, which may point into WARC files."""
    settle: Callable[[Any, BaseException | None], None]
    """Takes what came of it once that is committed, or the error."""
    article: bool = False


@dataclass(frozen=True, eq=False)
class _Kept:
    capture: Capture
    run: int
    member: Member


class Batch:
    """Gathers what the runs of this process write in short transactions; none is open while a page is awaited.

    What may point into WARC files waits until those are synced to the disk, in a thread: for `seconds` at most, or
    until `most_articles` wait. A power cut may undo the last batch, but never leaves a row that points at nothing. All
    else is written at once, and committed in the same turn of the event loop.
    """

    def __init__(self, db: Database, checkpoints: database.Checkpoints, *, most_articles: int, seconds: float) -> None:
        self.members: set[Member] = set()
        self.search_texts = database.PendingSearchTexts(db)
        """Those of the open transaction: they are gone if it is undone."""
        self._db = db
        self._checkpoints = checkpoints
        self._most = most_articles
        self._seconds = min(seconds, LONGEST_WAIT)
        self._works: dict[_Work, None] = {}
        self._captures: dict[_Kept, None] = {}
        self._unsynced: set[CaptureWriter] = set()
        self._syncing: set[CaptureWriter] = set()
        self._round: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._commits_soon = False
        self._closed = False

    # For the runs

    def write(self) -> None:
        """Begin a transaction if none is open, for what points into no WARC file."""
        if not self._db.conn.in_transaction:
            self._begin()
        if not self._commits_soon:
            self._commits_soon = True
            asyncio.get_running_loop().call_soon(self._commit_now)

    def save_capture(self, capture: Capture, *, run: int, warc: CaptureWriter, member: Member) -> None:
        """Have a capture's row written in the next batch."""
        self._captures[_Kept(capture, run, member)] = None
        self._unsynced.add(warc)
        self._schedule()

    def original_of(self, sha256: str) -> Original | None:
        """Return the capture that holds a payload; None if there is none."""
        if any(kept.capture.sha256 == sha256 for kept in self._captures):
            self.flush()
        return database.original_of(self._db, sha256)

    async def in_turn(self, work: Callable[[], T], *, article: bool = False, now: bool = False) -> T:
        """Have something written in the next batch, or `now`; return what `work` returns, once it is committed.

        Raises what `work` raises, or NotKept if the batch cannot be committed; then its members fail.
        """
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def settle(value: T, error: BaseException | None) -> None:
            if result.done():
                return
            if error is not None:
                result.set_exception(error)
            else:
                result.set_result(value)

        self._works[_Work(work, settle, article)] = None
        self._schedule(now=now)
        return await result

    def later(self, work: Callable[[], object], member: Member) -> None:
        """Have something written in the next batch, for which nobody waits; if that fails, the member fails."""
        self._works[_Work(work, lambda _value, error: _tell(member, error))] = None
        self._schedule()

    async def captures_kept(self) -> None:
        """Return once the captures so far have their rows."""
        if self._captures:
            await self.in_turn(lambda: None, now=True)

    def flush(self) -> None:
        """Write and commit all that waits, at once. If that fails it is undone, and the next run fetches it again."""
        try:
            _sync([*self._unsynced, *self._syncing])
            self._unsynced.clear()
            works, captures = [*self._works], [*self._captures]
            while works or captures or self._db.conn.in_transaction:
                self._write_some(works, captures)
        except Exception as error:
            self._fail(error)
            raise

    def undo(self) -> None:
        """Undo what is not committed."""
        with suppress(sqlite3.Error):
            self._db.conn.rollback()
        self.search_texts = database.PendingSearchTexts(self._db)
        for member in self.members:
            member.tally.undo()

    def close(self) -> None:
        """Write nothing more; what waited is flushed already."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    # Rounds

    def _schedule(self, *, now: bool = False) -> None:
        """Begin a round now, or soon: unless one is under way, which looks for what waits at its end."""
        if self._round is not None and not self._round.done():
            return
        if now or len(self._works) >= self._most:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None
            self._round = asyncio.get_running_loop().create_task(self._write_all())
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, lambda: self._schedule(now=True))

    async def _write_all(self) -> None:
        """Sync the WARC files without holding anything up, then write what waited before that."""
        try:
            while self._works or self._captures:
                works, captures = [*self._works], [*self._captures]
                self._syncing, self._unsynced = self._unsynced, set()
                await in_thread(_sync, list(self._syncing))
                self._syncing = set()
                while works or captures:
                    works = [work for work in works if work in self._works]  # what no flush has written meanwhile
                    captures = [kept for kept in captures if kept in self._captures]
                    self._write_some(works, captures)
                    await asyncio.sleep(0)
                if len(self._works) < self._most:
                    break
        except Exception as error:  # noqa: BLE001  every run learns of it
            self._unsynced |= self._syncing
            self._fail(error)
            return
        finally:
            self._syncing = set()
        if self._works or self._captures:
            asyncio.get_running_loop().call_soon(self._schedule)

    def _write_some(self, works: list[_Work], captures: list[_Kept]) -> None:
        """Write captures and works in one transaction, and remove them from the lists: works until it lasted long."""
        began, done = monotonic(), list[tuple[_Work, Any, Exception | None]]()
        kept = [*captures]
        try:
            self._begin()
            for one in kept:
                _save_kept(self._db, one)
            while works and (not done or monotonic() - began < LONGEST):
                done.append((works[0], *_do(self._db, works.pop(0))))
            self._commit(sum(work.article for work, _, _ in done))
        except BaseException as error:
            self.undo()
            for work, _, _ in done:
                self._end(work, None, NotKept(cause_of(error)))
            raise
        captures.clear()
        for one in kept:
            del self._captures[one]
        for work, value, failure in done:
            self._end(work, value, failure)

    def _end(self, work: _Work, value: Any, error: BaseException | None) -> None:
        del self._works[work]
        work.settle(value, error)

    def _fail(self, error: Exception) -> None:
        """Tell everybody that the archive cannot be written to."""
        for work in [*self._works]:
            self._end(work, None, NotKept(cause_of(error)))
        for member in [*self.members]:
            member.fail(error)

    # Transactions

    def _begin(self) -> None:
        if not self._db.conn.in_transaction:
            for member in self.members:
                member.tally.undo()  # SQLite undoes a transaction by itself on a full disk, for example
            self._db.conn.execute("begin immediate")

    def _commit(self, articles: int) -> None:
        self.search_texts.write()
        self._db.conn.commit()
        for member in self.members:
            member.tally.commit()
        self._checkpoints.committed(articles)

    def _commit_now(self) -> None:
        """Commit what was written in this turn of the event loop."""
        self._commits_soon = False
        if self._closed or not self._db.conn.in_transaction:
            return
        try:
            self._commit(0)
        except Exception as error:  # noqa: BLE001  nobody above a callback would report it
            self.undo()
            self._fail(error)


def _save_kept(db: Database, kept: _Kept) -> None:
    try:
        database.save_capture(db, kept.capture, kept.run)
    except Exception as error:
        if database.concerns_archive(error):
            raise
        kept.member.fail(error)


def _do(db: Database, work: _Work) -> tuple[Any, Exception | None]:
    """Do one work; if it fails by itself, nothing of it stays, and the others are still done."""
    try:
        with db.atomic():
            return work.do(), None
    except Exception as error:
        if database.concerns_archive(error):
            raise
        return None, error


def _tell(member: Member, error: BaseException | None) -> None:
    if isinstance(error, Exception):
        member.fail(error)


def _sync(files: Sequence[CaptureWriter]) -> None:
    for file in files:
        file.sync()
