"""Stores imported pages: their captures, and the articles and revisions that were extracted from them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from newsarchive import database
from newsarchive.captures.writing import CaptureWriter
from newsarchive.database.claims import place_of
from newsarchive.database.earlier import known_later, save_earlier, settle_same_second
from newsarchive.database.outcomes import provenance_of
from newsarchive.errors import reason_of
from newsarchive.importing.payloads import Place, Recorded, write_page
from newsarchive.items import Article, Extracted, Fetched
from newsarchive.revisions.content import content_of
from newsarchive.sites import Site
from newsarchive.workers.extracting import ExtractionPool
from newsarchive.workers.kept_captures import read_again

OUTCOMES = ("new", "changed", "same", "not_article", "failed", "truncated", "known", "other_site", "forgotten")


@dataclass(kw_only=True)
class Imported:
    """The result of an import: counts of pages and of images by outcome, and what was damaged, each with its file."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    images: dict[str, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    truncated: list[str] = field(default_factory=list)
    """Pages that were recorded incompletely, each with its time and the reason; `captures.truncated` keeps it."""
    notes: list[str] = field(default_factory=list)
    """What a person should know, though nothing is wrong."""

    def add(self, other: Imported) -> None:
        """Add the result of another import."""
        for counts, more in ((self.counts, other.counts), (self.images, other.images)):
            for outcome, count in more.items():
                counts[outcome] = counts.get(outcome, 0) + count
        for words, more_words in (
            (self.broken, other.broken),
            (self.truncated, other.truncated),
            (self.notes, other.notes),
        ):
            words += more_words

    def all_counts(self) -> dict[str, int]:
        """Return the counts as a run stores them."""
        images = {f"pictures_{outcome}": count for outcome, count in sorted(self.images.items())}
        return {**self.counts, **images, "broken": len(self.broken)}


@dataclass(kw_only=True, slots=True)
class FoundPage:
    """A page that was read, with the further pages of its article."""

    site: Site
    places: list[Place]
    recorded: list[Recorded]
    item: Fetched

    @property
    def is_truncated(self) -> bool:
        """Whether the page was recorded incompletely, so that no article is made of it."""
        return bool(self.recorded[0].page.cut)


class PageStore:
    """Stores the pages of one run in batches."""

    def __init__(self, folder: Path, db: Database, run: int, writer: CaptureWriter, result: Imported) -> None:
        self._folder, self._db, self._run, self._writer, self._result = folder, db, run, writer, result
        self._search_texts = database.PendingSearchTexts(db)
        """Those of the open transaction."""
        self._sites: set[str] = set()
        """The sites that have their row."""

    async def store(self, pool: ExtractionPool, batch: list[tuple[FoundPage, Extracted]]) -> None:
        """Store a batch. Between two pages a revision may have to be read again, which ends the transaction.

        After each page the workers get their turn: else they would have nothing to do until the batch is stored.
        """
        written = []
        for found, item in batch:
            if self._write(found, item):
                written.append((found, item))
            await asyncio.sleep(0)
        await asyncio.to_thread(self._writer.sync)
        try:
            for found, item in written:
                while unread := self._unread(found.site, item):
                    self._commit()  # so that no fetch waits for an extraction
                    item.readings |= await read_again(pool, self._folder, unread, found.site)
                self._result.counts[self._save(found.site, item)] += 1
                await asyncio.sleep(0)
        finally:
            self._commit()

    def _commit(self) -> None:
        """Commit what is stored, if SQLite has not undone it on an error, with the search texts that belong to it."""
        if self._db.conn.in_transaction:
            self._search_texts.write()
            self._db.conn.commit()
        self._search_texts = database.PendingSearchTexts(self._db)

    def _unread(self, site: Site, item: Extracted) -> list[database.Unread]:
        if not self._db.conn.in_transaction:
            self._db.conn.execute("begin immediate")
        return database.unread_readings(self._db, item, site=site)

    def _write(self, found: FoundPage, item: Extracted) -> bool:
        """Write the pages to the WARC file of this run, each with its own time. Returns False if that failed."""
        try:
            item.fetched.captures = tuple(
                write_page(self._writer, recorded, datetime.fromisoformat(place.time))
                for recorded, place in zip(found.recorded, found.places, strict=True)
            )
        except ValueError as error:
            self._result.counts["failed"] += 1
            self._result.broken.append(f"{_name(item, found.places[0].time)}: could not be kept: {reason_of(error)}")
            return False
        return True

    def _save(self, site: Site, item: Extracted) -> str:
        """Store the outcome for a page. One that cannot be stored is named and costs no other."""
        time, before = item.fetched.captures[0].time, self._search_texts.waiting()
        try:
            with self._db.atomic():
                outcome = self._saved(site, item)
        except Exception as error:
            if database.concerns_archive(error):
                raise
            self._search_texts.back_to(before)
            self._result.broken.append(f"{_name(item, time)}: could not be stored: {reason_of(error)}")
        else:
            self._sites.add(site.name)
            self._search_texts.write(at_least=database.TOGETHER)
            return outcome
        with suppress(UnicodeError):  # a URL that no database takes: its file names it
            self._save_captures(item)
        return "failed"

    def _saved(self, site: Site, item: Extracted) -> str:
        if site.name not in self._sites and not self._db["sites"].count_where("name = ?", [site.name]):
            database.save_site(self._db, site)
        article = item.article
        if article is None:  # an old page says nothing of today: the ledger is left as it is
            self._save_captures(item)
            return item.outcome
        place = place_of(self._db, article, item.fetched.urls, content_of(article))
        number = known_later(self._db, [place.url, *item.fetched.urls], item.fetched.captures[0].time)
        if number is None or database.is_forgotten(self._db, article.url):
            outcome = database.save_extracted(
                self._db, item, site=site, run=self._run, source="import", waiting=self._search_texts
            )
            if outcome == "same":
                self._settle_same_second(article, item, site)
            return outcome
        return self._save_earlier(number, article, item, site)

    def _settle_same_second(self, article: Article, item: Extracted, site: Site) -> None:
        captures = self._save_captures(item)
        origin = provenance_of(item, site, time=item.fetched.captures[0].time, run=self._run, captures=captures)
        settle_same_second(self._db, article, site=site, urls=item.fetched.urls, provenance=origin)

    def _save_captures(self, item: Extracted) -> tuple[int, ...]:
        return tuple(database.save_capture(self._db, capture, self._run) for capture in item.fetched.captures)

    def _save_earlier(self, number: int, article: Article, item: Extracted, site: Site) -> str:
        captures = self._save_captures(item)
        origin = provenance_of(item, site, time=item.fetched.captures[0].time, run=self._run, captures=captures)
        saved = save_earlier(
            self._db,
            number,
            article,
            site=site,
            urls=item.fetched.urls,
            provenance=origin,
            readings=item.readings,
        )
        return saved.outcome


def _name(item: Extracted, time: str) -> str:
    return f"{item.fetched.urls[0]} of {time}"
