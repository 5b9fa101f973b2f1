"""ArchiveWriter: the one connection that writes to an archive, for all crawls of this process."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from scrapy.settings import BaseSettings
from sqlite_utils import Database

from newsarchive import database
from newsarchive.crawling.batches import Batch
from newsarchive.images.files import clear_drafts
from newsarchive.takedown import clean_up


@dataclass(frozen=True, kw_only=True)
class Writing:
    """The archive as it is open for writing, by all runs of this process."""

    db: Database
    batch: Batch
    forgotten: database.ForgottenAddresses
    """What was taken down."""


class ArchiveWriter:
    """The one writer of an archive in this process: the first run that joins opens it, the last that leaves closes it.

    Runs side by side have one connection: with one each, every run would wait for the transactions of all others.
    """

    def __init__(self, folder: Path, *, most_articles: int, seconds: float) -> None:
        self._folder = folder
        self._most_articles = most_articles
        self._seconds = seconds
        self._runs = 0
        self._open: Writing | None = None
        self._held = ExitStack()

    @classmethod
    def of(cls, settings: BaseSettings) -> ArchiveWriter:
        """Return the writer of the archive that Scrapy's settings name."""
        return cls(
            Path(settings["ARCHIVE_FOLDER"]),
            most_articles=settings.getint("ARCHIVE_BATCH_ARTICLES"),
            seconds=settings.getfloat("ARCHIVE_BATCH_SECONDS"),
        )

    def join(self, held: ExitStack) -> Writing:
        """Return the open archive; the run leaves it when `held` closes. Raises what opening it raises."""
        if self._open is None:
            with ExitStack() as opened:
                self._open = self._open_archive(opened)
                self._held = opened.pop_all()
        self._runs += 1
        held.callback(self._leave)
        return self._open

    def _leave(self) -> None:
        self._runs -= 1
        if not self._runs and self._open is not None:
            self._open.batch.close()
            self._open = None
            self._held.close()

    def _open_archive(self, opened: ExitStack) -> Writing:
        """Open the archive, and clean up what earlier runs left: no other run is open now."""
        db: Database = database.open_archive(self._folder)
        opened.callback(db.close)
        database.note_killed_runs(db)
        clean_up(db, self._folder)
        clear_drafts(self._folder / "images")
        checkpoints = database.Checkpoints(self._folder)
        opened.callback(checkpoints.close)
        batch = Batch(db, checkpoints, most_articles=self._most_articles, seconds=self._seconds)
        return Writing(db=db, batch=batch, forgotten=database.ForgottenAddresses(db))
